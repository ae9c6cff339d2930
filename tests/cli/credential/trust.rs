//! Records that somebody has changed, objects that are not as they were made, answers that are only said, and signals:
//! no credential loses or gets an access that is not its own.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::mint::{Bench, MINT};
use super::renewal::Watching;
use crate::support::apiserver::{ADMIN, Fault, Planned};
use crate::support::platform::Platform;
use crate::support::process::until;
use crate::support::run::Run as _;
use crate::support::schema;
use crate::support::server::{Received, Reply, Scripted, json as answer, raw};

/// Changes the annotations of a stored credential, as anybody may who can change it.
fn rewrite(bench: &Bench, name: &str, change: impl FnOnce(&mut Value)) {
    let mut annotations = bench.annotations(name);
    change(&mut annotations);
    let record: Value =
        serde_json::from_str(&bench.ok(&format!("credential get {name} -o json"))).unwrap();
    let path = format!("/credentials/{}", record["id"].as_str().unwrap());
    let field = format!("annotations={annotations}");
    let words = ["api", "PATCH", &path, "--field", &field];
    bench.env.local().args(words).stdout();
}

fn account(bench: &Bench, name: &str) -> String {
    let recorded = bench.annotations(name);
    format!("acpctl-{}", recorded["acpctl/mint-id"].as_str().unwrap())
}

fn plan(bench: &Bench, method: &'static str, path: &'static str, fault: Fault) {
    let planned = Planned {
        method,
        path,
        fault,
    };
    bench.server.state().faults.push(planned);
}

#[test]
fn a_record_that_names_another_account_is_refused() {
    let bench = Bench::new();
    bench.ok("credential create --mint view --name low --yes");
    bench.ok("credential create --mint edit --name high --yes");
    let (low, high) = (account(&bench, "low"), account(&bench, "high"));
    let other = bench.annotations("high");
    rewrite(&bench, "low", |own| {
        for key in ["acpctl/mint-id", "acpctl/mint-anchor"] {
            own[key] = other[key].clone();
        }
    });
    let (objects, live) = (bench.objects(), bench.server.live_tokens());
    for line in [
        "credential renew low",
        "credential revoke low --yes",
        "credential revoke low --dry-run",
    ] {
        let (code, out, err) = bench.run(line);
        assert_eq!((code, out.as_str()), (6, ""), "{line}: {err}");
        for words in [&low, &high, &"nothing is changed".to_owned()] {
            assert!(err.contains(words.as_str()), "{line}: {err}");
        }
        let id = low.trim_start_matches("acpctl-");
        let by_hand = format!(
            "kubectl --context dev -n team-a delete rolebindings,secrets,roles,serviceaccounts -l acpctl/id={id}"
        );
        assert!(err.contains(&by_hand), "{line}: {err}");
        assert_eq!(
            (bench.objects(), bench.server.live_tokens()),
            (objects.clone(), live.clone())
        );
        assert_eq!(bench.notes(), 0, "{line}");
    }
    let (code, out, err) = bench.run("credential renew --all");
    assert_eq!(
        (code, out.as_str()),
        (6, "credential/high renewed\n"),
        "{err}"
    );
    let live = bench.server.live_tokens();
    assert_eq!(live.len(), 2);
    for name in ["low", "high"] {
        assert!(live.contains(&bench.stored_token(name)), "{name}");
    }
}

/// A platform in front of which something answers some requests itself.
struct Front {
    platform: Arc<Platform>,
    server: Scripted,
}

impl Front {
    fn new(
        answers: impl Fn(&Platform, &Received) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let platform = Arc::new(Platform::default());
        let shared = Arc::clone(&platform);
        let server = Scripted::with(move |request| {
            answers(&shared, request).unwrap_or_else(|| shared.reply(request))
        });
        Self { platform, server }
    }

    fn run(&self, bench: &Bench, line: &str) -> (i32, String, String) {
        let mut command = bench.env.connected(self.server.url());
        command.env("KUBECONFIG", bench.file());
        let (code, out, err) = command.args(line.split(' ')).told();
        (code.unwrap(), out, err)
    }
}

const AT_PLATFORM: &str =
    "credential create --mint view --name prod --yes --context dev --allow server-loopback";

