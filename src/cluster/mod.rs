//! The client of a Kubernetes API server, for the cluster and the user of one carved kubeconfig.
//!
//! - [`client`]: connects as the kubeconfig says, and sends one bounded request at a time
//! - [`questions`]: asks for the version, the user's name, and what the user may read
//! - [`fault`]: the reason of a failure, found by the type of the error and not by its words
//! - [`grade`]: how much the user can do, from answers to reviews
//! - [`rights`]: the rights that make a grade, as a table
//! - [`inspect`]: asks the questions of the grade
//! - [`roles`], [`objects`]: what a minted credential may do, and its objects in the cluster, as data
//! - [`change`]: creates and removes single objects, and asks for tokens
//! - [`granted`]: whether a token is the one that was asked for
//! - [`journal`]: notes about unfinished changes, for the run after one that was killed
//! - [`plugin`]: the login program that a kubeconfig names, with a time limit
//! - `tls`: judges certificates as Kubernetes' own client does
//!
//! Only [`change`] changes the cluster; all other requests are reads and reviews. The client follows no redirect,
//! because the token would go with it.

pub(crate) mod change;
pub(crate) mod client;
pub(crate) mod fault;
pub(crate) mod grade;
pub(crate) mod granted;
pub(crate) mod inspect;
pub(crate) mod journal;
pub(crate) mod objects;
pub(crate) mod plugin;
pub(crate) mod questions;
pub(crate) mod rights;
pub(crate) mod roles;
mod tls;

pub(crate) use client::{Client, Limits};
pub(crate) use fault::{Class, Fault};
