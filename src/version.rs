//! The version of this program, and the platform that it was written for.

/// The version that a release build gets from `ACPCTL_VERSION` at build time. Any other build is `dev`, as in the Go
/// tool.
pub(crate) const VERSION: &str = match option_env!("ACPCTL_VERSION") {
    Some(version) => version,
    None => "dev",
};

/// The release of the platform, by its first two numbers, that docs/interface/api.md describes (section 9.8).
pub(crate) const PLATFORM: (u32, u32) = (0, 2);

/// Returns the first two numbers of a version such as `v0.2.20-30-g0b59fe7de`; `None` for one without numbers.
pub(crate) fn release(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim_start_matches('v').split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{PLATFORM, release};

    #[test]
    fn a_release_is_read_from_tags_and_nothing_else() {
        assert_eq!(release("v0.2.20-30-g0b59fe7de"), Some(PLATFORM));
        assert_eq!(release("1.10"), Some((1, 10)));
        for other in ["", "dev", "v9", "0b59fe7de", "unknown", "a.b.c"] {
            assert_eq!(release(other), None, "{other}");
        }
    }
}
