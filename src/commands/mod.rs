//! The commands: one folder per noun with one file per verb, one file per lone verb.

pub mod credential;
