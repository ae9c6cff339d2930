//! `credential inspect`: who a credential is in its cluster, and what it can do there.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
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
    for (fails, most) in [(false, 4), (true, 35)] {
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

/// A rule as a test makes it, and whether it is given in the whole cluster.
type Given = (bool, Value);

/// Rules out of the words that the questions are about, some of them for named objects only.
fn rules() -> impl Strategy<Value = Vec<Given>> {
    let words = |words: &'static [&'static str], most| {
        prop::collection::vec(prop::sample::select(words), 1..=most)
    };
    let verbs = &[
        "get",
        "list",
        "create",
        "update",
        "patch",
        "watch",
        "delete",
        "impersonate",
        "bind",
        "escalate",
        "approve",
        "*",
    ];
    let groups = &[
        "",
        "",
        "apps",
        "rbac.authorization.k8s.io",
        "certificates.k8s.io",
        "admissionregistration.k8s.io",
        "*",
    ];
    let resources = &[
        "secrets",
        "pods",
        "pods/exec",
        "pods/attach",
        "pods/proxy",
        "configmaps",
        "deployments",
        "serviceaccounts/token",
        "persistentvolumes",
        "mutatingwebhookconfigurations",
        "users",
        "groups",
        "clusterroles",
        "roles",
        "nodes/proxy",
        "namespaces",
        "serviceaccounts",
        "signers",
        "certificatesigningrequests/approval",
        "*",
    ];
    let names = &["one", "system:masters", "cluster-admin", "kubernetes.io/*"];
    let rule = (
        any::<bool>(),
        words(verbs, 2),
        words(groups, 2),
        words(resources, 2),
        prop::option::of(words(names, 1)),
    );
    let rule = rule.prop_map(|(everywhere, verbs, groups, resources, names)| {
        let mut rule = json!({"verbs": verbs, "apiGroups": groups, "resources": resources});
        if let Some(names) = names {
            rule["resourceNames"] = json!(names);
        }
        (everywhere, rule)
    });
    prop::collection::vec(rule, 0..4)
}

