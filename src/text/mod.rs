//! Text for people: how names, commands, addresses and secrets appear in it, and where its lines break.
//!
//! All text for people goes through [`seen`], which makes invisible characters visible, and through [`secrets`], which
//! hides the secrets of this run.

pub(crate) mod color;
pub(crate) mod command;
pub(crate) mod contents;
mod count;
mod escapes;
mod letters;
pub(crate) mod mask;
pub(crate) mod quote;
pub(crate) mod secrets;
pub(crate) mod seen;
pub(crate) mod tokens;
pub(crate) mod url;
pub(crate) mod wrap;

pub(crate) use command::{acpctl, acpctl_exec, acpctl_for};
pub(crate) use count::{count, counted, with_article};
pub(crate) use quote::quote;
pub(crate) use seen::{brief, first_line, visible};
pub(crate) use url::url_for_people;
