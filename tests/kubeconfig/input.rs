//! What comes in: hostile texts, encodings, wrapped kubeconfigs.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use acpctl::kubeconfig::{self, Base64, Gate, Keep, Rules, Severity};

use crate::{check, codes, open, source};

#[test]
fn hostile_inputs_end_in_a_refusal() {
    let bomb = {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for n in 1..10 {
            let previous = n - 1;
            let items = vec![format!("*a{previous}"); 10].join(", ");
            writeln!(text, "a{n}: &a{n} [{items}]").unwrap();
        }
        text
    };
    let deep =
        |n: usize, open: &str, close: &str| format!("x: {}{}", open.repeat(n), close.repeat(n));
    let block: String = (0..20_000).fold(String::new(), |text, _| text + "- ") + "x";
    for (what, text, code) in [
        ("alias bomb", bomb, "excessive-aliasing"),
        ("brackets", deep(100_000, "[", "]"), "too-deep"),
        ("braces", deep(100_000, "{a: ", "}"), "too-deep"),
        ("open brackets", "[".repeat(2_000_000), "too-deep"),
        ("lists in lists", block, "too-deep"),
        (
            "too large",
            " ".repeat(kubeconfig::MAX_INPUT + 1),
            "too-large",
        ),
        ("escape at the end", "a: \"\\".to_owned(), "yaml-syntax"),
        ("tag in a list", "[!x y, 1]: 2".to_owned(), "bad-key"),
        (
            "self-containing anchor",
            "a: &a [*a]".to_owned(),
            "bad-alias",
        ),
        ("junk", "\u{1}\u{2}\u{3}".to_owned(), "bad-encoding"),
    ] {
        let report = check(text.as_bytes(), None, Rules::All);
        assert_eq!(report.stage, Some(Gate::Load), "{what}");
        assert!(
            codes(&report.findings).contains(code),
            "{what}: {:?}",
            codes(&report.findings)
        );
    }
}

#[test]
fn aliases_do_not_multiply_memory() {
    let big = "A".repeat(200_000);
    let users: String = (0..900).fold(String::new(), |mut text, n| {
        writeln!(
            text,
            "- {{name: u{n}, user: {{client-key-data: *k, token: *k}}}}"
        )
        .unwrap();
        text
    });
    let text = format!("k: &k {big}\nusers:\n{users}");
    let report = check(text.as_bytes(), None, Rules::All);
    assert_eq!(report.stage, Some(Gate::Rest), "readable, if empty");
    let carved = kubeconfig::carve(&[source(text.as_bytes(), Path::new(""))], Keep::All, &open);
    assert_eq!(codes(&carved.unwrap_err()), BTreeSet::from(["too-large"]));
}

#[test]
fn input_becomes_plain_utf8() {
    let plain = "kind: Config # ä\n";
    let utf16: Vec<u8> = plain.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [
        [&b"\xEF\xBB\xBF"[..], plain.as_bytes()].concat(),
        [&b"\xFF\xFE"[..], &utf16].concat(),
    ] {
        let decoded = kubeconfig::decode_input(&bytes, Base64::Report).unwrap();
        assert_eq!(*decoded.text, plain);
        assert_eq!(codes(&decoded.findings), BTreeSet::from(["encoding-bom"]));
    }
    for bytes in [&b"\xFF\xFEa"[..], b"\xFF\xFE\x00\xD8", b"a\xFFb"] {
        let refusal = kubeconfig::decode_input(bytes, Base64::Report)
            .err()
            .unwrap();
        assert_eq!(refusal.code, "bad-encoding");
    }
}

#[test]
fn wrapped_kubeconfigs_are_recognised() {
    let wrapped = "YXBpVmVyc2lvbjogdjEKa2luZDog\nQ29uZmlnCg==\n";
    let report = check(wrapped.as_bytes(), None, Rules::Kubernetes);
    assert_eq!(codes(&report.findings), BTreeSet::from(["base64-wrapped"]));
    let left = kubeconfig::decode_input(wrapped.as_bytes(), Base64::Report).unwrap();
    assert_eq!(*left.text, wrapped);
    let decoded = kubeconfig::decode_input(wrapped.as_bytes(), Base64::Decode).unwrap();
    assert_eq!(*decoded.text, "apiVersion: v1\nkind: Config\n");
    assert_eq!(decoded.findings[0].severity, Severity::Info);
    let token = kubeconfig::decode_input(b"c2VjcmV0LXRva2Vu", Base64::Decode).unwrap();
    assert_eq!(
        *token.text, "c2VjcmV0LXRva2Vu",
        "base64 of something else stays"
    );
}