#[test]
fn without_the_stored_token_the_account_itself_decides() {
    let bench = Bench::new();
    let front = Front::new(|_, request| {
        let is_secret = request.target.ends_with("/token");
        is_secret.then(|| raw(403, "text/plain", "Forbidden"))
    });
    assert_eq!(front.run(&bench, AT_PLATFORM).0, 0);
    let (code, _, err) = front.run(&bench, "credential renew prod");
    assert_eq!(code, 0, "{err}");
    assert!(
        err.contains(
            "The stored token can't be read; what the account in the cluster says decides"
        ),
        "{err}"
    );
    let account = bench.server.names("serviceaccounts").remove(0);
    for (key, value, words) in [
        (
            "acpctl/credential",
            json!("high"),
            "was made for the credential \"high\"",
        ),
        (
            "acpctl/credential",
            Value::Null,
            "does not say for which credential",
        ),
        (
            "acpctl/platform",
            json!("https://other.example.org"),
            "was made for the platform",
        ),
    ] {
        let mut before = Value::Null;
        bench.server.change("serviceaccounts", &account, |account| {
            let annotations = &mut account["metadata"]["annotations"];
            before = annotations.clone();
            annotations[key] = value;
        });
        let live = bench.server.live_tokens();
        for line in ["credential renew prod", "credential revoke prod --yes"] {
            let (code, out, err) = front.run(&bench, line);
            assert_eq!((code, out.as_str()), (6, ""), "{line}: {err}");
            assert!(err.contains(words), "{line}: {err}");
            assert_eq!(bench.server.live_tokens(), live, "{line}");
        }
        bench.server.change("serviceaccounts", &account, |account| {
            account["metadata"]["annotations"] = before;
        });
    }
    assert_eq!(front.run(&bench, "credential revoke prod --yes").0, 0);
    assert!(bench.objects().is_empty());
}

#[test]
fn an_account_without_its_label_is_told_and_is_known_by_its_uid() {
    let bench = Bench::new();
    bench.ok(MINT);
    let name = account(&bench, "prod");
    bench.server.change("serviceaccounts", &name, |account| {
        account["metadata"]["labels"] = json!({});
    });
    let listed = bench.ok("credential list --orphans --context dev");
    let id = name.trim_start_matches("acpctl-");
    assert_eq!(
        listed,
        format!(
            "serviceaccount/{name} of credential/prod does not have the label acpctl/id={id}\n"
        )
    );
    let listed = bench.ok("credential list --orphans --context dev -o json");
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(schema::faults("orphans", &listed), [""; 0]);
    assert_eq!(listed["unlabeled"][0]["credential"], "prod");
    assert_eq!(listed["credentials"], json!([]));
    // The token names the uid of the account.
    bench.ok("credential renew prod");
    let binding = bench.server.names("rolebindings");
    bench.server.change("rolebindings", &name, |binding| {
        binding["metadata"]["labels"] = json!({});
    });
    let (code, out, err) = bench.run("credential revoke prod --yes");
    assert_eq!(
        (code, out.as_str()),
        (0, "credential/prod revoked\n"),
        "{err}"
    );
    let kept = format!(
        "Warning: the RoleBinding {name} does not have the label acpctl/id={id}, so it was left alone"
    );
    assert!(err.contains(&kept), "{err}");
    let by_hand =
        format!("kubectl --context dev -n team-a delete --ignore-not-found rolebindings/{name}");
    assert!(err.contains(&by_hand), "{err}");
    assert_eq!(bench.objects(), [format!("rolebindings/{}", binding[0])]);
}

#[test]
fn an_account_that_was_made_anew_is_not_taken_for_the_old_one() {
    let bench = Bench::new();
    bench.ok(MINT);
    let name = account(&bench, "prod");
    bench.server.change("serviceaccounts", &name, |account| {
        account["metadata"]["uid"] = json!("00000000-0000-4000-9000-000000000009");
    });
    let objects = bench.objects();
    for line in ["credential renew prod", "credential revoke prod --yes"] {
        let (code, out, err) = bench.run(line);
        assert_eq!((code, out.as_str()), (6, ""), "{line}: {err}");
        assert!(err.contains("somebody has made it anew"), "{line}: {err}");
        assert_eq!(bench.objects(), objects, "{line}");
    }
}

