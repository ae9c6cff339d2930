//! Records that somebody has changed, objects that are not as they were made, answers that are only said, and signals:
//! no credential loses or gets an access that is not its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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

/// The ID of a credential.
fn id_of(bench: &Bench, name: &str) -> String {
    let record = bench.ok(&format!("credential get {name} -o json"));
    let record: Value = serde_json::from_str(&record).unwrap();
    record["id"].as_str().unwrap().to_owned()
}

/// Makes a second record with the name and the annotations of a credential, as any member of a platform may. Returns
/// its ID.
fn copy(bench: &Bench, name: &str, token: &str) -> String {
    let annotations = format!("annotations={}", bench.annotations(name));
    let text = bench.ok(&format!("credential token {name}"));
    let text = text.replace(&bench.stored_token(name), token);
    let (name, token) = (format!("name={name}"), format!("token={text}"));
    let provider = "provider=kubeconfig".to_owned();
    let fields = [name, provider, annotations, token];
    let mut command = bench.env.local();
    command.args(["api", "POST", "/credentials"]);
    for field in &fields {
        command.args(["--field", field]);
    }
    let made: Value = serde_json::from_str(&command.stdout()).unwrap();
    made["id"].as_str().unwrap().to_owned()
}

/// A token that says to be that of the account, and that no cluster has signed.
fn forged(bench: &Bench, name: &str) -> String {
    let claims = bench
        .stored_token(name)
        .split('.')
        .nth(1)
        .unwrap()
        .to_owned();
    format!("eyJhbGciOiJub25lIn0.{claims}.")
}

/// Takes the ID of the record out of an account, as if it was made before accounts had it.
fn forget_record(bench: &Bench, account: &str) {
    bench.server.change("serviceaccounts", account, |account| {
        let notes = account["metadata"]["annotations"].as_object_mut();
        notes.unwrap().remove("acpctl/credential-id").unwrap();
    });
}

#[test]
fn a_copy_of_a_record_gets_no_access() {
    for kind in ["opaque", "forged", "stolen"] {
        let bench = Bench::new();
        bench.ok(MINT);
        let (own, account) = (id_of(&bench, "prod"), account(&bench, "prod"));
        let token = match kind {
            "opaque" => "opaque-token-0123456789".to_owned(),
            "forged" => forged(&bench, "prod"),
            _ => bench.stored_token("prod"),
        };
        let copied = copy(&bench, "prod", &token);
        let before = bench.server.live_tokens();
        for line in ["renew", "revoke --yes", "revoke --dry-run"] {
            let (code, out, err) = bench.run(&format!("credential {line} {copied}"));
            assert_eq!((code, out.as_str()), (6, ""), "{kind} {line}: {err}");
            let belongs = format!("the account belongs to the record \"{own}\"");
            assert!(err.contains(&belongs), "{kind} {line}: {err}");
            assert_eq!(bench.server.live_tokens(), before, "{kind} {line}");
        }
        let (code, out, err) = bench.run("credential renew --all");
        assert_eq!(
            (code, out.as_str()),
            (6, "credential/prod renewed\n"),
            "{kind}: {err}"
        );
        assert_eq!(
            bench.server.live_tokens(),
            [bench.stored_token(&own)],
            "{kind}"
        );

        // An account that names no record: nothing tells which of the two is the copy.
        forget_record(&bench, &account);
        let before = bench.server.live_tokens();
        for (id, other) in [(&own, &copied), (&copied, &own)] {
            let (code, _, err) = bench.run(&format!("credential renew {id}"));
            assert_eq!(code, 6, "{kind}: {err}");
            let both = format!("the record \"{other}\" names the same account");
            assert!(err.contains(&both), "{kind}: {err}");
            for copied in [id, other] {
                let delete = format!("acpctl --local credential delete {copied} --force");
                assert!(err.contains(&delete), "{kind}: {err}");
            }
            assert_eq!(bench.server.live_tokens(), before, "{kind}");
        }
    }
}

