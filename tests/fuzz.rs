//! The fuzz targets without a fuzzer: each on its corpus, then on changes made to it. The changes are the same in
//! every run; `FUZZ_SEED` and `FUZZ_ROUNDS` choose others and more. `fuzz/run` looks further.

#![allow(
    unreachable_pub,
    reason = "a test crate has no users; `pub` is for its own modules"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test ends by panicking"
)]

#[path = "../fuzz/targets/certificates.rs"]
mod certificates;
#[path = "../fuzz/targets/command_line.rs"]
mod command_line;
#[path = "../fuzz/targets/config.rs"]
mod config;
#[path = "../fuzz/targets/events.rs"]
mod events;
#[path = "../fuzz/targets/json.rs"]
mod json;
#[path = "../fuzz/targets/kubeconfig.rs"]
mod kubeconfig;
#[path = "../fuzz/targets/manifest.rs"]
mod manifest;
#[path = "../fuzz/targets/screen.rs"]
mod screen;
#[path = "../fuzz/targets/search.rs"]
mod search;

use std::fs;
use std::panic;
use std::path::Path;

/// A text that breaks something is worth more than a random byte.
const WORDS: &[&str] = &[
    "\0",
    "\n",
    "\r\n",
    "\u{feff}",
    "\u{2028}",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "\\",
    "%",
    "&a ",
    "*a",
    "!!",
    "---\n",
    "|\n",
    "\\ud800",
    "999999999999999999999",
    "-1",
    "1e999",
    "null",
    "true",
    " or ",
    " and ",
    "=",
];

/// Numbers that look random and are the same for the same start (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }
}

/// Where the numbers start, unless `FUZZ_SEED` says otherwise.
const SEED: u64 = 0x9E37_79B9_7F4A_7C15;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// One change: bytes replaced, taken out, put in, or exchanged for a part of another input.
fn change(input: &mut Vec<u8>, other: &[u8], numbers: &mut Numbers) {
    let start = numbers.below(input.len() + 1);
    let end = (start + numbers.below(8)).min(input.len());
    match numbers.below(5) {
        0 if start < input.len() => input[start] ^= 1 << numbers.below(8),
        1 => drop(input.drain(start..end)),
        2 => {
            let word = WORDS[numbers.below(WORDS.len())];
            input.splice(start..end, word.bytes());
        }
        3 => {
            let from = numbers.below(other.len() + 1);
            let to = (from + numbers.below(64)).min(other.len());
            input.splice(start..start, other[from..to].iter().copied());
        }
        _ => input.truncate(start),
    }
}

/// Returns the inputs that are kept for a target, in the order of their names.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(name);
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

fn survives(name: &str, rounds: u64, run: fn(&[u8])) {
    let corpus = corpus(name);
    let check = |input: &[u8]| {
        assert!(
            panic::catch_unwind(|| run(input)).is_ok(),
            "{name} breaks on {:?}",
            String::from_utf8_lossy(input)
        );
    };
    for input in &corpus {
        check(input);
    }
    let mut numbers = Numbers(number("FUZZ_SEED", SEED));
    for _ in 0..number("FUZZ_ROUNDS", 1) * rounds {
        let mut input = corpus[numbers.below(corpus.len())].clone();
        for _ in 0..=numbers.below(4) {
            let other = &corpus[numbers.below(corpus.len())];
            change(&mut input, other, &mut numbers);
        }
        check(&input);
    }
}

#[test]
fn certificates_survive() {
    survives("certificates", 2000, certificates::run);
}

#[test]
fn command_lines_survive() {
    survives("command_line", 2000, command_line::run);
}

#[test]
fn configurations_survive() {
    survives("config", 10_000, config::run);
}

#[test]
fn events_survive() {
    survives("events", 100_000, events::run);
}

#[test]
fn json_survives() {
    survives("json", 100_000, json::run);
}

#[test]
fn kubeconfigs_survive() {
    survives("kubeconfig", 10_000, kubeconfig::run);
}

#[test]
fn manifests_survive() {
    survives("manifest", 50_000, manifest::run);
}

#[test]
fn screens_survive() {
    survives("screen", 1000, screen::run);
}

/// Plays long sessions: pieces of the corpus, random bytes and random keys in one row, so that views, forms and
/// answers meet in each order. It takes minutes, even in an optimized build:
///
///     cargo test --release --test fuzz -- --ignored
#[test]
#[ignore = "takes minutes: ten million events, or as many as FUZZ_EVENTS says"]
fn long_sessions_on_the_screen_survive() {
    /// The bytes of one session; most of them are events.
    const SESSION: usize = 20_000;
    let corpus = corpus("screen");
    let mut numbers = Numbers(number("FUZZ_SEED", SEED));
    let mut left = number("FUZZ_EVENTS", 10_000_000);
    while left > 0 {
        let seed = numbers.0;
        let mut input = Vec::with_capacity(SESSION);
        while input.len() < SESSION {
            match numbers.below(4) {
                0 => input.extend(&corpus[numbers.below(corpus.len())]),
                1 => input.extend((0..numbers.below(64)).map(|_| numbers.byte())),
                2 => input.extend((0..numbers.below(64)).map(|_| b' ' + numbers.byte() % 0x5f)),
                _ => input.push([0x0d, 0x1b, b':', b'/', 0x90, 0x91][numbers.below(6)]),
            }
        }
        let played = panic::catch_unwind(|| acpctl::testing::screen::play(&input));
        let played = played.unwrap_or_else(|_| panic!("it breaks with FUZZ_SEED={seed}"));
        left = left.saturating_sub(u64::try_from(played).unwrap());
    }
}

#[test]
fn searches_survive() {
    survives("search", 10_000, search::run);
}
