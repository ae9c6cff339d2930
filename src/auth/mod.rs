//! Logins: reads a token, gets one from an issuer, renews it, stores it, and decides which server may get it.

pub(crate) mod browser;
pub(crate) mod callback;
pub(crate) mod cleartext;
pub(crate) mod device;
pub(crate) mod discovery;
mod html;
pub(crate) mod job;
pub(crate) mod login;
pub(crate) mod oidc;
pub(crate) mod own_server;
pub(crate) mod pkce;
pub(crate) mod refresh;
pub(crate) mod revoke;
pub(crate) mod store;
pub mod token;
