//! Kustomizations: bounds and patches.

use std::sync::Arc;

use crate::apply::{applied, dry_run};
use crate::support::TestEnv;

#[test]
fn a_kustomization_is_bounded_in_what_it_becomes() {
    let env = TestEnv::new();
    let twice = 20;
    for n in 0..twice {
        let next = n + 1;
        env.file(
            &format!("b{n}/kustomization.yaml"),
            format!("bases: [../b{next}, ../b{next}]\n"),
        );
    }
    env.file(
        &format!("b{twice}/kustomization.yaml"),
        "resources: [p.yaml]\n",
    );
    env.file(&format!("b{twice}/p.yaml"), "kind: Project\nname: p\n");
    let (code, _, stderr) = dry_run(&env, &["-k", "b0"], "");
    assert_eq!(code, Some(7));
    assert!(stderr.contains("more than 10000 documents"), "{stderr}");
    let (code, stdout, _) = dry_run(&env, &["-k", &format!("b{}", twice - 1)], "");
    assert_eq!(code, Some(0));
    assert_eq!(stdout, "dry-run: would apply:\n  project/p\n  project/p\n");
    for n in 1..=200 {
        let next = n + 1;
        env.file(
            &format!("c/{n}/kustomization.yaml"),
            format!("bases: [../{next}]\n"),
        );
    }
    let (code, _, stderr) = dry_run(&env, &["-k", "c/1"], "");
    assert_eq!(code, Some(7));
    assert!(
        stderr.contains("more than 50 kustomizations inside each other"),
        "{stderr}"
    );
    let long = "x".repeat(1 << 20);
    env.file(
        "long/m.yaml",
        format!("kind: Project\nname: p\ndescription: {long}\n"),
    );
    env.file("long/kustomization.yaml", "resources: [m.yaml]\n");
    env.file(
        "d/kustomization.yaml",
        format!("bases: [{}]\n", "../long, ".repeat(100)),
    );
    env.file(
        "e/kustomization.yaml",
        format!("resources: [{}]\n", "../long/m.yaml, ".repeat(100)),
    );
    env.file("f/base/kustomization.yaml", "resources: [m.yaml]\n");
    env.file("f/base/m.yaml", "kind: Project\nname: p\n");
    let bases = "base, ".repeat(100);
    let patch = "patches: [{path: ../long/m.yaml, target: {kind: Project}}]";
    env.file(
        "f/kustomization.yaml",
        format!("bases: [{bases}]\n{patch}\n"),
    );
    for folder in ["d", "e", "f"] {
        let (code, _, stderr) = dry_run(&env, &["-k", folder], "");
        assert_eq!(code, Some(7), "{folder}");
        assert!(stderr.contains("comes to more than 64 MiB"), "{stderr}");
    }
}

#[test]
fn a_patch_with_a_target_needs_no_kind() {
    let env = TestEnv::new();
    env.file("k/kustomization.yaml", "resources: [a.yaml]\npatches:\n- {path: p.yaml, target: {kind: Agent, name: a}}\n- {path: p.yaml, target: {name: missing}}\n");
    env.file(
        "k/a.yaml",
        "kind: Project\nname: web\n---\nkind: Agent\nname: a\nprompt: old\n",
    );
    env.file("k/p.yaml", "prompt: new\n");
    let platform = Arc::default();
    applied(&env, &platform, &["-k", "k"]);
    let state = platform.state();
    let agents = state
        .iter()
        .find(|(place, _)| place.ends_with("/agents"))
        .unwrap()
        .1;
    assert_eq!(agents[0]["prompt"], "new");
    let (_, _, stderr) = dry_run(&env, &["-k", "k"], "");
    assert_eq!(
        stderr,
        "Warning: patch p.yaml fits no document: */missing\n"
    );
    env.file(
        "k/kustomization.yaml",
        "resources: [a.yaml]\npatches: [{path: p.yaml}]\n",
    );
    let (code, _, stderr) = dry_run(&env, &["-k", "k"], "");
    assert_eq!(code, Some(7));
    assert!(
        stderr.contains("patch p.yaml: add a kind to the patch, or a target"),
        "{stderr}"
    );
}
