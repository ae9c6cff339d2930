//! The files that a kubeconfig refers to, each opened at most once and only through the caller.

use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use super::Open;
use super::choose::Chosen;
use super::finding::Finding;
use super::model::{Data, Item};

/// What stands behind a pair of fields such as `client-key` and `client-key-data`.
pub(super) enum Material {
    Absent,
    Bytes(Zeroizing<Vec<u8>>),
    /// The same, out of a file.
    FileBytes(Zeroizing<Vec<u8>>),
    /// The path leads to a folder: found when it is read, not when it is opened.
    Folder,
    Unreadable(io::ErrorKind),
    /// A file that the rules in force do not open.
    NotOpened,
}

impl Material {
    fn load(item: Option<Item<'_>>, data: Data<'_>, path: &str, open: Option<Open<'_>>) -> Self {
        if !data.is_empty() {
            return Self::Bytes(data.bytes());
        }
        match item {
            Some(item) if !path.is_empty() => Self::read(&item.document.resolve(path), open),
            _ => Self::Absent,
        }
    }

    pub(super) fn read(path: &Path, open: Option<Open<'_>>) -> Self {
        let Some(open) = open else {
            return Self::NotOpened;
        };
        match open(path) {
            Ok(bytes) => Self::FileBytes(Zeroizing::new(bytes)),
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => Self::Folder,
            Err(error) => Self::Unreadable(error.kind()),
        }
    }

    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) | Self::FileBytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// The material of a context's cluster and user.
pub(super) struct Materials {
    pub(super) ca: Material,
    pub(super) certificate: Material,
    pub(super) key: Material,
    pub(super) token_file: Material,
}

impl Materials {
    /// With `open` absent, files are taken to be there and right.
    pub(super) fn load(chosen: &Chosen<'_>, open: Option<Open<'_>>) -> Self {
        let (cluster, user) = (&chosen.cluster, &chosen.user);
        let of_user = |data, path| Material::load(chosen.user_item, data, path, open);
        Self {
            ca: Material::load(chosen.cluster_item, cluster.ca_data, cluster.ca_file, open),
            certificate: of_user(user.certificate_data, user.certificate_file),
            key: of_user(user.key_data, user.key_file),
            token_file: of_user(Data::Absent, user.token_file),
        }
    }
}

/// Words for a failure to open; the system's own text may hold the path twice.
pub(super) fn reason(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::NotFound => "no such file",
        io::ErrorKind::PermissionDenied => "permission denied",
        io::ErrorKind::IsADirectory => "it is a folder",
        _ => "it cannot be read",
    }
}

pub(super) fn unreadable(finding: Finding, kind: io::ErrorKind) -> Finding {
    finding.detail(reason(kind))
}
