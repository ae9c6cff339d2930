//! The embedded API from outside: requests to its router, and its store under several processes.

mod bindings;
mod callers;
mod corrected;
mod keys;
mod kinds;
mod lists;
mod port;
mod processes;
mod replay;
mod support;
mod transport;
mod writing;
