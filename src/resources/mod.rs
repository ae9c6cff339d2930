//! One description of each resource: its fields, its columns, its names, and where it lives on the server.
//!
//! The descriptions drive decoding, JSON output, tables, completion and help. A new resource takes one file here. The fields
//! are listed in docs/interface/cli-core.md section 4.5 and docs/interface/cli-resources.md section 1.6, the columns in
//! docs/interface/cli-core.md section 7.9.2.

mod agent;
mod application;
mod candidates;
mod credential;
mod description;
mod inbox_message;
mod name;
mod named;
mod project;
mod record;
mod role;
mod scheduled_session;
mod session;
mod session_message;
mod user;

pub use agent::AGENT;
pub use application::APPLICATION;
pub use candidates::Candidates;
pub use credential::{
    CONTEXT, CREDENTIAL, CREDENTIAL_TOKEN, DIGEST, EXPIRES_AT, KUBECONFIG, OWN_ANNOTATIONS,
    PROVIDERS, SERVER, annotation,
};
pub use description::{AGE, Cell, Column, Field, Resource, Scope, Values, column};
pub use inbox_message::INBOX_MESSAGE;
pub use name::{can_be_id, check, check_id};
pub use named::{NAMED, PROJECT_AGENT, find, find_or_project_agent, is_project_agent};
pub use project::PROJECT;
pub use record::{List, Record, WrongType};
pub use role::{ROLE, ROLE_BINDING};
pub use scheduled_session::SCHEDULED_SESSION;
pub use session::{ACTIVE_PHASES, FINAL_PHASES, PHASES, RUN_COLUMNS, SESSION};
pub use session_message::SESSION_MESSAGE;
pub use user::{PROJECT_SETTINGS, USER};
