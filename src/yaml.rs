//! YAML for everything but kubeconfigs: the one place that names the YAML library.
//!
//! Size and depth are capped before the library sees a text: it takes very long over deep nesting
//! (contract kubeconfig.md section 13).

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The largest text, in bytes.
const MAX_SIZE: usize = 32 << 20;
/// The library quotes a text that stands in the wrong place: it may be a secret.
fn without_value(why: &str) -> String {
    match (why.find("string \""), why.rfind("\", expected")) {
        (Some(start), Some(end)) if start + 6 < end => {
            format!("{}{}", &why[..start + 6], &why[end + 1..])
        }
        _ => why.to_owned(),
    }
}

/// The deepest nesting of brackets; manifests need three.
const MAX_DEPTH: usize = 100;

/// A value as YAML.
///
/// # Errors
/// When the value can't be written as YAML.
pub fn to_string(value: &impl Serialize) -> anyhow::Result<String> {
    Ok(serde_yaml::to_string(value)?)
}

/// The documents of a text.
///
/// # Errors
/// Why the text can't be read. The library's words name places and types, never a value of a text
/// field.
pub fn documents<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, String> {
    if text.len() > MAX_SIZE {
        return Err(format!("more than {} MiB", MAX_SIZE >> 20));
    }
    if depth(text) > MAX_DEPTH {
        return Err(format!("nested deeper than {MAX_DEPTH}"));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut documents = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        documents
            .push(T::deserialize(document).map_err(|error| without_value(&error.to_string()))?);
    }
    Ok(documents)
}

/// The deepest nesting of brackets, whatever stands between them.
fn depth(text: &str) -> usize {
    let mut open: usize = 0;
    let mut deepest = 0;
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => {
                open += 1;
                deepest = deepest.max(open);
            }
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_hold_no_value() {
        for text in ["s3cr3t", "a: s3cr3t", "a: {b: \"s3cr3t\"}"] {
            let read = documents::<std::collections::BTreeMap<String, Vec<u8>>>(text);
            let why = read.unwrap_err();
            assert!(!why.contains("s3cr3t"), "{why}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_at_once() {
        let deep = "[".repeat(200_000);
        assert!(documents::<serde_json::Value>(&deep).is_err());
    }
}
