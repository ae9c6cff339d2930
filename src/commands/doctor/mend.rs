//! `doctor --fix`: mends what can lose nothing, and tells what it did.

use std::fs;
use std::io;
use std::path::Path;

use super::check::Check;
use crate::complete;
use crate::plain_file::{self, Links};
use crate::session_helper::dir;
use crate::system::files;

/// Mends what the checks found, and removes leftovers of runs that were killed. Returns a sentence for each thing done,
/// or for each thing that could not be done.
pub(super) fn all(checks: &[Check]) -> Vec<String> {
    let mut done: Vec<String> = checks.iter().filter_map(mode).collect();
    match dir::sweep() {
        0 => {}
        1 => done.push("removed the folder of a killed session".to_owned()),
        count => done.push(format!("removed the folders of {count} killed sessions")),
    }
    match complete::sweep() {
        0 => {}
        1 => done.push("removed a stale list of names for completion".to_owned()),
        count => done.push(format!(
            "removed {count} stale lists of names for completion"
        )),
    }
    done
}

/// Takes the rights of other users from a file or folder.
fn mode(check: &Check) -> Option<String> {
    let (path, wanted) = check.mode.as_ref()?;
    let shown = path.display();
    Some(match restrict(path, *wanted) {
        Ok(before) => format!("changed the mode of {shown} from {before:04o} to {wanted:04o}"),
        Err(error) => format!("could not change the mode of {shown}: {error}"),
    })
}

/// Changes the mode of the very file that was opened, if it is this user's. Returns the mode before.
fn restrict(path: &Path, wanted: u32) -> io::Result<u32> {
    let file = if fs::metadata(path)?.is_dir() {
        files::open_folder(path)?
    } else {
        plain_file::open(path, Links::Follow)?
    };
    let about = file.metadata()?;
    if !files::is_ours(&about) {
        return Err(io::Error::other("it belongs to another user"));
    }
    files::set_mode(&file, wanted)?;
    Ok(files::mode(&about) & 0o777)
}
