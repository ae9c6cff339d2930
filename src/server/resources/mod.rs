//! The kinds of records, one file each: the table of fields, and the handlers that are its own.
//!
//! Source of fields and rules: contract api.md sections 7 to 9.

pub mod agents;
pub mod applications;
pub mod credentials;
pub mod inbox;
pub mod messages;
pub mod meta;
pub mod project_settings;
pub mod projects;
pub mod role_bindings;
pub mod roles;
pub mod runner;
pub mod scheduled_sessions;
pub mod sessions;
pub mod users;
