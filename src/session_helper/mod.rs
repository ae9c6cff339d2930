//! Performing a plan on this machine: a private folder for the files, and a child process that sees them.
//!
//! - [`dir`]: the private folder, removed on every way out; leftovers of killed runs
//! - [`compat_path`]: the platform's fixed path for kubeconfigs
//! - [`child`]: the child process: signals and exit status
//! - [`family`]: the processes of a session
//! - [`fetch`]: the credentials of a session and their secrets
//! - [`mask`]: a plan's secrets in what a program prints
//! - [`prepare`]: what comes before a child starts
//! - [`materialise`]: files and variables of a plan
//! - [`mcp`]: an MCP server as a child
//! - [`relay`]: what the child prints, without secrets
//! - [`removal`]: emptying a folder whatever is in it

pub mod child;
pub mod compat_path;
pub mod dir;
pub mod family;
pub mod fetch;
pub mod mask;
pub mod materialise;
pub mod mcp;
pub mod prepare;
pub mod relay;
pub mod removal;
