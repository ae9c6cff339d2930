//! The keys of a store, in memory and as text.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::server::seal::{Key, SealError};
use crate::server::store::StoreError;

/// The keys of a store, by number; the highest number is the newest key.
pub(super) struct Ring(pub BTreeMap<u32, Key>);

impl Ring {
    pub(super) fn fresh(number: u32) -> Result<(u32, Key), StoreError> {
        let mut key = Key::default();
        getrandom::fill(key.as_mut()).map_err(|_| SealError::NoRandomness)?;
        Ok((number, key))
    }

    pub(super) fn number(&self) -> u32 {
        self.0.last_key_value().map_or(0, |(number, _)| *number)
    }

    /// Writes one line for each key: its number and its bytes in base64.
    pub(super) fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(64 * self.0.len()));
        for (number, key) in &self.0 {
            let encoded = Zeroizing::new(STANDARD.encode(key.as_ref()));
            text.push_str(&number.to_string());
            text.push(' ');
            text.push_str(&encoded);
            text.push('\n');
        }
        text
    }

    pub(super) fn from_text(text: &str) -> Option<Self> {
        let mut ring = BTreeMap::new();
        for line in text.lines() {
            let (number, encoded) = line.split_once(' ')?;
            let bytes = Zeroizing::new(STANDARD.decode(encoded).ok()?);
            ring.insert(
                number.parse().ok()?,
                Key::new(bytes.as_slice().try_into().ok()?),
            );
        }
        (!ring.is_empty()).then_some(Self(ring))
    }
}
