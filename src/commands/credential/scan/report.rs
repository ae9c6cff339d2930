//! The findings of the search, and the parts that it could not search.

use std::io::Read;

use serde_json::{Value, json};

use super::secrets::Wanted;
use crate::compat::io_reason::reason;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::{Format, progress};
use crate::scan::{Hit, Search};
use crate::text::acpctl;
use crate::text::quote;

/// The most findings that are kept for JSON; as lines, all of them are printed.
const MOST: usize = 10_000;
/// The most files that are named because they can't be read.
const NAMED: usize = 10;
/// The bytes that are read at a time.
const BLOCK: usize = 64 << 10;

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
            files: 0,
            bytes: 0,
            unread: 0,
            progress: progress::begin("Searching".to_owned()),
        }
    }

    /// Searches everything that a reader has.
    ///
    /// # Errors
    /// Standard output can't be written. What can't be read is counted.
    pub(super) fn search(
        &mut self,
        place: &Place<'_>,
        mut reader: impl Read,
    ) -> anyhow::Result<()> {
        self.files += 1;
        self.progress.say(|| format!("Searching {}", place.path));
        let wanted = self.wanted;
        let mut search = Search::new(&wanted.needles);
        loop {
            match reader.read(&mut self.block) {
                Ok(0) => return Ok(()),
                Ok(read) => {
                    self.bytes += read as u64;
                    let hits = search.feed(&self.block[..read]);
                    // Several credentials may hold one secret: its place is one place.
                    for hits in hits.chunk_by(is_same_place) {
                        self.add(place, hits)?;
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.unread(place.path, &reason(&error));
                    return Ok(());
                }
            }
        }
    }

    /// Counts a file that could not be searched, or not to its end.
    pub(super) fn unread(&mut self, path: &str, why: &str) {
        self.unread += 1;
        if self.unread <= NAMED as u64 {
            self.ctx
                .out
                .warn(&format!("{path} was not searched: {why}"));
        }
    }

    /// Notes that something is left out on purpose.
    pub(super) fn note(&self, text: &str) {
        self.ctx.out.note(text);
    }

    /// Adds the hits of one place, each of another credential.
    fn add(&mut self, place: &Place<'_>, hits: &[Hit]) -> anyhow::Result<()> {
        let Some(first) = hits.first() else {
            return Ok(());
        };
        self.places += 1;
        self.found += hits.len() as u64;
        let wanted = self.wanted;
        let credential = |hit: &Hit| wanted.credentials.get(hit.secret.owner as usize);
        let commit = place.commit.and_then(|find| find());
        let (part, encoding) = (first.secret.part, first.secret.encoding);
        if matches!(self.format, Format::Table | Format::Wide | Format::Name) {
            let names = hits.iter().filter_map(credential);
            let names: Vec<String> = names.map(|(_, name)| quote(name)).collect();
            let word = if names.len() == 1 {
                "credential"
            } else {
                "credentials"
            };
            let of = commit.map_or(String::new(), |commit| format!(" (commit {commit})"));
            return self.ctx.out.line(&format!(
                "{}:{}: {part} of {word} {}{}{of}",
                place.path,
                first.line,
                names.join(", "),
                encoding.words(),
            ));
        }
        let room = MOST.saturating_sub(self.findings.len());
        let found = hits.iter().filter_map(|hit| Some((hit, credential(hit)?)));
        self.findings
            .extend(found.take(room).map(|(hit, (id, name))| {
                json!({
                    "path": place.path, "line": hit.line, "offset": hit.offset, "commit": commit,
                    "credential_id": id, "credential": name, "part": part, "encoding": encoding,
                })
            }));
        Ok(())
    }

    /// Prints the summary, and fails if something was found, or if not everything could be searched.
    ///
    /// # Errors
    /// [`Kind::Leak`] if a secret was found.
    pub(super) fn finish(self) -> anyhow::Result<()> {
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
        self.ctx.out.note(&format!(
            "Searched {} ({}) for {}",
            count(self.files, "file"),
            size(self.bytes),
            count(sought as u64, "credential"),
        ));
        if self.found > 0 {
            let update = acpctl(&["credential", "update", "NAME", "--from-file", "PATH"]);
            let message = match self.places {
                1 => "a stored secret was found in 1 place".to_owned(),
                places => format!("stored secrets were found in {places} places"),
            };
            return Err(Failure::new(Kind::Leak, message)
                .hint(format!(
                    "make the secrets useless where they were issued, then store new ones: {update}"
                ))
                .into());
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
