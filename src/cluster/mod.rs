//! The client of a Kubernetes API server, for the cluster and the user of one carved kubeconfig.
//!
//! - [`client`]: connects as the kubeconfig says, and sends one bounded request at a time
//! - [`questions`]: asks for the version, the user's name, and what the user may read
//! - [`fault`]: the reason of a failure, found by the type of the error and not by its words
//! - [`grade`]: how much the user can do, from answers to reviews
//! - [`inspect`]: asks the questions of the grade
//! - [`plugin`]: the login program that a kubeconfig names, with a time limit
//! - `tls`: judges certificates as Kubernetes' own client does
//!
//! The client stores nothing in the cluster: all requests are reads and reviews. It follows no redirect, because the token
//! would go with it.

pub(crate) mod client;
pub(crate) mod fault;
pub(crate) mod grade;
pub(crate) mod inspect;
pub(crate) mod plugin;
pub(crate) mod questions;
mod tls;

pub(crate) use client::{Client, Limits};
pub(crate) use fault::{Class, Fault};
