//! `credential create --mint`, `renew` and `revoke`: from a login program to an access that is gone again.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::apiserver::{ADMIN, ApiServer};
use crate::support::pty::start;
use crate::support::{TestEnv, skipped, streams};

/// A cluster, a store, and the user's own kubeconfig for the cluster.
pub struct Bench {
    pub env: TestEnv,
    pub server: ApiServer,
    file: PathBuf,
}

/// A command line that mints the credential `prod`.
pub const MINT: &str = "credential create --mint view --name prod --yes";

impl Bench {
    pub fn new() -> Self {
        Self::of_user(&format!("{{token: {ADMIN}}}"))
    }

    pub fn of_user(user: &str) -> Self {
        let env = TestEnv::new();
        let server = ApiServer::start();
        let file = env.file("kubeconfig", server.kubeconfig_of(user));
        Self { env, server, file }
    }

    /// Replaces the user's own kubeconfig. Returns the old one.
    pub fn use_kubeconfig(&mut self, text: &str) -> String {
        let old = std::fs::read_to_string(&self.file).unwrap();
        std::fs::write(&self.file, text).unwrap();
        old
    }

    /// The user's own kubeconfig.
    pub fn file(&self) -> &std::path::Path {
        &self.file
    }

    pub fn command(&self, line: &str) -> assert_cmd::Command {
        let mut command = self.env.local();
        command.env("KUBECONFIG", &self.file);
        let line = if line.contains("--mint ") {
            format!("{line} --context dev")
        } else {
            line.to_owned()
        };
        command.args(line.split(' ').map(|word| word.replace('_', " ")));
        command
    }

    /// Gives a command the folder and the variables of a prepared one, and no others.
    pub fn equip(&self, command: &mut Command, prepared: &assert_cmd::Command) {
        command.env_clear().current_dir(self.env.work());
        for (name, value) in prepared.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
    }

    /// Exit status and both streams.
    pub fn run(&self, line: &str) -> (i32, String, String) {
        let output = self.command(line).output().unwrap();
        let (out, err) = streams(&output);
        (output.status.code().unwrap(), out, err)
    }

    /// A run that must succeed. Returns standard output.
    pub fn ok(&self, line: &str) -> String {
        let (code, out, err) = self.run(line);
        assert_eq!(code, 0, "{line}: {out}{err}");
        out
    }

    /// The stored token.
    pub fn stored_token(&self, name: &str) -> String {
        let text = self.ok(&format!("credential token {name}"));
        let line = text.lines().find(|line| line.contains("token: "));
        line.unwrap()
            .trim()
            .trim_start_matches("token: ")
            .to_owned()
    }

    pub fn annotations(&self, name: &str) -> Value {
        let shown = self.ok(&format!("credential get {name} -o json"));
        let shown: Value = serde_json::from_str(&shown).unwrap();
        serde_json::from_str(shown["annotations"].as_str().unwrap()).unwrap()
    }

    /// The objects in the cluster that acpctl has made.
    pub fn objects(&self) -> Vec<String> {
        let kinds = ["serviceaccounts", "roles", "rolebindings", "secrets"];
        let names = kinds.iter().flat_map(|kind| {
            let names = self.server.names(kind).into_iter();
            names.map(move |name| format!("{kind}/{name}"))
        });
        names.filter(|name| name.contains("/acpctl-")).collect()
    }

    /// The notes of unfinished runs.
    pub fn notes(&self) -> usize {
        let folder = self.env.home().join(".local/share/ambient/minting");
        let Ok(found) = std::fs::read_dir(folder) else {
            return 0;
        };
        let notes = found.filter(|entry| {
            let path = entry.as_ref().unwrap().path();
            path.extension().is_some_and(|end| end == "json")
        });
        notes.count()
    }
}

/// A login program for the token.
pub fn login_program(env: &TestEnv, token: &str) -> String {
    program_that_prints(env, &json!({"token": token}))
}

