//! Names in documents are looked up before anything is written.

use serde_json::Value;

use crate::support::run::{Line as _, Run as _};
use crate::support::{TestEnv, streams};

const PROJECT: &str = "kind: Project\nname: web\n";

fn store() -> TestEnv {
    let env = TestEnv::new();
    env.local().line("create project --name demo").stdout();
    env
}

fn told(env: &TestEnv, line: &str, manifest: &str) -> (Option<i32>, String, String) {
    let output = env
        .local()
        .env("AMBIENT_PROJECT", "demo")
        .line("apply -f -")
        .line(line)
        .write_stdin(manifest)
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    (output.status.code(), stdout, stderr)
}

#[test]
fn a_missing_name_is_found_before_the_first_write() {
    let env = store();
    let binding = |fields: &str| {
        format!("{PROJECT}---\nkind: RoleBinding\nrole: credential:viewer\n{fields}")
    };
    let credential = "kind: Credential\nname: c\nprovider: gitlab\ntoken: t\n";
    for (manifest, missing) in [
        (
            binding("scope: credential\nscope_id: none\nproject: web\n"),
            "credential \"none\" not found",
        ),
        (
            binding("scope: project\nscope_id: none\nuser_id: u\n"),
            "project \"none\" not found",
        ),
        (
            binding("scope: agent\nscope_id: none\nuser_id: u\n"),
            "agent \"none\" not found",
        ),
        (
            format!("{PROJECT}---\nkind: Agent\nname: a\nproject: none\n"),
            "project \"none\" not found",
        ),
        (
            binding("scope: credential\nscope_id: none\nproject: web\n")
                .replace("credential:viewer", "nobody"),
            "role \"nobody\" not found",
        ),
        (
            format!(
                "{}---\n{credential}",
                binding("scope: credential\nscope_id: c\nproject: web\n")
            ),
            "credential \"c\" not found",
        ),
    ] {
        for flags in ["", "--dry-run", "--diff"] {
            let (code, stdout, stderr) = told(&env, flags, &manifest);
            assert_eq!((code, stdout.as_str()), (Some(3), ""), "{flags}: {stderr}");
            assert!(
                stderr.starts_with("Error: nothing was applied: apply ")
                    && stderr.contains(missing),
                "{flags}: {stderr}"
            );
        }
        let (_, stdout, _) = told(&env, "-o json", &manifest);
        let said: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(said["error"]["exit_code"], 3, "{said}");
    }
    let projects = env.local().line("project list -o name").stdout();
    assert_eq!(projects, "project/demo\n");
}

#[test]
fn names_that_earlier_documents_make_count() {
    let env = store();
    let manifest = format!(
        "{PROJECT}---\nkind: Agent\nname: a\nproject: web\n---\nkind: Credential\nname: c\nprovider: gitlab\n\
         token: t\n---\nkind: RoleBinding\nrole: credential:viewer\nscope: credential\nscope_id: c\n\
         project: web\nagent: a\n"
    );
    let (code, stdout, stderr) = told(&env, "--dry-run", &manifest);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("rolebinding/web/a→c"), "{stdout}");
    let (code, stdout, stderr) = told(&env, "", &manifest);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("rolebinding/web/a→c created"), "{stdout}");
    let (_, stdout, _) = told(&env, "", &manifest);
    assert!(stdout.contains("rolebinding/web/a→c unchanged"), "{stdout}");
}

#[test]
fn a_dry_run_needs_no_server() {
    let env = TestEnv::new();
    let manifest =
        "kind: RoleBinding\nrole: credential:viewer\nscope: credential\nscope_id: c\nproject: p\n";
    for variables in [
        &[][..],
        &[
            ("AMBIENT_API_URL", "http://127.0.0.1:1"),
            ("AMBIENT_TOKEN", "a-token-0123456789012"),
        ],
    ] {
        let output = env
            .acpctl()
            .envs(variables.iter().copied())
            .line("apply --dry-run --retries 0 -f -")
            .write_stdin(manifest)
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        assert_eq!(stdout, "dry-run: would apply:\n  rolebinding/p→c\n");
        assert!(
            stderr.starts_with("Warning: the names in the documents were not looked up: "),
            "{stderr}"
        );
    }
}

#[test]
fn nothing_to_apply_is_said() {
    let env = store();
    std::fs::create_dir(env.work().join("empty")).unwrap();
    for flags in ["", "--dry-run", "-o json"] {
        let (code, _, stderr) = told(&env, flags, "");
        assert_eq!(code, Some(0), "as with the Go tool: {stderr}");
        assert_eq!(
            stderr,
            "Warning: nothing to apply: no document on standard input\n"
        );
    }
    let (code, _, stderr) = told(&env, "--strict", "# only a comment\n");
    assert_eq!(code, Some(8), "{stderr}");
    let (code, _, stderr) = env.local().line("apply -f empty").told();
    assert_eq!(code, Some(0));
    assert_eq!(stderr, "Warning: nothing to apply: no document in empty\n");
}

#[test]
fn a_name_that_no_project_can_have_is_found_before_the_first_write() {
    let env = store();
    let manifest = "kind: Project\nname: first\n---\nkind: Project\nname: Bad_Name\n";
    for flags in ["--dry-run", ""] {
        let (code, stdout, stderr) = told(&env, flags, manifest);
        assert_eq!((code, stdout.as_str()), (Some(7), ""), "{stderr}");
        assert!(
            stderr.starts_with("Error: nothing was applied: apply project/Bad_Name: validation failed: project name"),
            "{stderr}"
        );
    }
}
