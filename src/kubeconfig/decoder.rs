//! Checks types on the way from the tree to the model (docs/interface/kubeconfig.md section 4). Continues after a
//! fault, so that one run reports all of them.

use std::collections::HashSet;

use super::base64;
use super::finding::{Finding, is_field_like, quote};
use super::placeholder::placeholder;
use super::tree::{NodeId, NodeValue, Tree};
use super::value::{Data, Extension, byte_list};

/// A type that can be read from a tree.
pub(super) trait Decode<'t>: Default {
    fn decode(decoder: &mut Decoder<'t>, id: NodeId) -> Self;
}

/// The position of an item in its list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    pub(super) list: &'static str,
    pub(super) index: usize,
    /// The line of the item.
    pub(super) line: u32,
}

impl Position {
    /// Locates a finding at this item. The item's line is used if the finding has none.
    pub(super) fn on(self, mut finding: Finding, name: &str) -> Finding {
        finding.list = Some(self.list);
        finding.index = Some(self.index);
        finding.name = Some(name.to_owned());
        finding.line.get_or_insert(self.line);
        finding
    }
}

/// The most faults and the most unknown fields that are reported; every line of a file can have one.
const MOST: usize = 50;

pub(super) struct Decoder<'t> {
    tree: &'t Tree,
    item: Option<(Position, &'t str)>,
    /// The keys from the top, or from the list item, down to the current value.
    path: Vec<&'t str>,
    line: u32,
    faults: Vec<Finding>,
    unknown: Vec<Finding>,
    /// Data that was found to be valid. Aliases may lead to it many times.
    good_data: HashSet<NodeId>,
    /// The tree was decoded before without faults.
    known_good: bool,
}

impl<'t> Decoder<'t> {
    pub(super) fn new(tree: &'t Tree) -> Self {
        Self {
            tree,
            item: None,
            path: Vec::new(),
            line: 1,
            faults: Vec::new(),
            unknown: Vec::new(),
            good_data: HashSet::new(),
            known_good: false,
        }
    }

    /// Makes a decoder for a tree that was decoded before. It does not check the data again.
    pub(super) fn again(tree: &'t Tree) -> Self {
        Self {
            known_good: true,
            ..Self::new(tree)
        }
    }

