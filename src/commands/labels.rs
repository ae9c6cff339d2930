//! Labels as a condition, for the `-l` of lists and of `apply --prune`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::failure::{EMPTY_VALUE, Failure};
use crate::resources::Record;
use crate::text::quote;

/// Labels that an object must carry, all of them. An empty selector fits every object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selector(Vec<(String, String)>);

impl Selector {
    /// Reads the values of a flag: `KEY=VALUE`, several of them separated by commas or given with the flag again, and
    /// `==` as in kubectl. Empty texts are skipped. A value can't hold a comma.
    ///
    /// # Errors
    /// A usage failure that names `flag`, for anything else: without the wrong part, the selector would fit more
    /// objects than the user meant.
    pub(crate) fn read(flag: &str, given: &[String]) -> Result<Self, Failure> {
        let texts = given.iter().filter(|text| !text.is_empty());
        let pairs = texts.flat_map(|text| text.split(','));
        pairs
            .map(|pair| {
                pair_of(pair).ok_or_else(|| {
                    Failure::usage(format!("{flag} {} is not KEY=VALUE", quote(pair)))
                })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Reads the values of a flag that says what is deleted.
    ///
    /// # Errors
    /// As [`Selector::read`], and for an empty text: it comes from a variable that is not set, and more would be deleted
    /// than the user meant.
    pub(crate) fn read_for_removal(flag: &str, given: &[String]) -> Result<Self, Failure> {
        if given.iter().any(String::is_empty) {
            return Err(Failure::usage(format!("{flag} is given without labels")).hint(EMPTY_VALUE));
        }
        Self::read(flag, given)
    }

    /// True if the selector fits every object.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True for an object with all these labels. An object whose labels are not a JSON object has none.
    #[must_use]
    pub(crate) fn fits(&self, record: &Record) -> bool {
        if self.is_empty() {
            return true;
        }
        let labels: BTreeMap<String, Value> =
            serde_json::from_str(record.text("labels")).unwrap_or_default();
        self.0
            .iter()
            .all(|(key, value)| labels.get(key).and_then(Value::as_str) == Some(value))
    }
}

fn pair_of(text: &str) -> Option<(String, String)> {
    let (key, value) = text.split_once('=')?;
    let (key, value) = (key.trim(), value.strip_prefix('=').unwrap_or(value).trim());
    // The operators `!=` and `in (...)` are not supported. They would be read as keys that no object has.
    let is_key = !key.is_empty() && !key.contains(['!', '(', ')', ' ']);
    is_key.then(|| (key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::CREDENTIAL;
    use serde_json::json;

    fn read(given: &[&str]) -> Result<Selector, String> {
        let given: Vec<String> = given.iter().map(|text| (*text).to_owned()).collect();
        Selector::read("--label", &given).map_err(|failure| failure.message)
    }

    #[test]
    fn commas_and_repetition_mean_the_same() {
        let both = read(&["a=1,b=2"]).unwrap();
        for given in [&["a=1", "b=2"][..], &["a==1, b=2"], &["", "a=1,b=2"]] {
            assert_eq!(read(given).as_ref(), Ok(&both), "{given:?}");
        }
        assert!(read(&[]).unwrap().is_empty() && read(&[""]).unwrap().is_empty());
        for wrong in ["a", "=1", "a=1,", ",", "a!=1", "a in (1,2)", " "] {
            let why = read(&[wrong]).unwrap_err();
            assert!(
                why.starts_with("--label \"") && why.ends_with("is not KEY=VALUE"),
                "{why}"
            );
        }
    }

    #[test]
    fn all_pairs_must_match() {
        let with = |labels: &str| Record::decode(&CREDENTIAL, json!({ "labels": labels })).unwrap();
        let selector = read(&["a=1,b="]).unwrap();
        assert!(selector.fits(&with("{\"a\":\"1\",\"b\":\"\",\"c\":\"3\"}")));
        for labels in [
            "{\"a\":\"1\"}",
            "{\"a\":1,\"b\":\"\"}",
            "{}",
            "",
            "a=1,b=",
            "[\"a\"]",
        ] {
            assert!(!selector.fits(&with(labels)), "{labels}");
            assert!(read(&[]).unwrap().fits(&with(labels)));
        }
    }
}