/// A login program that answers with this status.
pub fn program_that_prints(env: &TestEnv, status: &Value) -> String {
    let answer = json!({"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": status});
    let script = format!(
        "#!/bin/sh\necho 'Open https://login.example.org in a browser' >&2\ncat <<'END'\n{answer}\nEND\n"
    );
    let program = env.file("login", script);
    std::fs::set_permissions(
        &program,
        std::os::unix::fs::PermissionsExt::from_mode(0o700),
    )
    .unwrap();
    format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {}, interactiveMode: Never}}}}",
        program.display()
    )
}

#[test]
fn from_a_login_program_to_an_access_that_is_gone_again() {
    let mut bench = Bench::new();
    let own = bench.server.user("manager", Some("admin"));
    let user = login_program(&bench.env, &own);
    bench.file = bench
        .env
        .file("kubeconfig", bench.server.kubeconfig_of(&user));
    bench.ok("create project --name team-a");

    // What could the login do? Too much to hand it over.
    let (code, out, err) = bench
        .run("credential inspect --access -f kubeconfig --allow exec-plugin --max-grade write");
    assert_eq!(code, 8, "{err}");
    assert!(out.contains("Grade       escalate\n"), "{out}");
    assert!(
        err.contains("Open https://login.example.org in a browser\n"),
        "{err}"
    );

    // The refusal of the kubeconfig itself shows the line that makes an account with few rights.
    let (code, _, err) = bench.run("credential create -f kubeconfig --context dev --name other");
    assert_eq!(code, 7, "{err}");
    let accept = "to store it knowingly, add --allow exec-plugin --allow exec-relative-command\n";
    assert!(err.contains(accept), "{err}");
    let line = err
        .split('`')
        .find(|it| it.starts_with("acpctl "))
        .expect(&err);
    let line = line.strip_prefix("acpctl --local ").expect(&err);
    let flags = "--mint view-no-secrets --allow exec-plugin --name other";
    assert!(line.ends_with(flags), "{line}");
    bench.ok(&format!("{line} --yes"));
    bench.ok("credential revoke other --yes --allow exec-plugin");

    // An account with few rights instead, stored and bound.
    let (code, out, err) = bench.run(
        "credential create --mint view --name prod --bind team-a --ttl 1h --max-grade read --allow exec-plugin --yes",
    );
    assert_eq!(
        (code, out.as_str()),
        (
            0,
            "credential/prod created\ncredential/prod bound to project/team-a\n"
        ),
        "{err}"
    );
    let minted = bench.annotations("prod");
    assert_eq!(minted["acpctl/grade"], "read");
    assert_eq!(minted["acpctl/mint-role"], "view");
    let first = bench.stored_token("prod");
    assert_eq!(bench.server.live_tokens(), [first.as_str()]);
    assert_eq!(bench.notes(), 0);

    // A session uses it.
    let (code, shown, err) =
        bench.run("session exec --credential prod -- kubectl auth can-i --list");
    if code == 127 {
        skipped("kubectl is not installed");
    } else {
        assert_eq!(code, 0, "{err}");
        assert!(shown.contains("pods/log"), "{shown}");
        assert!(!shown.contains("pods/exec"), "{shown}");
    }

    // The new token replaces the old one; the account stays.
    let out = bench.ok("credential renew prod --allow exec-plugin");
    assert_eq!(out, "credential/prod renewed\n");
    let second = bench.stored_token("prod");
    assert_ne!(first, second);
    assert_eq!(bench.server.live_tokens(), [second.as_str()]);
    assert_eq!(
        bench.annotations("prod")["acpctl/mint-id"],
        minted["acpctl/mint-id"]
    );
    assert_ne!(
        bench.annotations("prod")["acpctl/mint-anchor"],
        minted["acpctl/mint-anchor"]
    );

    let out = bench.ok("credential revoke prod --yes --allow exec-plugin");
    assert_eq!(out, "credential/prod revoked\n");
    assert!(bench.objects().is_empty(), "{:?}", bench.objects());
    assert!(bench.server.live_tokens().is_empty());
    assert_eq!(bench.run("credential get prod").0, 3);

    // What was sent: the user's own token in no body, no token in an address.
    for sent in &bench.server.state().log {
        for secret in [&own, &first, &second] {
            assert!(!sent.body.contains(secret.as_str()), "{sent:?}");
            assert!(!sent.path.contains(secret.as_str()), "{sent:?}");
            assert!(!sent.query.contains(secret.as_str()), "{sent:?}");
        }
    }
}

