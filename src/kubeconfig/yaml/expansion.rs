//! Measures the bytes that the aliases of a text expand to, without expanding them.

use std::collections::HashMap;

use super::parser::{Event, Parser};

/// The size that a value has in addition to its characters, in bytes.
const NODE: u64 = 32;

/// The sizes found in a text, up to its first fault.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Expansion {
    /// The bytes that all aliases would take if a copy of its value replaced each of them.
    pub aliased: u64,
    /// False if the text has a fault, after which nothing is counted.
    pub is_complete: bool,
}

/// A collection that is still open, or an anchored scalar.
struct Node {
    anchor: Option<String>,
    size: u64,
}

/// Measures a text. Takes time and memory in proportion to its length, since the size of an alias's value is already
/// known.
pub fn expansion(text: &[u8]) -> Expansion {
    let mut found = Expansion::default();
    let mut sizes: HashMap<String, u64> = HashMap::new();
    let mut open: Vec<Node> = Vec::new();
    let mut parser = Parser::new(text);
    loop {
        let closed = match parser.next() {
            Err(_) => return found,
            Ok(Event::StreamEnd) => {
                found.is_complete = true;
                return found;
            }
            Ok(Event::DocumentStart) => {
                sizes.clear();
                open.clear();
                continue;
            }
            Ok(Event::DocumentEnd) => continue,
            Ok(Event::SequenceStart(anchor) | Event::MappingStart(anchor)) => {
                open.push(Node {
                    anchor: anchor.map(str::to_owned),
                    size: NODE,
                });
                continue;
            }
            Ok(Event::SequenceEnd | Event::MappingEnd) => open.pop(),
            Ok(Event::Scalar { anchor, chars, .. }) => Some(Node {
                anchor: anchor.map(str::to_owned),
                size: NODE + chars.len() as u64,
            }),
            Ok(Event::Alias(name)) => {
                let size = sizes.get(name).copied().unwrap_or(NODE);
                found.aliased = found.aliased.saturating_add(size);
                Some(Node { anchor: None, size })
            }
        };
        let Some(node) = closed else { continue };
        if let Some(parent) = open.last_mut() {
            parent.size = parent.size.saturating_add(node.size);
        }
        if let Some(name) = node.anchor {
            sizes.insert(name, node.size);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_counts_with_the_size_of_its_value() {
        let aliased = |text: &str| expansion(text.as_bytes()).aliased;
        assert_eq!(aliased("a: b\n"), 0);
        assert_eq!(aliased("a: &x 12345\nb: *x\n"), NODE + 5);
        assert_eq!(aliased("a: &x [1, 2]\nb: [*x, *x]\n"), 2 * (3 * NODE + 2));
        let twice = "a: &x [12345]\nb: &y [*x, *x]\nc: *y\n";
        let x = 2 * NODE + 5;
        assert_eq!(aliased(twice), 2 * x + (NODE + 2 * x));
    }

    #[test]
    fn the_end_of_a_document_ends_its_anchors() {
        let found = expansion(b"a: &x 12345\n---\nb: *x\n");
        assert!(found.aliased <= NODE, "{found:?}");
    }

    #[test]
    fn a_fault_keeps_what_was_counted() {
        let found = expansion(b"a: &x 1\nb: *x\nc: @\n");
        assert_eq!(
            found,
            Expansion {
                aliased: NODE + 1,
                is_complete: false
            }
        );
    }

    #[test]
    fn growth_without_end_is_a_number() {
        let mut text = "a0: &a0 [x]\n".to_owned();
        for n in 1..200 {
            let item = format!("*a{}, ", n - 1).repeat(10);
            text.push_str(&format!("a{n}: &a{n} [{item}]\n"));
        }
        assert_eq!(expansion(text.as_bytes()).aliased, u64::MAX);
    }
}
