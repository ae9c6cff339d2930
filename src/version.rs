//! The version of this program.

/// The version that a release build gets from `ACPCTL_VERSION` at build time. Any other build is `dev`, as in the Go tool.
pub(crate) const VERSION: &str = match option_env!("ACPCTL_VERSION") {
    Some(version) => version,
    None => "dev",
};
