//! Findings as people and programs read them: pages on a terminal, lists of several files, reports for code scanning,
//! explanations; and the kinds of findings that the users' own files have.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::oidc::jwt;
use crate::support::{TestEnv, pty, skipped, streams};

/// A kubeconfig of one context; the user is a flow-style body.
fn config(server: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: dev\n\
         contexts: [{{name: dev, context: {{cluster: c, user: u, namespace: ns}}}}]\n\
         clusters:\n- name: c\n  cluster: {{server: '{server}'}}\nusers:\n- name: u\n  user: {{{user}}}\n"
    )
}

const GOOD: &str = "https://api.example.com:6443";

/// Two contexts, faults of each severity, and a secret in every kind of place.
const FAULTY: &str = "\
apiVersion: v1
kind: Config
current-context: dev
contexts:
- name: dev
  context: {cluster: c, user: u}
- name: prod
  context: {cluster: c, user: u}
clusters:
- name: c
  cluster:
    server: http://admin:canary-userinfo@10.0.0.1:6443/?x=canary-query
    insecure-skip-tls-verify: true # canary-comment
    certificate_authority_data: canary-unknown
users:
- name: u
  user:
    token: canary-token-0123
    token: canary-second-0123
    tokn: canary-misspelt
    password: \"canary\\x2descaped\"
";

fn run(env: &TestEnv, args: &[&str]) -> (Option<i32>, String, String) {
    let output = env.acpctl().args(args).output().unwrap();
    let (stdout, stderr) = streams(&output);
    (output.status.code(), stdout, stderr)
}

fn validate(env: &TestEnv, args: &[&str]) -> (Option<i32>, String, String) {
    run(env, &[&["credential", "validate"], args].concat())
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn codes(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|it| it["code"].as_str().unwrap())
        .collect()
}

#[test]
fn a_page_has_the_worst_first_with_its_line_and_no_secret() {
    let env = TestEnv::new();
    env.file("k.yaml", FAULTY);
    for (columns, variables) in [(80, &[][..]), (200, &[]), (80, &[("NO_COLOR", "1")])] {
        let line = "\"$@\" credential validate k.yaml";
        let terminal = pty::start_with(&env, "local:", variables, line, &[], (120, columns));
        let screen = terminal.wait_for("status 7");
        let at = |text: &str| {
            screen
                .find(text)
                .unwrap_or_else(|| panic!("no {text} in\n{screen}"))
        };
        assert!(at("error[server-plain-http]") < at("warning[insecure-tls]"));
        assert!(at("warning[insecure-tls]") < at("info[no-namespace]"));
        at("--> k.yaml:13  clusters[0] \"c\" cluster.insecure-skip-tls-verify");
        at("13 |     insecure-skip-tls-verify: true\n");
        at("   |     ^^^^^^^^^^^^^^^^^^^^^^^^");
        at("server: http://***@10.0.0.1:6443/…");
        at("tokn: …");
        at("acpctl credential explain server-plain-http\n");
        let written = terminal.written();
        assert!(!written.contains("canary"), "{written}");
        assert_eq!(
            written.contains("\x1b["),
            variables.is_empty(),
            "{written:?}"
        );
        let widest = screen.lines().map(|line| line.chars().count()).max();
        assert!(widest.unwrap() <= usize::from(columns));
    }
}

#[test]
fn a_refusal_of_create_is_a_page_too() {
    let env = TestEnv::new();
    env.file("k.yaml", FAULTY);
    let line = "\"$@\" --local credential create --provider kubeconfig -f k.yaml";
    let terminal = pty::start_with(&env, "local:", &[], line, &[], (120, 80));
    let screen = terminal.wait_for("status 7");
    assert!(
        screen.contains("13 |     insecure-skip-tls-verify: true"),
        "{screen}"
    );
    assert!(!terminal.written().contains("canary"));
}