/// Interrupts a command when the cluster has got a request that it answers late or never.
fn interrupt(bench: &Bench, line: &str, signal: &str) -> (Option<i32>, Vec<String>) {
    plan(bench, "POST", "/token", Fault::Hangs);
    let mut running = Watching::start(bench, &format!("{line} --request-timeout 2s"));
    until("the token is asked for", || {
        bench.server.state().faults.is_empty()
    });
    running.signal(signal);
    running.wait_for("Interrupted: ");
    running.end()
}

#[test]
fn an_interrupted_mint_or_renewal_is_undone() {
    for (signal, status) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let bench = Bench::new();
        let mint = "credential create --mint debug --name prod --yes";
        let (code, heard) = interrupt(&bench, mint, signal);
        assert_eq!(code, Some(status), "{heard:?}");
        assert_eq!(
            heard.last().unwrap(),
            "What this run made in the cluster is removed again"
        );
        assert!(bench.objects().is_empty(), "{:?}", bench.objects());
        assert!(bench.server.live_tokens().is_empty());
        assert_eq!(bench.run("credential get prod").0, 3);
        assert_eq!(bench.notes(), 0);

        bench.ok(mint);
        let before = bench.stored_token("prod");
        let (code, heard) = interrupt(&bench, "credential renew --all", signal);
        assert_eq!(code, Some(status), "{heard:?}");
        assert_eq!(bench.server.live_tokens(), [before]);
        assert_eq!(bench.notes(), 0);
    }
}

#[test]
fn a_second_signal_ends_the_run_with_the_way_by_hand_and_renew_all_settles_it() {
    let bench = Bench::new();
    plan(&bench, "POST", "/token", Fault::Hangs);
    let line = "credential create --mint debug --name prod --yes --request-timeout 60s";
    let mut running = Watching::start(&bench, line);
    until("the token is asked for", || {
        bench.server.state().faults.is_empty()
    });
    running.signal("INT");
    running.wait_for("Interrupted: ");
    running.signal("INT");
    let (code, heard) = running.end();
    assert_eq!(code, None, "the signal ends it: {heard:?}");
    let last = heard.last().unwrap();
    assert!(
        last.contains("By hand: kubectl --context dev -n team-a delete "),
        "{last}"
    );
    assert_eq!((bench.server.live_tokens().len(), bench.notes()), (1, 1));

    // There is no minted credential, and the work is settled all the same.
    let (code, _, err) = bench.run("credential renew --all");
    assert_eq!(code, 0, "{err}");
    assert!(
        err.contains("An interrupted run for the credential prod was undone"),
        "{err}"
    );
    assert!(bench.objects().is_empty() && bench.server.live_tokens().is_empty());
    assert_eq!(bench.notes(), 0);
}

#[test]
fn an_interrupted_revocation_says_how_to_go_on() {
    let bench = Bench::new();
    bench.ok(MINT);
    plan(&bench, "DELETE", "/rolebindings", Fault::Hangs);
    let mut running = Watching::start(&bench, "credential revoke prod --yes --request-timeout 2s");
    until("the binding is deleted", || {
        bench.server.state().faults.is_empty()
    });
    running.signal("TERM");
    let (code, heard) = running.end();
    assert_eq!(code, Some(143), "{heard:?}");
    let go_on = "credential/prod is not taken back as a whole; go on: acpctl --local credential revoke prod --yes";
    assert_eq!(heard.last().unwrap(), go_on, "{heard:?}");
    bench.ok("credential revoke prod --yes");
    assert!(bench.objects().is_empty());
    assert_eq!(bench.notes(), 0);
}

fn hours_left(bench: &Bench) -> i64 {
    let end = bench.annotations("prod")["acpctl/expires-at"].clone();
    let end: jiff::Timestamp = end.as_str().unwrap().parse().unwrap();
    end.duration_since(jiff::Timestamp::now()).as_hours()
}

