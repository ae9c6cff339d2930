//! Whole outputs on the page of the test: `insta::assert_snapshot!(env.local().line("credential list").shown(), @"…")`.
//!
//! What differs from run to run is replaced by a word in brackets: ids, times of this year, ports, the home folder. A
//! blank at the end of a line, which a reader would not see, stands there as `·`.
//!
//! If a text changes on purpose, let insta write the new one into the sources:
//!
//! ```sh
//! cargo install --locked cargo-insta
//! cargo insta test --accept --test cli -- output::
//! ```
//!
//! Without that program, `INSTA_UPDATE=no cargo test --test cli output::` shows what differs; the lines with `+` go
//! into the source by hand. `INSTA_UPDATE=always` does not help: insta leaves `.pending-snap` files, which only its
//! program reads.

use std::process::Output;

use jiff::Timestamp;

use super::run::told;

/// How long ids are.
const ID_LENGTH: usize = 27;

/// A run as its user sees it: standard output, then, if there is any, standard error and a status that is not 0.
pub fn shown(output: &Output) -> String {
    let (status, stdout, stderr) = told(output);
    let mut whole = masked(&stdout);
    if !stderr.is_empty() {
        whole += &format!("--- standard error\n{}", masked(&stderr));
    }
    if status != Some(0) {
        let status = status.map_or("a signal".to_owned(), |status| status.to_string());
        whole += &format!("--- exit status {status}\n");
    }
    whole
}

/// A screen, or any other text, without what differs from run to run.
pub fn masked(text: &str) -> String {
    let text = without_home(text);
    let text = without_ports(&text);
    let text = without_times(&without_ids(&text));
    text.lines().map(|line| marked_end(line) + "\n").collect()
}

fn without_home(text: &str) -> String {
    let start = std::env::temp_dir().join(".tmp").display().to_string();
    let mut parts = text.split(&start);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |whole, part| {
        whole + "[home]" + part.trim_start_matches(|c: char| c.is_ascii_alphanumeric())
    })
}

fn without_ports(text: &str) -> String {
    const HOST: &str = "127.0.0.1:";
    let mut parts = text.split(HOST);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |whole, part| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        whole
            + HOST
            + if rest.len() < part.len() {
                "[port]"
            } else {
                ""
            }
            + rest
    })
}

/// An id keeps its width where a column follows.
fn without_ids(text: &str) -> String {
    let mut whole = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        let is_id = word.len() == ID_LENGTH && word.bytes().any(|byte| byte.is_ascii_digit());
        match (is_id, c) {
            (true, ' ') => whole += &format!("{:ID_LENGTH$}", "[id]"),
            (true, _) => whole += "[id]",
            (false, _) => whole += &word,
        }
        whole.push(c);
        word.clear();
    }
    whole.pop();
    whole
}

/// Times of this year, as RFC 3339 has them; fixed times in tests are of other years.
fn without_times(text: &str) -> String {
    let start = Timestamp::now().strftime("%Y-").to_string();
    let mut whole = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(&start) {
        let (before, from) = rest.split_at(at);
        let end = from
            .find(|c: char| !(c.is_ascii_digit() || "-:.TZ".contains(c)))
            .unwrap_or(from.len());
        let time = from[..end].parse::<Timestamp>();
        whole += before;
        whole += if time.is_ok() { "[time]" } else { &from[..end] };
        rest = &from[end..];
    }
    whole + rest
}

fn marked_end(line: &str) -> String {
    let text = line.trim_end_matches(' ');
    let blanks = line.len() - text.len();
    if blanks == 0 {
        return line.to_owned();
    }
    format!("{}·", &line[..line.len() - 1])
}
