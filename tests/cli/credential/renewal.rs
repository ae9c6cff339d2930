//! `credential renew` without a user: as a process that stays, and as an account that can do nothing else.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};

use base64::Engine as _;
use serde_json::{Value, json};

use super::mint::{Bench, MINT};
use crate::support::apiserver::{Fault, Planned};
use crate::support::run::{Line as _, Run as _};
use crate::support::{TestEnv, schema, signals};

/// A run of `renew --watch`, whose standard error is read line by line.
pub struct Watching {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStderr>>,
    heard: Vec<String>,
}

impl Watching {
    pub fn start(bench: &Bench, line: &str) -> Self {
        signals::reset();
        let prepared = bench.command(line);
        let mut command = Command::new(prepared.get_program());
        command
            .args(prepared.get_args())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        bench.equip(&mut command, &prepared);
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        Self {
            child,
            lines,
            heard: Vec::new(),
        }
    }

    /// Reads until a line holds these words.
    pub fn wait_for(&mut self, words: &str) {
        loop {
            let line = self.lines.next();
            let line = line.unwrap_or_else(|| panic!("no {words:?} in {:?}", self.heard));
            self.heard.push(line.unwrap());
            if self.heard.last().unwrap().contains(words) {
                return;
            }
        }
    }

    /// Sends SIGTERM and returns the exit status.
    fn terminate(mut self) -> (Option<i32>, Vec<String>) {
        self.signal("TERM");
        self.end()
    }

