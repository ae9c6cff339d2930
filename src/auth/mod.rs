//! Logins: reading a token, getting one from an issuer, renewing it, keeping it.

pub mod browser;
pub mod callback;
pub mod oidc;
pub mod refresh;
pub mod store;
pub mod token;
