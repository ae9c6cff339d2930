//! Finds known secrets in other bytes. Nothing here opens a file or sends a request.
//!
//! - [`parts`]: the pieces of a secret that recognize it, in every encoding
//! - [`needles`]: keyed digests of these pieces; from then on the secrets are not needed any more
//! - [`search`]: reads bytes of any length and reports where a piece occurs
//!
//! A piece has [`parts::WIDTH`] bytes. The search drops white space, so pieces are found in wrapped and indented text
//! too. Of a secret that was cut, every fragment of twice the width contains a whole piece.

mod needles;
mod parts;
mod search;

pub(crate) use needles::{Needles, Unsought};
pub(crate) use search::{Hit, Search};
