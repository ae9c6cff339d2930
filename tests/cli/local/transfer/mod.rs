//! `local export` and `local import`: a store goes out as manifests and comes back the same.

mod manifests;
mod secrets;
mod signals;

use serde_json::{Value, json};

use crate::support::run::Line as _;
use crate::support::{SAMPLE, TestEnv, streams};

const SECRET: &str = "canary-7c1d $HOME \"quoted\"\n second line\n\n";

/// Texts that YAML has other ideas about.
const ODD: [&str; 34] = [
    "yes",
    "null",
    "~",
    "0x10",
    "1.50",
    "1e3",
    "2026-01-01",
    "",
    " leading",
    "trailing ",
    "a: b # c",
    "- x",
    "? x",
    "many\nlines\n\n  indented\n",
    "\n",
    "ends\n\n\n",
    " \n x\n",
    "tab\there",
    "\tx\n\ty",
    "cr\r\nlf\r",
    "\u{85}nel\u{2028}ls",
    "🎉 ünïcode",
    "\u{feff}mark",
    "q\"'uote",
    "$HOME ${X}",
    "\u{7f}\u{1b}[31m\u{1}",
    "# no comment",
    "---",
    "...",
    "!tag",
    "&a *a",
    "%x @y `z",
    "{a: [b]}",
    "<<",
];

fn run(command: &mut assert_cmd::Command) -> (String, String) {
    let output = command.output().unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(output.status.success(), "{stderr}");
    (stdout, stderr)
}

/// Fills the store with what manifests can hold, and some of what they can't.
fn fill(env: &TestEnv) {
    let pairs = |prefix: &str| -> Value {
        let value = |(n, text): (usize, &&str)| (format!("{prefix}{n}"), Value::from(*text));
        ODD.iter()
            .enumerate()
            .map(value)
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let keys: serde_json::Map<String, Value> = ODD
        .iter()
        .filter(|key| !["<<"].contains(*key))
        .map(|key| ((*key).to_owned(), Value::from("v")))
        .collect();
    let mut documents = vec![
        json!({"kind": "Project", "name": "web", "description": ODD[13], "prompt": ODD[15], "labels": pairs("l")}),
        json!({"kind": "Project", "name": "ops", "annotations": keys}),
        json!({"kind": "Credential", "name": "Weird / näme: 'x'", "provider": "gitlab", "tokenFrom": {"file": "s"},
               "url": "https://e.example.net", "email": "a@example.net", "description": "yes", "labels": pairs("")}),
        json!({"kind": "Credential", "name": "weird   näme   x", "provider": "github", "tokenFrom": {"file": "s"}}),
        json!({"kind": "Credential", "name": "..", "provider": "jira"}),
        json!({"kind": "Credential", "name": "kube", "provider": "kubeconfig", "tokenFrom": {"file": SAMPLE},
               "annotations": {"team": "a"}}),
        json!({"kind": "RoleBinding", "role": "project:viewer", "scope": "project", "scope_id": "web",
               "user_id": "yes"}),
        json!({"kind": "RoleBinding", "role": "credential:viewer", "scope": "credential", "scope_id": "kube",
               "project": "web"}),
    ];
    for project in ["web", "ops"] {
        documents.push(
            json!({"kind": "Agent", "name": "lead", "project": project, "prompt": ODD[13],
            "inbox": [{"from_name": "boot", "body": ODD[13]}, {"body": "~"}]}),
        );
    }
    for (n, text) in ODD.iter().enumerate() {
        documents.push(json!({"kind": "Agent", "name": format!("a{n} {text}"), "project": "ops", "prompt": text,
            "labels": {"x": text}}));
    }
    documents.push(json!({"kind": "RoleBinding", "role": "credential:viewer", "scope": "credential", "scope_id": "kube",
        "project": "ops", "agent": "lead", "user_id": "bo"}));
    env.file("s", SECRET);
    let escape = |c: char| match c {
        '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{feff}' => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    let manifest: Vec<String> = documents
        .iter()
        .map(|document| {
            format!(
                "---\n{}\n",
                document.to_string().chars().map(escape).collect::<String>()
            )
        })
        .collect();
    env.file("filled.yaml", manifest.concat());
    let (stdout, _) = run(env
        .local()
        .line("apply -f filled.yaml --allow-file")
        .arg(env!("CARGO_MANIFEST_DIR")));
    assert_eq!(
        stdout.matches(" created\n").count(),
        documents.len(),
        "{stdout}"
    );
}

/// The manifests and the secrets, by the names of their files.
fn exported(env: &TestEnv, name: &str) -> (String, Vec<(String, Vec<u8>)>) {
    let (manifest, folder) = (format!("{name}/store.yaml"), format!("{name}/secrets"));
    std::fs::create_dir_all(env.work().join(name)).unwrap();
    run(env
        .acpctl()
        .args(["local", "export", "-o", &manifest, "--secrets", &folder]));
    let text = std::fs::read_to_string(env.work().join(manifest)).unwrap();
    let mut secrets: Vec<_> = std::fs::read_dir(env.work().join(folder))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    secrets.sort();
    (text, secrets)
}

fn copy(from: &TestEnv, to: &TestEnv, name: &str) {
    for part in ["", "/secrets"] {
        let (from, to) = (
            from.work().join(name).join(&part[part.len().min(1)..]),
            to.work().join(name).join(&part[part.len().min(1)..]),
        );
        std::fs::create_dir_all(&to).unwrap();
        for entry in std::fs::read_dir(from)
            .unwrap()
            .flatten()
            .filter(|entry| entry.path().is_file())
        {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

fn token(env: &TestEnv, name: &str) -> String {
    let shown = run(env.local().args(["credential", "token", name])).0;
    shown.strip_suffix('\n').unwrap_or(&shown).to_owned()
}
