//! What is known about the access of credentials: compared, gated, shown; and what was sent to find out.

use std::collections::BTreeSet;
use std::process::Command;

use base64::Engine as _;
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::mint::{Bench, MINT, login_program, program_that_prints};
use crate::support::apiserver::{ADMIN, ApiServer};
use crate::support::run::{Line as _, Run as _};
use crate::support::{TestEnv, schema, skipped};

/// A store with a viewer's kubeconfig and an editor's.
fn store() -> (TestEnv, ApiServer) {
    let env = TestEnv::new();
    let server = ApiServer::start();
    for (name, role) in [
        ("viewer", Some("view")),
        ("editor", Some("edit")),
        ("nobody", None),
    ] {
        let token = server.user(name, role);
        env.file(name, server.kubeconfig(&token));
        let line = format!("credential create -f {name} --name {name} --allow server-loopback");
        env.local().line(&line).stdout();
    }
    env.file("admin", server.kubeconfig(ADMIN));
    let line = "credential create -f admin --name admin --allow server-loopback";
    env.local().line(line).stdout();
    let line = "credential create --provider github --name git --token t";
    env.local().line(line).stdout();
    (env, server)
}

#[test]
fn several_credentials_are_compared_in_one_table() {
    let (env, server) = store();
    assert_snapshot!(env.local().line("credential inspect viewer editor nobody admin --access").shown(), @r"
    NAME     GRADE      SCOPE              REASON
    viewer   read       namespace team-a   reads objects
    editor   escalate   namespace team-a   create serviceaccounts/token
    nobody   none       namespace team-a   -
    admin    admin      cluster            everything
    ");
    let all = env
        .local()
        .line("credential inspect --all --access -o json")
        .stdout();
    let all: Value = serde_json::from_str(&all).unwrap();
    assert_eq!(schema::faults("inspections", &all), [""; 0]);
    assert_eq!(all.as_array().unwrap().len(), 4, "kubeconfigs alone");
    let (code, ..) = env
        .local()
        .line("credential inspect --all --access --max-grade read")
        .told();
    assert_eq!(code, Some(8));
    for line in [
        "credential inspect viewer editor",
        "credential inspect --all",
        "credential inspect viewer --all --access",
    ] {
        let before = server.requests().len();
        assert_eq!(env.local().line(line).told().0, Some(2), "{line}");
        assert_eq!(server.requests().len(), before);
    }
    // One that is not known has a row, and the run fails.
    let other = server.user("ended", Some("view"));
    env.file("ended", server.kubeconfig(&other));
    env.local()
        .line("credential create -f ended --name ended --allow server-loopback")
        .stdout();
    server.forget_user(&other);
    let (code, stdout, stderr) = env
        .local()
        .line("credential inspect ended viewer --access")
        .told();
    assert_eq!(code, Some(4), "{stdout}{stderr}");
    assert!(stdout.contains("unknown"), "{stdout}");
    assert!(
        stderr.contains("the access of 1 of 2 credentials is not known"),
        "{stderr}"
    );
    let all = env
        .local()
        .line("credential inspect ended viewer --access -o json")
        .told()
        .1;
    let all: Value = serde_json::from_str(&all).unwrap();
    assert_eq!(schema::faults("inspections", &all), [""; 0]);
}

#[test]
fn a_manifest_passes_the_gate_before_anything_is_written() {
    let env = TestEnv::new();
    let server = ApiServer::start();
    let token = server.user("editor", Some("edit"));
    env.file("kubeconfig", server.kubeconfig(&token));
    env.file(
        "team.yaml",
        "kind: Project\nname: web\n---\nkind: Credential\nname: prod\nprovider: kubeconfig\ntokenFrom: {file: kubeconfig}\n",
    );
    let apply = |limit: &str| {
        let line = format!("apply -f team.yaml --allow server-loopback --max-grade {limit}");
        env.local().line(&line).told()
    };
    let (code, stdout, stderr) = apply("read");
    assert_eq!((code, stdout.as_str()), (Some(8), ""), "{stderr}");
    assert!(stderr.contains("has the grade escalate"), "{stderr}");
    assert_eq!(env.local().line("credential get prod").told().0, Some(3));
    assert_eq!(env.local().line("get project web").told().0, Some(3));
    let (code, _, stderr) = apply("escalate");
    assert_eq!(code, Some(0), "{stderr}");
    let annotations = |env: &TestEnv| -> Value {
        let shown = env.local().line("credential get prod -o json").stdout();
        let shown: Value = serde_json::from_str(&shown).unwrap();
        serde_json::from_str(shown["annotations"].as_str().unwrap()).unwrap()
    };
    let stored = annotations(&env);
    assert_eq!(stored["acpctl/grade"], "escalate");
    // The same again changes nothing.
    let (code, stdout, stderr) = apply("escalate");
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("unchanged"), "{stdout}");
    assert_eq!(annotations(&env), stored);
    // The grade and its time are shown where people look at a session.
    env.local()
        .line("credential bind prod --project web")
        .stdout();
    let preview = env.local().line("session preview --project web").stdout();
    assert!(preview.contains("escalate, asked 20"), "{preview}");
    let explain = env
        .local()
        .line("session explain --project web -o wide")
        .stdout();
    assert!(explain.contains("escalate, asked 20"), "{explain}");
    let explain = env
        .local()
        .line("session explain --project web -o json")
        .stdout();
    let explain: Value = serde_json::from_str(&explain).unwrap();
    assert_eq!(schema::faults("resolution", &explain), [""; 0]);
    assert_eq!(explain["candidates"][0]["access"]["grade"], "escalate");
}

