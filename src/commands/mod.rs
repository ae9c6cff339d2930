//! The commands: one folder per noun with one file per verb, one file per lone verb.

pub mod completion;
pub mod credential;
pub mod doctor;
pub mod help;
pub mod local;
pub mod serve;
pub mod session;
