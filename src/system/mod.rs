//! What the operating systems do differently, in the same plain functions for each of them. No other module asks which
//! system it runs on (`tests/layers.rs`).
//!
//! - `files`: how files are opened, who owns them and who may read them
//! - `removal`: empties a folder, whatever is in it
//! - `process`: children, process groups, and the processes that they leave behind
//! - `signals`: the signals that the program waits for
//! - `stdio`: what the standard streams are
//! - `terminal`: size, keyboard and raw output

mod kinds;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as this;
#[cfg(windows)]
use windows as this;

pub(crate) use kinds::{ConfigBase, Job, Stdin, Typing};
pub(crate) use this::{
    BROWSER, CACHE_IN_HOME, CONFIG_BASE, DATA_IN_HOME, HAS_KEYRING, HOME, RUNS_SESSIONS, os_string,
};
pub(crate) use this::{files, process, removal, signals, stdio, terminal};
