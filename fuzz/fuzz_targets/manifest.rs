//! Any text is read as the documents of a manifest or refused, and what is read can be written and read
//! again.
//!
//! `cargo +nightly fuzz run manifest`

#![no_main]

use acpctl::yaml;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let Ok(documents) = yaml::documents::<Value>(text) else {
        return;
    };
    for document in documents {
        let written = yaml::to_string(&document).expect("what was read can be written");
        let again = yaml::documents::<Value>(&written).expect("our own text is readable");
        assert_eq!(again, [document]);
    }
});
