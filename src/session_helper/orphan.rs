//! Commands whose owner was killed: the private folder records the process, so that whoever removes the
//! leftover folder ends it first. A process id alone could be another's by now; its start time tells.

use std::fs;
use std::io;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process_group};

use crate::secret_file;

/// The record's name in the private folder.
const RECORD: &str = "running";

/// Records the leader of a process group.
///
/// # Errors
/// What the system says; `NotFound` where it does not tell when processes started.
pub fn record(dir: &Path, leader: Pid) -> io::Result<()> {
    let id = leader.as_raw_nonzero().get();
    let start = start_time(id).ok_or(io::ErrorKind::NotFound)?;
    secret_file::write_new(&dir.join(RECORD), format!("{id} {start}").as_bytes())
}

/// Kills the recorded process group, if its leader is still the recorded one.
pub fn end_recorded(dir: &Path) {
    let Ok(record) = fs::read_to_string(dir.join(RECORD)) else {
        return;
    };
    let Some((id, start)) = record.split_once(' ') else {
        return;
    };
    if let Ok(id) = id.parse()
        && start_time(id).as_deref() == Some(start)
        && let Some(leader) = Pid::from_raw(id)
    {
        let _ = kill_process_group(leader, Signal::KILL);
    }
}

/// When a process started, as Linux tells it: field 22 of its status, counted from behind its name.
fn start_time(id: i32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(19).map(str::to_owned)
}
