//! The program from outside: command lines, standard streams, exit codes, requests.
//!
//! One binary for all of them; each file, or folder, covers one topic.

#![allow(
    unreachable_pub,
    reason = "a test crate has no users; `pub` is for its own modules"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::type_complexity,
    reason = "a test ends by panicking"
)]

mod apply;
mod completion;
mod config;
mod connection;
mod conventions;
mod credential;
mod examples;
mod fault_table;
mod faults;
mod findings;
mod hints;
mod install;
mod intake;
mod json_keys;
mod local;
mod login;
mod long_lists;
mod lookup;
mod noun_faults;
mod nouns;
mod output;
mod panics;
mod pictures;
mod platforms;
mod progress;
mod recipes;
mod replay;
mod schema;
mod screen;
mod serve;
mod server_mode;
mod session;
mod support;
mod syscalls;
mod terminal;
mod untrusted;
mod version;
mod waits;
