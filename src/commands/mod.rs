//! The commands: a folder for each noun with a file for each verb, and a file or folder for each command without a
//! noun.
//!
//! These modules are shared by several commands: [`confirm`], [`labels`], [`listing`], [`named`], [`outcome`],
//! [`pairs`],
//! [`project_args`], [`removal`], [`runs`], [`session_control`].

pub mod agent;
pub mod application;
pub mod apply;
pub mod completion;
pub mod config;
pub mod confirm;
pub mod create;
pub mod credential;
pub mod delete;
pub mod describe;
pub mod doctor;
pub mod get;
pub mod help;
pub mod inbox;
pub mod labels;
pub mod listing;
pub mod local;
pub mod login;
pub mod logout;
pub mod named;
pub mod outcome;
pub mod pairs;
pub mod project;
pub mod project_args;
pub mod removal;
pub mod runs;
pub mod scheduled_session;
pub mod serve;
pub mod session;
pub mod session_control;
pub mod start;
pub mod stop;
pub mod version;
pub mod wait;
pub mod whoami;