#[test]
fn no_value_of_a_text_that_can_not_be_read_is_shown() {
    let env = TestEnv::new();
    for (name, text) in [
        (
            "broken",
            "users:\n- name: canary-name\n  user:\n    token: canary-a: canary-b\n",
        ),
        (
            "flow",
            "{\"users\": [{\"user\": {\"token\": \"canary-json\"}}], \"kind\": canary-kind: x}\n",
        ),
        (
            "folded",
            "kind: Config\nusers:\n- name: u\n  user:\n    token: >\n      canary-folded: x\n   bad\n",
        ),
        (
            "place",
            "kind: Config\napiVersion: v1\nclusters:\n- name: c\n  cluster:\n    server: canary0123456789canary0123456789canary0123456789\n",
        ),
    ] {
        env.file("k.yaml", text);
        let line = "\"$@\" credential validate k.yaml";
        let terminal = pty::start_with(&env, "local:", &[], line, &[], (50, 120));
        terminal.wait_for("status 7");
        let written = terminal.written();
        assert!(written.contains("--> k.yaml"), "{name}: {written}");
        assert!(!written.contains("canary"), "{name}: {written}");
    }
}

#[test]
fn a_pipe_has_one_line_for_each_finding() {
    let env = TestEnv::new();
    env.file("k.yaml", FAULTY);
    let (status, stdout, stderr) = validate(&env, &["k.yaml"]);
    assert_eq!(status, Some(7));
    let line = "k.yaml:12: error[server-plain-http]: clusters[0] \"c\" cluster.server: \
                credentials are not sent over http\n    fix: use https\n";
    assert!(stdout.contains(line), "{stdout}");
    assert!(!format!("{stdout}{stderr}").contains("canary"));
}

#[test]
fn a_wrong_context_lists_the_right_ones_nearest_first() {
    let env = TestEnv::new();
    let contexts: String = ["staging", "dev", "production"]
        .map(|name| {
            format!("- {{name: {name}, context: {{cluster: c, user: u, namespace: ns}}}}\n")
        })
        .concat();
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: dev\ncontexts:\n{contexts}\
         clusters: [{{name: c, cluster: {{server: '{GOOD}'}}}}]\nusers: [{{name: u, user: {{token: abcdef}}}}]\n"
    );
    env.file("k.yaml", &text);
    env.file(
        "gone.yaml",
        text.replace("current-context: dev", "current-context: productoin"),
    );
    let fix = "choose one of its contexts: \"production\", ";
    for args in [
        &["k.yaml", "--context", "productoin"][..],
        &["k.yaml", "--context", "productoin", "--rules", "runner"],
        &["k.yaml", "--context", "productoin", "--rules", "kubernetes"],
        &["gone.yaml"],
    ] {
        let (status, stdout, _) = validate(&env, &[args, &["-o", "json"]].concat());
        assert_eq!(status, Some(7), "{args:?}: {stdout}");
        let value = parsed(&stdout);
        assert_eq!(codes(&value["report"]), ["context-not-found"], "{args:?}");
        let told = value["report"]["findings"][0]["fix"].as_str().unwrap();
        assert!(told.starts_with(fix), "{told}");
        assert!(
            told.contains("\"dev\"") && told.contains("\"staging\""),
            "{told}"
        );
    }
    let create = [
        "--local",
        "credential",
        "create",
        "--provider",
        "kubeconfig",
        "-f",
        "k.yaml",
    ];
    let (status, _, stderr) = run(&env, &[&create[..], &["--context", "productoin"]].concat());
    assert_eq!(status, Some(7));
    assert!(
        stderr.contains(fix) && stderr.contains("choose a context with --context NAME"),
        "{stderr}"
    );
    assert!(
        !stderr.contains("Kubernetes' own client refuses"),
        "{stderr}"
    );
}

#[test]
fn many_contexts_are_not_all_listed() {
    let env = TestEnv::new();
    let contexts: String = (0..30)
        .map(|n| format!("- {{name: c{n}, context: {{cluster: c, user: u}}}}\n"))
        .collect();
    env.file(
        "k.yaml",
        format!("kind: Config\napiVersion: v1\ncontexts:\n{contexts}"),
    );
    let (_, stdout, _) = validate(&env, &["k.yaml", "--context", "c29x"]);
    assert!(stdout.contains("contexts: \"c29\", "), "{stdout}");
    assert!(stdout.contains(", and 20 more"), "{stdout}");
}

