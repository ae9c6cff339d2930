//! The processes of a session: its command, and all processes that the command started.
//!
//! A process belongs to a session if its environment names the session's private folder, or if it descends from such a
//! process. The folder's name is random, so no other process has it, and no record needs to be trusted. Processes that
//! a command of `session exec` leaves behind become children of this process, so they are found even without the name.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};

use super::materialize::FOLDER;
use crate::system::files;
use crate::system::process::{self, this};
use crate::system::signals::{Arrivals, Signal};

/// The longest environment that is read, in bytes.
const MAX_ENVIRONMENT: u64 = 4 << 20;
/// The size of most environments, in bytes.
const USUAL_ENVIRONMENT: usize = 16 << 10;
/// More than the length of the line about a process, in bytes.
const LONGEST_STAT: usize = 2048;
/// How often the processes that must be killed are searched for, and the pause between two searches.
const ROUNDS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(10);
/// The time that processes get to end after they were asked to.
const GRACE: Duration = Duration::from_secs(2);

/// The children that some code waits for. All other children that have ended must be reaped here.
static AWAITED: Mutex<Vec<i32>> = Mutex::new(Vec::new());

/// Marks a child as one that some code waits for, until this value is dropped.
pub(crate) struct Awaited(i32);

impl Awaited {
    /// Starts a child that the caller waits for. It holds the lock meanwhile, so that a child that ends at once is not
    /// reaped before it is marked.
    ///
    /// # Errors
    /// The child can't be started.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<(Child, Option<Self>)> {
        let mut awaited = AWAITED.lock().unwrap_or_else(PoisonError::into_inner);
        let child = command.spawn()?;
        let id = process::id_of(&child);
        awaited.extend(id);
        Ok((child, id.map(Self)))
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        AWAITED
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|child| *child != self.0);
    }
}

/// Reaps each child that no code waits for, as the first process of a container must.
pub(crate) async fn reaping() {
    let Ok(mut ends) = Arrivals::of(Signal::CHILD.as_raw()) else {
        return std::future::pending().await;
    };
    loop {
        ends.next().await;
        reap();
    }
}

fn reap() {
    let us = this();
    for process in descendants().unwrap_or_else(all) {
        let awaited = AWAITED.lock().unwrap_or_else(PoisonError::into_inner);
        if process.has_ended && process.parent == us && !awaited.contains(&process.id) {
            process::reap(process.id);
        }
    }
}

/// The children that this process starts from now on, with all their descendants.
pub(crate) struct Family {
    /// The descendants that existed before.
    before: Vec<Process>,
}

impl Family {
    #[must_use]
    pub(crate) fn begin() -> Self {
        Self {
            before: descendants().unwrap_or_else(scanned),
        }
    }

    /// Ends all of them: asks them to end, waits a while, and kills the rest.
    pub(crate) async fn end(&self) {
        let begin = Instant::now();
        let mut asked: Vec<Process> = Vec::new();
        while begin.elapsed() < GRACE {
            reap();
            let living = self.living();
            if living.is_empty() {
                return;
            }
            for process in living.iter().filter(|it| !asked.contains(it)) {
                process.signal(Signal::TERM);
            }
            asked.extend(living);
            tokio::time::sleep(PAUSE).await;
        }
        kill(|| self.living());
    }

    /// Returns the members that are still running. The kernel's list of children is cheap to read, but may lack a child
    /// while another one ends, so the scan of all processes must confirm that none is left.
    fn living(&self) -> Vec<Process> {
        let of_ours = |mut found: Vec<Process>| {
            found.retain(|it| !it.has_ended && !self.before.contains(it));
            found
        };
        match descendants().map(of_ours) {
            Some(found) if !found.is_empty() => found,
            _ => of_ours(scanned()),
        }
    }
}

/// Kills the processes of the session with this private folder, except this process and its ancestors.
pub(crate) fn end_of(folder: &Path) {
    kill(|| of(folder));
}

fn of(folder: &Path) -> Vec<Process> {
    let all = all();
    let marked: Vec<i32> = all
        .iter()
        .filter(|process| process.names(folder))
        .map(|process| process.id)
        .collect();
    let mut found = below(&all, &marked);
    found.extend(all.iter().filter(|it| marked.contains(&it.id)).cloned());
    let mut ours = vec![this()];
    while let Some(parent) = ours
        .last()
        .and_then(|id| all.iter().find(|it| it.id == *id))
        .map(|it| it.parent)
        .filter(|parent| *parent > 0 && !ours.contains(parent))
    {
        ours.push(parent);
    }
    found.retain(|it| !it.has_ended && !ours.contains(&it.id));
    found
}

