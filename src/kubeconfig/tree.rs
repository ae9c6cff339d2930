//! The value of a YAML text in flat tables: nodes refer to each other by number, so deep nesting needs no stack, and
//! aliases need no copies.

use super::wiped::WipedText;

/// The number of a node in its [`Tree`]. Children have smaller numbers than their parents.
pub(super) type NodeId = u32;

/// A part of the tree's text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    start: u32,
    len: u32,
}

/// A range in the tree's table of items or of entries.
#[derive(Clone, Copy, Debug)]
pub(super) struct TableRange {
    start: u32,
    len: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum NodeValue {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Text(Span),
    List(TableRange),
    Map(TableRange),
}

impl NodeValue {
    /// Returns the word for the type of the value in messages.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a bool",
            Self::Int(_) | Self::Uint(_) | Self::Float(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Node {
    value: NodeValue,
    /// The line in the source, from 1.
    line: u32,
    /// The number of nested collections, this one included; [`u16::MAX`] at most.
    height: u16,
}

/// One key of a map and its value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) key: Span,
    /// The line of the key, from 1.
    pub(super) line: u32,
    pub(super) value: NodeId,
}

/// A key that occurs more than once in the same map.
#[derive(Clone, Copy, Debug)]
pub(super) struct Duplicate {
    pub(super) key: Span,
    pub(super) line: u32,
}

/// The first document of a YAML text. Its text is wiped on drop.
pub(super) struct Tree {
    text: WipedText,
    nodes: Vec<Node>,
    items: Vec<NodeId>,
    entries: Vec<Entry>,
    root: NodeId,
    pub(super) duplicates: Vec<Duplicate>,
}

/// The most duplicate keys that are reported.
const MAX_DUPLICATES: usize = 100;

impl Tree {
    /// Makes a tree whose root is null. `capacity` is the expected size of its text, in bytes.
    pub(super) fn new(capacity: usize) -> Self {
        let mut tree = Self {
            text: WipedText::with_capacity(capacity),
            nodes: Vec::new(),
            items: Vec::new(),
            entries: Vec::new(),
            root: 0,
            duplicates: Vec::new(),
        };
        tree.root = tree.add(NodeValue::Null, 1);
        tree
    }

    pub(super) fn root(&self) -> NodeId {
        self.root
    }

    pub(super) fn set_root(&mut self, root: NodeId) {
        self.root = root;
    }

    pub(super) fn value(&self, id: NodeId) -> NodeValue {
        self.nodes[id as usize].value
    }

    pub(super) fn line(&self, id: NodeId) -> u32 {
        self.nodes[id as usize].line
    }

    pub(super) fn height(&self, id: NodeId) -> u16 {
        self.nodes[id as usize].height
    }

    pub(super) fn text(&self, span: Span) -> &str {
        let start = span.start as usize;
        &self.text[start..start + span.len as usize]
    }

    pub(super) fn items(&self, run: TableRange) -> &[NodeId] {
        let start = run.start as usize;
        &self.items[start..start + run.len as usize]
    }

    /// Returns the entries of a map, sorted by the bytes of their keys.
    pub(super) fn entries(&self, run: TableRange) -> &[Entry] {
        let start = run.start as usize;
        &self.entries[start..start + run.len as usize]
    }

    /// Returns the entry of a map that has this key. `None` also if the node is not a map.
    pub(super) fn get(&self, map: NodeId, key: &str) -> Option<Entry> {
        let NodeValue::Map(run) = self.value(map) else {
            return None;
        };
        let entries = self.entries(run);
        let at = entries
            .binary_search_by(|entry| self.text(entry.key).cmp(key))
            .ok()?;
        Some(entries[at])
    }

    pub(super) fn as_text(&self, id: NodeId) -> Option<&str> {
        match self.value(id) {
            NodeValue::Text(span) => Some(self.text(span)),
            _ => None,
        }
    }

    pub(super) fn add(&mut self, value: NodeValue, line: u32) -> NodeId {
        let height = match value {
            NodeValue::List(run) => self.above(self.items(run).iter().copied()),
            NodeValue::Map(run) => self.above(self.entries(run).iter().map(|entry| entry.value)),
            _ => 0,
        };
        let id = index(self.nodes.len());
        self.nodes.push(Node {
            value,
            line,
            height,
        });
        id
    }

    fn above(&self, children: impl Iterator<Item = NodeId>) -> u16 {
        let tallest = children.map(|id| self.height(id)).max().unwrap_or(0);
        tallest.saturating_add(1)
    }

    pub(super) fn add_text(&mut self, text: &str) -> Span {
        let start = index(self.text.len());
        self.text.push_str(text);
        Span {
            start,
            len: index(text.len()),
        }
    }

    pub(super) fn add_list(&mut self, items: &[NodeId], line: u32) -> NodeId {
        let run = TableRange {
            start: index(self.items.len()),
            len: index(items.len()),
        };
        self.items.extend_from_slice(items);
        self.add(NodeValue::List(run), line)
    }

    /// Adds a map, sorted by key. Of equal keys the last one is kept.
    pub(super) fn add_map(&mut self, mut entries: Vec<Entry>, line: u32) -> NodeId {
        entries.sort_by(|a, b| self.text(a.key).cmp(self.text(b.key)));
        let start = self.entries.len();
        for entry in entries {
            let same = self.entries[start..]
                .last()
                .is_some_and(|last| self.text(last.key) == self.text(entry.key));
            if !same {
                self.entries.push(entry);
                continue;
            }
            if self.duplicates.len() < MAX_DUPLICATES {
                self.duplicates.push(Duplicate {
                    key: entry.key,
                    line: entry.line,
                });
            }
            if let Some(last) = self.entries.last_mut() {
                *last = entry;
            }
        }
        let run = TableRange {
            start: index(start),
            len: index(self.entries.len() - start),
        };
        self.add(NodeValue::Map(run), line)
    }

    /// Returns for each node whether it is part of the final value. A value that a duplicate key replaced is not.
    pub(super) fn reachable(&self) -> Vec<bool> {
        let mut reached = vec![false; self.nodes.len()];
        reached[self.root as usize] = true;
        for id in (0..=self.root).rev() {
            if !reached[id as usize] {
                continue;
            }
            match self.value(id) {
                NodeValue::List(run) => {
                    for &item in self.items(run) {
                        reached[item as usize] = true;
                    }
                }
                NodeValue::Map(run) => {
                    for entry in self.entries(run) {
                        reached[entry.value as usize] = true;
                    }
                }
                _ => {}
            }
        }
        reached
    }
}

/// Converts an index. Inputs are far smaller than `u32::MAX` bytes, and every node takes at least one byte or one
/// counted alias, so this never saturates.
fn index(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
