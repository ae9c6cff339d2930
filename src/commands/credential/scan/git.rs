//! Searches the objects that the commits of a range added: files of any kind, messages of commits and of tags.
//!
//! `git rev-list --objects` names each object once, `git cat-file --batch` returns its bytes. Git runs no program that
//! the repository's configuration names and fetches nothing.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::Context as _;

use super::report::{Place, Report};
use crate::compat::io_reason::reason;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::text::{first_line, quote};

/// The length of the longest line before an object, in bytes: it contains a path.
const LONGEST_LINE: u64 = 64 << 10;
/// For so many objects, the commit that added them is looked up.
const MOST_LOOKUPS: usize = 100;
/// The most bytes that are read of Git's error message.
const LONGEST_ERROR: u64 = 4 << 10;

/// Searches the objects of a range of commits in the repository at `folder`.
///
/// # Errors
/// Git is missing, or refuses the range; or standard output can't be written.
pub(super) fn search(report: &mut Report<'_>, range: &str, folder: &Path) -> anyhow::Result<()> {
    if range.is_empty() {
        return Err(Failure::usage("--git needs a range, such as main..HEAD").into());
    }
    let mut list = git(folder);
    list.args(["rev-list", "--objects", "--end-of-options", range, "--"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut list = Running(list.spawn().map_err(|error| missing(&error))?);
    let names = list.0.stdout.take().context("read git rev-list")?;
    let mut objects = git(folder);
    objects
        .args([
            "cat-file",
            "--batch=%(objectname) %(objecttype) %(objectsize) %(rest)",
        ])
        .stdin(names)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut objects = Running(objects.spawn().map_err(|error| missing(&error))?);
    let bytes = objects.0.stdout.take().context("read git cat-file")?;
    let read = each_object(report, range, folder, bytes);
    let mut message = String::new();
    if let Some(stderr) = list.0.stderr.take() {
        // The status decides; without a message there is only less to show.
        let _ = stderr.take(LONGEST_ERROR).read_to_string(&mut message);
    }
    read?;
    let ends = [list.0.wait()?, objects.0.wait()?];
    if ends.iter().all(std::process::ExitStatus::success) {
        return Ok(());
    }
    let why = first_line(&message);
    let text = format!("git can't list the commits {}: {why}", quote(range));
    Err(Failure::new(Kind::Other, text)
        .hint("name a range that git log accepts, and the repository's folder as PATH")
        .into())
}

/// A child process that does not outlive the search.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // A child that has ended can't be killed, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Prepares a call of Git in a repository that others may have made, without the secrets of this program's environment.
///
/// Its configuration may name programs: for file systems, signatures, differences, pagers and transports. An allowed
/// transport of the configuration wins over `protocol.allow`, but not over the variable.
fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.args(["--no-pager", "--no-replace-objects"])
        .args([
            "-c",
            "core.fsmonitor=false",
            "-c",
            "log.showSignature=false",
        ])
        .arg("-C")
        .arg(folder)
        .env("GIT_ALLOW_PROTOCOL", "none")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env_remove("GIT_EXTERNAL_DIFF");
    for secret in [env::TOKEN, env::BOT_TOKEN].iter().chain(env::JOB_SECRETS) {
        git.env_remove(secret.name);
    }
    git
}

fn missing(error: &io::Error) -> Failure {
    Failure::new(Kind::Other, format!("start git: {}", reason(error))).hint("install git")
}

/// The line before an object.
struct Header {
    id: String,
    kind: String,
    size: u64,
    path: String,
}

fn each_object(
    report: &mut Report<'_>,
    range: &str,
    folder: &Path,
    bytes: ChildStdout,
) -> anyhow::Result<()> {
    let mut bytes = BufReader::with_capacity(64 << 10, bytes);
    let lookups = Cell::new(0);
    while let Some(line) = line(&mut bytes)? {
        let Some(header) = Header::of(&line) else {
            report.unread(first_line(&line).as_ref(), "git does not have this object");
            continue;
        };
        let mut content = (&mut bytes).take(header.size);
        let is_file = header.kind == "blob";
        let commit = || {
            lookups.set(lookups.get() + 1);
            let may_look = is_file && lookups.get() <= MOST_LOOKUPS;
            may_look.then(|| added_by(range, folder, &header.id))?
        };
        let path = if is_file {
            header.path.clone()
        } else {
            format!("{} {}", header.kind, header.id)
        };
        let place = Place {
            path: &path,
            commit: Some(&commit),
        };
        match header.kind.as_str() {
            // A tree is the list of the names in a folder.
            "tree" => report.search_names(&place, &mut content)?,
            _ => report.search(&place, &mut content)?,
        }
        // The search leaves the rest of what it can't unpack.
        io::copy(&mut content, &mut io::sink())?;
        anyhow::ensure!(content.limit() == 0, "git ended within an object");
        // A line end follows each object.
        bytes.read_exact(&mut [0])?;
    }
    Ok(())
}

impl Header {
    /// Reads `<id> <kind> <size> <path>`; `None` for an object that is missing.
    fn of(line: &str) -> Option<Self> {
        let mut words = line.splitn(4, ' ');
        Some(Self {
            id: words.next()?.to_owned(),
            kind: words.next()?.to_owned(),
            size: words.next()?.parse().ok()?,
            path: words.next().unwrap_or_default().to_owned(),
        })
    }
}

/// Reads a line of bounded length; `None` at the end.
fn line(reader: &mut impl BufRead) -> anyhow::Result<Option<String>> {
    let mut line = Vec::new();
    reader.take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    anyhow::ensure!(
        line.pop() == Some(b'\n'),
        "git names an object with too long a path"
    );
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}

/// Returns the first commit of the range that added this object.
fn added_by(range: &str, folder: &Path, object: &str) -> Option<String> {
    let find = format!("--find-object={object}");
    let mut log = git(folder);
    log.args([
        "log",
        "-m",
        "--no-show-signature",
        "--no-ext-diff",
        "--no-textconv",
        "--format=%H",
        &find,
    ])
    .args(["--end-of-options", range, "--"])
    .stdin(Stdio::null())
    .stderr(Stdio::null());
    let output = log.output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().last().map(str::to_owned)
}
