//! Text for people: what it may hold, and how names, commands and addresses stand in it.
//!
//! Everything that [`crate::output`] shows to people goes through [`seen`], which shows what can't be seen, and what
//! others wrote goes through [`secrets`], which hides the secrets of this run.

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
