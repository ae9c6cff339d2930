//! The configuration file, and the effective settings that flags, environment and file result in.

pub mod file;
pub mod paths;
pub mod settings;

pub use file::Config;
pub use settings::{Setting, Settings, Verbosity};
