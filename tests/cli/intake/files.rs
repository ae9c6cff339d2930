//! Files that a kubeconfig names: judged as they are stored, and none read beyond the rule.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::intake::{CERTS, config, create, run, validate, with_certificates};
use crate::support::TestEnv;
use crate::support::oidc::jwt;
use crate::support::run::Line as _;

#[test]
fn what_stands_in_files_is_judged_as_it_is_stored() {
    let env = with_certificates();
    env.file("ended.jwt", jwt(&json!({"exp": 1_700_000_000})));
    env.file("day.jwt", jwt(&json!({"exp": 4_070_908_800_i64})));
    env.file("redacted", "REDACTED\n");
    env.file("bearer", "Bearer abcdef\n");
    for (cluster, user, flags, code, part) in [
        (
            "",
            "{client-certificate: expired.crt, client-key: expired.key}",
            vec![],
            7,
            "error[client-cert-expired]",
        ),
        (
            ", certificate-authority: ca-expired.crt",
            "token: abcdef",
            vec![],
            7,
            "error[ca-expired]",
        ),
        (
            ", certificate-authority: garbage.pem",
            "token: abcdef",
            vec![],
            7,
            "error[bad-ca]",
        ),
        (
            ", certificate-authority: rsa.key",
            "token: abcdef",
            vec![],
            7,
            "error[bad-ca]",
        ),
        (
            "",
            "{client-certificate: rsa.crt, client-key: rsa2.key}",
            vec![],
            7,
            "error[key-mismatch]",
        ),
        (
            "",
            "{token: abc, client-key: ca.crt}",
            vec![],
            7,
            "error[bad-private-key]",
        ),
        (
            "",
            "tokenFile: ended.jwt",
            vec![],
            7,
            "error[token-expired]",
        ),
        (
            "",
            "tokenFile: day.jwt",
            vec!["--min-ttl", "60000d"],
            8,
            "error[expires-too-early]",
        ),
        (
            "",
            "{token: opaque-0123456789}",
            vec!["--min-ttl", "12h", "--strict", "--allow", "server-loopback"],
            8,
            "warning[expiry-unknown]",
        ),
        (
            "",
            "tokenFile: redacted",
            vec![],
            7,
            "error[redacted-value]",
        ),
        (
            "",
            "tokenFile: bearer",
            vec![],
            7,
            "error[token-bearer-prefix]",
        ),
    ] {
        env.file("k.yaml", config(cluster, user));
        let (status, stdout, stderr) = create(&env, "k.yaml", &flags);
        assert_eq!(
            (status, stdout.as_str()),
            (Some(code), ""),
            "{user}: {stderr}"
        );
        assert!(stderr.contains(part), "{user}: {stderr}");
        let (status, stdout, _) = validate(&env, "k.yaml", &flags);
        assert_eq!(status, Some(code), "validate says the same: {stdout}");
        assert!(stdout.contains(part), "{stdout}");
    }
}

#[test]
fn a_finding_about_a_file_names_the_field_with_the_path() {
    let env = with_certificates();
    env.file(
        "k.yaml",
        config(
            "",
            "client-key: expired.key\n    client-certificate: ./expired.crt",
        ),
    );
    let (_, stdout, _) = validate(&env, "k.yaml", &["-o", "json"]);
    let report: Value = serde_json::from_str(&stdout).unwrap();
    let findings = report["report"]["findings"].as_array().unwrap();
    let found = findings
        .iter()
        .find(|finding| finding["code"] == "client-cert-expired")
        .unwrap();
    assert_eq!(found["field"], "user.client-certificate");
    assert_eq!((&found["line"], &found["index"]), (&json!(12), &json!(0)));
    assert!(
        found["message"]
            .as_str()
            .unwrap()
            .contains("(in \"./expired.crt\")"),
        "{found}"
    );
    let inlined = report["create"]["inlined"].as_array().unwrap();
    assert_eq!(inlined.len(), 2, "{report}");
}

#[test]
fn the_end_of_a_token_in_a_file_is_remembered() {
    let env = TestEnv::new();
    env.file("t", jwt(&json!({"exp": 4_070_908_800_i64})) + "\n");
    env.file("k.yaml", config("", "tokenFile: t"));
    let (status, _, stderr) = create(&env, "k.yaml", &[]);
    assert_eq!(status, Some(0), "{stderr}");
    assert!(
        stderr.contains("Inlined t into users[u].tokenFile"),
        "{stderr}"
    );
    let (_, stdout, _) = run(&env, &["credential", "get", "n", "-o", "json"]);
    assert!(stdout.contains("2099-01-01T00:00:00Z"), "{stdout}");
}

#[test]
fn a_missing_file_is_one_finding_with_its_path() {
    let env = TestEnv::new();
    env.file(
        "k.yaml",
        config(
            ", certificate-authority: /nowhere/ca.crt",
            "{client-certificate: no.crt, client-key: '~/no.key'}",
        ),
    );
    let (status, _, stderr) = create(&env, "k.yaml", &[]);
    assert_eq!(status, Some(7), "{stderr}");
    for part in [
        "\"/nowhere/ca.crt\": no such file",
        "\"no.crt\": no such file",
        "\"~/no.key\"",
        "nothing expands a ~",
    ] {
        assert!(stderr.contains(part), "{part}: {stderr}");
    }
    assert_eq!(
        stderr.matches("error[file-unreadable]").count(),
        3,
        "{stderr}"
    );
    assert!(!stderr.contains("file-reference"), "{stderr}");
}

