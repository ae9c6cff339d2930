//! Recognizes texts that replace a secret: a mask, a template that was not filled in, a reference. None of them is a
//! credential, and without this check nobody would notice before a session's first request.

// The kinds of placeholders, in the words of messages.
const OUTPUT: &str = "redacted output";
const MASK: &str = "a mask";
const TEMPLATE: &str = "a template that was not filled in";
const ENCRYPTED: &str = "a value that is still encrypted";
const REFERENCE: &str = "a reference to a secret manager";
const FILLER: &str = "a filler that was not replaced";
const NOTHING: &str = "the text of an empty variable";

/// Whole values; upper and lower case count as the same.
const WORDS: &[(&str, &str)] = &[
    ("redacted", OUTPUT),
    ("data+omitted", OUTPUT),
    ("[redacted]", MASK),
    ("[masked]", MASK),
    ("[filtered]", MASK),
    ("[hidden]", MASK),
    ("[secret]", MASK),
    ("(redacted)", MASK),
    ("(hidden)", MASK),
    ("(masked)", MASK),
    ("(sensitive value)", MASK),
    ("(sensitive)", MASK),
    ("masked", MASK),
    ("changeme", FILLER),
    ("change-me", FILLER),
    ("change_me", FILLER),
    ("replaceme", FILLER),
    ("replace-me", FILLER),
    ("replace_me", FILLER),
    ("replace", FILLER),
    ("placeholder", FILLER),
    ("todo", FILLER),
    ("fixme", FILLER),
    ("tbd", FILLER),
    ("dummy", FILLER),
    ("(null)", NOTHING),
    ("(none)", NOTHING),
];

/// The words that programming languages print for a variable that is not set, in exactly this spelling.
const UNSET: &[&str] = &["None", "null", "NULL", "nil", "undefined", "NaN"];

/// Values that start with this text.
const PREFIXES: &[(&str, &str)] = &[
    ("ENC[", ENCRYPTED),
    ("ENC(", ENCRYPTED),
    ("$ANSIBLE_VAULT;", ENCRYPTED),
    ("!vault", ENCRYPTED),
    ("-----BEGIN AGE ENCRYPTED FILE-----", ENCRYPTED),
    ("-----BEGIN PGP MESSAGE-----", ENCRYPTED),
    ("age1", ENCRYPTED),
    ("op://", REFERENCE),
    ("ref+", REFERENCE),
    ("vault:", REFERENCE),
    ("vault+", REFERENCE),
    ("keyring:", REFERENCE),
    ("keychain:", REFERENCE),
    ("secretref:", REFERENCE),
    ("secret://", REFERENCE),
    ("secrets://", REFERENCE),
    ("sm://", REFERENCE),
    ("gcpsm://", REFERENCE),
    ("gcp-secretmanager:", REFERENCE),
    ("awssm://", REFERENCE),
    ("aws-sm:", REFERENCE),
    ("ssm://", REFERENCE),
    ("ssm:/", REFERENCE),
    ("akv://", REFERENCE),
    ("azkv://", REFERENCE),
    ("azurekeyvault:", REFERENCE),
    ("azurekeyvault://", REFERENCE),
    ("@Microsoft.KeyVault(", REFERENCE),
    ("arn:aws:secretsmanager:", REFERENCE),
    ("arn:aws:ssm:", REFERENCE),
    ("bw://", REFERENCE),
    ("bws://", REFERENCE),
    ("pass://", REFERENCE),
    ("doppler://", REFERENCE),
    ("infisical://", REFERENCE),
    ("conjur:", REFERENCE),
    ("chamber://", REFERENCE),
    ("k8s://", REFERENCE),
    ("env://", REFERENCE),
    ("file://", REFERENCE),
    ("env:", REFERENCE),
    ("YOUR_", FILLER),
    ("YOUR-", FILLER),
    ("your_", FILLER),
    ("your-", FILLER),
    ("INSERT_", FILLER),
    ("INSERT-", FILLER),
    ("REPLACE_", FILLER),
    ("REPLACE-", FILLER),
    ("CHANGE_", FILLER),
];

/// Values that start and end with these texts.
const FRAMES: &[(&str, &str, &str)] = &[
    ("<", ">", OUTPUT),
    ("${", "}", TEMPLATE),
    ("$(", ")", TEMPLATE),
    ("#{", "}", TEMPLATE),
    ("{{", "}}", TEMPLATE),
    ("{%", "%}", TEMPLATE),
    ("[[", "]]", TEMPLATE),
    ("@@", "@@", TEMPLATE),
    ("__", "__", TEMPLATE),
    ("%", "%", TEMPLATE),
    ("`", "`", TEMPLATE),
];