#[test]
fn orphans_are_found_in_every_namespace() {
    let bench = Bench::new();
    for name in ["one", "two"] {
        bench.ok(&format!(
            "credential create --mint view --name {name} --namespace default --yes"
        ));
    }
    bench.ok("credential delete one --yes --force");
    // The context's namespace is another one.
    let orphans = bench.ok("credential list --orphans --context dev");
    assert!(
        orphans.contains("was made for credential/one,"),
        "{orphans}"
    );
    assert_eq!(orphans.lines().count(), 1, "{orphans}");
    let json = bench.ok("credential list --orphans --context dev -o json");
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(schema::faults("orphans", &json), [""; 0]);
    assert_eq!(json["accounts"][0]["namespace"], "default");
    assert_eq!(json["namespaces"], Value::Null, "all of them");
}

/// Who may not list the accounts of the whole cluster looks where the credentials lead.
#[test]
fn who_sees_one_namespace_is_told_about_the_others() {
    let mut bench = Bench::new();
    bench.ok(MINT);
    bench.ok("credential create --mint view --name far --namespace default --yes");
    let token = bench.server.user("manager", Some("admin"));
    let own = bench.server.kubeconfig(&token);
    bench.use_kubeconfig(&own);
    let (code, stdout, stderr) = bench.run("credential list --orphans --context dev");
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
    assert!(
        stderr.contains("you may not list the accounts of the namespace default"),
        "{stderr}"
    );
    assert!(
        stderr.contains("The namespace team-a and the platform agree"),
        "{stderr}"
    );
}

/// One life of a credential, with a client certificate as the user's own login.
const LIFE: [&str; 6] = [
    "credential inspect --access --context dev",
    "credential create --mint debug --name prod --yes --dry-run",
    "credential create --mint debug --name prod --yes",
    "credential inspect prod --access",
    "credential renew prod",
    "credential revoke prod --yes",
];

#[test]
fn the_log_of_the_cluster_holds_no_secret() {
    let mut bench = Bench::new();
    let cluster = &bench.server.cluster;
    let (certificate, key) = (
        cluster.client_certificate.clone(),
        cluster.client_key.clone(),
    );
    let own = bench.server.kubeconfig_of(&format!(
        "{{client-certificate-data: {certificate}, client-key-data: {key}}}"
    ));
    // The file names another cluster, too.
    let other = ApiServer::start();
    let own = own.replace(
        "clusters: [",
        &format!(
            "clusters: [{{name: other, cluster: {{server: \"{}\", certificate-authority-data: {}}}}}, ",
            other.cluster.server, other.cluster.ca
        ),
    );
    bench.use_kubeconfig(&own);
    let mut secrets = Vec::new();
    for line in LIFE {
        let before = bench.server.requests().len();
        bench.ok(line);
        let sent = bench.server.requests().split_off(before);
        assert!(!sent.is_empty(), "{line}");
        if line.contains("--dry-run") {
            assert!(
                sent.iter().all(|request| !request.contains("/token")),
                "{sent:?}"
            );
        }
        if line.contains("--mint") && !line.contains("--dry-run") || line.contains("renew") {
            secrets.push(bench.stored_token("prod"));
        }
    }
    assert_eq!(secrets.len(), 2);
    // The private key, as the file has it and as text.
    let pem = base64::engine::general_purpose::STANDARD
        .decode(&key)
        .unwrap();
    let pem = String::from_utf8(pem).unwrap();
    let inner: String = pem.lines().filter(|line| !line.starts_with("--")).collect();
    let keys = [key, pem.clone(), inner];
    for sent in &bench.server.state().log {
        let headers: Vec<String> = sent
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        let address = format!("{}?{}", sent.path, sent.query);
        for key in &keys {
            assert!(!sent.body.contains(key.as_str()), "{sent:?}");
            assert!(!headers.join("\n").contains(key.as_str()), "{sent:?}");
            assert!(!address.contains(key.as_str()), "{sent:?}");
        }
        for secret in &secrets {
            assert!(!address.contains(secret.as_str()), "{sent:?}");
            assert!(!sent.body.contains(secret.as_str()), "{sent:?}");
        }
        // Where a minted token is tried, the user's own login is left out.
        let has_token = headers
            .iter()
            .any(|line| line.starts_with("authorization:"));
        assert!(has_token != sent.has_certificate, "{sent:?}");
    }
    assert!(other.requests().is_empty());
}

