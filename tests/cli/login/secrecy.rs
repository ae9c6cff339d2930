//! No token is said aloud, in whatever way one logs in.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::login::{Waiting, expired, service_account, service_account_with};
use crate::support::browser::{agree, visit};
use crate::support::oidc::{CLIENT, CLIENT_SECRET, ID_TOKEN, Issuer, Mood, PASSWORD};
use crate::support::server::nothing;
use crate::support::{TOKEN, TestEnv, streams};

// Secrets

#[test]
fn no_token_is_said_aloud_whatever_is_asked_for() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let api = nothing();
    let canaries = |output: &Output| {
        let (stdout, stderr) = streams(output);
        let all = format!("{stdout}{stderr}");
        assert!(!all.contains("canary-"), "{all}");
        // A JWT begins with its header.
        assert!(!all.contains("eyJ"), "{all}");
    };
    for flag in ["-v", "--trace", "--print-curl"] {
        expired(&env, &issuer, &issuer.refresh_token(), api.url());
        for args in [
            &["project", "list"][..],
            &["login", "--token", TOKEN],
            &["whoami"],
            &["config", "view", "--origin"],
            &["logout"],
        ] {
            canaries(&env.acpctl().args(args).arg(flag).output().unwrap());
        }
        let output = service_account_with(&env, &issuer, CLIENT_SECRET, &[flag]);
        canaries(&output);
        if flag != "--print-curl" {
            let url = format!("{}/protocol/openid-connect/token", issuer.url());
            let stderr = streams(&output).1;
            assert!(
                stderr.contains(&format!("> POST {url}\n< 200 ")),
                "{stderr}"
            );
        }
        let failing = Issuer::new(Mood::Refusing);
        expired(&env, &failing, "canary-refresh", api.url());
        canaries(
            &env.acpctl()
                .args(["project", "list", flag])
                .output()
                .unwrap(),
        );
        canaries(&service_account(&env, &failing, CLIENT_SECRET));
    }
}

/// The secrets that the issuer was sent: codes, verifiers, tokens, passwords.
fn sent(issuer: &Issuer) -> Vec<String> {
    const SECRETS: &[&str] = &[
        "assertion",
        "client_secret",
        "code",
        "code_verifier",
        "device_code",
        "password",
        "refresh_token",
        "subject_token",
    ];
    let forms = issuer.token_requests().into_iter().flatten();
    forms
        .filter(|(key, _)| SECRETS.contains(&key.as_str()))
        .map(|(_, value)| value)
        .chain(issuer.revoked())
        .collect()
}

/// The texts of all files below a folder, with their paths.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            found.push((path.display().to_string(), text));
        }
    }
    found
}

/// Every way to log in, renew and log out; with the issuer's refusals that repeat what they were sent, too.
#[test]
fn no_flow_leaves_a_secret_in_an_output_a_page_or_a_file_but_the_configuration() {
    for (mood, flag) in [
        (Mood::Good, "-v"),
        (Mood::Good, "--trace"),
        (Mood::Good, "--print-curl"),
        (Mood::Echoing, "--trace"),
    ] {
        let (env, issuer, api) = (TestEnv::new(), Issuer::new(mood), nothing());
        let temporary = env.home().join("tmp");
        fs::create_dir(&temporary).unwrap();
        let temporary = temporary.display().to_string();
        let places = [
            ("TMPDIR", temporary.as_str()),
            ("XDG_RUNTIME_DIR", &temporary),
        ];
        let login = Waiting::start(&env, &issuer, &[flag], &places);
        let mut shown = login.authorization.to_string();
        shown += &visit(&agree(&login.authorization)).body;
        let mut saved = fs::read_to_string(env.config_path()).unwrap_or_default();
        let mut add = |output: &Output| {
            let (stdout, stderr) = streams(output);
            shown.push_str(&stdout);
            shown.push_str(&stderr);
        };
        add(&login.end());
        let run = |args: &[&str], stdin: &str, variables: &[(&str, &str)]| {
            env.acpctl()
                .args(args)
                .arg(flag)
                .envs(places)
                .envs(variables.iter().copied())
                .write_stdin(stdin)
                .output()
                .unwrap()
        };
        let url = issuer.url();
        for (words, stdin) in [
            (&["--device"][..], ""),
            (
                &["--password-grant", "--username", "ada", "--password", "-"],
                PASSWORD,
            ),
            (
                &[
                    "--client-credentials",
                    "--client-secret",
                    "-",
                    "--store",
                    "file",
                ],
                CLIENT_SECRET,
            ),
        ] {
            let mut args = vec!["login", api.url(), "--issuer-url", &url];
            args.extend(["--client-id", CLIENT]);
            args.extend(words);
            add(&run(&args, stdin, &[]));
            saved += &fs::read_to_string(env.config_path()).unwrap_or_default();
        }
        let job = [
            ("AMBIENT_API_URL", api.url()),
            ("AMBIENT_ISSUER_URL", &url),
            ("AMBIENT_CLIENT_ID", CLIENT),
            ("AMBIENT_ID_TOKEN", ID_TOKEN),
        ];
        add(&run(&["project", "list"], "", &job));
        expired(&env, &issuer, &issuer.refresh_token(), api.url());
        for args in [&["project", "list"][..], &["doctor"], &["whoami"]] {
            add(&run(args, "", &[]));
        }
        for (path, text) in files(env.home()) {
            let is_clean = !text.contains("canary-") && !text.contains("eyJ");
            assert!(is_clean || path.ends_with("/config.json"), "{path}: {text}");
        }
        add(&run(&["logout"], "", &[]));

        let secrets = sent(&issuer);
        assert!(secrets.len() > 6, "{secrets:?}");
        for secret in &secrets {
            assert!(!shown.contains(secret), "{secret} {mood:?} {flag}: {shown}");
            for (path, text) in files(env.home()) {
                assert!(!text.contains(secret), "{secret} is left in {path}");
            }
            // Refresh tokens are kept, and one client secret for which --store asks; nothing else is.
            let may_be_kept = secret.starts_with("canary-refresh-") || secret == CLIENT_SECRET;
            assert!(may_be_kept || !saved.contains(secret), "{secret} was saved");
        }
        assert_eq!(
            shown.contains("token endpoint: not ["),
            mood == Mood::Echoing
        );
        for token in ["canary-", "eyJ"] {
            assert!(!shown.contains(token), "{mood:?} {flag}: {shown}");
        }
    }
}