/// Names the kind of a placeholder. Returns `None` for a text that may be a secret.
///
/// Only whole values count: a password may contain `$` and braces.
pub fn placeholder(text: &str) -> Option<&'static str> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let of_words = || {
        WORDS
            .iter()
            .find(|(word, _)| text.eq_ignore_ascii_case(word))
            .map(|(_, what)| *what)
    };
    let of_prefixes = || {
        PREFIXES
            .iter()
            .find(|(prefix, _)| text.starts_with(prefix))
            .map(|(_, what)| *what)
    };
    of_words()
        .or_else(|| of_frames(text))
        .or_else(of_prefixes)
        .or_else(|| UNSET.contains(&text).then_some(NOTHING))
        .or_else(|| is_variable(text).then_some(TEMPLATE))
        .or_else(|| is_mask(text).then_some(MASK))
}

/// Returns true for the text that `kubectl config view` and manuals show instead of a secret. A raw export repairs
/// that.
pub(super) fn is_redacted(text: &str) -> bool {
    placeholder(text) == Some(OUTPUT)
}

/// Returns true for a text that contains a template. For fields that are not secrets, such as an address.
pub(super) fn holds_template(text: &str) -> bool {
    ["${", "$(", "{{", "<%", "{%", "%}"]
        .iter()
        .any(|open| text.contains(open))
        || text.contains('<') && text.contains('>')
        || text.split(['/', ':', '.', '@']).any(is_variable)
        || text
            .split(['/', ':', '.', '@'])
            .any(|part| part.len() > 2 && part.starts_with('%') && part.ends_with('%'))
}

fn of_frames(text: &str) -> Option<&'static str> {
    FRAMES
        .iter()
        .find(|(open, close, _)| {
            text.len() > open.len() + close.len() && text.starts_with(open) && text.ends_with(close)
        })
        .map(|(_, _, what)| *what)
}

/// Returns true for `$NAME`.
fn is_variable(text: &str) -> bool {
    text.strip_prefix('$').is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

/// Returns true for the same character repeated: `***`, `xxxxx`, `......`, `•••`.
fn is_mask(text: &str) -> bool {
    let mut chars = text.chars();
    let first = chars.next().unwrap_or_default();
    text.chars().count() >= 3
        && matches!(
            first,
            '*' | 'x' | 'X' | '.' | '•' | '●' | '█' | '-' | '_' | '#' | '?'
        )
        && chars.all(|c| c == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_is_not_a_secret() {
        for (text, what) in [
            ("REDACTED", OUTPUT),
            ("DATA+OMITTED", OUTPUT),
            ("<token>", OUTPUT),
            (" [MASKED]\n", MASK),
            ("***", MASK),
            ("xxxxxxxx", MASK),
            ("••••••••", MASK),
            ("${KUBE_TOKEN}", TEMPLATE),
            ("${KUBE_TOKEN:-}", TEMPLATE),
            ("$KUBE_TOKEN", TEMPLATE),
            ("$(cat token)", TEMPLATE),
            ("{{ .Values.token }}", TEMPLATE),
            ("${{ secrets.TOKEN }}", TEMPLATE),
            ("%TOKEN%", TEMPLATE),
            ("__TOKEN__", TEMPLATE),
            ("#{TOKEN}", TEMPLATE),
            ("ENC[AES256_GCM,data:x,type:str]", ENCRYPTED),
            ("$ANSIBLE_VAULT;1.1;AES256", ENCRYPTED),
            ("op://vault/item/field", REFERENCE),
            ("vault:secret/data/x#token", REFERENCE),
            ("ref+awsssm://x", REFERENCE),
            ("arn:aws:secretsmanager:eu-west-1:1:secret:x", REFERENCE),
            ("your-token-here", FILLER),
            ("ChangeMe", FILLER),
            ("None", NOTHING),
        ] {
            assert_eq!(placeholder(text), Some(what), "{text}");
        }
    }

    #[test]
    fn what_may_be_a_secret_is_left_alone() {
        for text in [
            "",
            "x",
            "sha256~Abc-def_123",
            "eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
            "pa$$word",
            "a${b}c",
            "p{{q}}r$",
            "$1$salt$hash",
            "100%sure",
            "ghp_0123456789abcdefghij",
            "none-of-this",
            "k8s-aws-v1.aHR0cHM6Ly9z",
        ] {
            assert_eq!(placeholder(text), None, "{text}");
        }
    }

    #[test]
    fn templates_are_found_inside_addresses() {
        for text in [
            "https://${HOST}:6443",
            "https://<server>:6443",
            "https://{{ .Host }}",
            "https://$HOST:6443",
            "https://%HOST%",
            "https://$(terraform output -raw host)",
        ] {
            assert!(holds_template(text), "{text}");
        }
        for text in [
            "https://a.example.com:6443",
            "https://[fe80::1%25eth0]:6443",
        ] {
            assert!(!holds_template(text), "{text}");
        }
    }
}
