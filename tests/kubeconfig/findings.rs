//! What a finding says: where, since when, and no secret of an address.

use std::path::Path;

use acpctl::kubeconfig::{self, CheckOptions, Delivery, Rules};

use crate::{check, check_at, codes, folder, one_context, open_nothing, source};

#[test]
fn findings_say_where() {
    let text = "clusters:\n- name: c\n  cluster: {server: https://x}\nusers:\n- name: a\n  user: {}\n\
                - name: u\n  user:\n    token: s3cret\n    exec:\n      command: aws\n      \
                apiVersion: client.authentication.k8s.io/v1\ncontexts:\n- name: dev\n  context: \
                {cluster: c, user: u}\ncurrent-context: dev\n";
    let report = check(text.as_bytes(), None, Rules::Kubernetes);
    let finding = &report.findings[0];
    assert_eq!(finding.code, "exec-bad-mode");
    assert_eq!(finding.list, Some("users"));
    assert_eq!(finding.index, Some(1));
    assert_eq!(finding.name.as_deref(), Some("u"));
    assert_eq!(finding.field.as_deref(), Some("user.exec.interactiveMode"));
    assert_eq!(finding.line, Some(10), "the nearest line: that of `exec`");

    let text = "users:\n- name: u\n  user:\n    token: 123\n";
    let finding = &check(text.as_bytes(), None, Rules::Kubernetes).findings[0];
    assert_eq!((finding.code, finding.line), ("wrong-type", Some(4)));
    assert_eq!(finding.field.as_deref(), Some("user.token"));
    assert!(!finding.message.contains("123"));
}

#[test]
fn misspelt_fields_are_named() {
    let text = one_context(
        "Server: https://x, server: https://y.example.com",
        "token-file: x",
    );
    let report = check(text.as_bytes(), None, Rules::Runner);
    let fixes: Vec<_> = report
        .findings
        .iter()
        .filter(|f| f.code == "unknown-field")
        .filter_map(|f| f.fix.as_deref())
        .collect();
    assert_eq!(fixes, ["rename it to `server`", "rename it to `tokenFile`"]);
}

#[test]
fn addresses_are_shown_without_secrets() {
    for (server, shown) in [
        (
            "https://me:pw@api.example.com:6443/k8s?key=pw#pw",
            "https://api.example.com:6443/k8s",
        ),
        ("https://api.example.com/me:pw@x", "https://api.example.com"),
        ("https://me:pwapi.example.com", "(not an address)"),
        ("me:pw@api.example.com", "api.example.com"),
        ("api.example.com:6443", "api.example.com:6443"),
    ] {
        let text = one_context(&format!("server: '{server}'"), "");
        let listed = kubeconfig::contexts(&[source(text.as_bytes(), Path::new(""))]).unwrap();
        assert_eq!(listed[0].server.as_deref(), Some(shown));
        let report = check(text.as_bytes(), None, Rules::Runner);
        assert!(!serde_json::to_string(&report).unwrap().contains("pw"));
    }
}

#[test]
fn expiry_follows_the_clock() {
    // {"exp":1800000000}: 2027-01-15 08:00 UTC
    let text = one_context(
        "server: https://api.example.com",
        "token: e30.eyJleHAiOjE4MDAwMDAwMDB9.c2ln",
    );
    for (now, code) in [
        ("2027-01-14T07:00:00Z", None),
        ("2027-01-14T09:00:00Z", Some("token-expires-soon")),
        ("2027-01-15T09:00:00Z", Some("token-expired")),
    ] {
        let report = check_at(now, text.as_bytes(), None, Rules::Runner);
        let found = codes(&report.findings);
        let expiry = found.into_iter().find(|code| code.starts_with("token-exp"));
        assert_eq!(expiry, code, "{now}");
        let summary = report.summary.unwrap();
        assert_eq!(
            summary.context.expires_at.unwrap().to_string(),
            "2027-01-15T08:00:00Z"
        );
    }

    let file = std::fs::read(folder().join("030-cert-data.yaml")).unwrap();
    let end = check(&file, None, Rules::Runner)
        .summary
        .unwrap()
        .context
        .expires_at
        .unwrap();
    for (days, code) in [
        (20, None),
        (10, Some("client-cert-expires-soon")),
        (-1, Some("client-cert-expired")),
    ] {
        let now = end - jiff::SignedDuration::from_hours(24 * days);
        let report = check_at(&now.to_string(), &file, None, Rules::Runner);
        let found = codes(&report.findings);
        let expiry = found
            .into_iter()
            .find(|code| code.starts_with("client-cert-exp"));
        assert_eq!(expiry, code, "{days} days before the end");
    }
}

#[test]
fn a_minimum_life_can_be_asked_for() {
    let text = one_context(
        "server: https://api.example.com",
        "token: e30.eyJleHAiOjE4MDAwMDAwMDB9.c2ln",
    );
    for (hours, reported) in [(47, false), (49, true)] {
        let options = CheckOptions {
            delivery: Delivery::Pod,
            context: None,
            rules: Rules::Runner,
            now: "2027-01-13T08:00:00Z".parse().unwrap(),
            min_ttl: Some(jiff::SignedDuration::from_hours(hours)),
            open: &open_nothing,
        };
        let report = kubeconfig::check(&[source(text.as_bytes(), Path::new(""))], &options);
        assert_eq!(
            codes(&report.findings).contains("expires-too-early"),
            reported
        );
    }
}
