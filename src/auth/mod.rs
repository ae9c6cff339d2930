//! Logins: reading a token, getting one from an issuer, renewing it, keeping it, and to whom it may go.

pub mod access;
pub mod browser;
pub mod callback;
pub mod cleartext;
pub mod oidc;
pub mod own_server;
pub mod refresh;
pub mod store;
pub mod token;
