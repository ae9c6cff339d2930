//! Decides which files a kubeconfig or a manifest may make the program read. Their content is sent, and anybody may
//! have written the kubeconfig or manifest.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::env;
use crate::kubeconfig::{NotAllowed, OwnedSource};
use crate::output::prompt;
use crate::plain_file::{self, Links};

/// The size of the largest file that a kubeconfig may refer to, in bytes: four times a bundle of all public
/// authorities.
const LARGEST: usize = 1 << 20;
/// The folders in which containers find the identity of their pod.
const MOUNTS: [&str; 2] = [
    "/var/run/secrets/kubernetes.io/serviceaccount",
    "/run/secrets/kubernetes.io/serviceaccount",
];
/// The folders in the home directory in which tools keep files of clusters.
const OF_HOME: [&str; 2] = [".kube", ".minikube"];

/// Opens any file that a kubeconfig names, for a judgment after which nothing is sent.
///
/// # Errors
/// Why it can't be read.
pub(crate) fn open(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = plain_file::read(path, Links::Follow, LARGEST)?;
    // The caller of an `Open` function wipes the bytes.
    Ok(std::mem::take(&mut *bytes))
}

/// The folders from which files are read, and the user's answers about files elsewhere.
pub(crate) struct Files {
    /// The kind of document that names the files, for questions.
    whose: &'static str,
    folders: Vec<PathBuf>,
    may_ask: bool,
    /// True for the files elsewhere that may be read.
    answers: RefCell<HashMap<PathBuf, bool>>,
}

impl Files {
    /// Allows files that kubeconfigs name in their own folders, the usual ones, and those that the user adds.
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

    /// Allows files that a manifest names in its own folder, the working directory, and those that the user adds.
    #[must_use]
    pub(crate) fn of_manifest(folder: &Path, allowed: &[PathBuf], may_ask: bool) -> Self {
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
        // A kubeconfig in the root folder of a container must not allow every file of it.
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

    /// Reads a file in one of the folders, after following links. Prompts for a file elsewhere.
    pub(super) fn open(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = self.read(path, LARGEST)?;
        Ok(std::mem::take(&mut *bytes))
    }

    /// Does the same as [`Files::open`] for files of another size.
    ///
    /// # Errors
    /// Why it can't be read; the cause is [`NotAllowed`] if it is elsewhere.
    pub(crate) fn read(&self, path: &Path, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
        let real = fs::canonicalize(path)?;
        let is_inside = self.folders.iter().any(|folder| real.starts_with(folder));
        if !is_inside && !self.is_agreed(&real) {
            let folder = folder_of(&real);
            let cause = NotAllowed { folder };
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, cause));
        }
        // A link that was created since then could lead elsewhere.
        plain_file::read(&real, Links::Refuse, limit)
    }

    /// Returns the folders of the files elsewhere: those of the files that the user let the program read, or of the
    /// files that were not read.
    pub(super) fn folders_elsewhere(&self, is_read: bool) -> BTreeSet<PathBuf> {
        let answers = self.answers.borrow();
        let files = answers.iter().filter(|(_, answer)| **answer == is_read);
        files.map(|(file, _)| folder_of(file)).collect()
    }

    fn is_agreed(&self, path: &Path) -> bool {
        let known = self.answers.borrow().get(path).copied();
        let is_agreed = known.unwrap_or_else(|| self.ask(path));
        self.answers.borrow_mut().insert(path.to_owned(), is_agreed);
        is_agreed
    }

    /// Asks about a file. After a no, nothing is stored, so that no other question is of use.
    fn ask(&self, path: &Path) -> bool {
        let is_refused = self.answers.borrow().values().any(|answer| !answer);
        if !self.may_ask || is_refused {
            return false;
        }
        let shown = crate::output::table::visible(&path.to_string_lossy());
        let question = format!(
            "The {} names {shown}, outside its folder. Read and send it?",
            self.whose
        );
        prompt::confirm(&question).unwrap_or(false)
    }
}

/// Returns the folder of a file whose path is absolute.
fn folder_of(file: &Path) -> PathBuf {
    file.parent().unwrap_or(file).to_owned()
}
