//! The client of a Kubernetes API server, for the cluster and the user of one carved kubeconfig.
//!
//! - [`client`]: connects as the kubeconfig says, and sends one bounded request at a time
//! - [`questions`]: what is asked there: the version, who the user is, what the user may read
//! - [`fault`]: why something failed, told apart by what was seen and not by anybody's words
//! - [`grade`]: how much the user can do, from answers to reviews
//! - [`inspect`]: asks the questions of the grade
//! - [`plugin`]: the login program that a kubeconfig names, with a time limit
//! - `tls`: certificates as Kubernetes' own client judges them
//!
//! Nothing is stored in the cluster: all requests are reads and reviews, and no redirect is followed, for the
//! token would go with it.

pub mod client;
pub mod fault;
pub mod grade;
pub mod inspect;
pub mod plugin;
pub mod questions;
mod tls;

pub use client::{Client, Limits};
pub use fault::{Class, Fault};