#[test]
fn several_files_and_folders_are_judged_at_once() {
    let env = TestEnv::new();
    let good = config(GOOD, "token: abcdef");
    for name in [
        "d/a.yaml",
        "d/b.yml",
        "d/c.conf",
        "d/d.kubeconfig",
        "d/config",
        "one.txt",
    ] {
        env.file(name, &good);
    }
    env.file("d/README.md", "no kubeconfig");
    env.file("d/inner/bad.yaml", "also not looked at");
    env.file(
        "bad.yaml",
        config("http://api.example.com", "token: abcdef"),
    );
    env.file("warned.yaml", config("https://10.0.0.1", "token: abcdef"));
    std::fs::create_dir(env.work().join("empty")).unwrap();

    let (status, stdout, stderr) = validate(&env, &["d", "one.txt"]);
    assert_eq!(status, Some(0), "{stdout}{stderr}");
    assert_eq!(
        stdout.matches(": valid (context \"dev\")").count(),
        6,
        "{stdout}"
    );

    // What is invalid is worse than what a gate refuses, in any order.
    for (args, code) in [
        (&["one.txt", "warned.yaml", "--strict"][..], 8),
        (&["warned.yaml", "bad.yaml", "--strict"], 7),
        (&["bad.yaml", "warned.yaml", "--strict"], 7),
        (&["one.txt", "missing"], 7),
        (&["one.txt", "empty"], 7),
        (&["empty"], 7),
    ] {
        let (status, _, stderr) = validate(&env, args);
        assert_eq!(status, Some(code), "{args:?}: {stderr}");
    }
    let (_, _, stderr) = validate(&env, &["d", "bad.yaml", "missing"]);
    assert!(stderr.contains("bad.yaml has 1 error\n"), "{stderr}");
    assert!(
        stderr.contains("read \"missing\": no such file or directory\n"),
        "{stderr}"
    );
    assert!(
        stderr.contains("Error: 2 of 7 kubeconfigs are refused\n"),
        "{stderr}"
    );

    let (status, stdout, _) = validate(&env, &["one.txt", "missing", "bad.yaml", "-o", "json"]);
    assert_eq!(status, Some(7));
    let values = parsed(&stdout);
    assert_eq!(values[0]["file"], "one.txt");
    assert_eq!(values[0]["valid"], true);
    assert_eq!(values[1]["file"], "missing");
    assert_eq!(values[1]["valid"], false);
    assert!(
        values[1]["error"]
            .as_str()
            .unwrap()
            .contains("no such file")
    );
    assert_eq!(
        values[2]["report"]["findings"]
            .as_array()
            .map(Vec::is_empty),
        Some(false)
    );
    let (_, stdout, _) = validate(&env, &["one.txt", "-o", "json"]);
    assert_eq!(
        parsed(&stdout)["file"],
        "one.txt",
        "a single one is an object"
    );
    let (_, stdout, _) = validate(&env, &["missing", "-o", "json"]);
    assert_eq!(parsed(&stdout)["error"]["exit_code"], 7);
}

/// A SARIF report with odd names of files, and what GitHub's rule set asks for.
#[test]
fn a_report_for_code_scanning_is_complete() {
    let env = TestEnv::new();
    env.file("a dir/x ü#1.yaml", FAULTY);
    env.file("b.yaml", config("http://api.example.com", "token: '***'"));
    let absolute = env.file("c.yaml", config("https://10.0.0.1", "token: abcdef"));
    let outside = env.home().join("out side.yaml");
    std::fs::write(&outside, config("https://10.0.0.1", "token: abcdef")).unwrap();
    let files = [
        "a dir",
        "./a dir/../b.yaml",
        absolute.to_str().unwrap(),
        "../out side.yaml",
        "missing.yaml",
    ];
    let args = [&files[..], &["-o", "sarif", "--allow", "insecure-tls"]].concat();
    let (status, stdout, stderr) = validate(&env, &args);
    assert_eq!(status, Some(7));
    assert!(stderr.contains("missing.yaml"), "{stderr}");
    assert!(!stdout.contains("canary"), "{stdout}");
    let log = parsed(&stdout);
    assert_eq!(log["runs"].as_array().unwrap().len(), 1);
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        for text in ["shortDescription", "fullDescription", "help"] {
            let text = rule[text]["text"].as_str().unwrap();
            assert!(text.ends_with('.'), "{rule}");
        }
        assert!(
            rule["helpUri"].as_str().unwrap().starts_with("https://"),
            "{rule}"
        );
    }
    let results = run["results"].as_array().unwrap();
    let mut prints = std::collections::BTreeSet::new();
    let mut uris = std::collections::BTreeSet::new();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let print = result["partialFingerprints"]["acpctl/v1"].as_str().unwrap();
        assert!(prints.insert(print.to_owned()), "twice: {result}");
        let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        uris.insert(uri.as_str().unwrap().to_owned());
        let is_allowed = result["ruleId"] == "insecure-tls";
        assert_eq!(result["suppressions"].is_array(), is_allowed);
    }
    let home = env.home().to_str().unwrap();
    let expected = [
        "a%20dir/x%20%C3%BC%231.yaml".to_owned(),
        "b.yaml".to_owned(),
        "c.yaml".to_owned(),
        format!("file://{home}/out%20side.yaml"),
    ];
    assert_eq!(uris, expected.into());
    let of_http = results
        .iter()
        .find(|result| result["ruleId"] == "server-plain-http")
        .unwrap();
    assert!(
        of_http["message"]["text"]
            .as_str()
            .unwrap()
            .contains("Fix: use https")
    );
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    check_report(&env, &stdout);
}

