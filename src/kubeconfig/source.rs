//! Kubeconfig texts as the caller hands them in, and the function that opens the files they refer to.

use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// The size of the largest input that is read, in bytes. The limit is ours: Kubernetes has none.
pub const MAX_INPUT: usize = 32 << 20;

/// Reads a file that a kubeconfig refers to. The path is absolute, or relative to the working directory.
pub type Open<'a> = &'a dyn Fn(&Path) -> io::Result<Vec<u8>>;

/// A kubeconfig text and the folder that its relative paths start from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The name in findings if there are several sources; usually the path.
    pub name: &'a str,
    pub bytes: &'a [u8],
    /// The folder of the file; empty (`Path::new("")`) for a text from standard input.
    pub dir: &'a Path,
}

/// A [`Source`] that owns its bytes.
pub struct OwnedSource {
    pub path: PathBuf,
    pub bytes: Zeroizing<Vec<u8>>,
}
