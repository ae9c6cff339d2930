//! The handlers of each kind of record, one file for each. What all kinds share is in `crud`.
//!
//! Source of the rules: docs/interface/api.md sections 7 to 9.

pub(super) mod agents;
pub(super) mod applications;
pub(super) mod clusters;
pub(super) mod credentials;
pub(super) mod history;
pub(super) mod in_project;
pub(super) mod inbox;
pub(super) mod messages;
pub(super) mod project_settings;
pub(super) mod projects;
pub(super) mod role_bindings;
pub(super) mod roles;
pub(super) mod runner;
pub(super) mod scheduled_sessions;
pub(super) mod sessions;
pub(super) mod unbuilt;