#[test]
fn an_account_that_names_no_record_needs_a_token_that_the_cluster_knows() {
    let bench = Bench::new();
    bench.ok(MINT);
    let (id, account) = (id_of(&bench, "prod"), account(&bench, "prod"));
    let noted = || {
        let state = bench.server.state();
        let account = state.get("serviceaccounts", "team-a", &account).unwrap();
        account["metadata"]["annotations"]["acpctl/credential-id"].clone()
    };
    for hides_names in [None, Some(403), Some(404)] {
        forget_record(&bench, &account);
        bench.server.state().hides_names = hides_names;
        bench.ok("credential renew prod");
        assert_eq!(noted(), json!(id), "the renewal names the record");
        bench.server.state().hides_names = None;
    }
    forget_record(&bench, &account);
    let copied = copy(&bench, "prod", &forged(&bench, "prod"));
    bench.ok(&format!("credential delete {id} --yes --force"));
    let before = bench.server.live_tokens();
    let refused = |lines: &[&str], words: &str| {
        for line in lines {
            let (code, out, err) = bench.run(line);
            assert_eq!((code, out.as_str()), (6, ""), "{err}");
            assert!(err.contains(words), "{line}: {err}");
            let by_hand = format!(
                "kubectl --context dev -n team-a annotate --overwrite serviceaccounts/{account} acpctl/credential=prod acpctl/platform=local: acpctl/credential-id={copied}"
            );
            assert!(err.contains(&by_hand), "{by_hand}: {err}");
            assert_eq!(bench.server.live_tokens(), before);
        }
    };
    let (renew, revoke) = ("credential renew prod", "credential revoke prod --yes");
    let ended = "the cluster does not accept the stored token any more";
    refused(&[renew], ended);
    bench.server.know(&bench.stored_token("prod"), "somebody");
    refused(
        &[renew, revoke],
        "the cluster takes the stored token for that of somebody",
    );
}

/// A revocation gives nobody a token, so the user may decide what nothing proves.
#[test]
fn an_account_that_names_no_record_is_taken_back_after_its_token_has_ended() {
    let bench = Bench::new();
    bench.ok(MINT);
    let account = account(&bench, "prod");
    forget_record(&bench, &account);
    bench.server.forget("secrets", &format!("{account}-a"));
    let objects = bench.objects();
    let doubt = format!(
        "only the record says that the ServiceAccount {account} is its own: the cluster does not accept the stored token any more"
    );
    let (code, _, err) = bench.run("credential renew prod");
    assert_eq!(code, 6, "{err}");
    let copied = copy(&bench, "prod", &bench.stored_token("prod"));
    let (code, _, err) = bench.run(&format!("credential revoke {copied} --yes"));
    assert_eq!(code, 6, "{err}");
    assert!(err.contains("names the same account"), "{err}");
    bench.ok(&format!("credential delete {copied} --yes --force"));

    let (code, _, err) = bench.run("credential revoke prod --dry-run");
    assert_eq!(code, 0, "{err}");
    assert!(err.contains(&format!("Warning: {doubt}")), "{err}");
    // Whoever has confirmed the first question is asked again, now with what is not proved.
    for (answers, words) in [("y\n", "use --yes/-y"), ("y\nn\n", "Aborted.")] {
        let mut command = bench.command("credential revoke prod");
        let (_, out, err) = command.write_stdin(answers).told();
        assert_eq!(out, "", "{err}");
        assert!(err.contains(&doubt) || words != "Aborted.", "{err}");
        assert!(err.contains(words), "{err}");
        assert_eq!(bench.objects(), objects);
    }
    let (code, out, err) = bench.run("credential revoke prod --yes");
    assert_eq!(
        (code, out.as_str()),
        (0, "credential/prod revoked\n"),
        "{err}"
    );
    assert!(err.contains(&format!("Warning: {doubt}")), "{err}");
    assert!(bench.objects().is_empty());
}

/// Anybody who can change a record can put a token into it that names somebody else's account.
#[test]
fn a_forged_token_leads_to_no_hint_that_removes_the_account_of_somebody_else() {
    let bench = Bench::new();
    bench.ok("credential create --mint view --name low --yes");
    bench.ok("credential create --mint edit --name high --yes");
    let text = bench.ok("credential token low");
    let text = text.replace(&bench.stored_token("low"), &forged(&bench, "high"));
    let path = format!("/credentials/{}", id_of(&bench, "low"));
    let words = ["api", "PATCH", &path, "--field", &format!("token={text}")];
    bench.env.local().args(words).stdout();
    let (low, high) = (account(&bench, "low"), account(&bench, "high"));
    let removed = |account: &str| format!("-l acpctl/id={}", account.trim_start_matches("acpctl-"));

    let (code, _, err) = bench.run("credential renew low");
    assert_eq!(code, 6, "{err}");
    assert!(err.contains(&high), "{err}");
    assert!(
        err.contains(&removed(&low)) && !err.contains(&removed(&high)),
        "{err}"
    );
    // Nothing tells whose either account is.
    forget_record(&bench, &low);
    let (code, _, err) = bench.run("credential revoke low --yes");
    assert_eq!(code, 6, "{err}");
    assert!(!err.contains(" delete rolebindings"), "{err}");
    let look = "kubectl --context dev -n team-a get serviceaccounts -l app.kubernetes.io/managed-by=acpctl -o yaml";
    assert!(err.contains(look), "{err}");
}

