//! Any text is read as the documents of a manifest or refused, and what is read can be written and read
//! again.

use acpctl::testing::yaml;
use serde_json::Value;

pub(crate) fn run(text: &[u8]) {
    let Ok(documents) = yaml::documents::<Value>(text) else {
        return;
    };
    for document in documents {
        let written = yaml::to_string(&document).expect("what was read can be written");
        let again = yaml::documents::<Value>(written.as_bytes()).expect("our own text is readable");
        assert_eq!(again, [document]);
    }
}
