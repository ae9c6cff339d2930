//! What a session's runner makes out of credentials: preview, exec and explain read it here.
//!
//! - [`table`]: files, variables, MCP entries and limits of each provider in each mode
//! - [`resolve`]: which credential of a provider a session gets
//! - [`expiry`]: whether a credential outlives its session
//! - [`plan`]: the two together, for given credentials: what will be written and set

pub mod expiry;
pub mod plan;
pub mod resolve;
pub mod table;
