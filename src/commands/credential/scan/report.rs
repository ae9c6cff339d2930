//! The findings of the search, and the parts that it could not search.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::is_separator;

use serde_json::{Value, json};

use super::secrets::Wanted;
use super::unpack::unpacked;
use crate::compat::io_reason::reason;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::{Format, progress};
use crate::scan::{Hit, Search};
use crate::text::mask::MASK;
use crate::text::{acpctl, acpctl_for, quote};

/// The most findings that are kept for JSON; as lines, all of them are printed.
const MOST: usize = 10_000;
/// The most files that are named because they can't be read.
const NAMED: usize = 10;
/// The bytes that are read at a time.
const BLOCK: usize = 64 << 10;

/// Where a secret is: in what a file holds, or in the name of a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    Content,
    Name,
}

/// A file, or an object of a history.
pub(super) struct Place<'p> {
    pub path: &'p str,
    /// Looks up the commit that added it, if it comes from a history.
    pub commit: Option<&'p dyn Fn() -> Option<String>>,
}

pub(super) struct Report<'r> {
    ctx: &'r Ctx,
    wanted: &'r Wanted,
    format: Format,
    block: Vec<u8>,
    findings: Vec<Value>,
    /// The number of findings: of a place, one for each credential that holds the secret.
    found: u64,
    places: u64,
    /// The credentials whose secrets were found.
    leaked: BTreeSet<u32>,
    files: u64,
    bytes: u64,
    unread: u64,
    progress: progress::Progress,
}

impl<'r> Report<'r> {
    pub(super) fn new(ctx: &'r Ctx, wanted: &'r Wanted, format: Format) -> Self {
        for (name, why) in &wanted.left_out {
            ctx.out.warn(&format!(
                "credential {} is not searched for: {why}",
                quote(name)
            ));
        }
        Self {
            ctx,
            wanted,
            format,
            block: vec![0; BLOCK],
            findings: Vec::new(),
            found: 0,
            places: 0,
            leaked: BTreeSet::new(),
            files: 0,
            bytes: 0,
            unread: 0,
            progress: progress::begin("Searching".to_owned()),
        }
    }

    /// Searches everything that a reader has. What gzip compressed is unpacked.
    ///
    /// # Errors
    /// Standard output can't be written. What can't be read is counted.
    pub(super) fn search(&mut self, place: &Place<'_>, reader: impl Read) -> anyhow::Result<()> {
        self.files += 1;
        match unpacked(reader) {
            Ok(reader) => self.read(place, Where::Content, reader),
            Err(error) => {
                self.unread(place.path, &reason(&error));
                Ok(())
            }
        }
    }

    /// Searches the name of a file or folder, or the names in a folder.
    ///
    /// # Errors
    /// As [`Report::search`].
    pub(super) fn search_names(
        &mut self,
        place: &Place<'_>,
        names: impl Read,
    ) -> anyhow::Result<()> {
        self.read(place, Where::Name, names)
    }