/// Kills the processes that are found, repeatedly, because they may start others meanwhile.
fn kill(find: impl Fn() -> Vec<Process>) {
    for _ in 0..ROUNDS {
        let found = find();
        if found.is_empty() {
            return;
        }
        for process in found {
            process.signal(Signal::KILL);
        }
        thread::sleep(PAUSE);
        reap();
    }
}

/// A process, as `/proc` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Process {
    id: i32,
    /// When it started. The id alone may belong to another process by now.
    start: String,
    parent: i32,
    has_ended: bool,
}

impl Process {
    /// Reads a process from `/proc`. The fields are counted after the name, which may contain anything.
    fn read(id: i32) -> Option<Self> {
        // One call reads the whole line. Each run reads every process at its end, so the number of system calls
        // matters.
        let mut stat = [0; LONGEST_STAT];
        let mut file = fs::File::open(format!("/proc/{id}/stat")).ok()?;
        let length = file.read(&mut stat).ok()?;
        let stat = String::from_utf8_lossy(&stat[..length]);
        let (_, fields) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = fields.split(' ').collect();
        Some(Self {
            id,
            start: (*fields.get(19)?).to_owned(),
            parent: fields.get(1)?.parse().ok()?,
            has_ended: matches!(*fields.first()?, "Z" | "X"),
        })
    }

    /// Returns true if its environment names the folder.
    fn names(&self, folder: &Path) -> bool {
        let entry = format!("/proc/{}", self.id);
        let is_ours = fs::metadata(&entry).is_ok_and(|found| files::is_ours(&found));
        if !is_ours {
            return false;
        }
        let mut environment = Vec::with_capacity(USUAL_ENVIRONMENT);
        let read = fs::File::open(format!("{entry}/environ"))
            .and_then(|file| file.take(MAX_ENVIRONMENT).read_to_end(&mut environment));
        read.is_ok()
            && environment.split(|byte| *byte == 0).any(|variable| {
                variable
                    .strip_prefix(FOLDER.as_bytes())
                    .and_then(|rest| rest.strip_prefix(b"="))
                    == Some(folder.as_os_str().as_encoded_bytes())
            })
    }

    /// Sends a signal, if it is still the same process.
    fn signal(&self, signal: Signal) {
        process::signal(self.id, signal, || self.is_the_same());
    }

    fn is_the_same(&self) -> bool {
        Self::read(self.id).is_some_and(|it| it.start == self.start)
    }
}

/// Returns every visible process; none if the system has no `/proc`.
fn all() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| Process::read(entry.file_name().to_str()?.parse().ok()?))
        .collect()
}

/// Returns the descendants of this process, found by a scan of all processes.
fn scanned() -> Vec<Process> {
    below(&all(), &[this()])
}

/// Returns the descendants of this process from the kernel's lists of children; `None` if it keeps no such lists.
fn descendants() -> Option<Vec<Process>> {
    let mut parents = vec![this()];
    let mut found: Vec<Process> = Vec::new();
    while let Some(parent) = parents.pop() {
        let Some(children) = children(parent) else {
            if parent == this() {
                return None;
            }
            continue;
        };
        for child in children.into_iter().filter_map(Process::read) {
            if !found.contains(&child) {
                parents.push(child.id);
                found.push(child);
            }
        }
    }
    Some(found)
}

/// Returns the children of all threads of a process.
fn children(id: i32) -> Option<Vec<i32>> {
    let mut found = Vec::new();
    for thread in fs::read_dir(format!("/proc/{id}/task")).ok()?.flatten() {
        let list = fs::read_to_string(thread.path().join("children")).ok()?;
        found.extend(list.split(' ').filter_map(|id| id.parse::<i32>().ok()));
    }
    Some(found)
}

/// Returns the descendants of some processes.
fn below(all: &[Process], roots: &[i32]) -> Vec<Process> {
    let mut parents = roots.to_vec();
    let mut found: Vec<Process> = Vec::new();
    while let Some(parent) = parents.pop() {
        for child in all.iter().filter(|it| it.parent == parent) {
            if !found.contains(child) && !roots.contains(&child.id) {
                parents.push(child.id);
                found.push(child.clone());
            }
        }
    }
    found
}
