//! `session exec` does what `session preview` shows.

use std::collections::BTreeMap;

use acpctl::testing::table::{self, Content, Mode, Target};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::session::targets::REWRITTEN;
use crate::session::{
    SECRET, kubeconfig, left, platform, providers, runtime_dir, secret_of, session,
};
use crate::support::run::{credential_create, told};
use crate::support::{TestEnv, streams};

/// Says the environment and the private files: `file=NAME MODE`, then what the file holds in base64.
const LOOK: &str = r#"env
cd "$AMBIENT_SESSION_DIR"
for f in *; do [ -e "$f" ] && echo "file=$f $(ls -l "$f" | cut -c1-10) $(base64 -w0 "$f")"; done
exit 0"#;

#[test]
fn exec_does_what_preview_shows() {
    for target in [Target::Pod, Target::Sandbox, Target::Managed] {
        for provider in providers() {
            compare(target, provider);
        }
    }
}

/// Compares what `exec` sets up with what `preview` shows: every variable that a session may get, and every file, byte
/// for byte.
fn compare(target: Target, provider: &str) {
    let context = format!("{} {provider}", target.word());
    let env = TestEnv::new();
    let server = platform(json!([]));
    let selection = ["--target", target.word(), "--credential", provider];
    let preview = [&["preview", "-o", "json"], &selection[..]].concat();
    let (code, stdout, stderr) = told(&session(&env, &server, &preview).output().unwrap());
    assert_eq!(code, Some(0), "{context}: {stderr}");
    assert!(!stdout.contains(SECRET) && !stderr.contains(SECRET));
    let shown: Value = serde_json::from_str(&stdout).unwrap();
    let shown = &shown["credentials"][0];

    let look = ["--allow-empty", "--no-masking", "--", "sh", "-c", LOOK];
    let mut exec = session(&env, &server, &[&["exec"], &selection[..], &look].concat());
    for name in table::variable_names() {
        exec.env(name, "inherited");
    }
    let (code, stdout, stderr) = told(&exec.output().unwrap());
    assert!(!stderr.contains(SECRET), "{context}");
    assert!(left(&env).is_empty(), "{context}");
    let strict = [&["preview", "--strict"], &selection[..]].concat();
    let (strict, ..) = told(&session(&env, &server, &strict).output().unwrap());
    if shown["errors"] != json!([]) {
        assert_eq!(strict, Some(8), "{context}");
        assert_eq!(
            (code, stdout.as_str()),
            (Some(7), ""),
            "{context}: {stderr}"
        );
        return;
    }
    assert_eq!(code, Some(0), "{context}: {stderr}");
    let seen: BTreeMap<&str, &str> = stdout
        .lines()
        .filter_map(|line| line.split_once('='))
        .collect();
    let folder = seen["AMBIENT_SESSION_DIR"];

    let mut expected = BTreeMap::new();
    for variable in shown["variables"].as_array().unwrap() {
        let name = variable["name"].as_str().unwrap();
        let value = match variable["kind"].as_str().unwrap() {
            "secret" => {
                assert_eq!(variable["size"], SECRET.len());
                SECRET.to_owned()
            }
            "path" => format!("{folder}/{}", shown["file"]["name"].as_str().unwrap()),
            _ => variable["value"].as_str().unwrap().to_owned(),
        };
        expected.insert(name, value);
    }
    // Where there is no kubeconfig, a file without a context keeps clients from the user's own.
    let has_kubeconfig = expected.contains_key("KUBECONFIG");
    let stand_in = || format!("{folder}/kubeconfig");
    expected.entry("KUBECONFIG").or_insert_with(stand_in);
    let got: BTreeMap<&str, String> = table::variable_names()
        .filter_map(|name| Some((name, (*seen.get(name)?).to_owned())))
        .collect();
    assert_eq!(got, expected, "{context}");

    let file = shown["file"].as_object().map(|file| {
        assert_eq!(strict, Some(0), "{context}");
        let text = content(target, provider);
        // The mode at a managed gateway is not known.
        let mode = (target != Target::Managed).then_some("0600");
        assert_eq!(file["mode"].as_str(), mode, "{context}");
        assert_eq!(file["size"], text.len(), "{context}");
        let text = STANDARD.encode(text);
        format!("{} -rw------- {text}", file["name"].as_str().unwrap())
    });
    let files: Vec<&str> = stdout
        .lines()
        .filter_map(|line| line.strip_prefix("file="))
        .filter(|file| has_kubeconfig || !file.starts_with("kubeconfig "))
        .collect();
    assert_eq!(files, file.iter().collect::<Vec<_>>(), "{context}");
}

/// What the file of a provider holds.
fn content(target: Target, provider: &str) -> String {
    let row = table::row(provider, Mode::of(target, Mode::InProcess)).unwrap();
    match row.file.unwrap().content {
        Content::Token => secret_of(provider),
        Content::Text(text) => text.to_owned(),
        Content::Managed => REWRITTEN.to_owned(),
    }
}

#[test]
fn on_a_fresh_machine_the_embedded_api_is_enough() {
    let env = TestEnv::new();
    let local = |words: &[&str]| {
        let output = env
            .local()
            .env("XDG_RUNTIME_DIR", runtime_dir(&env))
            .args(words)
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(output.status.success(), "{stderr}");
        assert!(!stdout.contains(SECRET) && !stderr.contains(SECRET));
        stdout
    };
    env.file("config.yaml", kubeconfig(SECRET));
    local(&["create", "project", "--name", "team-a"]);
    local(&credential_create(
        "kubeconfig",
        "c1",
        &["--from-file", "config.yaml"],
    ));
    local(&["credential", "bind", "c1", "--project", "team-a"]);
    let created = local(&[
        "create",
        "session",
        "--name",
        "s",
        "--project-id",
        "team-a",
        "--timeout",
        "60",
    ]);
    let id = created
        .trim_start_matches("session/")
        .split(' ')
        .next()
        .unwrap();
    for before in [&["--credential", "c1"][..], &["--project", "team-a"], &[id]] {
        assert!(local(&[&["session", "preview"], before].concat()).contains("KUBECONFIG"));
        let look = ["--", "sh", "-c", "grep ^current-context: $KUBECONFIG"];
        let shown = local(&[&["session", "exec"], before, &look].concat());
        assert_eq!(shown, "current-context: c\n");
        assert!(left(&env).is_empty());
    }
}
