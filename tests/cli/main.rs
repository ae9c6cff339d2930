//! The program from outside: command lines, standard streams, exit codes, requests.
//!
//! One binary for all of them; each file covers one topic.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::type_complexity,
    reason = "a test ends by panicking"
)]

mod account;
mod apply;
mod bindings;
mod completion;
mod connection;
mod credential;
mod disk;
mod examples;
mod fault_table;
mod faults;
mod findings;
mod gate;
mod intake;
mod json_keys;
mod keyring;
mod local;
mod lookup;
mod mcp_config;
mod noun_faults;
mod nouns;
mod origin;
mod panics;
mod place;
mod preview;
mod probe;
mod progress;
mod recipes;
mod replay;
mod serve;
mod serve_sessions;
mod session_end;
mod session_exec;
mod session_helper;
mod stream;
mod support;
mod syscalls;
mod terminal;
mod transfer;
mod waits;
