//! Reads and writes all YAML except kubeconfigs. No other code uses the YAML library.

use serde::de::DeserializeOwned;
use serde::{Deserialize as _, Serialize};

use crate::kubeconfig::{expansion, to_utf8};

/// The longest text that is read, in bytes: far larger than any real manifest.
pub(crate) const MAX_INPUT: usize = 4 << 20;
/// The most list items that begin on one line, each inside the previous one.
const MAX_DEPTH: usize = 128;
/// The most bytes that all aliases together may stand for: real aliases save typing, not megabytes.
const MAX_ALIASED: u64 = 16 << 20;
/// The most aliases in a text whose aliases can't be measured, because Kubernetes' grammar refuses it.
const MAX_UNMEASURED: usize = 100;
/// The most `%TAG` directives: the library searches all of them for each tag.
const MAX_TAG_DIRECTIVES: usize = 100;
/// The longest `%TAG` directive, in bytes.
const MAX_TAG_LINE: usize = 1024;
/// The most steps that brackets may cost: the parser visits every open bracket for every token.
const MAX_WORK: u64 = 50_000_000;

/// The reason why a text is refused. It never contains a value of the text, because a value may be a secret.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum YamlError {
    #[error("yaml: broken UTF-16")]
    BrokenUtf16,
    #[error("yaml: larger than {} MiB", MAX_INPUT >> 20)]
    TooLarge,
    #[error("yaml: exceeded max depth")]
    TooDeep,
    #[error("yaml: excessive %TAG directives")]
    TagDirectives,
    #[error("yaml: document contains excessive aliasing")]
    Aliases,
    /// The library's message in the Go tool's form.
    #[error("{0}")]
    Invalid(String),
}

/// Writes a value as YAML.
///
/// # Errors
/// The value can't be written as YAML.
pub fn to_string(value: &impl Serialize) -> anyhow::Result<String> {
    Ok(serde_yaml::to_string(value)?)
}

/// Returns the documents of a text (YAML or JSON) in their order, without empty ones. A byte order mark is dropped, and
/// UTF-16 after one is read too: PowerShell writes both.
///
/// # Errors
/// The text is not YAML, does not fit the type, or exceeds a limit.
pub fn documents<T: DeserializeOwned>(text: &[u8]) -> Result<Vec<T>, YamlError> {
    utf8_documents(&to_utf8(text).map_err(|_| YamlError::BrokenUtf16)?)
}

fn utf8_documents<T: DeserializeOwned>(text: &[u8]) -> Result<Vec<T>, YamlError> {
    check_shape(text)?;
    check_aliases(text)?;
    let mut documents = Vec::new();
    for document in serde_yaml::Deserializer::from_slice(text) {
        documents.extend(
            Option::<T>::deserialize(document)
                .map_err(|error| YamlError::Invalid(explain(&error)))?,
        );
    }
    Ok(documents)
}

/// Refuses a text that would keep the library busy for long. Brackets inside strings count too: no real file comes near
/// the limits.
fn check_shape(text: &[u8]) -> Result<(), YamlError> {
    if text.len() > MAX_INPUT {
        return Err(YamlError::TooLarge);
    }
    let (mut depth, mut work) = (0_usize, 0_u64);
    let end_of_line = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let mut directives = 0;
    for line in text.split(end_of_line) {
        if line.starts_with(b"%TAG") {
            directives += 1;
            if directives > MAX_TAG_DIRECTIVES || line.len() > MAX_TAG_LINE {
                return Err(YamlError::TagDirectives);
            }
        }
        let items = line
            .split(|byte| *byte == b' ')
            .filter(|word| !word.is_empty())
            .take_while(|word| matches!(*word, b"-" | b"?"));
        if items.count() > MAX_DEPTH {
            return Err(YamlError::TooDeep);
        }
        for byte in line {
            match byte {
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => continue,
            }
            work += depth as u64;
            if work > MAX_WORK {
                return Err(YamlError::TooDeep);
            }
        }
    }
    Ok(())
}

/// Refuses aliases that stand for too much text: the library copies the text of each.
fn check_aliases(text: &[u8]) -> Result<(), YamlError> {
    if !(text.contains(&b'&') && text.contains(&b'*')) {
        return Ok(());
    }
    let found = expansion(text);
    let is_unmeasured = !found.is_complete
        && text
            .split(|byte| *byte == b'*')
            .nth(MAX_UNMEASURED + 1)
            .is_some();
    if found.aliased > MAX_ALIASED || is_unmeasured {
        return Err(YamlError::Aliases);
    }
    Ok(())
}

/// Returns the library's message in the Go tool's form (docs/interface/cli-resources.md section 8.1). The library's
/// messages about types quote the value; here only its type is kept.
fn explain(error: &serde_yaml::Error) -> String {
    let message = error.to_string();
    let line = error
        .location()
        .map(|location| format!("line {}: ", location.line()))
        .unwrap_or_default();
    let problem = message.split(" at line ").next().unwrap_or_default();
    let at = |word: &str| message.find(word).map(|at| &message[at..]);
    if let Some(wrong) = at("invalid type: ").or_else(|| at("invalid value: ")) {
        return format!("yaml: unmarshal errors:\n  {line}{}", wrong_type(wrong));
    }
    if let Some(custom) = at(REFUSED) {
        let words = custom.trim_start_matches(REFUSED);
        let words = words
            .rsplit_once(" at line ")
            .map_or(words, |(words, _)| words);
        return format!("yaml: unmarshal errors:\n  {words}");
    }
    format!("yaml: {line}{problem}")
}

