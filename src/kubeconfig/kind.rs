//! Checks `kind` and `apiVersion`, which Kubernetes' client reads first, in any mix of upper and lower case
//! (docs/interface/kubeconfig.md section 2).

use super::finding::Finding;
use super::tree::{NodeValue, Tree};

pub(super) fn check(tree: &Tree) -> Result<(), Finding> {
    let run = match tree.value(tree.root()) {
        NodeValue::Map(run) => run,
        NodeValue::Null => return Ok(()),
        other => {
            return Err(Finding::new("not-a-config")
                .line(tree.line(tree.root()))
                .detail(&format!("it is {}", other.kind())));
        }
    };
    let (mut kind, mut api_version) = ("", "");
    let mut line = 1;
    for entry in tree.entries(run) {
        let key = tree.text(entry.key);
        let target = if is_same_key(key, "kind") {
            &mut kind
        } else if is_same_key(key, "apiVersion") {
            &mut api_version
        } else {
            continue;
        };
        match tree.value(entry.value) {
            NodeValue::Null => {} // an earlier match stays
            NodeValue::Text(text) => {
                *target = tree.text(text);
                line = entry.line;
            }
            other => {
                return Err(Finding::new("wrong-type")
                    .field(key)
                    .line(entry.line)
                    .detail(&format!("expected text, found {}", other.kind())));
            }
        }
    }
    let version_fits = matches!(api_version, "" | "/" | "v1" | "/v1");
    let kind_fits = matches!(kind, "" | "Config");
    if version_fits && kind_fits {
        return Ok(());
    }
    let field = if version_fits { "kind" } else { "apiVersion" };
    Err(Finding::new("wrong-kind").field(field).line(line))
}

/// Compares keys without regard to case. By Unicode's rules, the Kelvin sign equals `k` and the long s equals `s`.
fn is_same_key(key: &str, name: &str) -> bool {
    let fold = |ch: char| match ch {
        '\u{212A}' => 'k',
        '\u{17F}' => 's',
        _ => ch.to_ascii_lowercase(),
    };
    key.chars().map(fold).eq(name.chars().map(fold))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_fold() {
        assert!(is_same_key("KIND", "kind"));
        assert!(is_same_key("\u{212A}ind", "kind"));
        assert!(is_same_key("apiVer\u{17F}ion", "apiVersion"));
        assert!(!is_same_key("kinds", "kind"));
        assert!(!is_same_key("k\u{131}nd", "kind"));
    }
}