#[test]
fn a_record_does_not_choose_a_long_lifetime() {
    let bench = Bench::new();
    bench.ok(MINT);
    rewrite(&bench, "prod", |own| {
        own["acpctl/mint-ttl"] = json!("315360000");
    });
    let (code, _, err) = bench.run("credential renew prod");
    assert_eq!(code, 0, "{err}");
    for words in [
        "Warning: the record names a lifetime of 87600h, and without --ttl a renewal asks for 24h at most",
        "and the old one was given for 8h",
    ] {
        assert!(err.contains(words), "{words}: {err}");
    }
    assert!((23..=24).contains(&hours_left(&bench)));
    // Whoever says so gets it.
    let (code, _, err) = bench.run("credential renew prod --ttl 72h");
    assert_eq!(code, 0, "{err}");
    assert!(!err.contains("Warning"), "{err}");
    assert!((71..=72).contains(&hours_left(&bench)));
    assert_eq!(bench.run("credential renew prod --ttl 5m").0, 2);
    let schedule =
        bench.ok("credential renew --print-schedule cron --ttl 72h --max-grade read --strict");
    assert!(
        schedule.ends_with(" --ttl 72h --max-grade read --strict\n"),
        "{schedule}"
    );
}

#[test]
fn a_grade_that_has_risen_is_told_or_refused() {
    let bench = Bench::new();
    bench.ok("credential create --mint view-no-secrets --name prod --yes");
    let before = bench.stored_token("prod");
    let name = account(&bench, "prod");
    bench.server.change("roles", &name, |role| {
        role["rules"] = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]);
    });
    for (flags, words) in [
        (
            "--max-grade write",
            "prod has the grade escalate, and --max-grade allows write",
        ),
        (
            "--strict",
            "the grade of prod was read, and is escalate now",
        ),
    ] {
        let (code, out, err) = bench.run(&format!("credential renew prod {flags}"));
        assert_eq!((code, out.as_str()), (8, ""), "{err}");
        assert!(err.contains(words), "{err}");
        assert_eq!(bench.server.live_tokens(), [before.as_str()], "{flags}");
        assert_eq!(bench.stored_token("prod"), before);
    }
    let (code, _, err) = bench.run("credential renew prod");
    assert_eq!(code, 0, "{err}");
    assert!(
        err.contains("Warning: the grade of prod was read, and is escalate now"),
        "{err}"
    );
}

#[test]
fn what_a_portal_says_is_no_refusal() {
    let bench = Bench::new();
    bench.ok(MINT);
    for _ in 0..60 {
        plan(&bench, "POST", "/selfsubjectreviews", Fault::Portal);
    }
    let (code, out, err) = bench.run("credential revoke prod --yes");
    assert_eq!((code, out.as_str()), (10, ""), "{err}");
    assert!(err.contains("a portal or a proxy is there"), "{err}");
    assert_eq!(bench.run("credential get prod").0, 0);
}

#[test]
fn a_platform_that_only_says_something_is_not_believed() {
    let bench = Bench::new();
    let front =
        Front::new(|_, request| (request.method == "DELETE").then(|| raw(204, "text/plain", "")));
    assert_eq!(front.run(&bench, AT_PLATFORM).0, 0);
    let (code, out, err) = front.run(&bench, "credential revoke prod --yes");
    assert_eq!((code, out.as_str()), (10, ""), "{err}");
    assert!(
        err.contains("says that it has deleted the record, and still has it"),
        "{err}"
    );
    assert!(bench.server.live_tokens().is_empty());
    assert!(front.platform.state()["/credentials"].len() == 1);

    let bench = Bench::new();
    let front = Front::new(|_, request| {
        let is_creation = request.method == "POST" && request.target.ends_with("/credentials");
        is_creation.then(|| {
            let mut body = request.json();
            body.as_object_mut().unwrap().remove("token");
            body["id"] = json!("0123456789abcdefghijklmnopq");
            answer(201, &body)
        })
    });
    let (code, out, err) = front.run(&bench, AT_PLATFORM);
    assert_eq!((code, out.as_str()), (10, ""), "{err}");
    assert!(
        err.contains("says that it has stored the credential, and does not have it"),
        "{err}"
    );
    assert!(bench.objects().is_empty());
    assert_eq!(bench.notes(), 0);
}