#[test]
fn no_other_host_is_reached() {
    let bench = Bench::new();
    let Some(port) = bench.server.cluster.server.rsplit(':').next() else {
        return;
    };
    for line in LIFE {
        let prepared = bench.command(line);
        let file = bench.env.work().join("calls");
        let mut command = Command::new("strace");
        command
            .args(["-f", "-qq", "-e", "trace=connect,sendto", "-o"])
            .arg(&file)
            .arg(prepared.get_program())
            .args(prepared.get_args());
        bench.equip(&mut command, &prepared);
        let ran = command.output();
        if !ran.as_ref().is_ok_and(|output| output.status.success()) && !file.exists() {
            skipped("strace is missing or may not trace: connections were not looked at");
            return;
        }
        assert!(ran.unwrap().status.success(), "{line}");
        let calls = std::fs::read_to_string(&file).unwrap();
        let connects = calls.lines().filter(|line| line.contains("sin_port="));
        let ports: BTreeSet<&str> = connects
            .filter_map(|line| line.split("htons(").nth(1)?.split(')').next())
            .collect();
        assert_eq!(ports, BTreeSet::from([port]), "{line}: {calls}");
        std::fs::remove_file(&file).unwrap();
    }
}

#[test]
fn plans_fit_their_schemas() {
    let bench = Bench::new();
    let shown = bench.ok(&format!("{MINT} --dry-run -o json"));
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(schema::faults("minting", &shown), [""; 0]);
    bench.ok("create project --name demo");
    bench.ok("credential create --provider github --name git --token t --bind demo");
    bench.ok("credential create --provider github --name more --token t");
    let shown = bench.ok("credential bind more --project demo --plan -o json");
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(schema::faults("binding-plan", &shown), [""; 0]);
    assert_ne!(shown["agents"], json!([]));
}

/// Others may have stored a kubeconfig with a program.
#[test]
fn all_starts_no_login_program() {
    let (env, server) = store();
    let marker = env.work().join("ran");
    let user = login_program(&env, ADMIN);
    let program = env.work().join("login");
    let script = std::fs::read_to_string(&program).unwrap();
    let script = script.replacen('\n', &format!("\necho ran > {}\n", marker.display()), 1);
    std::fs::write(&program, script).unwrap();
    env.file("plugged", server.kubeconfig_of(&user));
    let create = "credential create -f plugged --name plugged --allow server-loopback --allow exec-plugin --allow exec-relative-command";
    env.local().line(create).stdout();
    let all = "credential inspect --all --access --allow exec-plugin";
    let (code, stdout, stderr) = env.local().line(all).told();
    assert_eq!(code, Some(11), "{stdout}{stderr}");
    assert!(!marker.exists(), "{stdout}{stderr}");
    assert!(
        stdout.contains("viewer") && stdout.contains("unknown"),
        "{stdout}"
    );
    let one = "acpctl --local credential inspect plugged --access --allow exec-plugin";
    assert!(stderr.contains(one), "{stderr}");
    let (code, stdout, stderr) = env.local().line(&one["acpctl --local ".len()..]).told();
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(marker.exists());
}

#[test]
fn what_a_login_program_says_is_read_to_its_end() {
    let bench = Bench::of_user("{token: unused-token-0123456789}");
    let ended = json!({"token": ADMIN, "expirationTimestamp": "2001-02-03T04:05:06Z"});
    for (status, late, expected) in [
        (ended, "", 4),
        (
            json!({"token": ADMIN}),
            "head -c 3000000 /dev/zero | tr '\\0' x >&2; echo >&2; echo later >&2\n",
            0,
        ),
        (
            json!({}),
            "echo eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln >&2; exit 3\n",
            4,
        ),
        (
            json!({}),
            "echo 'refused: sha256~canary-eyJhbGci-0123456789' >&2; exit 3\n",
            4,
        ),
        (
            json!({}),
            "echo '{\"access_token\": \"canary-eyJhbGci-0\"}' >&2; exit 3\n",
            4,
        ),
    ] {
        let user = program_that_prints(&bench.env, &status);
        let program = bench.env.work().join("login");
        let script = std::fs::read_to_string(&program).unwrap();
        std::fs::write(&program, script.replacen("cat ", &format!("{late}cat "), 1)).unwrap();
        bench.env.file("own", bench.server.kubeconfig_of(&user));
        let (code, out, err) = bench.run("credential inspect --access -f own --allow exec-plugin");
        assert_eq!(code, expected, "{out}{err}");
        assert_eq!(err.contains("\nlater\n"), expected == 0, "{err}");
        assert!(!err.contains("eyJhbGci"), "{err}");
        if late.is_empty() {
            assert!(
                err.contains("prints a login that has ended already (2001-02-03"),
                "{err}"
            );
        }
    }
}
