//! The work of a session's runner with credentials. `preview`, `exec` and `explain` take it from here.
//!
//! - [`table`]: files, variables, MCP entries and limits of each provider in each mode
//! - [`resolve`]: which credential of a provider a session gets
//! - [`expiry`]: whether a credential outlives its session
//! - [`server_mode`]: how a server runs sessions
//! - [`plan`]: for given credentials, the files to write and the variables to set

pub(crate) mod expiry;
pub(crate) mod plan;
pub(crate) mod resolve;
pub(crate) mod server_mode;
pub mod table;

/// The file in which the platform mounts the token of the session's service.
pub(crate) const TOKEN_FILE: &str = "/var/run/secrets/ambient/bot-token";
