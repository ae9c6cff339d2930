//! The fixed names of the API: its paths, and the one user.

/// The path that all routes begin with.
pub const BASE: &str = "/api/ambient/v1";

/// The paths that do not belong to a kind of record.
pub(super) const ROOT_PATH: &str = "/api/ambient";
pub(super) const VERSION_PATH: &str = "/api/ambient/v1/version";
pub(super) const DESCRIPTION_PATH: &str = "/api/ambient/v1/openapi";
/// The path at which the platform describes itself before a login.
pub(super) const PLATFORM_PATH: &str = "/api/ambient/v1/platform-info";
pub(super) const HEALTH_PATH: &str = "/healthcheck";

/// The user that every caller acts as.
pub const USER: &str = "dev-user";
