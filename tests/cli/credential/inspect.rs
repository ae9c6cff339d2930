//! `credential inspect`: who a credential is in its cluster, and what it can do there.

use serde_json::{Value, json};

use crate::support::apiserver::{ADMIN, ApiServer, Fault, Planned};
use crate::support::{TestEnv, streams};

/// Inspects a kubeconfig file, and returns the exit code and the JSON.
fn inspected(env: &TestEnv, kubeconfig: &str, more: &[&str]) -> (i32, Value) {
    let file = env.file("kubeconfig", kubeconfig);
    let output = env
        .acpctl()
        .args(["credential", "inspect", "--access", "-o", "json", "-f"])
        .arg(file)
        .args(more)
        .output()
        .unwrap();
    let (out, err) = streams(&output);
    let json = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    (output.status.code().unwrap(), json)
}

#[test]
fn each_built_in_role_has_its_grade() {
    let env = TestEnv::new();
    let server = ApiServer::start();
    let reads = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]);
    let one_secret = json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"], "resourceNames": ["one"]}]);
    server.user("reader", None);
    server.grant("reader", &reads);
    server.user("one", None);
    server.grant("one", &one_secret);
    for (user, role, grade) in [
        ("nobody", None, "none"),
        ("viewer", Some("view"), "read"),
        ("editor", Some("edit"), "escalate"),
        ("manager", Some("admin"), "escalate"),
    ] {
        let token = server.user(user, role);
        let (code, json) = inspected(&env, &server.kubeconfig(&token), &[]);
        assert_eq!(code, 0);
        assert_eq!(json["access"]["grade"], grade, "{user}");
        assert_eq!(json["access"]["at_least"], false, "{user}");
        assert_eq!(json["access"]["user"], user);
    }
    for (token, grade) in [
        (ADMIN, "admin"),
        ("reader-token-0123456789", "read"),
        ("one-token-0123456789", "read-secrets"),
    ] {
        let (_, json) = inspected(&env, &server.kubeconfig(token), &[]);
        assert_eq!(json["access"]["grade"], grade, "{token}");
    }
}

#[test]
fn only_reviews_are_sent_and_at_most_thirty_five() {
    let env = TestEnv::new();
    let server = ApiServer::start();
    let token = server.user("viewer", Some("view"));
    for (fails, most) in [(false, 19), (true, 35)] {
        server.state().authorizer_fails = fails;
        server.state().log.clear();
        inspected(&env, &server.kubeconfig(&token), &[]);
        let requests = server.requests();
        assert!(requests.len() <= most, "{}", requests.len());
        for request in requests {
            let (method, path) = request.split_once(' ').unwrap();
            assert_eq!(method, "POST");
            assert!(
                path.ends_with("reviews") && path.contains("/selfsubject"),
                "{path}"
            );
        }
    }
}

#[test]
fn an_authorizer_that_fails_makes_it_at_least() {
    let env = TestEnv::new();
    let server = ApiServer::start();
    let token = server.user("viewer", Some("view"));
    server.state().authorizer_fails = true;
    let (code, json) = inspected(&env, &server.kubeconfig(&token), &["--max-grade", "write"]);
    assert_eq!(json["access"]["grade"], "read");
    assert_eq!(json["access"]["at_least"], true);
    assert_eq!(code, 8, "what is unknown does not pass a gate");
    let findings = json["access"]["findings"].as_array().unwrap();
    assert!(
        findings.iter().all(|finding| finding["verdict"] != "no"),
        "{findings:#?}"
    );
}

#[test]
fn the_gate_lets_pass_what_is_within() {
    let env = TestEnv::new();
    let server = ApiServer::start();
    let token = server.user("viewer", Some("view"));
    for (limit, expected) in [("none", 8), ("read", 0), ("read-secrets", 0), ("admin", 0)] {
        let (code, _) = inspected(&env, &server.kubeconfig(&token), &["--max-grade", limit]);
        assert_eq!(code, expected, "{limit}");
    }
}

#[test]
fn a_question_that_fails_is_unknown() {
    let env = TestEnv::new();
    let server = ApiServer::start();
    let token = server.user("viewer", Some("view"));
    let plan = |fault| Planned {
        method: "POST",
        path: "/selfsubjectaccessreviews",
        fault,
    };
    server.state().faults.extend([
        plan(Fault::Refuses(500)),
        plan(Fault::Cut),
        plan(Fault::Refuses(429)),
    ]);
    let (code, json) = inspected(&env, &server.kubeconfig(&token), &[]);
    assert_eq!(code, 0);
    assert_eq!(json["access"]["at_least"], true);
}

#[test]
fn a_stored_credential_is_inspected_and_its_secret_is_not_shown() {
    let env = TestEnv::new();
    let server = ApiServer::start();
    let token = server.user("viewer", Some("view"));
    let file = env.file("kubeconfig", server.kubeconfig(&token));
    let mut create = env.local();
    create.args([
        "credential",
        "create",
        "--provider",
        "kubeconfig",
        "--name",
        "prod",
        "-f",
    ]);
    create.arg(file).assert().success();
    let output = env
        .local()
        .args(["credential", "inspect", "prod", "--access", "-o", "wide"])
        .output()
        .unwrap();
    let (out, err) = streams(&output);
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert!(!out.contains(&token) && !err.contains(&token));
    assert!(out.contains("Grade       read\n"), "{out}");
    assert!(
        out.contains("yes      read          list pods") || out.contains("User        viewer"),
        "{out}"
    );
}

#[test]
fn a_refused_login_and_a_missing_source_are_errors() {
    let env = TestEnv::new();
    let server = ApiServer::start();
    let file = env.file("kubeconfig", server.kubeconfig("unknown-token-0123456789"));
    let mut command = env.acpctl();
    command
        .args(["credential", "inspect", "--access", "-f"])
        .arg(&file);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{:?}", streams(&output));
    let output = env
        .acpctl()
        .args(["credential", "inspect", "--access"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{:?}", streams(&output));
    // Without --access the cluster is not asked.
    server.state().log.clear();
    env.acpctl()
        .args(["credential", "inspect", "-f"])
        .arg(&file)
        .assert()
        .success();
    assert!(server.requests().is_empty());
}

#[test]
fn a_login_program_runs_only_if_the_user_agrees() {
    let env = TestEnv::new();
    let server = ApiServer::start();
    let token = server.user("viewer", Some("view"));
    let marker = env.home().join("ran");
    let script = format!(
        "#!/bin/sh\necho ran >> {}\nprintf '{{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{{\"token\":\"{token}\"}}}}'\n",
        marker.display()
    );
    let program = env.file("login", script);
    std::fs::set_permissions(
        &program,
        std::os::unix::fs::PermissionsExt::from_mode(0o700),
    )
    .unwrap();
    let user = format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {}, interactiveMode: Never}}}}",
        program.display()
    );
    let file = env.file("kubeconfig", server.kubeconfig_of(&user));
    let mut command = env.acpctl();
    command
        .args(["credential", "inspect", "--access", "-f"])
        .arg(&file);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(11), "{:?}", streams(&output));
    assert!(!marker.exists());
    let (code, json) = inspected(
        &env,
        &server.kubeconfig_of(&user),
        &["--allow", "exec-plugin"],
    );
    assert_eq!((code, &json["access"]["user"]), (0, &json!("viewer")));
    assert_eq!(std::fs::read_to_string(&marker).unwrap(), "ran\n");
}
