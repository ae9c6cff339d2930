//! How a secret comes in: from one source, read once, decoded, cut, judged, described. Nothing is sent here.
//!
//! - [`SourceArgs`] (`source`): the flags that name the source, and the secret as text
//! - [`provider`]: which provider it is for, and whether the content fits
//! - [`KubeconfigArgs`] (`kubeconfig`): a kubeconfig from its bytes to what is stored
//! - [`Files`] (`files`): which files a kubeconfig or a manifest may make the program read
//! - [`cluster`]: from a kubeconfig to a cluster that answers
//! - [`judge`]: which findings stop the work; [`findings`]: how they are shown, `page`: to a person at a terminal
//! - `folder`: which files of a folder are taken for kubeconfigs
//! - `describe`: size, annotations, a name from the context

pub mod cluster;
mod describe;
mod files;
pub mod findings;
mod folder;
pub mod judge;
mod kubeconfig;
mod page;
pub mod provider;
mod source;

pub use describe::name_from_context;
pub use files::{Files, open};
pub use folder::kubeconfigs;
pub use kubeconfig::{
    Examined, KubeconfigArgs, Prepared, TrustArgs, decode, from_environment, source_name,
    source_of, sources_of, told, views,
};
pub use page::Page;
pub use provider::KUBECONFIG as PROVIDER;
pub use source::{SourceArgs, empty, text};
