//! A cluster that gives another token than it was asked for: nothing is stored, and nothing that can be undone is left.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::mint::{Bench, MINT};
use std::sync::Arc;

use crate::support::apiserver::{ADMIN, ApiServer};
use crate::support::cluster::Asked;
use crate::support::platform::Platform;
use crate::support::run::Run as _;
use crate::support::server::{Scripted, json as answer};

#[test]
fn a_token_that_a_refusal_quotes_is_masked() {
    let bench = Bench::new();
    bench.server.state().lie = Some(Box::new(|answer, _| {
        let token = answer["status"]["token"].as_str().unwrap();
        let text = format!("no: the token {token} is not for you");
        *answer = json!({"kind": "Status", "apiVersion": "v1", "code": 403, "message": text});
    }));
    let (code, out, err) = bench.run(MINT);
    assert_eq!((code, out.as_str()), (5, ""), "{err}");
    assert!(
        err.contains("no: the token ******** is not for you"),
        "{err}"
    );
    assert!(bench.objects().is_empty());
}

/// Changes a claim of the token in an answer.
fn claim(answer: &mut Value, change: impl FnOnce(&mut Value)) {
    let token = answer["status"]["token"].as_str().unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let claims = URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
    let mut claims: Value = serde_json::from_slice(&claims).unwrap();
    change(&mut claims);
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    answer["status"]["token"] = json!([parts[0], &claims, parts[2]].join("."));
}

/// In an hour more than a year.
fn much_later() -> jiff::Timestamp {
    jiff::Timestamp::now() + jiff::SignedDuration::from_hours(366 * 24)
}

type Lie = fn(&mut Value, &Asked);

const LIES: [(Lie, &str); 12] = [
    (
        |answer, _| {
            let end = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(1);
            answer["status"]["expirationTimestamp"] = json!(end.to_string());
            claim(answer, |claims| claims["exp"] = json!(end.as_second()));
        },
        "a token that ended on",
    ),
    (
        |answer, _| {
            claim(answer, |claims| {
                claims["sub"] = json!("system:serviceaccount:kube-system:default");
            });
        },
        "a token of another user",
    ),
    (
        |answer, _| {
            claim(answer, |claims| {
                claims["kubernetes.io"]["serviceaccount"]["uid"] = json!("another");
            });
        },
        "a token of another account of this name",
    ),
    (
        |answer, asked| answer["status"]["token"] = json!(asked.token),
        "back the token that you log in with",
    ),
    (
        |answer, asked| {
            let own = asked.token.as_deref().unwrap();
            answer["status"]["token"] = json!(format!("{own} "));
        },
        "back the token that you log in with",
    ),
    (
        |answer, _| answer["status"]["token"] = json!("two words"),
        "a token with characters that no token consists of",
    ),
    (
        |answer, _| answer["status"]["token"] = json!("==="),
        "a token with characters that no token consists of",
    ),
    (
        |answer, _| claim(answer, |claims| claims["sub"] = json!("system:admin")),
        "a token of another user",
    ),
    (
        |answer, _| {
            let end = much_later();
            answer["status"]["expirationTimestamp"] = json!(end.to_string());
            claim(answer, |claims| claims["exp"] = json!(end.as_second()));
        },
        "a token that lasts until",
    ),
    (
        |answer, _| {
            claim(answer, |claims| {
                claims["exp"] = json!(much_later().as_second());
            });
        },
        "a token with another end than it says",
    ),
    (
        |answer, _| {
            claim(answer, |claims| {
                claims.as_object_mut().unwrap().remove("exp");
            });
        },
        "a token with another end than it says: no end",
    ),
    (
        |answer, _| {
            claim(answer, |claims| {
                claims["kubernetes.io"]["secret"] = json!(null);
            });
        },
        "a token that would not end with its Secret",
    ),
];