    pub(super) fn tree(&self) -> &'t Tree {
        self.tree
    }

    /// Returns the faults, and the fields that no client knows.
    pub(super) fn finish(self) -> (Vec<Finding>, Vec<Finding>) {
        (self.faults, self.unknown)
    }

    pub(super) fn enter_item(&mut self, position: Position) {
        self.item = Some((position, ""));
        self.path.clear();
    }

    pub(super) fn leave_item(&mut self) {
        self.item = None;
        self.path.clear();
    }

    /// Visits the entries of a map in the order of their keys. Keys that are not in `fields` are reported and skipped;
    /// `null` is an empty map.
    pub(super) fn map(
        &mut self,
        id: NodeId,
        fields: &'static [&'static str],
        mut visit: impl FnMut(&mut Self, &'t str, NodeId),
    ) {
        let tree = self.tree;
        let run = match tree.value(id) {
            NodeValue::Map(run) => run,
            NodeValue::Null => return,
            other => return self.wrong_type("a map", other),
        };
        if self.path.is_empty()
            && let Some((_, name)) = &mut self.item
        {
            *name = tree
                .get(id, "name")
                .and_then(|entry| tree.as_text(entry.value))
                .unwrap_or_default();
        }
        for entry in tree.entries(run) {
            let key = tree.text(entry.key);
            self.path.push(key);
            self.line = entry.line;
            if fields.contains(&key) {
                visit(self, key, entry.value);
            } else {
                self.unknown_field(key, entry.value, fields);
            }
            self.path.pop();
        }
    }

    /// Decodes a value; `null` becomes `None`.
    pub(super) fn optional<T: Decode<'t>>(&mut self, id: NodeId) -> Option<T> {
        match self.tree.value(id) {
            NodeValue::Null => None,
            _ => Some(T::decode(self, id)),
        }
    }

    /// Decodes a map with any keys.
    pub(super) fn dictionary<T>(
        &mut self,
        id: NodeId,
        mut value: impl FnMut(&mut Self, NodeId) -> T,
    ) -> Vec<(&'t str, T)> {
        let tree = self.tree;
        let run = match tree.value(id) {
            NodeValue::Map(run) => run,
            NodeValue::Null => return Vec::new(),
            other => {
                self.wrong_type("a map", other);
                return Vec::new();
            }
        };
        let entries = tree.entries(run);
        let mut out = Vec::with_capacity(entries.len());
        for entry in entries {
            self.line = entry.line;
            out.push((tree.text(entry.key), value(self, entry.value)));
        }
        out
    }

    pub(super) fn list<T>(
        &mut self,
        id: NodeId,
        mut item: impl FnMut(&mut Self, NodeId) -> T,
    ) -> Vec<T> {
        let tree = self.tree;
        match tree.value(id) {
            NodeValue::List(run) => tree
                .items(run)
                .iter()
                .map(|&id| {
                    self.line = tree.line(id);
                    item(self, id)
                })
                .collect(),
            NodeValue::Null => Vec::new(),
            other => {
                self.wrong_type("a list", other);
                Vec::new()
            }
        }
    }

    pub(super) fn text(&mut self, id: NodeId) -> &'t str {
        match self.tree.value(id) {
            NodeValue::Text(span) => self.tree.text(span),
            NodeValue::Null => "",
            other => {
                self.wrong_type("text", other);
                ""
            }
        }
    }

    pub(super) fn bool(&mut self, id: NodeId) -> bool {
        match self.tree.value(id) {
            NodeValue::Bool(value) => value,
            NodeValue::Null => false,
            other => {
                self.wrong_type("true or false", other);
                false
            }
        }
    }

    pub(super) fn data(&mut self, id: NodeId) -> Data<'t> {
        match self.tree.value(id) {
            NodeValue::Null => Data::Absent,
            NodeValue::Text(span) => {
                let text = self.tree.text(span);
                if !self.known_good && !self.good_data.contains(&id) {
                    if base64::is_valid(text) {
                        self.good_data.insert(id);
                    } else {
                        let finding = Finding::new("bad-base64");
                        self.fault(match placeholder(text) {
                            Some(what) => finding
                                .detail(&format!("it is {what}"))
                                .fix("replace it with the data itself"),
                            None => finding,
                        });
                    }
                }
                Data::Base64(text)
            }
            NodeValue::List(run) => {
                if byte_list(self.tree, id).is_none() {
                    let finding = Finding::new("wrong-type")
                        .detail("expected base64 text or numbers from 0 to 255");
                    self.fault(finding);
                }
                if self.tree.items(run).is_empty() {
                    Data::Absent
                } else {
                    Data::Bytes(self.tree, id)
                }
            }
            other => {
                self.wrong_type("base64 text", other);
                Data::Absent
            }
        }
    }

    /// Decodes a list of `{name, extension}` and sorts it by name.
    pub(super) fn extensions(&mut self, id: NodeId) -> Vec<Extension<'t>> {
        let tree = self.tree;
        let mut found: Vec<Extension<'t>> = self.list(id, |d, id| {
            let mut extension = Extension {
                name: "",
                body: None,
            };
            d.map(id, &["extension", "name"], |d, key, value| match key {
                "extension" => {
                    let is_null = matches!(tree.value(value), NodeValue::Null);
                    extension.body = (!is_null).then_some((tree, value));
                }
                _ => extension.name = d.text(value),
            });
            extension
        });
        // The sort is stable, so the last one of equal names comes last and is kept.
        found.sort_by_key(|extension| extension.name);
        found.dedup_by(|later, earlier| {
            if later.name != earlier.name {
                return false;
            }
            // An empty extension may be repeated.
            if earlier.body.is_some() {
                let finding = Finding::new("duplicate-name").about(&quote(later.name));
                self.fault(finding);
            }
            *earlier = *later;
            true
        });
        found
    }

    fn wrong_type(&mut self, expected: &str, found: NodeValue) {
        let mut finding = Finding::new("wrong-type")
            .detail(&format!("expected {expected}, found {}", found.kind()));
        if expected == "text" && matches!(found.kind(), "a number" | "a bool") {
            finding = finding.fix("write the value in quotes");
        }
        self.fault(finding);
    }

    fn fault(&mut self, finding: Finding) {
        if self.faults.len() < MOST {
            let finding = self.placed(finding);
            self.faults.push(finding);
        }
    }

    fn unknown_field(&mut self, key: &str, value: NodeId, fields: &[&str]) {
        if self.unknown.len() >= MOST {
            return;
        }
        let mut finding = self.placed(Finding::new("unknown-field"));
        match fields.iter().find(|field| reduced(field) == reduced(key)) {
            Some(field) => {
                finding = finding
                    .detail(&format!(
                        "did you mean `{field}`? Only this spelling is read"
                    ))
                    .fix(format!("rename it to `{field}`"));
            }
            None if is_field_like(key) && !matches!(self.tree.value(value), NodeValue::Null) => {}
            // The key may be a secret in the wrong position, so it is not shown.
            None => finding.field = joined(&self.path[..self.path.len() - 1]),
        }
        self.unknown.push(finding);
    }

    fn placed(&self, mut finding: Finding) -> Finding {
        finding.field = joined(&self.path);
        finding = finding.line(self.line);
        match self.item {
            Some((position, name)) => position.on(finding, name),
            None => finding,
        }
    }
}

fn joined(path: &[&str]) -> Option<String> {
    (!path.is_empty()).then(|| path.join("."))
}

/// Reduces a key to lower case without `-` and `_`, to find the field that was meant.
fn reduced(key: &str) -> String {
    key.chars()
        .filter(|ch| !matches!(ch, '-' | '_'))
        .map(|ch| ch.to_ascii_lowercase())
        .collect()
}