#[test]
fn what_is_not_known_is_not_ruled_out() {
    let mut bench = Bench::new();
    let viewer = bench.server.user("viewer", Some("view"));
    let own = bench.server.kubeconfig(&viewer);
    bench.use_kubeconfig(&own);
    plan(
        &bench,
        "POST",
        "/selfsubjectrulesreviews",
        Fault::Refuses(500),
    );
    let page = bench.ok("credential inspect --access --context dev");
    assert!(page.contains("Grade       at least "), "{page}");
    assert!(
        !page.contains("can do nothing") && !page.contains("can change nothing"),
        "{page}"
    );
    assert!(page.contains("not known"), "{page}");
}

#[test]
fn a_cluster_writes_no_line_of_its_own() {
    let mut bench = Bench::new();
    let token = "token-of-somebody-0123456789";
    bench.server.know(token, "a\nGrade       none\r\nError: x");
    let own = bench.server.kubeconfig(token);
    bench.use_kubeconfig(&own);
    let page = bench.ok("credential inspect --access --context dev");
    let lines = page.lines().filter(|line| line.starts_with("Grade"));
    assert_eq!(lines.count(), 1, "{page}");
    assert!(
        !page.lines().any(|line| line.starts_with("Error:")),
        "{page}"
    );
}

#[test]
fn a_login_that_a_program_talks_about_is_masked() {
    let mut bench = Bench::new();
    let claims = URL_SAFE_NO_PAD.encode(json!({"sub": "ada"}).to_string());
    let login = format!("eyJhbGciOiJSUzI1NiJ9.{claims}.c2lnbmF0dXJl");
    let status = json!({"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": {"token": ADMIN}});
    let script = format!(
        "#!/bin/sh\necho 'got \"Bearer {login}\", v1.2.3.' >&2\ncat <<'END'\n{status}\nEND\n"
    );
    let program = bench.env.file("login", script);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&program, mode).unwrap();
    let user = format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {}, interactiveMode: Never}}}}",
        program.display()
    );
    let own = bench.server.kubeconfig_of(&user);
    bench.use_kubeconfig(&own);
    let (code, _, err) = bench.run("credential inspect --access --context dev --allow exec-plugin");
    assert_eq!(code, 0, "{err}");
    assert!(!err.contains(&claims), "{err}");
    assert!(
        err.contains("got \"Bearer ") && err.contains("\", v1.2.3."),
        "{err}"
    );
}

#[test]
fn an_answer_without_an_end_is_named() {
    let bench = Bench::new();
    bench.server.state().lie = Some(Box::new(|answer, _| {
        answer["status"]["expirationTimestamp"] = Value::Null;
    }));
    let (code, _, err) = bench.run(MINT);
    assert_eq!(code, 10, "{err}");
    assert!(
        err.contains("a TokenRequest without an end that can be read (expirationTimestamp)"),
        "{err}"
    );
    assert!(bench.objects().is_empty());
}

#[test]
fn a_name_that_looks_like_a_flag_stays_a_name() {
    let bench = Bench::new();
    let run = |words: &[&str]| {
        bench
            .env
            .local()
            .env("KUBECONFIG", bench.file())
            .args(words)
            .told()
    };
    let mint = [
        "credential",
        "create",
        "--mint",
        "view",
        "--context",
        "dev",
        "--name=--all",
        "--yes",
        "--ttl=1h",
    ];
    assert_eq!(run(&mint).0, Some(0));
    let (_, _, err) = run(&["credential", "list", "--expiring-within", "6h"]);
    assert!(
        err.contains("acpctl --local credential renew -- --all"),
        "{err}"
    );
    let (_, out, _) = run(&[
        "credential",
        "renew",
        "--print-schedule",
        "cron",
        "--",
        "--all",
    ]);
    assert!(
        out.ends_with("acpctl --local credential renew --expiring-within 6h -- --all\n"),
        "{out}"
    );
    let (_, _, err) = run(&["credential", "delete", "--dry-run", "--", "--all"]);
    assert!(
        err.contains("acpctl --local credential revoke -- --all"),
        "{err}"
    );
    let (code, out, err) = run(&["credential", "renew", "--", "--all"]);
    assert_eq!(
        (code, out.as_str()),
        (Some(0), "credential/--all renewed\n"),
        "{err}"
    );
}
