//! What holds for any input.

use std::path::Path;

use acpctl::kubeconfig::{self, Base64, Keep, Kubeconfig, Report, Rules};
use proptest::prelude::*;
use secrecy::ExposeSecret as _;

use crate::{CASES, check, folder, open, source};

/// Long enough to be found, with digits so that it does not look like the name of a field.
const CANARY: &str = "CANARY7f3a9c51";

/// A valid kubeconfig with a canary wherever a secret may stand.
fn full_of_canaries() -> String {
    let text = "\
apiVersion: v1
kind: Config
current-context: dev
clusters:
- name: c
  cluster:
    server: https://api.example.com:6443
    proxy-url: http://user:X2@proxy.example.com
    extensions:
    - {name: e, extension: {note: X3}}
contexts:
- name: dev
  context: {cluster: c, user: u}
users:
- name: u
  user:
    token: X4
    username: me
    password: X5
    client-key-data: WDY=
    as-user-extra: {reason: [X7]}
    auth-provider: {name: oidc, config: {refresh-token: X8, client-secret: X9}}
    exec:
      command: login
      args: [--token, XA]
      env: [{name: TOKEN, value: XB}]
      apiVersion: client.authentication.k8s.io/v1
";
    let mut text = text.to_owned();
    for n in "23456789AB".chars() {
        text = text.replace(&format!("X{n}"), &format!("{CANARY}{n}"));
    }
    text
}

/// One small piece of damage.
#[derive(Clone, Debug)]
enum Damage {
    Insert(prop::sample::Index, &'static str),
    Remove(prop::sample::Index),
    Cut(prop::sample::Index),
    RepeatLine(prop::sample::Index),
    RemoveLine(prop::sample::Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let piece = prop::sample::select(vec![
        " ", "\n", "\t", ":", ": ", "-", "- ", "#", "[", "]", "{", "}", ",", "\"", "'", "&a ",
        "*a", "!", "!!int ", "|", ">", "%", "@", "?", "<<: ", "\\", "\u{1}", "\u{85}", "\u{feff}",
        "null", "yes", "1", "---\n", "...\n",
    ]);
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), piece).prop_map(|(at, piece)| Damage::Insert(at, piece)),
        at().prop_map(Damage::Remove),
        at().prop_map(Damage::Cut),
        at().prop_map(Damage::RepeatLine),
        at().prop_map(Damage::RemoveLine),
    ]
}

fn apply(damages: &[Damage], mut bytes: Vec<u8>) -> Vec<u8> {
    for damage in damages {
        if bytes.is_empty() {
            return bytes;
        }
        let line_at = |bytes: &[u8], at: &prop::sample::Index| {
            let lines: Vec<_> = bytes
                .split_inclusive(|b| *b == b'\n')
                .map(<[u8]>::to_vec)
                .collect();
            (at.index(lines.len()), lines)
        };
        match damage {
            Damage::Insert(at, piece) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, piece.bytes());
            }
            Damage::Remove(at) => drop(bytes.remove(at.index(bytes.len()))),
            Damage::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Damage::RepeatLine(at) => {
                let (at, mut lines) = line_at(&bytes, at);
                lines.insert(at, lines[at].clone());
                bytes = lines.concat();
            }
            Damage::RemoveLine(at) => {
                let (at, mut lines) = line_at(&bytes, at);
                lines.remove(at);
                bytes = lines.concat();
            }
        }
    }
    bytes
}

/// Everything that the library offers, on one text.
fn exercise(bytes: &[u8]) -> Report {
    let folder = folder();
    let sources = [source(bytes, &folder)];
    let report = check(bytes, None, Rules::All);
    let _ = kubeconfig::contexts(&sources);
    let _ = kubeconfig::secrets(&sources);
    let _ = kubeconfig::carve(&sources, Keep::All, &open);
    let _ = kubeconfig::decode_input(bytes, Base64::Decode);
    report
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_end_in_a_report(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        exercise(&bytes);
    }

    #[test]
    fn any_yaml_like_text_ends_in_a_report(text in r#"([-?:,\[\]{}#&*!|>'"%@` \n\t\\a0é]|\r\n|: |- |---|<<|!!int |&a |\*a){0,60}"#) {
        exercise(text.as_bytes());
    }

    #[test]
    fn damaged_files_end_in_a_report(
        case in any::<prop::sample::Index>(),
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        let small: Vec<_> = CASES.iter().filter(|case| case.bytes.len() < 20_000).collect();
        exercise(&apply(&damages, small[case.index(small.len())].bytes.clone()));
    }

    #[test]
    fn findings_hold_no_secret(damages in prop::collection::vec(damage(), 0..4)) {
        let report = exercise(&apply(&damages, full_of_canaries().into_bytes()));
        let text = serde_json::to_string(&report).unwrap() + &format!("{report:?}");
        prop_assert!(!text.contains("CANARY"), "{text}");
    }

    #[test]
    fn a_carved_context_is_the_same_context(
        case in any::<prop::sample::Index>(),
        damages in prop::collection::vec(damage(), 0..3),
    ) {
        let folder = folder();
        let accepted: Vec<_> = CASES
            .iter()
            .filter(|case| case.verdict["stage"] != "load" && case.bytes.len() < 20_000)
            .collect();
        let case = accepted[case.index(accepted.len())];
        let bytes = apply(&damages, case.bytes.clone());
        let keep = case.context().map_or(Keep::Current, Keep::Named);
        let Ok(carved) = kubeconfig::carve(&[source(&bytes, &folder)], keep, &open) else {
            return Ok(());
        };
        let text = carved.text.expose_secret();
        let again = kubeconfig::carve(&[source(text.as_bytes(), &folder)], Keep::Current, &open).unwrap();
        prop_assert_eq!(text, again.text.expose_secret(), "carving twice changes nothing");
        prop_assert_eq!((again.total_contexts, again.dropped_users), (1, 0));
        let read = Kubeconfig::read(&[source(text.as_bytes(), &folder)]).unwrap();
        prop_assert_eq!(&read.contexts().unwrap()[0].name, &carved.context);
        let before = check(&bytes, case.context(), Rules::Runner);
        let after = check(text.as_bytes(), None, Rules::Runner);
        let (before, after) = (before.summary.unwrap().context, after.summary.unwrap().context);
        prop_assert_eq!(before.server, after.server);
        prop_assert_eq!(before.namespace, after.namespace);
    }
}

#[test]
fn the_canaries_are_where_secrets_are() {
    let text = full_of_canaries();
    let secrets = kubeconfig::secrets(&[source(text.as_bytes(), Path::new(""))]).unwrap();
    let found = secrets
        .iter()
        .filter(|s| s.expose_secret().contains(CANARY))
        .count();
    assert_eq!(
        found, 6,
        "token, password, two of the provider, argument, variable"
    );
}