#[test]
fn a_token_file_holds_one_token_and_nothing_else() {
    let env = with_certificates();
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain("abc".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    for (content, code) in [
        (
            fs::read(Path::new(CERTS).join("rsa.key")).unwrap(),
            "token-file-no-token",
        ),
        (b"A=1\0B=2\0".to_vec(), "token-file-no-token"),
        (b"one\ntwo\n".to_vec(), "token-file-no-token"),
        (utf16, "token-file-no-token"),
        (vec![0xff, 0xfd, 0x41], "token-file-no-token"),
        (b" \n".to_vec(), "token-file-empty"),
    ] {
        env.file("t", content);
        env.file("k.yaml", config("", "tokenFile: t"));
        let (status, stdout, stderr) = create(&env, "k.yaml", &["--allow", code]);
        assert_eq!((status, stdout.as_str()), (Some(7), ""), "{stderr}");
        assert!(stderr.contains(code), "{stderr}");
    }
    env.file("t", b"\xef\xbb\xbfabcdef\r\n");
    let (status, _, stderr) = create(&env, "k.yaml", &[]);
    assert_eq!(
        status,
        Some(0),
        "a byte order mark is no part of a token: {stderr}"
    );
    let (_, stdout, _) = run(&env, &["credential", "token", "n"]);
    assert!(stdout.contains("token: abcdef\n"), "{stdout}");
}

#[test]
fn files_elsewhere_need_a_word() {
    let env = TestEnv::new();
    fs::create_dir_all(env.home().join("keys")).unwrap();
    fs::write(env.home().join("keys/token"), "abcdef").unwrap();
    env.file("k.yaml", config("", "tokenFile: ../keys/token"));
    let (status, _, stderr) = create(&env, "k.yaml", &[]);
    assert_eq!(status, Some(7), "{stderr}");
    assert!(
        stderr.contains("error[file-outside]") && stderr.contains("--allow-file"),
        "{stderr}"
    );
    std::os::unix::fs::symlink(env.home().join("keys/token"), env.work().join("link")).unwrap();
    env.file("l.yaml", config("", "tokenFile: link"));
    let (status, _, stderr) = create(&env, "l.yaml", &[]);
    assert_eq!(status, Some(7), "a link leads outside, too: {stderr}");
    let (status, _, stderr) = create(&env, "k.yaml", &["--allow-file", "../keys"]);
    assert_eq!(status, Some(0), "{stderr}");
    // Where tools keep the files of clusters, nothing is asked.
    fs::create_dir_all(env.home().join(".minikube")).unwrap();
    fs::write(env.home().join(".minikube/token"), "abcdef").unwrap();
    env.file("m.yaml", config("", "tokenFile: ../.minikube/token"));
    let (status, _, stderr) = create(&env, "m.yaml", &["--if-exists", "update"]);
    assert_eq!(status, Some(0), "{stderr}");
}

#[test]
fn the_flag_that_sends_files_elsewhere_names_their_folder_and_works() {
    let env = TestEnv::new();
    let keys = env.home().join("my keys");
    fs::create_dir_all(&keys).unwrap();
    fs::write(keys.join("token"), "abcdef").unwrap();
    env.file("k.yaml", config("", "tokenFile: ../my keys/token"));
    let flag = format!("--allow-file '{}'", keys.canonicalize().unwrap().display());
    for flags in [&[][..], &["--allow", "file-outside"]] {
        let (status, _, stderr) = create(&env, "k.yaml", flags);
        assert_eq!(status, Some(7), "{stderr}");
        let hint = stderr.lines().last().unwrap();
        assert!(
            hint.starts_with("Hint: nothing was sent; ") && hint.ends_with(&flag),
            "{stderr}"
        );
        assert!(
            stderr.contains(&format!("to send that file, add {flag}\n")),
            "{stderr}"
        );
        assert!(!hint.contains("--allow file-outside"), "{hint}");
    }
    let (status, _, stderr) = create(&env, "k.yaml", &["--allow-file", keys.to_str().unwrap()]);
    assert_eq!(status, Some(0), "{stderr}");
}

#[test]
fn no_flag_is_offered_that_does_not_accept_a_broken_token_file() {
    let env = TestEnv::new();
    env.file("two", "one\ntwo\n");
    env.file("k.yaml", config("", "tokenFile: two"));
    for flags in [&[][..], &["--allow", "token-file-no-token"]] {
        let (status, _, stderr) = create(&env, "k.yaml", flags);
        assert_eq!(status, Some(7), "{stderr}");
        let hint = stderr.lines().last().unwrap();
        assert!(
            hint.ends_with("write only the token into that file"),
            "{stderr}"
        );
    }
}

#[test]
fn no_file_is_waited_for_or_read_without_end() {
    let env = TestEnv::new();
    let made = Command::new("mkfifo").arg(env.work().join("pipe")).status();
    assert!(made.unwrap().success());
    for path in ["pipe", "/dev/zero", "."] {
        for field in ["tokenFile", "client-key"] {
            env.file("k.yaml", config("", &format!("{field}: {path}")));
            for rules in [&[][..], &["--rules", "kubernetes"]] {
                let (status, stdout, stderr) = validate(&env, "k.yaml", rules);
                assert!(matches!(status, Some(0 | 7)), "{path}: {stdout}{stderr}");
            }
            let (status, _, stderr) = create(&env, "k.yaml", &["--allow-file", "/"]);
            assert_eq!(status, Some(7), "{path}: {stderr}");
        }
        let (status, _, stderr) = validate(&env, path, &[]);
        assert_eq!(status, Some(7), "{stderr}");
        let output = env
            .local()
            .line("credential create --provider github --name n --from-file")
            .arg(path)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(7), "{path}");
    }
}