/// Whatever the rules are: no "no" where the cluster would say yes, no "yes" where it would say no, and a grade that is
/// neither below a right that the user has nor above all of them.
#[test]
fn no_answer_and_no_grade_is_wrong() {
    let env = TestEnv::new();
    let server = ApiServer::start();
    let levels = ["none", "read", "read-secrets", "write", "escalate", "admin"];
    let level = |word: &Value| levels.iter().position(|level| word == level).unwrap();
    let config = Config {
        cases: 60,
        failure_persistence: None,
        ..Config::default()
    };
    let serial = std::cell::Cell::new(0);
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let checked = runner.run(&rules(), |given| {
        serial.set(serial.get() + 1);
        let name = format!("user-{}", serial.get());
        let token = server.user(&name, None);
        let of = |wanted: bool| -> Vec<&Value> {
            given
                .iter()
                .filter(|(is, _)| *is == wanted)
                .map(|(_, rule)| rule)
                .collect()
        };
        server.grant(&name, &json!(of(false)));
        server.grant_everywhere(&name, &json!(of(true)));
        server.state().log.clear();
        let (_, json) = inspected(&env, &server.kubeconfig(&token), &[]);
        prop_assert!(server.requests().len() <= 35);
        let access = &json["access"];
        let (grade, is_floor) = (level(&access["grade"]), access["at_least"] == true);
        let mut highest = 0;
        for finding in access["findings"].as_array().unwrap() {
            let may = server.has_right(&token, finding, None);
            match finding["verdict"].as_str().unwrap() {
                "yes" => prop_assert!(may, "{finding}"),
                "no" => prop_assert!(!may, "{finding}"),
                "some" => {
                    for name in finding["names"].as_array().unwrap() {
                        prop_assert!(
                            server.has_right(&token, finding, name.as_str()),
                            "{finding}"
                        );
                    }
                }
                other => prop_assert!(false, "{other}: the server answers everything"),
            }
            // A signer and an approval count together only, and so do making Secrets and reading them.
            let is_half = finding["group"] == "certificates.k8s.io"
                || (finding["verb"] == "create" && finding["resource"] == "secrets");
            if !is_half {
                if may {
                    highest = highest.max(level(&finding["grade"]));
                }
                let named = ["one", "system:masters", "cluster-admin", "kubernetes.io/*"];
                if !is_floor
                    && named
                        .iter()
                        .any(|name| server.has_right(&token, finding, Some(name)))
                {
                    prop_assert!(grade >= level(&finding["grade"]), "{finding}: {access}");
                }
            }
        }
        prop_assert!(grade >= highest, "{access}");
        let is_granted = access["findings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|finding| finding["verdict"] != "no" && level(&finding["grade"]) >= grade);
        // Other rules make a grade of their own: what only reads, and what changes anything.
        let is_general = grade <= 1 || (grade == 3 && !given.is_empty());
        prop_assert!(is_granted || is_general, "{access}");
        Ok(())
    });
    checked.unwrap();
}

/// Rights that lead to others, by whatever words: each alone, here or everywhere.
#[test]
fn a_right_that_leads_to_others_has_its_grade() {
    let env = TestEnv::new();
    let server = ApiServer::start();
    let (rbac, admission) = ("rbac.authorization.k8s.io", "admissionregistration.k8s.io");
    let certificates = "certificates.k8s.io";
    let rule = |verbs: &str, group: &str, resources: &str, names: &[&str]| {
        let words = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
        let mut rule =
            json!({"verbs": words(verbs), "apiGroups": [group], "resources": words(resources)});
        if !names.is_empty() {
            rule["resourceNames"] = json!(names);
        }
        rule
    };
    let all: [&str; 0] = [];
    let approval = rule(
        "patch",
        certificates,
        "certificatesigningrequests/approval",
        &all,
    );
    let signer = |name: &str| rule("approve", certificates, "signers", &[name]);
    let bindings = rule("create", rbac, "rolebindings", &all);
    for (serial, (here, everywhere, expected)) in [
        // In the namespace.
        (
            vec![rule("bind", rbac, "clusterroles", &all), bindings.clone()],
            vec![],
            "escalate",
        ),
        (
            vec![rule("bind", rbac, "clusterroles", &["admin"]), bindings],
            vec![],
            "escalate",
        ),
        (vec![rule("get", "", "pods/attach", &all)], vec![], "write"),
        (
            vec![rule("get", "", "pods/portforward", &all)],
            vec![],
            "write",
        ),
        (vec![rule("get", "", "pods/proxy", &all)], vec![], "write"),
        (
            vec![rule("get", "", "services/proxy", &all)],
            vec![],
            "write",
        ),
        (
            vec![rule("create,get", "", "secrets", &all)],
            vec![],
            "escalate",
        ),
        (vec![rule("create", "", "secrets", &all)], vec![], "write"),
        (vec![rule("create", "", "pods", &all)], vec![], "write"),
        (
            vec![rule("create,update", "apps", "daemonsets", &all)],
            vec![],
            "write",
        ),
        // In the whole cluster, and so in kube-system.
        (
            vec![],
            vec![rule("create", "", "serviceaccounts/token", &all)],
            "admin",
        ),
        (
            vec![],
            vec![rule("impersonate", "", "serviceaccounts", &all)],
            "admin",
        ),
        (vec![], vec![rule("create", "", "pods", &all)], "admin"),
        (vec![], vec![rule("get", "", "pods/exec", &all)], "admin"),
        (
            vec![],
            vec![rule("patch", "apps", "daemonsets", &all)],
            "admin",
        ),
        (
            vec![],
            vec![rule("patch", "batch", "cronjobs", &all)],
            "admin",
        ),
        (vec![], vec![rule("patch", "", "namespaces", &all)], "admin"),
        (
            vec![],
            vec![rule("get,list,watch", "", "pods,nodes", &all)],
            "read",
        ),
        (vec![], vec![rule("delete", "", "pods", &all)], "write"),
        // Objects of the whole cluster.
        (
            vec![],
            vec![rule(
                "patch",
                admission,
                "mutatingwebhookconfigurations",
                &all,
            )],
            "admin",
        ),
        (
            vec![],
            vec![rule("create", admission, "mutatingadmissionpolicies", &all)],
            "admin",
        ),
        // To remove a rule of admission takes away what it demands; a new policy that only refuses gives nothing.
        (
            vec![],
            vec![rule(
                "delete",
                admission,
                "mutatingwebhookconfigurations",
                &all,
            )],
            "admin",
        ),
        (
            vec![],
            vec![rule(
                "deletecollection",
                admission,
                "mutatingadmissionpolicybindings",
                &all,
            )],
            "admin",
        ),
        (
            vec![],
            vec![rule(
                "create",
                admission,
                "validatingadmissionpolicies",
                &all,
            )],
            "write",
        ),
        (
            vec![],
            vec![rule("create", "", "persistentvolumes", &all)],
            "admin",
        ),
        (
            vec![],
            vec![
                approval.clone(),
                signer("kubernetes.io/kube-apiserver-client"),
            ],
            "admin",
        ),
        (
            vec![],
            vec![
                approval.clone(),
                signer("kubernetes.io/kube-apiserver-client-kubelet"),
            ],
            "admin",
        ),
        (
            vec![],
            vec![approval.clone(), signer("example.org/tls")],
            "write",
        ),
        (vec![], vec![approval], "write"),
        (
            vec![],
            vec![rule(
                "impersonate",
                "authentication.k8s.io",
                "userextras/scopes",
                &all,
            )],
            "escalate",
        ),
        (
            vec![],
            vec![rule(
                "create",
                "authentication.k8s.io",
                "tokenreviews",
                &all,
            )],
            "none",
        ),
        // In a namespace, a rule about the whole cluster grants nothing there.
        (
            vec![rule("create", "", "persistentvolumes", &all)],
            vec![],
            "write",
        ),
        (vec![rule("*", "*", "*", &all)], vec![], "escalate"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("user-{serial}");
        let token = server.user(&name, None);
        server.grant(&name, &json!(here));
        server.grant_everywhere(&name, &json!(everywhere));
        let (_, json) = inspected(&env, &server.kubeconfig(&token), &[]);
        let access = &json["access"];
        assert_eq!(
            (&access["grade"], &access["at_least"]),
            (&json!(expected), &json!(false)),
            "{here:?} {everywhere:?} {access:#}"
        );
    }
}

#[test]
fn a_grade_is_a_gate_before_a_kubeconfig_is_stored() {
    let env = TestEnv::new();
    let server = ApiServer::start();
    let file =
        |name: &str, role: &str| env.file(name, server.kubeconfig(&server.user(name, Some(role))));
    let (viewer, editor) = (file("viewer", "view"), file("editor", "edit"));
    let run = |words: &[&str], file: &std::path::Path| {
        let mut command = env.local();
        let output = command.args(words).arg("-f").arg(file).output().unwrap();
        (output.status.code().unwrap(), streams(&output).1)
    };
    let create = [
        "credential",
        "create",
        "--name",
        "prod",
        "--max-grade",
        "read",
        "--provider",
        "kubeconfig",
    ];
    let (code, err) = run(&create, &editor);
    assert_eq!(code, 8, "{err}");
    let (code, err) = run(&create, &viewer);
    assert_eq!(code, 0, "{err}");
    let update = ["credential", "update", "prod", "--max-grade", "write"];
    let (code, err) = run(&update, &editor);
    assert_eq!(code, 8, "{err}");
    let list = env
        .local()
        .args(["credential", "list", "-o", "json"])
        .output()
        .unwrap();
    let list: Value = serde_json::from_str(&streams(&list).0).unwrap();
    let stored: Value =
        serde_json::from_str(list["items"][0]["annotations"].as_str().unwrap()).unwrap();
    assert_eq!(stored["acpctl/grade"], "read");
    assert!(stored["acpctl/graded-at"].is_string());
}

/// The hint is about this machine, from which the request came.
#[test]
fn an_unreachable_cluster_is_one_of_this_machine() {
    let env = TestEnv::new();
    let kubeconfig = ApiServer::start().kubeconfig(ADMIN);
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = unused.local_addr().unwrap().port();
    drop(unused);
    let (before, after) = kubeconfig.split_once("server: \"").unwrap();
    let (_, after) = after.split_once('"').unwrap();
    let kubeconfig = format!("{before}server: \"https://127.0.0.1:{port}\"{after}");
    env.file("k", kubeconfig);
    for (line, begin) in [
        ("credential inspect --access -f k", "Error: network: "),
        (
            "credential create --mint view --namespace n -f k --name a --dry-run",
            "Error: nothing was created: network: ",
        ),
    ] {
        let output = env.local().args(line.split(' ')).output().unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(9), "{line}: {stderr}");
        assert!(stderr.contains(begin), "{line}: {stderr}");
        assert!(
            stderr.contains("Hint: this machine asked"),
            "{line}: {stderr}"
        );
    }
}