#[test]
fn a_token_that_contradicts_the_request_is_not_stored() {
    for hides_names in [None, Some(403), Some(404)] {
        let bench = Bench::new();
        for (lie, words) in LIES {
            let mut state = bench.server.state();
            state.lie = Some(Box::new(lie));
            state.hides_names = hides_names;
            drop(state);
            let (code, out, err) = bench.run(MINT);
            assert_eq!((code, out.as_str()), (10, ""), "{words}: {err}");
            assert!(err.contains(words), "{words}: {err}");
            assert!(!err.contains(ADMIN), "{err}");
            assert!(bench.objects().is_empty(), "{words}");
            assert_eq!(bench.notes(), 0, "{words}");

            bench.server.state().lie = None;
            bench.ok(MINT);
            let before = bench.stored_token("prod");
            bench.server.state().lie = Some(Box::new(lie));
            let (code, _, err) = bench.run("credential renew prod");
            assert_eq!(code, 10, "{words}: {err}");
            assert!(err.contains(words), "{words}: {err}");
            assert_eq!(bench.stored_token("prod"), before);
            assert_eq!(bench.server.live_tokens(), [before]);
            let mut state = bench.server.state();
            state.lie = None;
            state.hides_names = None;
            drop(state);
            bench.ok("credential revoke prod --yes");
        }
    }
}

#[test]
fn an_object_that_a_webhook_changes_is_removed_again() {
    let changes: [(&str, fn(&mut Value), &str); 4] = [
        (
            "rolebindings",
            |body| body["roleRef"]["name"] = json!("cluster-admin"),
            "has changed roleRef of the RoleBinding",
        ),
        (
            "rolebindings",
            |body| {
                let other = json!({"kind": "Group", "name": "system:authenticated"});
                body["subjects"].as_array_mut().unwrap().push(other);
            },
            "has changed subjects of the RoleBinding",
        ),
        (
            "roles",
            |body| {
                body["rules"] = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]);
            },
            "has changed rules of the Role",
        ),
        (
            "serviceaccounts",
            |body| body["automountServiceAccountToken"] = json!(true),
            "has changed automountServiceAccountToken of the ServiceAccount",
        ),
    ];
    for (kind, change, words) in changes {
        let bench = Bench::new();
        bench.server.state().webhook = Some((kind, change));
        let (code, out, err) = bench.run("credential create --mint debug --name prod --yes");
        assert_eq!((code, out.as_str()), (10, ""), "{words}: {err}");
        assert!(err.contains(words), "{err}");
        assert!(bench.objects().is_empty(), "{words}");
        assert!(bench.server.issued_tokens().is_empty(), "{words}");
        assert_eq!(bench.notes(), 0, "{words}");
    }
}

#[test]
fn a_deletion_that_is_only_said_is_not_believed() {
    let bench = Bench::new();
    bench.ok(MINT);
    let first = bench.stored_token("prod");
    bench.server.state().keeps = Some("secrets");
    let (code, out, err) = bench.run("credential renew prod");
    assert_eq!((code, out.as_str()), (10, ""), "{err}");
    assert!(
        err.contains("the new token is stored, but the old one still works"),
        "{err}"
    );
    assert!(
        err.contains("is still there, although the cluster says"),
        "{err}"
    );
    assert!(
        err.contains("kubectl --context dev -n team-a get secrets/acpctl-prod-"),
        "{err}"
    );
    assert_eq!((bench.server.live_tokens().len(), bench.notes()), (2, 1));
    assert!(bench.server.live_tokens().contains(&first));
    let (code, out, err) = bench.run("credential revoke prod --yes");
    assert_eq!((code, out.as_str()), (10, ""), "{err}");
    assert!(
        err.contains("an interrupted run for the credential prod is not settled: "),
        "{err}"
    );
    assert_eq!(bench.run("credential get prod").0, 0);
    bench.server.state().keeps = None;
    bench.ok("credential revoke prod --yes");
    assert!(bench.objects().is_empty(), "{:?}", bench.objects());
    assert_eq!((bench.server.live_tokens().len(), bench.notes()), (0, 0));
}

