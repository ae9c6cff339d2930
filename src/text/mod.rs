//! Text for people: how names, commands, addresses and secrets appear in it, and where its lines break.
//!
//! All text for people goes through [`seen`], which makes invisible characters visible, and through [`secrets`], which hides
//! the secrets of this run.

pub mod color;
pub mod command;
pub mod mask;
pub mod quote;
pub mod secrets;
pub mod seen;
pub mod url;
pub mod wrap;

pub use command::acpctl;
pub use quote::quote;
pub use seen::{first_line, visible, visible_lines};
pub use url::url_for_people;
