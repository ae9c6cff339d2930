//! How a secret comes in: it is read, decoded, cut, judged and annotated here. Nothing is sent.
//!
//! A kubeconfig goes through these files in this order, which `prepare` calls one after the other:
//! 1. `flags`: the flags that say what to keep and what to accept ([`KubeconfigArgs`]);
//! 2. `read`: the bytes, from a file, a pipe or `KUBECONFIG`; `folder`: the kubeconfigs of a folder;
//! 3. `decode`: plain UTF-8 out of any encoding;
//! 4. `cut`: the file is parsed once, cut to its context and checked; `files` decides which files it may make the
//!    program read ([`Files`]);
//! 5. [`gate`]: the findings that stop the work;
//! 6. `annotate`: what is stored beside the secret.
//!
//! [`findings`] writes findings as lines and documents, `page` shows them to a person at a terminal.
//! `trust` reads the certificate authorities that a managed installation trusts.
//! Secrets of other kinds need less: `source` has the flags that name any secret's source, and reads it as text;
//! [`provider`] checks that the content fits the provider. [`cluster`] goes on from a kubeconfig to a cluster that
//! answers.

mod annotate;
pub(crate) mod cluster;
mod cut;
mod decode;
mod files;
pub(crate) mod findings;
mod flags;
mod folder;
pub(crate) mod gate;
mod page;
mod prepare;
pub(crate) mod provider;
mod read;
mod source;
mod trust;

pub(crate) use annotate::name_from_context;
pub(crate) use cut::{Examined, is_stored_unchanged, with_its_files};
pub(crate) use decode::decode;
pub(crate) use files::{Files, open};
pub(crate) use flags::{GateArgs, KubeconfigArgs, TrustArgs};
pub(crate) use folder::{Folder, is_named_like_other_files, kubeconfigs};
pub(crate) use page::Page;
pub(crate) use prepare::{Prepared, Taken, cut_lines};
pub(crate) use read::{from_environment, source_name, source_of, views};
pub(crate) use source::{NAME_ITS_SOURCE, SHARED, SourceArgs, empty, text};
pub(crate) use trust::trust_bundle;
