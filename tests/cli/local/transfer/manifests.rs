//! A store goes out as manifests and comes back the same.

use serde_json::{Value, json};

use crate::local::transfer::{ODD, SECRET, copy, exported, fill, run, token};
use crate::support::run::{Line as _, credential_create};
use crate::support::serve::Serve;
use crate::support::{SAMPLE, TestEnv, streams};

/// The prompts of the agents that [`fill`] made one for each odd text.
fn texts(env: &TestEnv) -> Vec<String> {
    let list = run(env
        .local()
        .args(["agent", "list", "--project-id", "ops", "-o", "json"]))
    .0;
    let list: Value = serde_json::from_str(&list).unwrap();
    let mut agents: Vec<&Value> = list["items"].as_array().unwrap().iter().collect();
    agents.retain(|agent| agent["name"] != "lead");
    agents.sort_by_key(|agent| {
        let name = agent["name"].as_str().unwrap();
        name[1..]
            .split(' ')
            .next()
            .unwrap()
            .parse::<usize>()
            .unwrap()
    });
    let text = |agent: &&Value| {
        let labels: Value = serde_json::from_str(agent["labels"].as_str().unwrap()).unwrap();
        let prompt = agent["prompt"].as_str().unwrap_or_default().to_owned();
        assert_eq!(labels["x"], prompt);
        prompt
    };
    agents.iter().map(text).collect()
}

#[test]
fn a_store_goes_out_and_comes_back_the_same() {
    let env = TestEnv::new();
    fill(&env);
    let first = exported(&env, "one");
    assert_eq!(first.1.len(), 3, "one file for each secret");
    let other = TestEnv::new();
    copy(&env, &other, "one");
    let (stdout, _) = run(other.acpctl().args(["local", "import", "one/store.yaml"]));
    assert!(!stdout.contains("unchanged"), "{stdout}");
    assert_eq!(exported(&other, "two"), first);
    for name in ["Weird / näme: 'x'", "weird   näme   x"] {
        assert_eq!(token(&other, name), SECRET);
    }
    assert_eq!(texts(&other), ODD, "{}", first.0);
    assert_eq!(token(&other, "kube"), token(&env, "kube"));
    let (stdout, _) = run(other.acpctl().args(["local", "import", "one/store.yaml"]));
    let is_written = |word: &str| stdout.contains(&format!(" {word}\n"));
    assert!(
        !is_written("created") && !is_written("configured"),
        "{stdout}"
    );
}

#[test]
fn plain_apply_brings_it_to_a_server() {
    let env = TestEnv::new();
    fill(&env);
    let first = exported(&env, "one");
    let platform = TestEnv::new();
    let server = Serve::start(&platform, &["--quiet"]);
    run(env
        .connected(&server.url)
        .args(["apply", "-f", "one/store.yaml"]));
    assert_eq!(exported(&platform, "two"), first);
}

#[test]
fn what_has_no_place_is_counted() {
    let env = TestEnv::new();
    run(env.local().args(["create", "project", "--name", "web"]));
    run(env
        .local()
        .args(["create", "session", "--name", "s", "--project-id", "web"]));
    run(env.local().args(["create", "role", "--name", "mine"]));
    run(env
        .local()
        .line("scheduled-session create --name n --schedule")
        .arg("0 0 * * *")
        .line("--project-id web"));
    let (stdout, stderr) = run(env.acpctl().args(["local", "export"]));
    assert_eq!(stdout, "---\nkind: Project\nname: web\n");
    assert_eq!(
        stderr,
        "Exported 1 project, 0 agents, 0 credentials, 0 role bindings\n\
         Warning: left out, because manifests cannot express it: roles (1), scheduled sessions (1), sessions (1)\n"
    );
}

#[test]
fn names_that_tell_nothing_apart_are_refused() {
    let env = TestEnv::new();
    for _ in 0..2 {
        run(env
            .local()
            .line("credential create --provider github --name twin --token t"));
    }
    let output = env
        .acpctl()
        .args(["local", "export", "-o", "x.yaml"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(6));
    assert!(
        streams(&output)
            .1
            .contains("several objects have the name of credential \"twin\": ")
    );
    assert!(!env.work().join("x.yaml").exists());
}

#[test]
fn a_kubeconfig_that_apply_would_cut_is_warned_about() {
    let env = TestEnv::new();
    let create = credential_create("kubeconfig", "all", &["--from-file", SAMPLE]);
    run(env
        .local()
        .args(create)
        .arg("--no-flatten")
        .args(["--allow", "multiple-contexts"]));
    let (_, stderr) = run(env.acpctl().args(["local", "export"]));
    assert!(
        stderr.contains("credential/all: 'apply' will cut or refuse its kubeconfig"),
        "{stderr}"
    );
}

#[test]
fn a_manifest_that_is_too_long_is_warned_about() {
    let env = TestEnv::new();
    run(env.local().args(["create", "project", "--name", "web"]));
    for n in 0..5 {
        let agent = json!({"kind": "Agent", "name": format!("a{n}"), "project": "web", "prompt": "x".repeat(1 << 20)});
        run(env
            .local()
            .args(["apply", "-f", "-"])
            .write_stdin(agent.to_string()));
    }
    let (_, stderr) = run(env.acpctl().args(["local", "export", "-o", "long.yaml"]));
    let words = "Warning: 'apply' can't read this in one piece (yaml: larger than 4 MiB): split it at its lines ---";
    assert!(stderr.contains(words), "{stderr}");
}
