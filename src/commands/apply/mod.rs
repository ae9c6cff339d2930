//! `acpctl apply` (docs/interface/cli-resources.md section 8): makes the server match manifests.
//!
//! The documents are loaded ([`load`], [`kustomize`]) in one flat form ([`raw`]) and checked for oddities ([`check`]).
//! They then become one type for each kind ([`document`]), their secrets are read ([`secret`]), and each kind has a
//! module that compares it with the server and writes through the [`writer`].

mod agent;
mod ahead;
mod args;
mod check;
mod credential;
mod diff;
mod document;
mod kind;
mod kustomize;
mod load;
mod made;
mod names;
mod parallel;
mod part;
mod payload;
mod project;
mod prune;
mod raw;
mod references;
mod report;
mod role_binding;
mod run;
mod secret;
mod writer;

pub(crate) use args::Args;
pub(crate) use run::{run, run_with_secrets};
