//! The check of JSON syntax agrees with `serde_json` on which texts are JSON, and what it gives back is
//! JSON with the same structure.

use acpctl::testing::json_text;
use serde::de::IgnoredAny;

/// More nesting than this is refused by us alone.
const MAX_DEPTH: usize = 100;

pub(crate) fn run(bytes: &[u8]) {
    let library = serde_json::from_slice::<IgnoredAny>(bytes);
    match json_text::check(bytes) {
        Ok(text) => {
            assert!(library.is_ok(), "{library:?}");
            assert!(serde_json::from_str::<IgnoredAny>(&text).is_ok());
        }
        Err(why) => {
            let brackets = bytes
                .iter()
                .filter(|byte| matches!(byte, b'[' | b'{'))
                .count();
            assert!(library.is_err() || brackets > MAX_DEPTH, "{why}");
        }
    }
}
