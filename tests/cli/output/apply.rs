//! `apply`: a line for each document, and what it would change.

use insta::assert_snapshot;

use crate::support::TestEnv;
use crate::support::run::{Line as _, Run as _};

const MANIFEST: &str = "\
kind: Project
name: web
description: The web
labels: {team: a}
---
kind: Agent
name: lead
prompt: Lead the team.
---
kind: Credential
name: gh
provider: github
token: $GH
";

fn apply(env: &TestEnv, manifest: &str, line: &str) -> String {
    env.file("m.yaml", manifest);
    env.local()
        .env("AMBIENT_PROJECT", "web")
        .env("GH", "canary-secret-0123")
        .line("apply -f m.yaml")
        .line(line)
        .shown()
}

#[test]
fn each_document_has_its_line() {
    let env = TestEnv::new();
    assert_snapshot!(apply(&env, MANIFEST, "--dry-run"), @r"
    dry-run: would apply:
      project/web
      agent/lead
      credential/gh
    --- standard error
    credential/gh: reads its secret from variable GH
    ");
    assert_snapshot!(apply(&env, MANIFEST, ""), @r"
    project/web created
    agent/lead created
    credential/gh created
    --- standard error
    The key of the embedded API's store is in [home]/.local/share/ambient/ambient.key
    ");
    assert_snapshot!(apply(&env, MANIFEST, ""), @r"
    project/web unchanged
    agent/lead unchanged
    credential/gh unchanged
    ");
    let changed = MANIFEST.replace("Lead the team.", "Lead the other team.");
    assert_snapshot!(apply(&env, &changed, "--diff"), @r#"
    project/web unchanged
    agent/lead would be configured
      ~ prompt: "Lead the team." → "Lead the other team."
    credential/gh unchanged
    --- standard error
    credential/gh: reads its secret from variable GH
    "#);
    assert_snapshot!(apply(&env, &changed, ""), @r"
    project/web unchanged
    agent/lead configured
    credential/gh unchanged
    ");
    assert_snapshot!(apply(&env, &changed, "-o json"), @r#"
    [
      {
        "kind": "Project",
        "name": "web",
        "status": "unchanged"
      },
      {
        "kind": "Agent",
        "name": "lead",
        "status": "unchanged"
      },
      {
        "kind": "Credential",
        "name": "gh",
        "status": "unchanged"
      }
    ]
    "#);
}

#[test]
fn what_is_wrong_with_a_manifest() {
    let env = TestEnv::new();
    assert_snapshot!(apply(&env, "kind: Projekt\nname: web\n", ""), @r#"
    --- standard error
    Error: unknown kind "Projekt"
    Hint: did you mean Project?
    --- exit status 7
    "#);
    assert_snapshot!(apply(&env, "kind: Project\nnam: web\n", ""), @r#"
    --- standard error
    Error: project/Project: unknown key "nam"
    Hint: did you mean name?
    --- exit status 7
    "#);
    assert_snapshot!(apply(&env, "kind: [\n", ""), @r"
    --- standard error
    Error: parse YAML: yaml: unmarshal errors:
      line 1: cannot unmarshal !!seq into string
    --- exit status 7
    ");
    assert_snapshot!(apply(&env, &MANIFEST.replace("$GH", "$ABSENT"), ""), @r"
    --- standard error
    Error: apply credential/gh: environment variable ABSENT is not set
    --- exit status 7
    ");
}
