//! The configuration file, and the effective settings that flags, environment and file result in.

mod cache;
pub mod file;
pub(crate) mod paths;
pub(crate) mod settings;

pub(crate) use cache::Cache;
pub use file::Config;
pub(crate) use settings::{Setting, Settings, Verbosity};
