//! The handlers of each kind of record, one file for each. What all kinds share is in `crud`.
//!
//! Source of the rules: contract api.md sections 7 to 9.

pub mod agents;
pub mod applications;
pub mod credentials;
pub mod inbox;
pub mod messages;
pub mod project_settings;
pub mod projects;
pub mod role_bindings;
pub mod roles;
pub mod runner;
pub mod scheduled_sessions;
pub mod sessions;
pub mod unbuilt;