#[test]
fn a_login_program_may_print_a_token_and_a_certificate() {
    use base64::Engine as _;
    let mut bench = Bench::new();
    let decoded = |text: &str| {
        let bytes = base64::engine::general_purpose::STANDARD.decode(text);
        String::from_utf8(bytes.unwrap()).unwrap()
    };
    let certificate = decoded(&bench.server.cluster.client_certificate);
    let key = decoded(&bench.server.cluster.client_key);
    let foreign = include_str!("../session/probe/logins/sec1.pem");
    let allowed = "credential inspect --access -f kubeconfig --allow exec-plugin";

    let status =
        json!({"token": ADMIN, "clientCertificateData": certificate, "clientKeyData": key});
    let user = program_that_prints(&bench.env, &status);
    bench.use_kubeconfig(&bench.server.kubeconfig_of(&user));
    bench.ok(allowed);
    for sent in &bench.server.state().log {
        let token = sent
            .headers
            .iter()
            .find(|(name, _)| name == "authorization");
        assert_eq!(token.unwrap().1, format!("Bearer {ADMIN}"));
        assert!(sent.has_certificate, "{sent:?}");
    }

    bench.server.state().log.clear();
    let status =
        json!({"token": ADMIN, "clientCertificateData": certificate, "clientKeyData": foreign});
    program_that_prints(&bench.env, &status);
    let (code, out, err) = bench.run(allowed);
    assert_eq!((code, out.as_str()), (4, ""), "{err}");
    let why = "prints a login that can't be used: the client key does not belong to the client certificate";
    assert!(err.contains(why), "{err}");
    assert!(bench.server.requests().is_empty());
}

#[test]
fn a_dry_run_asks_the_cluster_and_makes_nothing() {
    let bench = Bench::new();
    let (code, out, err) = bench.run(&format!("{MINT} --dry-run"));
    assert_eq!(
        (code, out.as_str()),
        (0, "credential/prod created (dry run)\n"),
        "{err}"
    );
    assert!(err.contains("RoleBinding acpctl-prod-"), "{err}");
    let requests = bench.server.requests();
    assert!(
        requests.iter().all(|sent| !sent.contains("/token")),
        "{requests:?}"
    );
    let changes = requests.iter().filter(|sent| !sent.starts_with("GET"));
    assert!(changes.clone().count() >= 3, "{requests:?}");
    assert!(
        changes.clone().all(|sent| sent.ends_with("?dryRun=All")),
        "{requests:?}"
    );
    assert!(bench.objects().is_empty());
    let shown = bench.ok(&format!("{MINT} --dry-run -o json"));
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["objects"].as_array().unwrap().len(), 3);
    assert_eq!(bench.notes(), 0);
}

#[test]
fn a_dry_run_of_a_revocation_shows_what_goes_and_changes_nothing() {
    let bench = Bench::new();
    bench.ok("credential create --mint debug --name prod --yes");
    let (objects, live) = (bench.objects(), bench.server.live_tokens());
    let name = format!(
        "acpctl-{}",
        bench.annotations("prod")["acpctl/mint-id"]
            .as_str()
            .unwrap()
    );
    bench.server.change("roles", &name, |role| {
        role["metadata"]["labels"]["acpctl/id"] = "another".into();
    });
    bench.server.state().log.clear();
    let (code, out, err) = bench.run("credential revoke prod --dry-run");
    assert_eq!(
        (code, out.as_str()),
        (0, "credential/prod revoked (dry run)\n"),
        "{err}"
    );
    for line in [
        "In the namespace team-a of https://".to_owned(),
        format!("  RoleBinding {name}: removed\n"),
        format!("  Secret {name}-a: removed\n"),
        format!(
            "  Role {name}: kept, because it does not have the label acpctl/id={}\n",
            name.trim_start_matches("acpctl-")
        ),
        format!("  ServiceAccount {name}: removed\n"),
        "  credential/prod: deleted\n".to_owned(),
    ] {
        assert!(err.contains(&line), "{line}: {err}");
    }
    let shown = bench.ok("credential revoke prod --dry-run -o json");
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["name"], "prod");
    assert_eq!(shown["objects"].as_array().unwrap().len(), 4);
    assert_eq!(
        shown["objects"][2],
        json!({"kind": "Role", "name": name, "result": "kept"})
    );
    let requests = bench.server.requests();
    assert!(
        requests.iter().all(|line| line.starts_with("GET ")),
        "{requests:?}"
    );
    assert_eq!(
        (bench.objects(), bench.server.live_tokens(), bench.notes()),
        (objects, live, 0)
    );
}

