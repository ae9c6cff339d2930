//! The configuration file, and the settings that come out of it, the environment and the flags.

pub mod file;
pub mod paths;
pub mod settings;

pub use file::Config;
pub use settings::Settings;
