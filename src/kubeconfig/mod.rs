//! Kubeconfig rules: bytes come in, findings and a carved document go out.
//!
//! Nothing here opens a socket, starts a process or reads the clock. Files are opened only through the [`Open`]
//! function that the caller passes. Of the rest of the program only small modules of `text` and `compat` are used, so
//! that this folder could become a crate of its own.
//!
//! A text goes through the modules gate by gate, as in Kubernetes' own client:
//! 1. load: `encoding` turns the bytes into UTF-8, `yaml` finds the structure, `reader` (with `scalar`) builds a
//!    `tree`, `kind` and `decoder` check it against the types of the `model`, `merge` joins several files;
//! 2. rest: `choose` follows the context, `files` opens the files that it refers to, `rest` checks the result;
//! 3. tls: `tls` checks the address (`url`), and the certificates and keys (`cert`, read by `pem`).
//!
//! Other modules answer further questions: `lint` reports what will not work from a runner, `managed` what a managed
//! session refuses and what it gets instead, `summary` describes a
//! context, `carve` keeps one context and `emit` writes it, `stored` judges the cut text and maps each finding back
//! to the user's file, `wrapper` recognizes a text that holds a kubeconfig without being one.
//!
//! [`Kubeconfig`] (`parsed`) is the way in: it parses the input once. `source` has the input's types, `report` those of
//! the answers. Every finding code is a row of `codes`.

#![allow(
    clippy::result_large_err,
    reason = "a refusal happens at most once per file"
)]

mod access;
mod base64;
mod byte_set;
mod carve;
mod cert;
mod choose;
mod codes;
mod decoder;
mod document;
mod emit;
mod encoding;
mod files;
mod finding;
pub mod jwt;
mod kind;
mod lint;
mod managed;
mod merge;
mod model;
mod parsed;
mod pem;
mod placeholder;
mod reader;
mod report;
mod rest;
mod scalar;
mod secrets;
mod source;
mod stored;
mod summary;
mod tls;
mod token;
mod tree;
mod url;
mod value;
mod wiped;
mod wrapper;
mod yaml;

pub use access::{Access, Impersonation, Plugin};
pub use cert::{ClientLogin, ClientPair};
pub use codes::{Gate, Row, Severity, codes, is_code};
pub use encoding::{Base64, Decoded, Utf8, decode_input, to_utf8};
pub use files::NotAllowed;
pub use finding::Finding;
pub use managed::{Managed, ManagedFile, has_certificate, is_of_managed};
pub use merge::read_list;
pub use parsed::{Kubeconfig, carve, certificates, check, contexts, secrets};
pub use placeholder::placeholder;
pub use report::{Carved, CheckOptions, Delivery, Inlined, Keep, Report, Rules};
pub use secrets::Part;
pub use source::{MAX_INPUT, Open, OwnedSource, Source};
pub use stored::Cut;
pub use summary::{ContextSummary, Identity, Life, Summary};
pub use yaml::{Expansion, expansion};
