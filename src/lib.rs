//! `acpctl`: the command line of the Ambient Code Platform.

pub mod kubeconfig;
pub mod server;
