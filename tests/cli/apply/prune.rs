//! `--prune` deletes what has the label and no document, if one agrees.

use std::sync::Arc;

use crate::apply::{applied, apply, folder, serve};
use crate::support::platform::Platform;
use crate::support::{TestEnv, streams};

#[test]
fn prune_deletes_what_has_the_label_and_no_document() {
    let env = TestEnv::new();
    folder(&env);
    let platform = Arc::<Platform>::default();
    applied(&env, &platform, &["-f", "team"]);
    env.file(
        "old.yaml",
        "kind: Agent\nname: old\nlabels: {team: a}\n---\nkind: Agent\nname: theirs\nlabels: {team: b}\n\
         ---\nkind: Credential\nname: old\nprovider: p\nlabels: {team: a}\n",
    );
    applied(&env, &platform, &["-f", "old.yaml"]);
    for args in [
        &["--prune"][..],
        &["-l", "team=a"],
        &["--prune", "-l", "team"],
        &["--prune", "-l", ""],
        &["--prune", "-l", "team=a,"],
        &["--prune", "-l", "team=a", "-l", "tier!=1"],
    ] {
        let server = serve(&platform);
        apply(&env, server.url(), &["-f", "team"])
            .args(args)
            .assert()
            .code(2);
    }
    // Nobody can be asked here.
    let server = serve(&platform);
    let output = apply(&env, server.url(), &["-f", "team"])
        .args(["--prune", "-l", "team=a"])
        .output()
        .unwrap();
    let (_, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(11));
    assert!(
        stderr.ends_with("Error: add --yes to delete agent/old, credential/old\n"),
        "{stderr}"
    );
    assert!(
        stderr.contains("looks for agents, providers and policies in the project \"web\" alone"),
        "{stderr}"
    );
    let prune = ["-f", "team", "--prune", "-l", "team=a"];
    let (stdout, writes) = applied(&env, &platform, &[&prune[..], &["--diff"]].concat());
    assert!(stdout.ends_with("agent/old would be pruned\ncredential/old would be pruned\n"));
    assert_eq!(writes, [""; 0]);
    let dry = |flags: &[&str]| {
        applied(
            &env,
            &platform,
            &[&prune[..], &["--dry-run"], flags].concat(),
        )
    };
    let (stdout, writes) = dry(&[]);
    assert!(
        stdout.ends_with("dry-run: would prune:\n  agent/old\n  credential/old\n"),
        "{stdout}"
    );
    assert_eq!(writes, [""; 0]);
    assert!(dry(&["-o", "json"]).0.contains("would be pruned"));
    for more in [&["-l", "tier=1"][..], &["--label", "team=a,tier=1"]] {
        let (stdout, writes) = applied(&env, &platform, &[&prune[..], more, &["--yes"]].concat());
        assert!(!stdout.contains("pruned") && writes.is_empty(), "{stdout}");
    }
    let (stdout, writes) = applied(&env, &platform, &[&prune[..], &["--yes"]].concat());
    assert!(
        stdout.ends_with("agent/old pruned\ncredential/old pruned\n"),
        "{stdout}"
    );
    assert_eq!(
        writes,
        [
            "DELETE /projects/web/agents/id-of-old",
            "DELETE /credentials/id-of-old"
        ]
    );
}

#[test]
fn pruning_without_consent_changes_nothing() {
    let env = TestEnv::new();
    folder(&env);
    let platform = Arc::default();
    applied(&env, &platform, &["-f", "team"]);
    env.file(
        "team/2-agents.yaml",
        "kind: Agent\nname: new\nlabels: {team: a}\n",
    );
    let server = serve(&platform);
    let output = apply(
        &env,
        server.url(),
        &["-f", "team", "--prune", "-l", "team=a"],
    )
    .output()
    .unwrap();
    assert_eq!(output.status.code(), Some(11), "{}", streams(&output).1);
    let mut writes = server.lines();
    writes.retain(|line| !line.starts_with("GET "));
    assert_eq!(writes, [""; 0]);
}

#[test]
fn without_a_project_agents_are_left_with_a_warning() {
    let env = TestEnv::new();
    env.file(
        "c.yaml",
        "kind: Credential\nname: c\nprovider: github\ntoken: canary-token-0123\nlabels: {team: a}\n",
    );
    let prune = ["apply", "-f", "c.yaml", "--prune", "-l", "team=a", "--yes"];
    let output = env.local().args(prune).output().unwrap();
    let (_, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(
        stderr.contains("Warning: no project is set: --prune leaves agents"),
        "{stderr}"
    );
}

#[test]
fn prune_without_documents_deletes_nothing() {
    let env = TestEnv::new();
    folder(&env);
    let platform = Arc::<Platform>::default();
    applied(&env, &platform, &["-f", "team"]);
    env.file("none.yaml", "# the templates made nothing\n");
    let server = serve(&platform);
    let output = apply(
        &env,
        server.url(),
        &["-f", "none.yaml", "--prune", "-l", "team=a", "--yes"],
    )
    .output()
    .unwrap();
    let (_, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(7), "{stderr}");
    assert!(stderr.contains("there are no documents"), "{stderr}");
    assert!(server.received().is_empty());
}