    /// Sends a signal.
    pub fn signal(&mut self, name: &str) {
        let pid = self.child.id().to_string();
        let flag = format!("-{name}");
        let sent = Command::new("kill").args([&flag, &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for the end. Returns the exit status, and all lines.
    pub fn end(mut self) -> (Option<i32>, Vec<String>) {
        self.heard.extend(self.lines.by_ref().map(Result::unwrap));
        (self.child.wait().unwrap().code(), self.heard)
    }
}

fn refuse(bench: &Bench, fault: Fault) {
    bench.server.state().faults.push(Planned {
        method: "POST",
        path: "/token",
        fault,
    });
}

/// The cluster gives tokens for 200 s only, so each look finds the credential due.
#[test]
fn a_watch_survives_failures_and_ends_cleanly() {
    let bench = Bench::new();
    bench.server.state().longest = 200;
    bench.ok(MINT);
    let first = bench.stored_token("prod");
    refuse(&bench, Fault::Refuses(500));
    let mut watching = Watching::start(&bench, "credential renew --all --watch --every 50ms");
    watching.wait_for("Warning: credential/prod is not renewed: ");
    watching.wait_for("Next look at ");
    watching.wait_for("credential/prod renewed");
    watching.wait_for("credential/prod renewed");
    let (code, heard) = watching.terminate();
    assert_eq!(code, Some(0), "{heard:?}");
    assert_eq!(heard.last().unwrap(), "Stopped");
    let stored = bench.stored_token("prod");
    assert_ne!(stored, first);
    assert_eq!(bench.server.live_tokens(), [stored.as_str()], "{heard:?}");
    assert_eq!(bench.notes(), 0);
    let text = heard.join("\n");
    for token in [&first, &stored] {
        assert!(!text.contains(token.as_str()), "{text}");
    }
}

/// A signal does not end a renewal in its middle.
#[test]
fn a_watch_ends_its_renewal_before_it_ends() {
    let bench = Bench::new();
    bench.server.state().longest = 200;
    bench.ok(MINT);
    refuse(&bench, Fault::Hangs);
    let line = "credential renew prod --watch --every 1h --request-timeout 1s";
    let watching = Watching::start(&bench, line);
    crate::support::process::until("the token is asked for", || {
        bench.server.state().faults.is_empty()
    });
    let (code, heard) = watching.terminate();
    assert_eq!(code, Some(0), "{heard:?}");
    assert!(
        heard.contains(&"What this run made in the cluster is removed again".to_owned()),
        "{heard:?}"
    );
    assert_eq!(heard.last().unwrap(), "Stopped");
    assert_eq!(bench.server.live_tokens(), [bench.stored_token("prod")]);
    assert_eq!(bench.notes(), 0);
}

#[test]
fn a_watch_renews_nothing_that_is_not_due() {
    let bench = Bench::new();
    bench.ok(MINT);
    let before = bench.stored_token("prod");
    let mut watching = Watching::start(&bench, "credential renew --all --watch");
    watching.wait_for("Next look at ");
    assert_eq!(watching.terminate().0, Some(0));
    assert_eq!(bench.stored_token("prod"), before);
    for line in [
        "credential renew --watch",
        "credential renew --all --watch -o json",
        "credential renew --all --every 1m",
        "credential renew --all --watch --renewer ops",
        "credential renew --all --renewer A/b",
    ] {
        assert_eq!(bench.run(line).0, 2, "{line}");
    }
}

/// The objects of the renewer, by kind.
fn objects(bench: &Bench, line: &str) -> Value {
    let list = bench.ok(&format!("{line} -o json"));
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(schema::faults("renewer", &list), [""; 0]);
    let mut objects = json!({});
    for item in list["items"].as_array().unwrap() {
        objects[item["kind"].as_str().unwrap()] = item.clone();
    }
    objects
}

#[test]
fn a_renewer_renews_and_can_do_nothing_else() {
    let mut bench = Bench::new();
    bench.ok(MINT);
    bench.ok("credential create --mint view --name other --yes");
    let before = bench.server.requests().len();
    let found = objects(&bench, "credential renew prod --renewer ops");
    assert_eq!(
        bench.server.requests().len(),
        before,
        "objects are shown, and nothing is created"
    );
    let kinds: Vec<&String> = found.as_object().unwrap().keys().collect();
    assert_eq!(
        kinds,
        ["ServiceAccount", "Role", "RoleBinding", "ConfigMap"]
    );
    assert_eq!(found["ServiceAccount"]["metadata"]["namespace"], "ops");
    assert_eq!(found["Role"]["metadata"]["namespace"], "team-a");
    assert_eq!(found["RoleBinding"]["subjects"][0]["namespace"], "ops");

    // The account logs in as a pod does: with a token and an authority in files.
    let token = bench.server.user("renewer", None);
    bench.server.grant("renewer", &found["Role"]["rules"]);
    let token = bench.env.file("login/token", token);
    let ca = base64::engine::general_purpose::STANDARD
        .decode(&bench.server.cluster.ca)
        .unwrap();
    bench.env.file("login/ca.crt", ca);
    let kubeconfig = found["ConfigMap"]["data"]["kubeconfig"].as_str().unwrap();
    let folder = token.parent().unwrap().to_string_lossy().into_owned();
    let kubeconfig = kubeconfig.replace("/var/run/secrets/kubernetes.io/serviceaccount", &folder);
    let own = bench.use_kubeconfig(&kubeconfig);

    for _ in 0..3 {
        assert_eq!(
            bench.ok("credential renew prod"),
            "credential/prod renewed\n"
        );
        assert_eq!(bench.server.live_tokens().len(), 2);
    }
    // No right reaches further than the objects of this credential, but for the creation of Secrets.
    for rule in found["Role"]["rules"].as_array().unwrap() {
        let is_creation =
            rule["resources"] == json!(["secrets"]) && rule["verbs"] == json!(["create"]);
        assert_eq!(rule.get("resourceNames").is_none(), is_creation, "{rule}");
    }
    for line in [
        "credential renew other",
        "credential create --mint view --name more --yes --namespace team-a",
    ] {
        let (code, _, err) = bench.run(line);
        assert_ne!(code, 0, "{line}: {err}");
    }
    let live = bench.server.live_tokens();
    assert!(live.contains(&bench.stored_token("prod")));
    assert!(live.contains(&bench.stored_token("other")));

    bench.use_kubeconfig(&own);
    let text = bench.ok("credential renew --all --renewer ops");
    assert_eq!(text.matches("\nkind: Role\n").count(), 1, "{text}");
    assert_eq!(text.matches("---\n").count(), 3, "{text}");
}

/// A run on another machine left an anchor, with a token that nobody knows.
#[test]
fn what_a_lost_machine_has_left_is_ended_by_the_next_renewal() {
    let bench = Bench::new();
    bench.ok(MINT);
    let data = bench.env.home().join(".local/share/ambient/minting");
    refuse(&bench, Fault::Hangs);
    let line = "credential renew prod --request-timeout 60s";
    let mut watching = Watching::start(&bench, line);
    crate::support::process::until("the token is asked for", || {
        bench.server.state().faults.is_empty()
    });
    watching.child.kill().unwrap();
    watching.child.wait().unwrap();
    assert_eq!(bench.server.live_tokens().len(), 2);
    std::fs::remove_dir_all(data).unwrap();
    // Until then, somebody who asks is told.
    let orphans = |more: &str| bench.ok(&format!("credential list --orphans --context dev{more}"));
    let id = bench.annotations("prod")["acpctl/mint-id"].clone();
    let anchor = format!("acpctl-{}-b", id.as_str().unwrap());
    assert_eq!(
        orphans(""),
        format!("secret/{anchor} may keep a second token of credential/prod alive\n")
    );
    let json: Value = serde_json::from_str(&orphans(" -o json")).unwrap();
    assert_eq!(schema::faults("orphans", &json), [""; 0]);
    assert_eq!(
        json["secrets"],
        json!([{"name": anchor, "namespace": "team-a"}])
    );
    bench.ok("credential renew prod");
    assert_eq!(bench.server.live_tokens(), [bench.stored_token("prod")]);
    assert_eq!(orphans(""), "");
}

#[test]
fn a_renewal_that_may_be_under_way_elsewhere_is_left_alone() {
    let bench = Bench::new();
    bench.ok(MINT);
    let id = bench.annotations("prod")["acpctl/mint-id"].clone();
    let name = format!("acpctl-{}-b", id.as_str().unwrap());
    bench.server.add(
        "secrets",
        &name,
        &json!({
            "metadata": {
                "name": name,
                "labels": {"acpctl/id": id},
                "creationTimestamp": jiff::Timestamp::now().to_string(),
            },
        }),
    );
    let (code, _, err) = bench.run("credential renew prod");
    assert_eq!(code, 6, "{err}");
    assert!(err.contains("another run renews the credential"), "{err}");
    assert!(bench.objects().contains(&format!("secrets/{name}")));
    assert_eq!(bench.notes(), 0);
}

/// The cluster has lowered its limit since.
#[test]
fn a_better_token_is_not_given_up_for_a_shorter_one() {
    let bench = Bench::new();
    bench.ok(MINT);
    let before = bench.stored_token("prod");
    bench.server.state().longest = 3600;
    let (code, out, err) = bench.run("credential renew prod");
    assert_eq!((code, out.as_str()), (10, ""), "{err}");
    for words in [
        "and the old one lasts until",
        "acpctl --local credential renew prod --ttl 10m",
    ] {
        assert!(err.contains(words), "{words}: {err}");
    }
    assert_eq!(bench.server.live_tokens(), [before]);
    assert_eq!(bench.notes(), 0);
    // Whoever names the time gets it.
    bench.ok("credential renew prod --ttl 1h");
    // Later than the old one, and sooner than the user asks for.
    bench.server.state().longest = 7200;
    let (code, _, err) = bench.run("credential renew prod --ttl 8h");
    assert_eq!(code, 0, "{err}");
    assert!(
        err.contains("Warning: the cluster grants the token until"),
        "{err}"
    );
    assert_eq!(bench.server.live_tokens(), [bench.stored_token("prod")]);
}

#[test]
fn nothing_to_renew_is_said() {
    let env = TestEnv::new();
    let (status, stdout, stderr) = env.local().line("credential renew --all").told();
    assert_eq!((status, stdout.as_str()), (Some(0), ""), "{stderr}");
    assert!(stderr.contains("there is nothing to renew"), "{stderr}");
}
