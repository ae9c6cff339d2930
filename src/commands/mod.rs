//! The commands: a folder for each noun with a file for each verb, and a file or folder for each command without a
//! noun.
//!
//! These modules are shared by several commands: [`binding_names`], [`confirm`], [`empty_values`],
//! [`gateway_credentials`], [`labels`], [`listing`], [`minted_access`], [`missing`], [`moved_context`], [`name_word`],
//! [`named`], [`order`], [`outcome`], [`pairs`], [`people`], [`project_args`], [`project_object`], [`removal`],
//! [`runs`], [`server_mode`], [`session_control`], [`session_failure`], [`several`], [`switch_project`], [`used_by`].

pub(crate) mod agent;
pub(crate) mod alias;
pub(crate) mod ambient;
pub(crate) mod api;
pub(crate) mod application;
pub(crate) mod apply;
mod binding_names;
mod bound;
pub(crate) mod completion;
pub(crate) mod config;
pub(crate) mod confirm;
pub(crate) mod create;
pub(crate) mod credential;
pub(crate) mod delete;
pub(crate) mod describe;
pub(crate) mod doctor;
pub(crate) mod edit;
pub(crate) mod empty_values;
pub(crate) mod exec;
pub(crate) mod gateway_credentials;
pub(crate) mod get;
mod grading;
pub(crate) mod help;
pub(crate) mod inbox;
pub(crate) mod labels;
pub(crate) mod listing;
pub(crate) mod local;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod minted_access;
mod missing;
pub(crate) mod moved_context;
mod name_word;
pub(crate) mod named;
pub(crate) mod options;
mod order;
pub(crate) mod outcome;
pub(crate) mod pairs;
pub(crate) mod people;
pub(crate) mod policy;
pub(crate) mod project;
pub(crate) mod project_args;
pub(crate) mod project_object;
pub(crate) mod provider;
pub(crate) mod removal;
mod required;
pub(crate) mod runs;
pub(crate) mod scheduled_session;
pub(crate) mod serve;
pub(crate) mod server_mode;
pub(crate) mod session;
pub(crate) mod session_control;
pub(crate) mod session_failure;
pub(crate) mod several;
pub(crate) mod start;
pub(crate) mod stop;
pub(crate) mod switch_project;
mod used_by;
pub(crate) mod version;
pub(crate) mod wait;
pub(crate) mod whoami;