#[test]
fn a_forgotten_role_is_named() {
    let bench = Bench::new();
    for next in ["--dry-run", "--yes", "-o", "--ttl=1h"] {
        let (code, out, err) = bench.run(&format!("credential create --mint={next} --name prod"));
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        let words = format!("Error: --mint needs the name of a role, and gets \"{next}\"\n");
        assert!(err.starts_with(&words), "{err}");
        let hint = "name view, view-no-secrets, edit-no-secrets, debug, or a ClusterRole: acpctl --local credential create --mint view --context NAME";
        assert!(err.contains(hint), "{err}");
    }
    assert!(bench.server.requests().is_empty());
}

#[test]
fn minting_and_inspecting_mean_the_same_namespace() {
    let mut bench = Bench::new();
    let text = bench
        .server
        .kubeconfig(ADMIN)
        .replace(", namespace: team-a", "");
    bench.use_kubeconfig(&text);
    let inspected = bench.ok("credential inspect --access --context dev -o json");
    let inspected: Value = serde_json::from_str(&inspected).unwrap();
    let minted = bench.ok(&format!("{MINT} --dry-run -o json"));
    let minted: Value = serde_json::from_str(&minted).unwrap();
    assert_eq!(minted["namespace"], "default");
    assert_eq!(inspected["namespace"], minted["namespace"], "{inspected}");
    let page = bench.ok("credential inspect --access --context dev -n team-b");
    assert!(page.contains("\nNamespace   team-b\n"), "{page}");
}

#[test]
fn nothing_is_made_without_consent() {
    let bench = Bench::new();
    let (code, out, err) = bench.run("credential create --mint view --name prod --no-input");
    assert_eq!((code, out.as_str()), (11, ""), "{err}");
    assert!(bench.objects().is_empty());
    assert_eq!(bench.notes(), 0);
}

#[test]
fn each_preset_and_own_rules_have_the_grade_that_they_promise() {
    for (flags, grade) in [
        ("--mint view", "read"),
        ("--mint view-no-secrets", "read"),
        ("--mint edit-no-secrets", "write"),
        ("--mint debug", "write"),
        ("--rules get,list_pods", "read"),
    ] {
        let bench = Bench::new();
        let line = format!("credential create {flags} --name prod --yes --context dev -n team-a");
        bench.ok(&line.replace(
            " --context dev",
            if flags.contains("mint") {
                ""
            } else {
                " --context dev"
            },
        ));
        let recorded = bench.annotations("prod");
        assert_eq!(recorded["acpctl/grade"], grade, "{flags}");
        bench.ok("credential revoke prod --yes");
        assert!(bench.objects().is_empty(), "{flags}: {:?}", bench.objects());
    }
}

#[test]
fn rules_of_a_file_become_a_role() {
    let bench = Bench::new();
    bench.env.file(
        "role.yaml",
        "kind: Role\nrules:\n- {apiGroups: [\"\"], resources: [secrets], verbs: [get], resourceNames: [one]}\n",
    );
    bench.ok("credential create --rules-file role.yaml --name prod --yes --context dev");
    assert_eq!(bench.annotations("prod")["acpctl/grade"], "read-secrets");
}

