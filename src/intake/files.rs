//! Which files a kubeconfig or a manifest may make the program read. What it names is sent, and it may come from anybody.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::env;
use crate::kubeconfig::{NotAllowed, OwnedSource};
use crate::output::prompt;
use crate::plain_file::{self, Links};

/// The largest file that a kubeconfig may refer to, in bytes. Bundles of all public authorities have a quarter of it.
const LARGEST: usize = 1 << 20;
/// Where containers find the identity of their pod.
const MOUNTS: [&str; 2] = [
    "/var/run/secrets/kubernetes.io/serviceaccount",
    "/run/secrets/kubernetes.io/serviceaccount",
];
/// Folders of the home where tools keep clusters' files.
const OF_HOME: [&str; 2] = [".kube", ".minikube"];

/// Opens any file that a kubeconfig names, for a judgement that sends nothing.
///
/// # Errors
/// Why it can't be read.
pub fn open(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = plain_file::read(path, Links::Follow, LARGEST)?;
    // The rules wipe what they are given.
    Ok(std::mem::take(&mut *bytes))
}

/// The folders that files are read from, and the answers about files elsewhere.
pub struct Files {
    /// What names the files, in questions.
    whose: &'static str,
    folders: Vec<PathBuf>,
    may_ask: bool,
    answers: RefCell<HashMap<PathBuf, bool>>,
}

impl Files {
    /// For files that kubeconfigs name: their own folders, the usual ones, and what the user adds.
    pub(super) fn of_kubeconfig(
        sources: &[OwnedSource],
        allowed: &[PathBuf],
        may_ask: bool,
    ) -> Self {
        let own = sources.iter().map(|source| match source.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        });
        let home = env::HOME.path();
        let of_home = OF_HOME
            .iter()
            .filter_map(|name| Some(home.as_ref()?.join(name)));
        let usual = of_home.chain(MOUNTS.iter().map(PathBuf::from));
        Self::of(
            "kubeconfig",
            own,
            usual.chain(allowed.iter().cloned()),
            may_ask,
        )
    }

    /// For files that a manifest names: its own folder, the working directory, and what the user adds.
    #[must_use]
    pub fn of_manifest(folder: &Path, allowed: &[PathBuf], may_ask: bool) -> Self {
        let working = PathBuf::from(".");
        let own = [working.join(folder), working];
        Self::of(
            "manifest",
            own.into_iter(),
            allowed.iter().cloned(),
            may_ask,
        )
    }

    fn of(
        whose: &'static str,
        own: impl Iterator<Item = PathBuf>,
        more: impl Iterator<Item = PathBuf>,
        may_ask: bool,
    ) -> Self {
        // What lies at the root of a container must not open all of it.
        let own = own
            .filter(|folder| fs::canonicalize(folder).is_ok_and(|folder| folder != Path::new("/")));
        Self {
            whose,
            folders: own
                .chain(more)
                .filter_map(|folder| fs::canonicalize(folder).ok())
                .collect(),
            may_ask,
            answers: RefCell::default(),
        }
    }

    /// Reads a file that lies in one of the folders, links followed; for one elsewhere the user is asked.
    pub(super) fn open(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = self.read(path, LARGEST)?;
        Ok(std::mem::take(&mut *bytes))
    }

    /// The same, up to another limit.
    ///
    /// # Errors
    /// Why it can't be read; [`NotAllowed`] inside where it lies elsewhere.
    pub fn read(&self, path: &Path, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
        let real = fs::canonicalize(path)?;
        let is_inside = self.folders.iter().any(|folder| real.starts_with(folder));
        if !is_inside && !self.is_agreed(&real) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, NotAllowed));
        }
        // A link that has come since then leads elsewhere.
        plain_file::read(&real, Links::Refuse, limit)
    }

    fn is_agreed(&self, path: &Path) -> bool {
        if !self.may_ask {
            return false;
        }
        if let Some(answer) = self.answers.borrow().get(path) {
            return *answer;
        }
        let shown = crate::output::table::visible(&path.to_string_lossy());
        let question = format!(
            "The {} names {shown}, outside its folder. Read and send it?",
            self.whose
        );
        let answer = prompt::confirm(&question).unwrap_or(false);
        self.answers.borrow_mut().insert(path.to_owned(), answer);
        answer
    }
}
