//! `session exec` does what `session preview` shows.

use std::collections::BTreeMap;

use acpctl::testing::table;
use serde_json::{Value, json};

use crate::session::{SECRET, kubeconfig, left, platform, providers, runtime_dir, session};
use crate::support::run::credential_create;
use crate::support::{TestEnv, streams};

/// Says the environment and the private files: `file NAME MODE SIZE`.
const LOOK: &str = r#"env
cd "$AMBIENT_SESSION_DIR"
for f in *; do [ -e "$f" ] && echo "file=$f $(ls -l "$f" | cut -c1-10) $(($(wc -c < "$f")))"; done
exit 0"#;

#[test]
fn exec_does_what_preview_shows() {
    for provider in providers() {
        let env = TestEnv::new();
        let server = platform(json!([]));
        let preview = session(
            &env,
            &server,
            &["preview", "--credential", provider, "-o", "json"],
        )
        .output()
        .unwrap();
        let (stdout, stderr) = streams(&preview);
        assert!(preview.status.success(), "{stderr}");
        assert!(!stdout.contains(SECRET) && !stderr.contains(SECRET));
        let shown: Value = serde_json::from_str(&stdout).unwrap();
        let shown = &shown["credentials"][0];

        let mut exec = session(
            &env,
            &server,
            &[
                "exec",
                "--credential",
                provider,
                "--no-masking",
                "--",
                "sh",
                "-c",
                LOOK,
            ],
        );
        for name in table::variable_names() {
            exec.env(name, "inherited");
        }
        let output = exec.output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(output.status.success(), "{provider}: {stderr}");
        assert!(!stderr.contains(SECRET));
        let seen: BTreeMap<&str, &str> = stdout
            .lines()
            .filter_map(|line| line.split_once('='))
            .collect();

        let mut expected = BTreeMap::new();
        for variable in shown["variables"].as_array().unwrap() {
            let name = variable["name"].as_str().unwrap();
            let value = match variable["kind"].as_str().unwrap() {
                "secret" => {
                    assert_eq!(variable["size"], SECRET.len());
                    SECRET.to_owned()
                }
                "path" => format!(
                    "{}/{}",
                    seen["AMBIENT_SESSION_DIR"],
                    shown["file"]["name"].as_str().unwrap()
                ),
                _ => variable["value"].as_str().unwrap().to_owned(),
            };
            expected.insert(name, value);
        }
        // Where there is no kubeconfig, a file without a context keeps clients from the user's own.
        let stand_in = format!("{}/kubeconfig", seen["AMBIENT_SESSION_DIR"]);
        expected
            .entry("KUBECONFIG")
            .or_insert_with(|| stand_in.clone());
        let got: BTreeMap<&str, String> = table::variable_names()
            .filter_map(|name| Some((name, (*seen.get(name)?).to_owned())))
            .collect();
        assert_eq!(got, expected, "{provider}");
        let file = match &shown["file"] {
            Value::Null => None,
            file => {
                assert_eq!(file["mode"], "0600");
                Some(format!(
                    "{} -rw------- {}",
                    file["name"].as_str().unwrap(),
                    file["size"]
                ))
            }
        };
        let files: Vec<&str> = stdout
            .lines()
            .filter_map(|line| line.strip_prefix("file="))
            .filter(|file| provider == "kubeconfig" || !file.starts_with("kubeconfig "))
            .collect();
        assert_eq!(files, file.iter().collect::<Vec<_>>(), "{provider}");
        assert!(left(&env).is_empty());
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
