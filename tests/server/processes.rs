//! Several processes on one store, and kills at any moment.
//!
//! The processes are this test program again, started for one ignored test.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use acpctl::server::Fidelity;
use serde_json::json;

use super::support::{Api, options};

const DIRECTORY: &str = "ACPCTL_TEST_DIRECTORY";
const COUNT: &str = "ACPCTL_TEST_COUNT";
const WRITTEN: &str = "written ";
/// How many rounds of kills there are; a few without it.
const ROUNDS: &str = "ACPCTL_TEST_ROUNDS";

#[expect(
    clippy::disallowed_methods,
    reason = "how a test speaks to its other process"
)]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Not a test by itself: writes credentials and says so for each one that was acknowledged.
#[test]
#[ignore = "the other process of the tests below"]
fn write_credentials() {
    let Some(directory) = setting(DIRECTORY) else {
        return;
    };
    let count: usize = setting(COUNT).unwrap().parse().unwrap();
    let api = opened(Path::new(&directory));
    for number in 0..count {
        let token = format!("token-{}-{number}", std::process::id());
        let id = api.credential(&json!({"name": "n", "provider": "p", "token": token}));
        println!("{WRITTEN}{id} {token}");
    }
}

/// Not a test by itself: writes one field of one record, again and again.
#[test]
#[ignore = "the other process of the tests below"]
fn write_one_field() {
    let (Some(directory), Some(what)) = (setting(DIRECTORY), setting(COUNT)) else {
        return;
    };
    let api = opened(Path::new(&directory));
    let (id, field) = what.split_once(' ').unwrap();
    for number in 0..50 {
        let value = format!("{}-{number}", std::process::id());
        let changed = api.patch(&format!("/credentials/{id}"), &json!({field: value}));
        assert_eq!(changed.status, 200);
        println!("{WRITTEN}{field} {value}");
    }
}

fn opened(directory: &Path) -> Api {
    Api::open(directory, options(Fidelity::Corrected))
}

struct Writer {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Writer {
    fn start(test: &str, directory: &Path, count: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                &format!("processes::{test}"),
                "--ignored",
                "--nocapture",
            ])
            .env(DIRECTORY, directory)
            .env(COUNT, count)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next acknowledged write, as two words.
    fn next(&mut self) -> Option<(String, String)> {
        self.lines.find_map(|line| {
            let line = line.unwrap();
            let (_, written) = line.split_once(WRITTEN)?;
            let (first, second) = written.split_once(' ')?;
            Some((first.to_owned(), second.to_owned()))
        })
    }

    fn finish(mut self) -> Vec<(String, String)> {
        let written = std::iter::from_fn(|| self.next()).collect();
        assert!(self.child.wait().unwrap().success());
        written
    }
}

fn new_directory(parent: &tempfile::TempDir) -> PathBuf {
    parent.path().join("store")
}

fn check(directory: &Path, written: &[(String, String)]) {
    let api = opened(directory);
    for (id, token) in written {
        let found = api.get(&format!("/credentials/{id}/token"));
        assert_eq!(
            (found.status, found.at("token")),
            (200, token.clone()),
            "{id}"
        );
    }
    let database = rusqlite::Connection::open(directory.join("ambient.db")).unwrap();
    let state: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(state, "ok");
}

#[test]
fn first_processes_agree_on_one_store_and_one_key() {
    let parent = tempfile::tempdir().unwrap();
    let directory = new_directory(&parent);
    let writers: Vec<Writer> = (0..6)
        .map(|_| Writer::start("write_credentials", &directory, "3"))
        .collect();
    let written: Vec<_> = writers.into_iter().flat_map(Writer::finish).collect();
    assert_eq!(written.len(), 18);
    check(&directory, &written);
    let owners = opened(&directory).get("/role_bindings?size=1").json()["total"].clone();
    assert_eq!(owners, 18);
}

#[test]
fn a_kill_loses_no_acknowledged_write() {
    let parent = tempfile::tempdir().unwrap();
    let directory = new_directory(&parent);
    let rounds = setting(ROUNDS).map_or(6, |rounds| rounds.parse().unwrap());
    let mut written = Vec::new();
    // Each round kills after another number of writes, the first in the middle of the setting up.
    for round in 0..rounds {
        let mut writers: Vec<Writer> = (0..8)
            .map(|_| Writer::start("write_credentials", &directory, "1000000"))
            .collect();
        for writer in &mut writers {
            for _ in 0..round % 6 {
                written.push(writer.next().expect("a writer ended by itself"));
            }
        }
        for writer in &mut writers {
            writer.child.kill().unwrap();
        }
        for writer in &mut writers {
            // What it said before the kill counts too; its last line may be cut.
            let rest = std::iter::from_fn(|| writer.next());
            written.extend(rest.filter(|(_, token)| token.matches('-').count() == 2));
            writer.child.wait().unwrap();
        }
    }
    // A cut line names the beginning of a token that exists.
    let whole: BTreeSet<_> = written.into_iter().collect();
    let api = opened(&directory);
    for (id, token) in &whole {
        let found = api.get(&format!("/credentials/{id}/token"));
        assert_eq!(found.status, 200, "{id}");
        assert!(found.at("token").starts_with(token.as_str()), "{id}");
    }
    check(&directory, &[]);
    println!(
        "{rounds} rounds of 8 writers: {} acknowledged writes, none lost",
        whole.len()
    );
}

#[test]
fn patches_of_different_fields_at_once_are_all_kept() {
    let parent = tempfile::tempdir().unwrap();
    let directory = new_directory(&parent);
    let id = opened(&directory).credential(&json!({"name": "n", "provider": "p"}));
    let writers: Vec<Writer> = ["url", "email", "url", "email"]
        .map(|field| Writer::start("write_one_field", &directory, &format!("{id} {field}")))
        .into();
    let mut last: Vec<(String, String)> = Vec::new();
    for writer in writers {
        last.extend(writer.finish().pop());
    }
    let record = opened(&directory).get(&format!("/credentials/{id}")).json();
    for field in ["url", "email"] {
        // A write that another process lost would bring an older value back.
        let found = (field.to_owned(), record[field].as_str().unwrap().to_owned());
        assert!(last.contains(&found), "{found:?} is none of {last:?}");
    }
}
