//! What `session preview` warns about.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::session::{
    SECRET, bound, certificate_until, jwt, kubeconfig, kubeconfig_of, platform, route, session,
};
use crate::support::server::{Scripted, json as answer, list};
use crate::support::{TestEnv, streams};

/// Whether any warning of a provider's credential holds these words.
fn warns(preview: &Value, provider: &str, words: &str) -> bool {
    let credentials = preview["credentials"].as_array().unwrap();
    let credential = credentials.iter().find(|it| it["provider"] == provider);
    let warnings = credential.unwrap()["warnings"].as_array().unwrap();
    warnings
        .iter()
        .any(|it| it.as_str().unwrap().contains(words))
}

#[test]
fn each_mode_has_its_own_surprises() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let preview = |mode: &str| -> Value {
        let words = [
            "preview",
            "--credential",
            "google",
            "--credential",
            "kubeconfig",
            "-o",
            "json",
            "--mode",
            mode,
        ];
        let output = session(&env, &server, &words).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let (today, april, sidecar) = (
        preview("in-process"),
        preview("in-process-april"),
        preview("sidecar"),
    );
    for (preview, mode) in [
        (&today, "in-process"),
        (&april, "in-process-april"),
        (&sidecar, "sidecar"),
    ] {
        assert_eq!(preview["mode"], mode);
        assert_eq!(
            warns(preview, "kubeconfig", "bound or not"),
            mode == "in-process-april"
        );
        assert_eq!(
            warns(preview, "kubeconfig", "not pinned"),
            mode != "sidecar"
        );
        assert!(warns(preview, "kubeconfig", "configuration_view"), "{mode}");
    }
    let words = ["preview", "--credential", "kubeconfig", "--color", "always"];
    let output = session(&env, &server, &words).output().unwrap();
    let warning = "kubeconfig: \x1b[35mwarning\x1b[0m: the platform's MCP server";
    assert!(streams(&output).1.contains(warning));
    // The Google file went with the turn in April, and stays today.
    let goes = |preview: &Value| {
        preview["credentials"][0]["lifetime"]["goes"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(goes(&april), "when the turn ends");
    assert!(goes(&today).starts_with("when the session's pod ends"));
    assert_eq!(
        sidecar["credentials"][1]["mcp"]["url"],
        "http://localhost:8093/sse"
    );
    assert_eq!(sidecar["credentials"][0]["file"], Value::Null);
}

#[test]
fn a_second_credential_of_a_provider_and_odd_bindings_are_warned_about() {
    let env = TestEnv::new();
    let mut personal = bound("jira", "", "r-viewer");
    personal["user_id"] = "ada".into();
    let second = json!({"id": "k2", "name": "second", "provider": "kubeconfig"});
    let mut closer = bound("kubeconfig", "team-a", "r-viewer");
    closer["created_at"] = "2026-02-01T00:00:00Z".into();
    let bindings = json!([personal, bound("k2", "", "r-viewer"), closer]);
    let server = Scripted::with(move |request| {
        let reply = route(request, &bindings);
        if request.line().starts_with("GET /credentials?") {
            let kubeconfig =
                json!({"id": "kubeconfig", "name": "kubeconfig", "provider": "kubeconfig"});
            let jira = json!({"id": "jira", "name": "jira", "provider": "jira"});
            let items = json!([second, kubeconfig, jira]);
            return list(items);
        }
        reply
    });
    let words = ["preview", "--project", "team-a", "-o", "json"];
    let output = session(&env, &server, &words).output().unwrap();
    let preview: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rival = "\"second\" is bound as well, but kubeconfig comes first: its tier is closer";
    assert!(warns(&preview, "kubeconfig", rival), "{preview}");
    assert!(
        warns(&preview, "jira", "created for one person"),
        "{preview}"
    );
    assert!(!warns(&preview, "jira", "is bound as well"), "{preview}");
}

#[test]
fn what_ends_before_the_session_does_is_warned_about() {
    /// The beginnings of 2020, 2090 and 2100; the longest timeout ends in between.
    const PAST: u64 = 1_577_836_800;
    const NEAR: u64 = 3_786_912_000;
    const FAR: u64 = 4_102_444_800;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let soon = now.as_secs() + 3_600;
    for (id, provider, secret, expected) in [
        (
            "t2147483647",
            "kubeconfig",
            kubeconfig(&jwt(NEAR)),
            "its token ends on 2090-01-01 00:00 UTC, in ",
        ),
        (
            "t2147483647",
            "kubeconfig",
            kubeconfig_of(&certificate_until(2090)),
            "within the session's timeout of 2147483647s",
        ),
        ("t2147483647", "kubeconfig", kubeconfig(&jwt(FAR)), ""),
        ("t60", "kubeconfig", kubeconfig(&jwt(soon)), ""),
        (
            "t0",
            "kubeconfig",
            kubeconfig(&jwt(soon)),
            "within the 24h that are assumed for a session without a known timeout",
        ),
        (
            "t60",
            "kubeconfig",
            kubeconfig_of(&certificate_until(2020)),
            "EXPIRED: its client certificate ended on 2020-01-01 00:00 UTC, ",
        ),
        (
            "t60",
            "gitlab",
            jwt(PAST),
            "EXPIRED: its token ended on 2020-01-01 00:00 UTC, ",
        ),
        ("t60", "gitlab", SECRET.to_owned(), ""),
    ] {
        let env = TestEnv::new();
        let bindings = json!([bound(provider, "team-a", "r-viewer")]);
        let secret_is_opaque = secret == SECRET;
        let server = Scripted::with(move |request| {
            if request.target.ends_with("/token") {
                return answer(
                    200,
                    &json!({"credential_id": provider, "provider": provider, "token": secret}),
                );
            }
            route(request, &bindings)
        });
        let run = |words: &[&str]| {
            let output = session(&env, &server, words).output().unwrap();
            let (stdout, stderr) = streams(&output);
            assert!(output.status.success(), "{stderr}");
            (stdout, stderr)
        };
        let is_about_the_end =
            |line: &&str| line.contains(" ends on ") || line.contains(" ended on ");
        let matches = |lines: Vec<&str>| match lines.as_slice() {
            [] => expected.is_empty(),
            [line] => !expected.is_empty() && line.contains(expected),
            _ => false,
        };

        let (_, stderr) = run(&["preview", id]);
        let lines: Vec<&str> = stderr.lines().filter(is_about_the_end).collect();
        assert!(matches(lines), "{id} {provider}: {stderr}");

        let (stdout, _) = run(&["preview", id]);
        let is_known = !secret_is_opaque;
        assert_eq!(
            stdout.contains("   time       expires"),
            is_known,
            "{stdout}"
        );

        let (stdout, _) = run(&["preview", id, "-o", "json"]);
        let shown: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(shown["credentials"][0]["expires_at"].is_string(), is_known);
        let warnings = shown["credentials"][0]["warnings"].as_array().unwrap();
        let lines: Vec<&str> = warnings
            .iter()
            .map(|it| it.as_str().unwrap())
            .filter(is_about_the_end)
            .collect();
        assert!(matches(lines), "{id} {provider}: {stdout}");
        assert_eq!(shown["session_time"]["assumed"], id == "t0");

        let (_, stderr) = run(&["exec", "--session", id, "--", "true"]);
        let lines: Vec<&str> = stderr.lines().collect();
        assert!(matches(lines), "{id} {provider}: {stderr}");
    }
}
