//! Field values that need care: secrets, base64 data, and extensions of any form.

use std::fmt;

use zeroize::Zeroizing;

use super::base64;
use super::tree::{NodeId, NodeValue, Tree};

/// A text that `Debug` does not show.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct SecretText<'t>(pub(super) &'t str);

impl<'t> SecretText<'t> {
    pub(super) fn expose(self) -> &'t str {
        self.0
    }

    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for SecretText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// A `-data` field.
#[derive(Clone, Copy, Default)]
pub(super) enum Data<'t> {
    #[default]
    Absent,
    Base64(&'t str),
    /// The bytes themselves, as a list of numbers.
    Bytes(&'t Tree, NodeId),
}

impl<'t> Data<'t> {
    pub(super) fn is_empty(self) -> bool {
        match self {
            Self::Absent => true,
            Self::Base64(text) => text.bytes().all(|b| matches!(b, b'\r' | b'\n')),
            Self::Bytes(..) => false,
        }
    }

    pub(super) fn bytes(self) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Absent => Zeroizing::default(),
            Self::Base64(text) => base64::decode(text.as_bytes()).unwrap_or_default(),
            Self::Bytes(tree, id) => byte_list(tree, id).unwrap_or_default(),
        }
    }

    /// Returns the data in base64 without line breaks.
    pub(super) fn base64(self) -> Zeroizing<String> {
        match self {
            Self::Base64(text) if !text.contains(['\r', '\n']) => Zeroizing::new(text.to_owned()),
            _ => base64::encode(&self.bytes()),
        }
    }

    /// Returns the text as written, in which placeholders are recognized.
    pub(super) fn as_written(self) -> &'t str {
        match self {
            Self::Base64(text) => text,
            _ => "",
        }
    }
}

impl fmt::Debug for Data<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[data]")
    }
}

/// Reads a list of numbers from 0 to 255 as bytes; `null` counts as 0.
pub(super) fn byte_list(tree: &Tree, id: NodeId) -> Option<Zeroizing<Vec<u8>>> {
    let NodeValue::List(run) = tree.value(id) else {
        return None;
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(tree.items(run).len()));
    for &item in tree.items(run) {
        let byte = match tree.value(item) {
            NodeValue::Null => 0,
            NodeValue::Int(n) => u8::try_from(n).ok()?,
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // checked
            NodeValue::Float(x) if x.fract() == 0.0 && x.is_sign_positive() && x < 256.0 => x as u8,
            _ => return None,
        };
        bytes.push(byte);
    }
    Some(bytes)
}

/// A named JSON value of any form; `body` is `None` if it is null or absent.
#[derive(Clone, Copy)]
pub(super) struct Extension<'t> {
    pub(super) name: &'t str,
    pub(super) body: Option<(&'t Tree, NodeId)>,
}

impl fmt::Debug for Extension<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extension").finish_non_exhaustive()
    }
}
