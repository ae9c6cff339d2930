//! Text for people.
//!
//! - [`mask`]: secrets in text that is shown or stored

pub mod mask;