#[test]
fn what_the_cluster_grants_is_stored_and_said() {
    let bench = Bench::new();
    bench.server.state().longest = 7200;
    let (code, _, err) = bench.run(MINT);
    assert_eq!(code, 0, "{err}");
    assert!(
        err.contains("Warning: the cluster grants the token until"),
        "{err}"
    );
    let recorded = bench.annotations("prod");
    let end: jiff::Timestamp = recorded["acpctl/expires-at"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(end < jiff::Timestamp::now() + jiff::SignedDuration::from_secs(7300));
    assert_eq!(
        recorded["acpctl/mint-ttl"], "28800",
        "the next renewal asks for the same"
    );
}

#[test]
fn rights_that_the_user_lacks_are_not_given_away() {
    let mut bench = Bench::new();
    let token = bench.server.user("manager", Some("admin"));
    bench.file = bench
        .env
        .file("kubeconfig", bench.server.kubeconfig(&token));
    for (flags, code) in [
        ("--mint cluster-admin", 5),
        ("--mint no-such-role", 3),
        ("--rules get_nodes", 5),
    ] {
        let line = format!("credential create {flags} --name prod --yes");
        let line = if flags.contains("mint") {
            line
        } else {
            format!("{line} --context dev")
        };
        let (found, out, err) = bench.run(&line);
        assert_eq!((found, out.as_str()), (code, ""), "{flags}: {err}");
        assert!(bench.objects().is_empty(), "{flags}");
    }
    let admin = Bench::new();
    let (code, _, err) = admin.run("credential create --mint no-such-role --name prod --yes");
    assert_eq!(
        code, 3,
        "an administrator could bind a role that does not exist: {err}"
    );
}

#[test]
fn a_grade_above_the_limit_is_undone() {
    let bench = Bench::new();
    let (code, out, err) =
        bench.run("credential create --mint edit --name prod --yes --max-grade write");
    assert_eq!((code, out.as_str()), (8, ""), "{err}");
    assert!(bench.objects().is_empty());
    assert!(bench.server.live_tokens().is_empty());
    assert_eq!(bench.run("credential get prod").0, 3);
    assert_eq!(bench.notes(), 0);
}

#[test]
fn wrong_lines_send_nothing() {
    let bench = Bench::new();
    for (line, code) in [
        (
            "credential create --mint view --ttl 5m --name prod --yes",
            2,
        ),
        ("credential create --mint ../x --name prod --yes", 2),
        (
            "credential create --mint view --rules get_pods --name prod --yes",
            2,
        ),
        (
            "credential create --mint view --provider github --name prod --yes",
            2,
        ),
        (
            "credential create --mint view --if-exists update --name prod --yes",
            2,
        ),
        (
            "credential create --mint view --token x --name prod --yes",
            2,
        ),
        (
            "credential create --mint view --namespace A/b --name prod --yes",
            2,
        ),
        (
            "credential create --rules pods --name prod --yes --context dev",
            7,
        ),
        (
            "credential create --ttl 1h --name prod --provider github --token x",
            2,
        ),
        ("credential renew", 2),
        ("credential renew prod --all", 2),
    ] {
        let (found, out, err) = bench.run(line);
        assert_eq!((found, out.as_str()), (code, ""), "{line}: {err}");
        assert!(err.starts_with("Error: "), "{line}: {err}");
    }
    assert!(
        bench.server.requests().is_empty(),
        "{:?}",
        bench.server.requests()
    );
}

#[test]
fn a_name_that_is_taken_is_found_before_anything_is_made() {
    let bench = Bench::new();
    bench.ok(MINT);
    let before = bench.objects();
    let (code, _, err) = bench.run(MINT);
    assert_eq!(code, 6, "{err}");
    assert!(err.contains("credential renew prod"), "{err}");
    assert_eq!(bench.objects(), before);
}

#[test]
fn only_what_is_due_is_renewed() {
    let bench = Bench::new();
    bench.ok(MINT);
    bench.ok("credential create --mint view --name soon --ttl 10m --yes");
    bench.ok("credential create --provider github --name other --token x");
    let out = bench.ok("credential renew --all --expiring-within 6h");
    assert!(out.contains("credential/prod not due\n"), "{out}");
    assert!(out.contains("credential/soon renewed\n"), "{out}");
    assert!(!out.contains("other"), "{out}");
    assert_eq!(bench.server.live_tokens().len(), 2);
    let (code, _, err) = bench.run("credential renew other");
    assert_eq!(code, 7, "{err}");
    let (code, _, err) = bench.run("credential revoke other --yes");
    assert_eq!(code, 7, "{err}");
}

#[test]
fn a_record_of_another_platform_gets_no_token() {
    let bench = Bench::new();
    bench.ok(MINT);
    let recorded = bench.annotations("prod");
    let name = recorded["acpctl/mint-id"].as_str().unwrap();
    bench
        .server
        .change("serviceaccounts", &format!("acpctl-{name}"), |account| {
            account["metadata"]["annotations"]["acpctl/platform"] =
                json!("https://other.example.org");
        });
    let (code, _, err) = bench.run("credential renew prod");
    assert_eq!(code, 6, "{err}");
    assert_eq!(bench.server.live_tokens().len(), 1);
}

#[test]
fn an_account_that_somebody_removed_is_named() {
    let bench = Bench::new();
    bench.ok(MINT);
    for object in bench.objects() {
        let (kind, name) = object.split_once('/').unwrap();
        bench.server.forget(kind, name);
    }
    let (code, _, err) = bench.run("credential renew prod");
    assert_eq!(code, 3, "{err}");
    assert_eq!(
        bench.ok("credential revoke prod --yes"),
        "credential/prod revoked\n"
    );
}

#[test]
fn no_context_for_the_cluster_is_an_error() {
    let mut bench = Bench::new();
    bench.ok(MINT);
    let other = ApiServer::start();
    bench.file = bench.env.file("other", other.kubeconfig(ADMIN));
    for line in ["credential renew prod", "credential revoke prod --yes"] {
        let (code, _, err) = bench.run(line);
        assert_eq!(code, 3, "{line}: {err}");
    }
    assert!(other.requests().is_empty());
    assert_eq!(bench.server.live_tokens().len(), 1);
}

#[test]
fn accounts_and_credentials_that_have_lost_each_other_are_found() {
    let bench = Bench::new();
    bench.ok(MINT);
    bench.ok("credential create --mint view --name gone --yes");
    bench.ok("credential create --provider github --name other --token x");
    let orphans = || bench.ok("credential list --orphans --context dev");
    assert_eq!(orphans(), "");
    let listed = bench.ok("credential list --minted -o name");
    assert!(
        listed.contains("prod") && listed.contains("gone") && !listed.contains("other"),
        "{listed}"
    );

    let (code, _, err) = bench.run("credential delete gone --yes --force");
    assert_eq!(code, 0, "{err}");
    assert!(
        err.contains("stays in the cluster") && !err.contains("credential revoke"),
        "{err}"
    );
    let recorded = bench.annotations("prod");
    let account = format!("acpctl-{}", recorded["acpctl/mint-id"].as_str().unwrap());
    bench.server.forget("serviceaccounts", &account);
    let found = orphans();
    assert!(
        found.contains("was made for credential/gone, which the platform does not have\n"),
        "{found}"
    );
    assert!(
        found.contains("credential/prod has no account in the cluster any more\n"),
        "{found}"
    );
    let found = bench.ok("credential list --orphans --context dev -o json");
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found["credentials"], json!(["prod"]));
    assert_eq!(found["accounts"][0]["credential"], "gone");
    assert_eq!(bench.run("credential list --context dev").0, 2);

    // A revocation makes sure that the cluster refuses the token.
    let revoke = "credential revoke prod --yes";
    for line in [
        "credential renew prod",
        "credential list --orphans --context dev",
    ] {
        let (_, _, err) = bench.run(line);
        let hint = format!("acpctl --local {revoke}");
        assert!(err.contains(&hint), "{line}: {err}");
    }
    bench.ok(revoke);
    assert!(!orphans().contains("prod"));
}