/// Marks the message of [`refuse`] in the library's message, which puts a path before it.
const REFUSED: &str = "\u{1}";

/// Returns an error with a message of our own, which must not contain a value. The library knows only the line of the
/// surrounding mapping, so no line is shown.
pub(crate) fn refuse<E: serde::de::Error>(words: impl std::fmt::Display) -> E {
    E::custom(format!("{REFUSED}{words}"))
}

/// Translates `invalid type: string "…", expected map[string]string at line 3 column 9`.
fn wrong_type(message: &str) -> String {
    let found = message.split_once(": ").map_or("", |(_, found)| found);
    let kind = [
        ("sequence", "!!seq"),
        ("map", "!!map"),
        ("string", "!!str"),
        ("integer", "!!int"),
        ("floating", "!!float"),
        ("boolean", "!!bool"),
        ("unit", "!!null"),
    ]
    .iter()
    .find(|(name, _)| found.starts_with(name))
    .map_or("a value", |(_, kind)| kind);
    let wanted = message
        .rsplit_once(", expected ")
        .map_or("", |(_, wanted)| wanted);
    let wanted = wanted.split(" at line ").next().unwrap_or_default();
    let wanted = match wanted {
        "a string" => "string",
        "a sequence" => "[]string",
        other => other,
    };
    format!("cannot unmarshal {kind} into {wanted}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    type Map = BTreeMap<String, String>;

    fn read(text: &str) -> Result<Vec<Map>, YamlError> {
        documents(text.as_bytes())
    }

    #[test]
    fn documents_follow_each_other_and_empty_ones_are_left_out() {
        let read = read("a: 1\n---\n---\n# nothing\n---\r\n{\"b\": 0x10}\r\n").unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!((&read[0]["a"][..], &read[1]["b"][..]), ("1", "0x10"));
        assert!(documents::<Map>(b"").unwrap().is_empty());
        assert!(documents::<Map>(b"# only a comment\n").unwrap().is_empty());
    }

    #[test]
    fn byte_order_marks_are_taken_off() {
        let utf16: Vec<u8> = "\u{feff}a: ä\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        for text in ["\u{feff}a: ä\n".as_bytes(), &utf16] {
            let read = documents::<Map>(text).unwrap();
            assert_eq!(read[0]["a"], "ä");
        }
        assert_eq!(
            documents::<Map>(&utf16[..7]).unwrap_err(),
            YamlError::BrokenUtf16
        );
    }

    #[test]
    fn messages_hold_no_value() {
        for text in [
            "canary: [canary2]\n",
            "canary-text\n",
            "x: {a: canary2}\n",
            "- canary2\n",
            "x: \"canary2\n",
            "x: *canary2\n",
            "x: canary2: y\n",
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.starts_with("yaml: "), "{error}");
            assert!(
                !error.contains("canary2") && !error.contains("canary-text"),
                "{error}"
            );
        }
        assert_eq!(
            read("a: b\nx: [1]\n").unwrap_err().to_string(),
            "yaml: unmarshal errors:\n  line 2: cannot unmarshal !!seq into string"
        );
    }

    fn tag_directives(count: u32) -> String {
        (0..count).map(|n| format!("%TAG !e{n}! x:\n")).collect()
    }

    #[test]
    fn hostile_shapes_are_refused_quickly() {
        for text in [
            "[".repeat(100_000),
            "- ".repeat(100_000),
            "x: ".to_owned() + &"{a: ".repeat(100_000),
            "x".repeat(MAX_INPUT + 1),
            tag_directives(100_000) + "---\na: b\n",
            format!("%TAG !e! x:{}\n---\na: !e!b c\n", "y".repeat(10_000)),
        ] {
            assert!(read(&text).is_err());
        }
        assert_eq!(
            read(&(tag_directives(100) + "---\na: b\n")).unwrap().len(),
            1
        );
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..12 {
            let item = format!("*a{}, ", n - 1).repeat(9);
            bomb.push_str(&format!("a{n}: &a{n} [{item}]\n"));
        }
        assert!(documents::<serde_json::Value>(bomb.as_bytes()).is_err());
        let scalar = format!(
            "a: &a {}\nb: [{}]\n",
            "x".repeat(1 << 20),
            "*a, ".repeat(64)
        );
        assert_eq!(
            documents::<serde_json::Value>(scalar.as_bytes()).unwrap_err(),
            YamlError::Aliases
        );
    }

    proptest::proptest! {
        /// `local export` relies on this: any text is read back unchanged, as a key too.
        #[test]
        fn texts_are_written_so_that_they_are_read_again(key in ".{0,20}", text in "(?s:[ -~\\n\\t\\r]|.){0,60}") {
            // `<<` is the key of a merge, not an ordinary key.
            proptest::prop_assume!(key != "<<");
            let map = Map::from([(key, text)]);
            let written = to_string(&map).unwrap();
            proptest::prop_assert_eq!(read(&written).unwrap(), [map]);
        }
    }
}
