//! The program from outside: command lines, standard streams, exit codes, requests.
//!
//! One binary for all of them; each file covers one topic.

mod completion;
mod credential;
mod faults;
mod replay;
mod support;
mod terminal;