#[test]
fn a_minted_credential_is_neither_overwritten_nor_deleted_by_the_way() {
    let bench = Bench::new();
    bench.ok(MINT);
    bench.ok("credential update prod --labels {\"team\":\"a\"}");
    let (record, objects) = (bench.annotations("prod"), bench.objects());
    let other = bench.server.user("other", Some("view"));
    bench.env.file("other", bench.server.kubeconfig(&other));
    bench.env.file(
        "m.yaml",
        "kind: Credential\nname: prod\nprovider: kubeconfig\ntokenFrom: {file: other}\n",
    );
    bench.env.file("empty.yaml", "kind: Project\nname: web\n");
    for line in [
        "credential update prod --from-file other --allow server-loopback",
        "credential update prod --from-file other --allow server-loopback --dry-run",
        "credential update prod --token x",
        "credential update prod --token= --allow no-secret",
        "credential update prod --token x --dry-run",
        "credential create --name prod --if-exists update -f other --allow server-loopback",
        "apply -f m.yaml --allow server-loopback",
        "credential delete prod --yes",
        "delete credential prod --yes",
    ] {
        let (code, out, err) = bench.run(line);
        assert_eq!((code, out.as_str()), (6, ""), "{line}: {err}");
        assert!(
            err.contains("its access would stay in the cluster")
                && err.contains("acpctl --local credential revoke prod"),
            "{line}: {err}"
        );
    }
    // What deletes without names leaves it out.
    for line in [
        "credential delete -l team=a --yes",
        "delete credentials --all --yes",
        "apply -f empty.yaml --prune -l team=a --yes",
    ] {
        let (code, _, err) = bench.run(line);
        assert_eq!(code, 0, "{line}: {err}");
        assert!(
            err.contains("Left out 1 minted credential") && err.contains("credential revoke prod"),
            "{line}: {err}"
        );
    }
    assert_eq!(
        (bench.annotations("prod"), bench.objects()),
        (record, objects)
    );
}

