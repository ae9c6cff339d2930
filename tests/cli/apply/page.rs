//! The manifests of docs/apply.md apply as they are written.

use std::path::Path;

use crate::support::run::{Line as _, Run as _};
use crate::support::serve::Serve;
use crate::support::{SAMPLE, TestEnv, streams};

/// The manifests of the page: its YAML blocks that have a kind.
fn manifests() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/apply.md");
    let page = std::fs::read_to_string(page).unwrap();
    let blocks = page.split("```yaml\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap().to_owned());
    blocks.filter(|block| block.starts_with("kind:")).collect()
}

/// A folder with a kubeconfig, as the page asks for.
fn home() -> TestEnv {
    let env = TestEnv::new();
    env.file("prod.kubeconfig", std::fs::read(SAMPLE).unwrap());
    env
}

/// Applies a manifest and returns both streams.
fn applied(env: &TestEnv, url: &str, manifest: &str) -> (String, String) {
    env.file("team.yaml", manifest);
    let mut command = env.connected(url);
    let output = command.line("apply -f team.yaml").output().unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(output.status.success(), "{stdout}{stderr}");
    (stdout, stderr)
}

#[test]
fn the_manifests_of_the_page_apply_as_written() {
    let pages = manifests();
    let [team, person] = pages.as_slice() else {
        panic!("{pages:?}");
    };
    let env = home();
    let server = Serve::start(&env, &["--data-dir", "served"]);
    for url in ["local:", &server.url] {
        let (stdout, stderr) = applied(&env, url, team);
        assert!(!stderr.contains("Warning:"), "{stderr}");
        assert_eq!(stdout.matches(" created\n").count(), 4, "{stdout}");
        let (stdout, _) = applied(&env, url, team);
        assert_eq!(stdout.matches(" unchanged\n").count(), 4, "{stdout}");
        let (stdout, stderr) = applied(&env, url, person);
        assert!(stdout.contains("rolebinding/ada→web created"), "{stdout}");
        assert!(
            stderr.contains("no user has the name or ID \"ada\""),
            "{stderr}"
        );
    }
    let bound = env.local().line("session explain --project web").stdout();
    assert!(bound.contains("prod"), "{bound}");
}

#[test]
fn a_dry_run_names_users_that_nobody_knows() {
    let env = home();
    env.file("team.yaml", manifests().join("---\n"));
    let output = env.local().line("apply -f team.yaml --dry-run").output();
    let (_, stderr) = streams(&output.unwrap());
    let warning = "no user has the name or ID \"ada\"";
    assert_eq!(stderr.matches(warning).count(), 1, "{stderr}");
}

#[test]
fn a_credential_for_all_projects_is_refused_with_the_key_that_is_missing() {
    let env = home();
    let manifest = manifests()[0].replace(
        "scope_id: prod\nproject: web\n",
        "scope_id: prod\nuser_id: ada\n",
    );
    env.file("team.yaml", manifest);
    let (code, _, stderr) = env.local().line("apply -f team.yaml").told();
    assert_eq!(code, Some(5), "{stderr}");
    assert!(stderr.contains("Hint: name the project"), "{stderr}");
}

#[test]
fn an_agent_without_a_project_is_named_with_the_project_of_the_manifest() {
    let env = home();
    let manifest = manifests()[0].replace("name: lead\nproject: web\n", "name: lead\n");
    env.file("team.yaml", manifest);
    let (code, _, stderr) = env.local().line("apply -f team.yaml").told();
    assert_eq!(code, Some(2), "{stderr}");
    let hint = "Hint: agent/lead names no project: add project: web to the document, or --project web to the command";
    assert!(stderr.contains(hint), "{stderr}");
}
