//! Reads the files that a kubeconfig refers to, each one at most once and only through the caller's function.

use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::choose::Chosen;
use super::finding::{Finding, quote};
use super::model::Item;
use super::source::Open;
use super::value::Data;
use crate::text::command::shell_word;

/// The value of a pair of fields such as `client-key` and `client-key-data`.
pub(super) enum Material {
    Absent,
    Bytes(Zeroizing<Vec<u8>>),
    /// Bytes that come from a file.
    FileBytes(Zeroizing<Vec<u8>>),
    /// The path is a folder. Clients notice this when they read it, not when they open it.
    Folder,
    Unreadable(Unread),
    /// A file that the rules do not open.
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
            Err(error) => Self::Unreadable(Unread::from(error)),
        }
    }

    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) | Self::FileBytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// The certificates, key and token file of a context's cluster and user.
pub(super) struct Materials {
    pub(super) ca: Material,
    pub(super) certificate: Material,
    pub(super) key: Material,
    pub(super) token_file: Material,
}

impl Materials {
    /// Loads the material. Without `open`, files are assumed to exist and to be valid.
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

/// The cause inside an [`io::Error`] of an [`Open`] function that does not open files in the given folder.
#[derive(Debug)]
pub struct NotAllowed {
    /// The folder of the file, after following links.
    pub folder: PathBuf,
}

impl NotAllowed {
    /// Returns true for an error that has this cause.
    #[must_use]
    pub fn is_in(error: &io::Error) -> bool {
        Self::of(error).is_some()
    }

    fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref().and_then(|cause| cause.downcast_ref())
    }
}

impl std::fmt::Display for NotAllowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it is outside the kubeconfig's folder")
    }
}

impl std::error::Error for NotAllowed {}

/// The reason why a file was not read.
pub(super) enum Unread {
    /// The file is in this folder, in which files are not read.
    NotAllowed(PathBuf),
    Failed(String),
}

impl Unread {
    pub(super) fn folder() -> Self {
        Self::Failed("it is a folder".to_owned())
    }
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        if let Some(cause) = NotAllowed::of(&error) {
            return Self::NotAllowed(cause.folder.clone());
        }
        Self::Failed(match error.kind() {
            io::ErrorKind::NotFound => "no such file".to_owned(),
            io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
            // The caller's own words, for example about a file that is too large or not regular.
            _ if error.get_ref().is_some() => error.to_string(),
            _ => "it cannot be read".to_owned(),
        })
    }
}

/// Adds which file was not read, and why. The path is shown as written: it is not a secret, unless one was pasted
/// there.
pub(super) fn unreadable(finding: Finding, path: &str, why: &Unread) -> Finding {
    match why {
        Unread::NotAllowed(folder) => {
            let folder = shell_word(&folder.to_string_lossy());
            finding
                .instead("file-outside")
                .about(&shown(path))
                .fix(format!("to send that file, add --allow-file {folder}"))
        }
        Unread::Failed(words) => {
            let finding = finding.detail(&format!("{}: {words}", shown(path)));
            if path.starts_with('~') {
                return finding.fix("write the full path: nothing expands a ~ here");
            }
            finding
        }
    }
}

/// Quotes a path. A long text without a separator may be a secret, so only its length is shown.
pub(super) fn shown(path: &str) -> String {
    const LONGEST_NAME: usize = 60;
    if path.len() > LONGEST_NAME && !path.contains(['/', '\\']) {
        return format!("(a name of {} characters)", path.chars().count());
    }
    quote(path)
}