/// The Go tool sends a secret by ID without a look, and so do we: the answer is the first to tell.
#[test]
fn a_secret_that_takes_the_place_of_a_minted_one_is_a_failure_with_a_way_back() {
    let bench = Bench::new();
    bench.ok(MINT);
    let id = bench.ok("credential get prod -o jsonpath={.id}");
    let (code, out, err) = bench.run(&format!("credential update {} --token x", id.trim()));
    assert_eq!((code, out.as_str()), (6, ""), "{err}");
    assert!(
        err.contains("was minted, and its token is replaced")
            && err.contains("acpctl --local credential renew prod"),
        "{err}"
    );
    assert!(
        bench
            .ok("credential list --minted -o name")
            .contains("prod")
    );
    bench.ok("credential renew prod");
    let text = bench.ok("credential token prod");
    assert!(text.contains("kind: Config"), "{text}");
    bench.ok("credential revoke prod --yes");
    assert!(bench.objects().is_empty());
}

/// Somebody has changed the record by other ways.
#[test]
fn an_account_that_its_credential_does_not_know_is_told_truthfully() {
    let bench = Bench::new();
    bench.ok(MINT);
    let id = bench.ok("credential get prod -o jsonpath={.id}");
    bench.env.file("patch.json", "{\"annotations\": \"{}\"}");
    bench.ok(&format!(
        "api PATCH /credentials/{} --input patch.json",
        id.trim()
    ));
    let found = bench.ok("credential list --orphans --context dev");
    assert!(
        found.contains(
            "was made for credential/prod, which is there, but does not know of it any more\n"
        ),
        "{found}"
    );
}

/// Enter behind a key that was the answer belongs to that answer.
#[test]
fn enter_behind_an_answer_does_not_answer_the_next_question() {
    let bench = Bench::new();
    let user = login_program(&bench.env, ADMIN).replace("command:", "args: [-c, 'a b'], command:");
    let own = bench.env.file("own", bench.server.kubeconfig_of(&user));
    let own = own.to_string_lossy();
    for (second, is_made) in [("\r", false), ("y", true)] {
        let words = [
            "credential",
            "create",
            "--mint",
            "view",
            "--name",
            "prod",
            "-f",
            &own,
            "--context",
            "dev",
        ];
        let terminal = start(&bench.env, "local:", &words, 40, 100);
        let screen = terminal.wait_for("Run it? [y/N]:");
        let screen = screen.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(screen.contains("-c 'a b'. Run it?"), "{screen}");
        terminal.type_text("y\r");
        terminal.wait_until("the second question", |screen| {
            screen.matches("[y/N]:").count() == 2
        });
        terminal.type_text(second);
        terminal.wait_for("status ");
        assert_eq!(
            bench.objects().is_empty(),
            !is_made,
            "{}",
            terminal.written()
        );
    }
}
