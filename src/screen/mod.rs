//! The screen of `acpctl ambient`: what happens on the platform, and what can be done about it, on a whole terminal.
//!
//! - [`state`] holds everything that is shown; [`update`] changes it by an [`event`] and asks for [`effect`]s; nothing
//!   there reads a clock, a key or a socket, so tests need no terminal.
//! - [`draw`] is a picture of the state; [`layout`] says where everything is.
//! - [`views`] describe the tables as data, in the terms of [`view`]; no view knows another.
//! - [`run`] is the loop; [`worker`] does the requests on a thread of its own, [`terminal`] holds the terminal,
//!   [`source`] reads keys and signals; [`outside`] runs commands that need the terminal themselves.

mod changes;
mod connection;
mod detail;
mod dialog;
mod drafts;
mod draw;
mod effect;
mod entry;
mod event;
mod filter;
mod form;
mod help;
mod input;
mod layout;
mod loading;
mod messages;
mod naming;
mod newest;
mod outside;
mod pane;
mod play;
mod run;
mod said;
mod scope;
mod shown;
mod source;
mod state;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
mod update;
mod view;
mod views;
mod worker;

pub use play::play;
pub(crate) use run::run;
pub(crate) use state::Options;