#[test]
fn an_account_whose_record_is_gone_is_found_beside_a_copy() {
    let bench = Bench::new();
    bench.ok(MINT);
    let (own, account) = (id_of(&bench, "prod"), account(&bench, "prod"));
    let copied = copy(&bench, "prod", &bench.stored_token("prod"));
    assert_eq!(bench.ok("credential list --orphans --context dev"), "");
    bench.ok(&format!("credential delete {own} --yes --force"));
    let (code, out, err) = bench.run("credential list --orphans --context dev");
    assert_eq!(
        (code, out),
        (
            0,
            format!(
                "serviceaccount/{account} was made for credential/prod, whose record \"{own}\" the platform does not have, although one has its name\n"
            )
        ),
        "{err}"
    );
    for words in [
        "unless it is that of another machine or data folder, remove it: kubectl ".to_owned(),
        format!(
            "the record \"{copied}\" is that credential, and no copy, give it the account: kubectl "
        ),
    ] {
        assert!(err.contains(&words), "{words}: {err}");
    }
    // A new name is no other record.
    let bench = Bench::new();
    bench.ok(MINT);
    bench.ok("credential update prod --name other");
    assert_eq!(bench.ok("credential list --orphans --context dev"), "");
}

#[test]
fn a_new_name_changes_nothing_about_whose_the_account_is() {
    let bench = Bench::new();
    bench.ok(MINT);
    bench.ok("credential update prod --name other");
    bench.ok("credential renew other");
    assert_eq!(bench.server.live_tokens(), [bench.stored_token("other")]);
    bench.ok("credential revoke other --yes");
    assert!(bench.objects().is_empty());
}

#[test]
fn an_account_that_could_not_be_given_to_its_record_is_told() {
    let bench = Bench::new();
    plan(&bench, "PATCH", "/serviceaccounts", Fault::Refuses(403));
    let (code, out, err) = bench.run(MINT);
    assert_eq!(
        (code, out.as_str()),
        (0, "credential/prod created\n"),
        "{err}"
    );
    let (id, account) = (id_of(&bench, "prod"), account(&bench, "prod"));
    for words in [
        format!(
            "Warning: the ServiceAccount {account} does not say that it belongs to this credential"
        ),
        format!("acpctl/credential-id={id}"),
    ] {
        assert!(err.contains(&words), "{words}: {err}");
    }
    assert_eq!(bench.notes(), 0);
    // Who may only renew is not warned in each run.
    plan(&bench, "PATCH", "/serviceaccounts", Fault::Refuses(403));
    let (code, _, err) = bench.run("credential renew prod");
    assert_eq!(code, 0, "{err}");
    assert!(
        !err.contains("Warning") && err.contains("does not name this credential"),
        "{err}"
    );
    let (_, _, err) = bench.run("credential renew prod");
    assert!(
        !err.contains("Warning") && !err.contains("does not name"),
        "{err}"
    );
    bench.ok("credential revoke prod --yes");
}

#[test]
fn the_stored_token_tells_which_anchor_is_in_use() {
    let bench = Bench::new();
    bench.ok(MINT);
    let account = account(&bench, "prod");
    for end in ["b", "c"] {
        rewrite(&bench, "prod", |own| {
            own["acpctl/mint-anchor"] = json!(format!("{account}-{end}"));
        });
        let before = bench.server.live_tokens();
        plan(&bench, "POST", "/token", Fault::Refuses(500));
        assert_eq!(bench.run("credential renew prod").0, 10, "{end}");
        assert_eq!(
            bench.server.live_tokens(),
            before,
            "{end}: the old token stays"
        );
        bench.ok("credential renew prod");
        assert_eq!(
            bench.server.live_tokens(),
            [bench.stored_token("prod")],
            "{end}"
        );
        // Back to the first anchor.
        bench.ok("credential renew prod");
    }
}

