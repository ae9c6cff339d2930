//! One file: a page on a terminal, lines in a pipe.

use crate::findings::{FAULTY, GOOD, codes, parsed, run, validate};
use crate::support::{TestEnv, pty};

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
fn explanations_fit_the_terminal() {
    let env = TestEnv::new();
    for code in ["", " server-loopback", " managed-tls"] {
        let line = format!("\"$@\" credential explain{code}");
        let terminal = pty::start_with(&env, "local:", &[], &line, &[], (60, 80));
        terminal.wait_for("status 0");
        let written = terminal.written();
        let long = written.lines().find(|line| line.chars().count() > 80);
        assert_eq!(long, None);
    }
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
