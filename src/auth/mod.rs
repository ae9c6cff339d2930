//! Logins: reads a token, gets one from an issuer, renews it, stores it, and decides which server may get it.

pub mod browser;
pub mod callback;
pub mod cleartext;
mod html;
pub mod login;
pub mod oidc;
pub mod own_server;
pub mod refresh;
pub mod store;
pub mod token;