#[test]
fn without_a_readable_token_the_cluster_tells_which_anchor_is_in_use() {
    let bench = Bench::new();
    let front = Front::new(|_, request| {
        let is_secret = request.target.ends_with("/token");
        is_secret.then(|| raw(403, "text/plain", "Forbidden"))
    });
    assert_eq!(front.run(&bench, AT_PLATFORM).0, 0);
    let account = bench.server.names("serviceaccounts").remove(0);
    let record = front.platform.state()["/credentials"][0].clone();
    let (right, wrong) = (format!("{account}-a"), format!("{account}-b"));
    let annotations = record["annotations"].as_str().unwrap();
    let path = format!("/credentials/{}", record["id"].as_str().unwrap());
    let field = format!("annotations={}", annotations.replace(&right, &wrong));
    let mut command = bench.env.connected(front.server.url());
    command
        .args(["api", "PATCH", &path, "--field", &field])
        .stdout();
    bench
        .server
        .change("secrets", &format!("{account}-a"), |anchor| {
            anchor["metadata"]["creationTimestamp"] = json!("2020-01-01T00:00:00Z");
        });
    let before = bench.server.live_tokens();
    plan(&bench, "POST", "/token", Fault::Refuses(500));
    let (code, _, err) = front.run(&bench, "credential renew prod");
    assert_eq!(code, 10, "{err}");
    assert_eq!(bench.server.live_tokens(), before, "the old token stays");
    assert_eq!(front.run(&bench, "credential renew prod").0, 0);
    assert_eq!(bench.server.names("secrets"), [format!("{account}-b")]);
}

/// A token that says to end with a Secret of somebody else.
#[test]
fn a_token_does_not_name_a_secret_of_somebody_else() {
    let bench = Bench::new();
    bench.ok(MINT);
    bench.server.add(
        "secrets",
        "database",
        &json!({"metadata": {"name": "database"}}),
    );
    let parts = bench.stored_token("prod");
    let claims = URL_SAFE_NO_PAD
        .decode(parts.split('.').nth(1).unwrap())
        .unwrap();
    let mut claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["kubernetes.io"]["secret"] =
        json!({"name": "database", "uid": "00000000-0000-4000-9000-000000000000"});
    let forged = format!(
        "eyJhbGciOiJub25lIn0.{}.",
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let text = bench.ok("credential token prod").replace(&parts, &forged);
    let path = format!("/credentials/{}", id_of(&bench, "prod"));
    let words = ["api", "PATCH", &path, "--field", &format!("token={text}")];
    bench.env.local().args(words).stdout();
    bench.ok("credential renew prod");
    assert!(
        bench
            .server
            .names("secrets")
            .contains(&"database".to_owned())
    );
    bench.ok("credential revoke prod --yes");
    assert!(
        bench
            .server
            .names("secrets")
            .contains(&"database".to_owned())
    );
}

#[test]
fn a_name_writes_no_line_of_its_own() {
    let bench = Bench::new();
    bench.ok(MINT);
    let path = format!("/credentials/{}", id_of(&bench, "prod"));
    let words = [
        "api",
        "PATCH",
        &path,
        "--field",
        "name=h1\ncredential/fx renewed",
    ];
    bench.env.local().args(words).stdout();
    plan(&bench, "POST", "/token", Fault::Refuses(500));
    let (code, out, err) = bench.run("credential renew --all");
    assert_eq!((code, out.as_str()), (10, ""), "{err}");
    assert!(err.contains("credential/h1"), "{err}");
    assert!(
        !err.lines().any(|line| line.starts_with("credential/fx")),
        "{err}"
    );
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
            "acpctl/credential-id",
            json!("another"),
            "the account belongs to the record \"another\"",
        ),
        (
            "acpctl/credential-id",
            Value::Null,
            "the stored token can't be read",
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
    // Whoever renews all the others finishes it as well, and that is no failure.
    let (code, out, err) = bench.run("credential renew --all -o json");
    assert_eq!(code, 0, "{err}");
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(schema::faults("renewals", &told), [""; 0]);
    assert_eq!(told, json!([{"name": "prod", "result": "gone"}]));
    assert!(bench.objects().is_empty());
    assert_eq!((bench.run("credential get prod").0, bench.notes()), (3, 0));
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
fn a_name_that_is_taken_meanwhile_is_refused_with_a_hint_for_minting() {
    let bench = Bench::new();
    let hides_next = Arc::new(AtomicBool::new(false));
    let shared = Arc::clone(&hides_next);
    let front = Front::new(move |_, request| {
        let is_list = request.method == "GET" && request.target.contains("/credentials?");
        let none = json!({"kind": "CredentialList", "page": 1, "size": 0, "total": 0, "items": []});
        (is_list && shared.swap(false, Ordering::SeqCst)).then(|| answer(200, &none))
    });
    assert_eq!(front.run(&bench, AT_PLATFORM).0, 0);
    let objects = bench.objects();
    hides_next.store(true, Ordering::SeqCst);
    let (code, out, err) = front.run(&bench, AT_PLATFORM);
    assert_eq!((code, out.as_str()), (6, ""), "{err}");
    assert!(
        err.contains("renew it (acpctl credential renew prod), or choose another --name"),
        "{err}"
    );
    assert!(err.contains("is removed again"), "{err}");
    assert_eq!(bench.objects(), objects);
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