#[test]
fn a_report_is_there_if_the_file_is_not() {
    let env = TestEnv::new();
    let (status, stdout, stderr) = validate(&env, &["missing.yaml", "-o", "sarif"]);
    assert_eq!(status, Some(7));
    assert!(
        stderr.starts_with("Error: read \"missing.yaml\""),
        "{stderr}"
    );
    let run = &parsed(&stdout)["runs"][0];
    assert_eq!(run["results"], json!([]));
    let notes = run["invocations"][0]["toolExecutionNotifications"].as_array();
    assert_eq!(notes.map(Vec::len), Some(1));
    check_report(&env, &stdout);
    // A finding that is about the size of what would be stored is a rule like any other.
    let note = "x".repeat(600 << 10);
    let large = config(GOOD, "token: abcdef").replace(
        "cluster: {",
        &format!("cluster: {{extensions: [{{name: e, extension: {note}}}], "),
    );
    env.file("large.yaml", large);
    let (status, stdout, _) = validate(&env, &["large.yaml", "-o", "sarif"]);
    assert_eq!(status, Some(0), "{stdout}");
    let log = parsed(&stdout);
    let results = log["runs"][0]["results"].as_array().unwrap();
    let found = results.iter().find(|result| result["ruleId"] == "oversize");
    assert!(found.unwrap()["ruleIndex"].is_u64(), "{stdout}");
}

