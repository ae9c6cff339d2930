//! The embedded API from outside: requests to its router, and its store under several processes.

#![allow(
    unreachable_pub,
    reason = "a test crate has no users; `pub` is for its own modules"
)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests fail by panics, and a test's process talks on its output"
)]

mod bindings;
mod callers;
mod corrected;
mod keys;
mod kinds;
mod lists;
mod port;
mod processes;
mod replay;
mod sandbox;
mod support;
mod transport;
mod writing;