#[test]
fn a_token_that_works_after_its_end_is_said() {
    let bench = Bench::new();
    bench.ok(MINT);
    bench.server.state().forgets_nothing = true;
    // The second run goes on from there, and the third one finishes what it does not work on itself.
    for line in [
        "credential revoke prod --yes",
        "credential revoke prod --yes",
        "credential renew --all",
    ] {
        let (code, out, err) = bench.run(line);
        assert_eq!(code, if line.contains("revoke") { 10 } else { 3 }, "{err}");
        assert_eq!(out, "", "{line}: {err}");
        assert!(
            err.contains("the cluster did not refuse the token within 15 s"),
            "{line}: {err}"
        );
        assert_eq!((bench.run("credential get prod").0, bench.notes()), (0, 1));
    }
    bench.server.state().forgets_nothing = false;
    bench.ok("credential revoke prod --yes");
    assert_eq!(bench.notes(), 0);
}

#[test]
fn a_cluster_that_does_not_say_whose_a_token_is_gives_no_opaque_one() {
    const OPAQUE: &str = "opaque-token-0123456789";
    for status in [403, 404] {
        let bench = Bench::new();
        // The token names the account, and nothing contradicts it.
        bench.server.state().hides_names = Some(status);
        let (code, out, err) = bench.run(MINT);
        assert_eq!(
            (code, out.as_str()),
            (0, "credential/prod created\n"),
            "{err}"
        );
        assert!(err.contains("the token itself names the account"), "{err}");

        bench.server.know(OPAQUE, "anybody");
        bench.server.state().lie = Some(Box::new(|answer, _| {
            answer["status"]["token"] = json!(OPAQUE);
        }));
        let line = "credential create --mint view --name other --yes";
        let (code, out, err) = bench.run(line);
        assert_eq!((code, out.as_str()), (4, ""), "{err}");
        let words = "the new token can't be read, and the cluster does not say whose it is";
        assert!(err.contains(words), "{err}");

        // The cluster says it: somebody else's.
        bench.server.state().hides_names = None;
        let (code, out, err) = bench.run(line);
        assert_eq!((code, out.as_str()), (4, ""), "{err}");
        assert!(err.contains("for that of anybody"), "{err}");
        assert_eq!(bench.server.live_tokens(), [bench.stored_token("prod")]);
        assert_eq!(bench.notes(), 0);
    }
}

#[test]
fn a_platform_does_not_choose_the_cluster_that_is_asked() {
    const TEXT: &str =
        "credential create --mint view --name prod --yes --context dev --allow server-loopback";
    let bench = Bench::new();
    let elsewhere = ApiServer::start();
    let platform = Arc::new(Platform::default());
    let shared = Arc::clone(&platform);
    let stored = elsewhere.kubeconfig(ADMIN);
    let server = Scripted::with(move |request| {
        if request.target.ends_with("/token") {
            let body =
                json!({"credential_id": "id-of-prod", "provider": "kubeconfig", "token": stored});
            return answer(200, &body);
        }
        shared.reply(request)
    });
    // A login in the platform's address is not for the cluster.
    let url = server
        .url()
        .replace("http://", "http://ada:canary-pass-0123@");
    let run = |line: &str| {
        let mut command = bench.env.connected(&url);
        let command = command.env("KUBECONFIG", bench.file());
        let (code, out, err) = command.args(line.split(' ')).told();
        assert_eq!(code, Some(0), "{line}: {out}{err}");
        err
    };
    run(TEXT);
    let err = run("credential revoke prod --yes");
    assert!(err.contains("leads to another cluster"), "{err}");
    assert!(elsewhere.requests().is_empty());
    assert!(bench.server.live_tokens().is_empty());
    for sent in &bench.server.state().log {
        assert!(!sent.body.contains("canary-pass"), "{sent:?}");
    }
}
