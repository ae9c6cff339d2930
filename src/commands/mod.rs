//! The commands: one folder per noun with one file per verb, one file per lone verb; and what
//! several of them share ([`confirm`], [`labels`], [`listing`], [`named`], [`outcome`],
//! [`project_args`], [`removal`], [`runs`], [`session_control`]).

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
