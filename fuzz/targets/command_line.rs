//! Any words, one a line, are a command line or a usage error, and what our grammar lets through has the
//! form that the commands expect.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::LazyLock;

use acpctl::testing::cli::Cli;
use acpctl::testing::grammar::{self, Request};
use clap::{Command, CommandFactory as _, FromArgMatches as _};

static ROOT: LazyLock<Command> = LazyLock::new(Cli::command);

pub(crate) fn run(bytes: &[u8]) {
    let words: Vec<OsString> = bytes
        .split(|byte| *byte == b'\n')
        .map(|word| std::ffi::OsStr::from_bytes(word).to_owned())
        .collect();
    let _ = grammar::asks_for_json(&mut ROOT.clone(), &words);
    if let Ok(Request::Run(matches)) = grammar::parse(&mut ROOT.clone(), &words) {
        assert!(Cli::from_arg_matches(&matches).is_ok(), "{words:?}");
    }
}
