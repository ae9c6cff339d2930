//! How a secret comes in: it is read, decoded, cut, judged and annotated here. Nothing is sent.
//!
//! A kubeconfig goes through these files in this order, which `prepare` calls one after the other:
//! 1. `flags`: the flags that say what to keep and what to accept ([`KubeconfigArgs`]);
//! 2. `read`: the bytes, from a file, a pipe or `KUBECONFIG`; `folder`: the kubeconfigs of a folder;
//! 3. `decode`: plain UTF-8 out of whatever encoding;
//! 4. `cut`: the file is parsed once, cut to its context and checked; `files` decides which files it may make the
//!    program read ([`Files`]);
//! 5. [`judge`]: the findings that stop the work;
//! 6. `annotate`: what is stored beside the secret.
//!
//! [`findings`] writes findings as lines and documents, `page` shows them to a person at a terminal.
//! Secrets of other kinds need less: `source` has the flags that name any secret's source, and reads it as text;
//! [`provider`] checks that the content fits the provider. [`cluster`] goes on from a kubeconfig to a cluster that answers.

mod annotate;
pub mod cluster;
mod cut;
mod decode;
mod files;
pub mod findings;
mod flags;
mod folder;
pub mod judge;
mod page;
mod prepare;
pub mod provider;
mod read;
mod source;

pub use annotate::name_from_context;
pub use cut::{Examined, is_stored_unchanged};
pub use decode::decode;
pub use files::{Files, open};
pub use flags::{GateArgs, KubeconfigArgs, TrustArgs};
pub use folder::kubeconfigs;
pub use page::Page;
pub use prepare::{Prepared, cut_lines};
pub use read::{from_environment, source_name, source_of, sources_of, views};
pub use source::{SourceArgs, empty, text};