/// The report under Microsoft's validator, with the rules of GitHub's service.
fn check_report(env: &TestEnv, report: &str) {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/node_modules/.bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let tool = std::env::split_paths(&path)
        .chain([own])
        .map(|folder| folder.join("sarif-multitool"))
        .find(|tool| tool.is_file());
    let Some(tool) = tool else {
        return skipped("sarif-multitool is not on PATH");
    };
    let file = env.file("report.sarif", report);
    // The wrapper of npm passes its words through a shell, so that a list of kinds would not arrive.
    for rules in ["Sarif", "Ghas"] {
        let output = std::process::Command::new(&tool)
            .arg("validate")
            .arg(&file)
            .args(["--rule-kind", rules])
            .env("HOME", env.home())
            .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        if stderr.contains("Permission denied") {
            return skipped("sarif-multitool is not executable");
        }
        assert!(output.status.success(), "{stdout}{stderr}");
        assert!(stdout.contains("1 files scanned"), "{stdout}");
        let errors: Vec<&str> = stdout
            .lines()
            .filter(|line| line.contains(": error "))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}

#[test]
fn a_placeholder_for_another_provider_is_not_taken_for_a_secret() {
    let env = TestEnv::new();
    for (n, text) in [
        "***",
        "${GITHUB_TOKEN}",
        "op://vault/item/field",
        "<token>",
        "None",
    ]
    .iter()
    .enumerate()
    {
        env.file("secret", format!("{text}\n"));
        let name = format!("n{n}");
        let create = [
            "--local",
            "credential",
            "create",
            "--provider",
            "github",
            "--name",
            &name,
            "-f",
            "secret",
        ];
        let (status, _, stderr) = run(&env, &[&create[..], &["--strict"]].concat());
        assert_eq!(status, Some(8), "{text}: {stderr}");
        assert!(!stderr.contains(text) || *text == "***", "{stderr}");
        let (status, _, stderr) = run(&env, &create);
        assert_eq!(status, Some(0), "{text}: {stderr}");
        assert!(
            stderr.contains("Warning: the secret is ") && stderr.contains("not a credential"),
            "{stderr}"
        );
        let update = [
            "--local",
            "credential",
            "update",
            &name,
            "-f",
            "secret",
            "--url",
            "https://x.example",
        ];
        let (status, _, stderr) = run(&env, &[&update[..], &["--strict"]].concat());
        assert_eq!(status, Some(8), "{text}: {stderr}");
        let (status, _, stderr) = run(&env, &update);
        assert_eq!(status, Some(0), "{text}: {stderr}");
        assert!(stderr.contains("not a credential"), "{stderr}");
        let allowed = [
            "--allow",
            "placeholder-value",
            "--if-exists",
            "update",
            "--strict",
        ];
        let (status, _, stderr) = run(&env, &[&create[..], &allowed].concat());
        assert_eq!(status, Some(0), "{text}: {stderr}");
        assert!(!stderr.contains("not a credential"), "{stderr}");
    }
    env.file("secret", "ghp_0123456789abcdefghij\n");
    let create = [
        "--local",
        "credential",
        "create",
        "--provider",
        "github",
        "--name",
        "good",
        "-f",
        "secret",
    ];
    let (status, _, stderr) = run(&env, &[&create[..], &["--strict"]].concat());
    assert_eq!(status, Some(0), "{stderr}");
}

#[test]
fn codes_are_explained() {
    let env = TestEnv::new();
    let (status, stdout, _) = run(&env, &["credential", "explain", "server-plain-http"]);
    assert_eq!(status, Some(0));
    for part in [
        "server-plain-http (error)",
        "Reported if: ",
        "--allow server-plain-http",
        "Fix: use https",
    ] {
        assert!(stdout.contains(part), "{stdout}");
    }
    let (status, stdout, _) = run(&env, &["credential", "explain"]);
    assert_eq!(status, Some(0));
    let (_, names, _) = run(&env, &["credential", "explain", "-o", "name"]);
    assert_eq!(stdout.lines().count(), names.lines().count());
    for name in names.lines() {
        assert!(stdout.lines().any(|line| line.starts_with(name)), "{name}");
    }
    let (_, stdout, _) = run(
        &env,
        &["credential", "explain", "token-expired", "-o", "json"],
    );
    let value = parsed(&stdout);
    assert_eq!(value["code"], "token-expired");
    assert_eq!(value["severity"], "error");
    let (_, stdout, _) = run(&env, &["credential", "explain", "-o", "json"]);
    assert_eq!(
        parsed(&stdout).as_array().unwrap().len(),
        names.lines().count()
    );
    let (status, _, stderr) = run(&env, &["credential", "explain", "token-expird"]);
    assert_eq!(status, Some(2));
    assert!(stderr.contains("did you mean token-expired?"), "{stderr}");
    let (status, _, stderr) = run(&env, &["credential", "explain", "zzzzzzzzzz"]);
    assert_eq!(status, Some(2));
    assert!(stderr.contains("acpctl credential explain"), "{stderr}");
}

/// The codes that a kubeconfig must have, beside the exit code.
fn assert_found(env: &TestEnv, text: &str, code: i32, wanted: &[&str]) {
    env.file("k.yaml", text);
    let (status, stdout, _) = validate(env, &["k.yaml", "-o", "json", "--rules", "all"]);
    let value = parsed(&stdout);
    let found: Vec<&str> = codes(&value["report"])
        .into_iter()
        .filter(|code| *code != "system-trust")
        .collect();
    assert_eq!(found, wanted, "{text}");
    assert_eq!(status, Some(code), "{text}");
}

#[test]
fn placeholders_in_kubeconfigs_are_found() {
    let env = TestEnv::new();
    for (user, codes) in [
        ("token: '***'", &["placeholder-value"][..]),
        ("token: '[MASKED]'", &["placeholder-value"]),
        ("token: '${KUBE_TOKEN}'", &["placeholder-value"]),
        ("token: '$KUBE_TOKEN'", &["placeholder-value"]),
        (
            "token: 'ENC[AES256_GCM,data:x,type:str]'",
            &["placeholder-value"],
        ),
        ("token: 'op://vault/item/field'", &["placeholder-value"]),
        ("token: changeme", &["placeholder-value"]),
        ("token: '<token>'", &["redacted-value"]),
        (
            "username: u, password: '****'",
            &["placeholder-value", "basic-auth"],
        ),
    ] {
        assert_found(&env, &config(GOOD, user), 7, codes);
    }
}

#[test]
fn tokens_with_a_short_life_are_found() {
    let env = TestEnv::new();
    let of_eks = |date: &str| {
        let url =
            format!("https://sts.eu-west-1.amazonaws.com/?X-Amz-Date={date}&X-Amz-Expires=60");
        format!("token: k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url))
    };
    for (user, status, code) in [
        (of_eks("20240101T000000Z"), 7, "token-expired"),
        (
            "token: ya29.a0AfB_byC0123456789".to_owned(),
            0,
            "token-short-lived",
        ),
        (
            "token: 'ci:12:glcbt-64_abcdefghijkl'".to_owned(),
            0,
            "token-short-lived",
        ),
        (
            "token: 'sha256~abcdefghijklmnopqrst'".to_owned(),
            0,
            "token-short-lived",
        ),
    ] {
        assert_found(&env, &config(GOOD, &user), status, &[code]);
    }
}

#[test]
fn the_end_of_an_oidc_token_is_read() {
    let env = TestEnv::new();
    let user = |end: i64, more: &str| {
        let token = jwt(&json!({"exp": end}));
        format!(
            "auth-provider: {{name: oidc, config: {{idp-issuer-url: 'https://i.example.com', client-id: x, id-token: {token}{more}}}}}"
        )
    };
    let ended = config(GOOD, &user(1_700_000_000, ""));
    assert_found(&env, &ended, 7, &["token-expired", "auth-provider"]);
    let lasting = config(GOOD, &user(4_070_908_800, ""));
    assert_found(&env, &lasting, 0, &["auth-provider"]);
    let (status, ..) = validate(&env, &["k.yaml", "--min-ttl", "60000d"]);
    assert_eq!(status, Some(8), "the end counts for --min-ttl");
}

#[test]
fn addresses_that_only_work_here_are_found() {
    let env = TestEnv::new();
    for (server, status, code) in [
        ("https://api.crc.testing:6443", 7, "server-loopback"),
        ("https://127.0.0.1.nip.io:6443", 7, "server-loopback"),
        ("https://127-0-0-1.sslip.io", 7, "server-loopback"),
        ("https://lvh.me:6443", 7, "server-loopback"),
        (
            "https://host.rancher-desktop.internal:6443",
            7,
            "server-loopback",
        ),
        ("https://host.orb.internal:6443", 7, "server-loopback"),
        ("https://10-0-0-5.sslip.io", 0, "server-private"),
        ("https://host.tail1234.ts.net", 0, "server-private"),
        (
            "https://x.privatelink.westeurope.azmk8s.io",
            0,
            "server-private",
        ),
    ] {
        assert_found(&env, &config(server, "token: abcdef"), status, &[code]);
    }
}

#[test]
fn addresses_that_can_not_be_are_told_apart() {
    let env = TestEnv::new();
    for (server, code, why) in [
        ("https://bad host:6443", "bad-server", "a blank"),
        ("https:// api.example.com", "bad-server", "a blank"),
        ("https://${HOST}:6443", "bad-server", "a template"),
        (
            "https://https://api.example.com",
            "server-impossible",
            "two schemes",
        ),
        (
            "https://a..example.com",
            "server-impossible",
            "a part of the host's name",
        ),
        (
            "https://api.example.com:70000",
            "server-impossible",
            "the port",
        ),
        (
            "https://\u{202a}api.example.com",
            "server-impossible",
            "an invisible",
        ),
    ] {
        assert_found(&env, &config(server, "token: abcdef"), 7, &[code]);
        let (_, stdout, _) = validate(&env, &["k.yaml"]);
        assert!(stdout.contains(why), "{server}: {stdout}");
        assert!(!stdout.contains("server-no-scheme"), "{stdout}");
    }
}
