//! Recognizes a text that contains a kubeconfig without being one: an API's answer, a Secret, a text in quotes.

use super::document::Document;
use super::encoding;
use super::finding::{Finding, is_field_like, quote};
use super::tree::{NodeId, NodeValue, Tree};

const LISTS: [&str; 3] = ["clusters", "contexts", "users"];
/// The deepest level at which a kubeconfig is searched for.
const DEEPEST: usize = 6;
/// The most values that are searched.
const MOST: usize = 2000;
/// The length of the longest key that is shown: a longer one may be a secret.
const LONGEST_KEY: usize = 40;

/// Says what a document is if it is not a kubeconfig. Returns `None` for a kubeconfig, and for an empty document.
pub(super) fn instead_of_config(document: &Document) -> Option<Finding> {
    let tree = &document.tree;
    let root = tree.root();
    let keys: Vec<&str> = match tree.value(root) {
        NodeValue::Map(run) => tree
            .entries(run)
            .iter()
            .map(|entry| tree.text(entry.key))
            .collect(),
        NodeValue::Text(_) | NodeValue::List(_) => Vec::new(),
        _ => return None,
    };
    let is_map = matches!(tree.value(root), NodeValue::Map(_));
    if is_map
        && (keys.is_empty() || keys.iter().any(|key| is_of_config(key)) || is_config(tree, root))
    {
        return None;
    }
    let finding = Finding {
        gate: None,
        ..Finding::new("not-a-config").line(tree.line(root))
    };
    if let Some(found) = holder(document) {
        return Some(found.explain(finding));
    }
    if !is_map {
        return None;
    }
    let finding = finding.detail("it has no clusters, contexts or users");
    let failed = keys
        .iter()
        .any(|key| matches!(*key, "error" | "errors" | "message" | "Error"));
    Some(if failed {
        finding.fix("check the command that wrote it: this looks like its error message")
    } else {
        finding
    })
}

/// Returns true for a map with keys that only a kubeconfig has.
pub(super) fn is_config_like(document: &Document) -> bool {
    let tree = &document.tree;
    let lists = LISTS
        .iter()
        .filter(|list| tree.get(tree.root(), list).is_some());
    lists.count() >= 2
}

/// Finds the kubeconfig inside a document that is not one itself.
pub(super) fn holder(document: &Document) -> Option<Found> {
    let tree = &document.tree;
    let mut search = Search { tree, left: MOST };
    search.below(tree.root(), "", 0)
}

/// Returns true for a key that only a kubeconfig has at the top, in any spelling.
fn is_of_config(key: &str) -> bool {
    let plain = key.to_ascii_lowercase().replace(['-', '_'], "");
    LISTS.contains(&plain.as_str()) || plain == "currentcontext"
}

fn is_config(tree: &Tree, root: NodeId) -> bool {
    let kind = tree
        .get(root, "kind")
        .and_then(|entry| tree.as_text(entry.value));
    kind == Some("Config")
}

/// A kubeconfig inside a document.
pub(super) struct Found {
    /// The path in the syntax of `yq`; empty for the document itself.
    path: String,
    /// The number of times that it is encoded in base64.
    layers: usize,
    is_text: bool,
}

impl Found {
    /// Adds where it is, and how to extract it.
    pub(super) fn explain(&self, finding: Finding) -> Finding {
        let base64 = match self.layers {
            0 => String::new(),
            1 => ", in base64".to_owned(),
            n => format!(", in base64 {n} times"),
        };
        if self.path.is_empty() {
            return finding
                .detail("it is a kubeconfig in quotes")
                .fix("remove the quotes: `jq -r .`, `terraform output -raw NAME`");
        }
        let raw = if self.is_text { "-r " } else { "" };
        let decode = " | base64 -d".repeat(self.layers);
        finding
            .detail(&format!("its key `{}` contains one{base64}", self.path))
            .fix(format!("extract it: `yq {raw}'{}'{decode}`", self.path))
    }
}

struct Search<'t> {
    tree: &'t Tree,
    left: usize,
}

impl Search<'_> {
    fn below(&mut self, node: NodeId, path: &str, depth: usize) -> Option<Found> {
        self.left = self.left.checked_sub(1)?;
        let found = |layers, is_text| Found {
            path: path.to_owned(),
            layers,
            is_text,
        };
        match self.tree.value(node) {
            NodeValue::Text(text) => {
                let text = self.tree.text(text);
                if is_kubeconfig_text(text) {
                    return Some(found(0, true));
                }
                let (inner, layers) = encoding::unwrap_base64(text.as_bytes())?;
                is_kubeconfig_text(&inner).then(|| found(layers, true))
            }
            NodeValue::Map(run) if depth < DEEPEST => {
                let entries = self.tree.entries(run);
                let lists = LISTS
                    .iter()
                    .filter(|list| self.tree.get(node, list).is_some());
                if lists.count() >= 2 {
                    return Some(found(0, false));
                }
                entries.iter().find_map(|entry| {
                    let key = self.tree.text(entry.key);
                    let step = if is_field_like(key) && !key.contains(['.', '-', '/']) {
                        format!("{path}.{key}")
                    } else if key.len() <= LONGEST_KEY {
                        format!("{path}[{}]", quote(key))
                    } else {
                        format!("{path}[]")
                    };
                    self.below(entry.value, &step, depth + 1)
                })
            }
            NodeValue::List(run) if depth < DEEPEST => {
                let items = self.tree.items(run);
                items
                    .iter()
                    .enumerate()
                    .find_map(|(n, item)| self.below(*item, &format!("{path}[{n}]"), depth + 1))
            }
            _ => None,
        }
    }
}

/// Returns true for a text that contains two of the three lists. Prose and settings of other programs do not.
fn is_kubeconfig_text(text: &str) -> bool {
    LISTS
        .iter()
        .filter(|list| text.contains(&format!("{list}:")) || text.contains(&format!("\"{list}\"")))
        .count()
        >= 2
}
