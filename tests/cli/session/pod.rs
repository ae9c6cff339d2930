//! In the pod of a session: its variables and its service token.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::session::{jwt, platform, route, runtime_dir};
use crate::support::server::{Received, Scripted, error, json as answer};
use crate::support::{TOKEN, TestEnv, streams};

#[test]
fn the_variables_of_a_pod_are_followed_with_care() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let run = |url: &str, ids: &str| {
        env.acpctl()
            .env("XDG_RUNTIME_DIR", runtime_dir(&env))
            .env("BACKEND_API_URL", url)
            .env("CREDENTIAL_IDS", ids)
            .env("CREDENTIAL_MCP_URLS", r#"{"gitlab":"http://localhost:1"}"#)
            .env("PROJECT_NAME", " team-a ")
            .env("BOT_TOKEN", TOKEN)
            // Nobody listens there: a proxy that is obeyed ends the run.
            .env("HTTP_PROXY", "http://127.0.0.1:9")
            .args(["session", "exec", "--from-env", "--"])
            .args(["sh", "-c", "echo $GITHUB_TOKEN-$GITLAB_TOKEN"])
            .output()
            .unwrap()
    };
    let output = run(server.url(), r#"{"github":"github","gitlab":"gitlab"}"#);
    let (stdout, stderr) = streams(&output);
    assert_eq!(stdout, "********-\n", "{stderr}");
    for request in server.received() {
        assert!(
            request
                .target
                .starts_with("/api/ambient/v1/credentials/github")
        );
        assert_eq!(
            request.header("authorization"),
            Some(format!("Bearer {TOKEN}").as_str())
        );
        assert_eq!(request.header("x-ambient-project"), Some("team-a"));
    }
    let asked = server.received().len();
    for (url, ids, code) in [
        ("https://evil.example.net", "{}", 2),
        ("http://svc.cluster.local.example.net", "{}", 2),
        ("file://localhost/etc/passwd", "{}", 2),
        (server.url(), "[]", 7),
        (server.url(), r#"{"github":"../roles"}"#, 7),
        (server.url(), r#"{"github":"gitlab"}"#, 7),
    ] {
        let output = run(url, ids);
        assert_eq!(output.status.code(), Some(code), "{url} {ids}");
    }
    // Only the last one, whose answer is for another provider, got as far as asking.
    assert_eq!(server.received().len(), asked + 2);
}

#[test]
fn the_token_exchange_is_refused_in_plain_words() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let run = |token: &str| {
        env.acpctl()
            .env("XDG_RUNTIME_DIR", runtime_dir(&env))
            .env("BACKEND_API_URL", server.url())
            .env("CREDENTIAL_IDS", r#"{"github":"github"}"#)
            .env("AMBIENT_CP_TOKEN_URL", "http://cp.platform.svc/token")
            .env("AMBIENT_CP_TOKEN_PUBLIC_KEY", "a key")
            .env("SESSION_ID", "s1")
            .env("BOT_TOKEN", token)
            .args(["session", "exec", "--from-env", "--", "true"])
            .output()
            .unwrap()
    };
    let refused = run("");
    assert_eq!(refused.status.code(), Some(4));
    assert_eq!(
        streams(&refused).1,
        "Error: no token: the exchange at AMBIENT_CP_TOKEN_URL is not supported\n\
         Hint: set BOT_TOKEN, or mount the token at /var/run/secrets/ambient/bot-token\n"
    );
    assert!(server.received().is_empty());
    // With a token at hand nothing needs to be exchanged.
    assert!(run(TOKEN).status.success());
}

#[test]
fn a_rejected_service_token_is_tried_once_more() {
    for (refusals, code) in [(1, 0), (2, 5)] {
        let env = TestEnv::new();
        let asked = AtomicUsize::new(0);
        let server = Scripted::with(move |request| {
            let is_token = request.target.ends_with("/token");
            if is_token && asked.fetch_add(1, Ordering::SeqCst) < refusals {
                return error(403, "REJECTED", "expired");
            }
            route(request, &json!([]))
        });
        env.acpctl()
            .env("XDG_RUNTIME_DIR", runtime_dir(&env))
            .env("BACKEND_API_URL", server.url())
            .env("CREDENTIAL_IDS", r#"{"github":"github"}"#)
            .env("AGENTIC_SESSION_NAMESPACE", "team-a")
            .env("BOT_TOKEN", TOKEN)
            .args(["session", "exec", "--from-env", "--", "true"])
            .assert()
            .code(code);
        let fetches: Vec<Received> = server
            .received()
            .into_iter()
            .filter(|request| request.target.ends_with("/token"))
            .collect();
        assert_eq!(fetches.len(), 2, "never a third time");
        assert_eq!(fetches[0].header("x-ambient-project"), Some("team-a"));
    }
}

#[test]
fn a_pods_session_says_how_long_it_runs() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| {
        let token = jwt(3_786_912_000);
        if request.target.ends_with("/token") {
            return answer(
                200,
                &json!({"credential_id": "gitlab", "provider": "gitlab", "token": token}),
            );
        }
        route(request, &json!([]))
    });
    let warning = "Warning: gitlab: its token ends on 2090-01-01 00:00 UTC, in ";
    // The timeout of the first ends after the token, that of the second before; nobody knows the last.
    for (id, is_warned) in [("t2147483647", true), ("t60", false), ("../roles", false)] {
        let output = env
            .acpctl()
            .env("XDG_RUNTIME_DIR", runtime_dir(&env))
            .env("BACKEND_API_URL", server.url())
            .env("CREDENTIAL_IDS", r#"{"gitlab":"gitlab"}"#)
            .env("BOT_TOKEN", TOKEN)
            .env("SESSION_ID", id)
            .args(["session", "exec", "--from-env", "--", "true"])
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert!(output.status.success(), "{stderr}");
        assert_eq!(stderr.starts_with(warning), is_warned, "{id}: {stderr}");
        assert_eq!(stderr.is_empty(), !is_warned, "{id}: {stderr}");
    }
}

#[test]
fn a_refresh_in_a_pod_reads_the_service_token_again() {
    let env = TestEnv::new();
    let asked = AtomicUsize::new(0);
    let server = Scripted::with(move |request| {
        if !request.target.ends_with("/token") {
            return route(request, &json!([]));
        }
        // At the start the service's token is good, at the first refresh it is not, and then it is a new one.
        let secret = match asked.fetch_add(1, Ordering::SeqCst) {
            0 => "first",
            1 => return error(401, "REJECTED", "expired"),
            _ => "second",
        };
        answer(
            200,
            &json!({"credential_id": "github", "provider": "github", "token": secret}),
        )
    });
    let script = "until grep -q second $AMBIENT_SESSION_DIR/github_token; do sleep 0.05; done";
    let output = env
        .acpctl()
        .env("XDG_RUNTIME_DIR", runtime_dir(&env))
        .env("BACKEND_API_URL", server.url())
        .env("CREDENTIAL_IDS", r#"{"github":"github"}"#)
        .env("BOT_TOKEN", TOKEN)
        .args(["session", "exec", "--from-env", "--refresh", "100ms"])
        .args(["--", "sh", "-c", script])
        .output()
        .unwrap();
    let (_, stderr) = streams(&output);
    assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""));
}