    fn read(&mut self, place: &Place<'_>, at: Where, mut reader: impl Read) -> anyhow::Result<()> {
        self.progress
            .say(|| format!("Searching {}", shown(self.wanted, place.path)));
        let mut search = Search::new(&self.wanted.needles);
        let mut seen = 0;
        loop {
            match reader.read(&mut self.block) {
                Ok(0) => break,
                Ok(read) => {
                    seen += read as u64;
                    let hits = search.feed(&self.block[..read]);
                    // Several credentials may hold one secret: its place is one place.
                    for hits in hits.chunk_by(is_same_place) {
                        self.add(place, at, hits)?;
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let end = if seen > 0 { " to its end" } else { "" };
                    self.unread_part(place.path, end, &reason(&error));
                    break;
                }
            }
        }
        if at == Where::Content {
            self.bytes += seen;
        }
        Ok(())
    }

    /// Returns a path as it is shown: without the names that hold a stored secret.
    pub(super) fn shown<'p>(&self, path: &'p str) -> Cow<'p, str> {
        shown(self.wanted, path)
    }

    /// Counts a file that could not be searched.
    pub(super) fn unread(&mut self, path: &str, why: &str) {
        self.unread_part(path, "", why);
    }

    fn unread_part(&mut self, path: &str, part: &str, why: &str) {
        self.unread += 1;
        if self.unread <= NAMED as u64 {
            let path = self.shown(path);
            self.ctx
                .out
                .warn(&format!("{path} was not searched{part}: {why}"));
        }
    }

    /// Notes that something is left out on purpose.
    pub(super) fn note(&self, text: &str) {
        self.ctx.out.note(text);
    }

    /// Adds the hits of one place, each of another credential.
    fn add(&mut self, place: &Place<'_>, at: Where, hits: &[Hit]) -> anyhow::Result<()> {
        let Some(first) = hits.first() else {
            return Ok(());
        };
        self.places += 1;
        self.found += hits.len() as u64;
        self.leaked.extend(hits.iter().map(|hit| hit.secret.owner));
        let wanted = self.wanted;
        let credential = |hit: &Hit| wanted.credentials.get(hit.secret.owner as usize);
        let commit = place.commit.and_then(|find| find());
        let (part, encoding) = (first.secret.part, first.secret.encoding);
        let path = self.shown(place.path);
        if matches!(self.format, Format::Table | Format::Wide | Format::Name) {
            let names = hits.iter().filter_map(credential);
            let names: Vec<String> = names.map(|(_, name)| quote(name)).collect();
            let word = if names.len() == 1 {
                "credential"
            } else {
                "credentials"
            };
            let of = commit.map_or(String::new(), |commit| format!(" (commit {commit})"));
            let (line, in_name) = match at {
                Where::Content => (format!("{}:", first.line), ""),
                Where::Name => (String::new(), ", in a name"),
            };
            return self.ctx.out.line(&format!(
                "{path}:{line} {part} of {word} {}{}{in_name}{of}",
                names.join(", "),
                encoding.words(),
            ));
        }
        let room = MOST.saturating_sub(self.findings.len());
        let found = hits.iter().filter_map(|hit| Some((hit, credential(hit)?)));
        self.findings
            .extend(found.take(room).map(|(hit, (id, name))| {
                let (line, offset) = match at {
                    Where::Content => (Some(hit.line), Some(hit.offset)),
                    Where::Name => (None, None),
                };
                json!({
                    "path": path, "line": line, "offset": offset, "commit": commit,
                    "credential_id": id, "credential": name, "part": part, "encoding": encoding,
                })
            }));
        Ok(())
    }

    /// Says what to do about the secrets that were found. An access that was minted is taken back by a command.
    fn remedy(&self) -> String {
        let mut minted = self
            .leaked
            .iter()
            .filter(|at| self.wanted.minted.contains(at));
        let update = acpctl(&["credential", "update", "NAME", "--from-file", "PATH"]);
        let name = minted
            .next()
            .and_then(|at| self.wanted.credentials.get(*at as usize));
        match name {
            Some((_, name)) => format!(
                "take back what was minted: {}; revoke other secrets at their issuers, then store new ones: {update}",
                acpctl_for(&["credential", "revoke"], name, &[])
            ),
            None => format!("revoke the secrets at their issuers, then store new ones: {update}"),
        }
    }

    /// Prints the summary, and fails if something was found, or if not everything could be searched.
    ///
    /// # Errors
    /// [`Kind::Leak`] if a secret was found.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        let remedy = self.remedy();
        drop(self.progress);
        let left_out = self.wanted.left_out.len();
        let sought = self.wanted.credentials.len() - left_out;
        if !matches!(self.format, Format::Table | Format::Wide | Format::Name) {
            let left_out = self.wanted.left_out.iter();
            let left_out: Vec<Value> = left_out
                .map(|(name, why)| json!({"credential": name, "reason": why}))
                .collect();
            self.ctx.out.value(
                &json!({
                    "findings": self.findings, "found": self.found, "files": self.files,
                    "bytes": self.bytes, "unread": self.unread, "credentials": sought,
                    "not_searched_for": left_out,
                }),
                &self.format,
            )?;
        }
        self.ctx.out.aside(&format!(
            "Searched {} ({}) for {}",
            count(self.files, "file"),
            size(self.bytes),
            count(sought as u64, "credential"),
        ));
        if self.found > 0 {
            let message = match self.places {
                1 => "a stored secret was found in 1 place".to_owned(),
                places => format!("stored secrets were found in {places} places"),
            };
            return Err(Failure::new(Kind::Leak, message).hint(remedy).into());
        }
        if let Some(kind) = self.wanted.failed {
            let message = format!(
                "nothing was found, but {} could not be searched for",
                count(left_out as u64, "credential")
            );
            return Err(Failure::new(kind, message)
                .hint("name those to search for with --credential NAME")
                .into());
        }
        if self.unread > 0 {
            let message = format!(
                "nothing was found, but {} could not be searched",
                count(self.unread, "file")
            );
            return Err(Failure::new(Kind::Other, message)
                .hint("run it as a user who may read all files")
                .into());
        }
        Ok(())
    }
}

/// Returns a path without the names that hold a stored secret.
fn shown<'p>(wanted: &Wanted, path: &'p str) -> Cow<'p, str> {
    let holds = |text: &str| {
        let hits = Search::new(&wanted.needles).feed(text.as_bytes());
        !hits.is_empty()
    };
    if !holds(path) {
        return Cow::Borrowed(path);
    }
    let mut shown = String::new();
    for name in path.split_inclusive(is_separator) {
        let bare = name.trim_end_matches(is_separator);
        shown.push_str(if holds(bare) { MASK } else { bare });
        shown.push_str(&name[bare.len()..]);
    }
    if holds(&shown) {
        return Cow::Borrowed(MASK);
    }
    Cow::Owned(shown)
}

/// True for two hits of one secret in one place, which differ in the credential that holds it.
fn is_same_place(one: &Hit, other: &Hit) -> bool {
    let place = |hit: &Hit| (hit.offset, hit.secret.part, hit.secret.encoding);
    place(one) == place(other)
}

fn count(number: u64, what: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {what}{s}")
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} bytes"),
        1_024..1_048_576 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}
