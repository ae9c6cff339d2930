//! The version of this program.

/// The version that a release build was stamped with (`ACPCTL_VERSION` at build time). Any other build is
/// `dev`, as with the Go tool.
pub const VERSION: &str = match option_env!("ACPCTL_VERSION") {
    Some(version) => version,
    None => "dev",
};
