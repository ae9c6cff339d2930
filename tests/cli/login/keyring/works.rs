//! A keyring that works takes the login, and keeps it renewed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::login::keyring::{logged_in, on_full_disk, run, said, with_keyring};
use crate::support::oidc::{Issuer, Mood};
use crate::support::server::{Scripted, nothing};
use crate::support::{TOKEN, streams};

#[test]
fn a_keyring_that_answers_takes_the_login() {
    with_keyring(|env, bus| {
        let in_keyring = "The login is in the system's keyring\n";
        let who = |token: &str| {
            let output = run(env, bus, &["whoami", "-t"]);
            assert_eq!(streams(&output), (token.to_owned(), String::new()));
        };

        assert_eq!(
            said(env, bus, &["login", "--token", TOKEN, "--project", "p1"]),
            in_keyring
        );
        let first = env.saved();
        assert!(first["keyring_entry"].is_u64(), "{first}");
        assert_eq!(
            first,
            json!({"project": "p1", "token_store": "keyring", "keyring_entry": first["keyring_entry"]})
        );
        who(TOKEN);
        let output = run(env, bus, &["config", "get", "access_token"]);
        assert_eq!(streams(&output).0, "[REDACTED]\n");
        let output = run(env, bus, &["doctor"]);
        let checks = streams(&output).0;
        assert!(checks.contains("stored token"), "{checks}");

        // The choice holds for the logins to come, and is said when it changes.
        let other = "sha256~canary-other-0123456789";
        assert_eq!(said(env, bus, &["login", "--token", other]), "");
        who(other);
        assert_eq!(
            said(env, bus, &["login", "--token", TOKEN, "--store", "file"]),
            "The login is in the configuration file, mode 0600\n"
        );
        assert_eq!(
            env.saved(),
            json!({"access_token": TOKEN, "project": "p1", "token_store": "file"})
        );
        // Nothing stays behind in the keyring.
        env.config(&first.to_string());
        assert_eq!(run(env, bus, &["whoami"]).status.code(), Some(4));
        env.config("{}");

        assert_eq!(
            said(env, bus, &["login", "--token", TOKEN, "--store", "keyring"]),
            in_keyring
        );
        let last = env.saved();
        assert_ne!(last["keyring_entry"], first["keyring_entry"]);
        said(env, bus, &["logout"]);
        assert_eq!(env.saved(), json!({}));
        env.config(&last.to_string());
        let output = run(env, bus, &["whoami"]);
        let stderr = streams(&output).1;
        assert!(
            stderr.starts_with("Error: not logged in; run 'acpctl login' first\n"),
            "{stderr}"
        );
    });
}

#[test]
fn a_login_in_the_keyring_is_renewed_there() {
    logged_in(Mood::Stale, |env, bus, issuer| {
        let api = nothing();
        let token = || streams(&run(env, bus, &["whoami", "-t"])).0;
        let stale = token();
        assert!(!stale.is_empty());

        issuer.change(Mood::Good);
        let list = ["project", "list", "--send-login", "--api-url", api.url()];
        assert_eq!(said(env, bus, &list), "");
        assert_eq!(said(env, bus, &list), "");
        assert_eq!(issuer.token_requests().len(), 2, "one login, one renewal");
        let renewed = token();
        assert_ne!(renewed, stale);
        for request in api.received() {
            assert_eq!(
                request.header("Authorization"),
                Some(format!("Bearer {renewed}").as_str())
            );
        }
        let file = fs::read_to_string(env.config_path()).unwrap();
        assert!(!file.contains("canary") && !file.contains("eyJ"), "{file}");
    });
}

#[test]
fn each_context_has_an_entry_of_its_own() {
    with_keyring(|env, bus| {
        let other = "sha256~canary-other-0123456789";
        let who = |context: &str, token: &str| {
            let output = run(env, bus, &["--context-name", context, "whoami", "-t"]);
            assert_eq!(streams(&output), (token.to_owned(), String::new()));
        };
        // The login of the flat file stays where it is when its server becomes a context.
        said(env, bus, &["login", "http://127.0.0.1:1", "--token", TOKEN]);
        let login = ["login", "http://127.0.0.1:2", "--token", other];
        said(env, bus, &[&login[..], &["--context-name", "b"]].concat());
        let contexts = env.saved()["contexts"].clone();
        let entry = |name: &str| contexts[name]["keyring_entry"].clone();
        assert_ne!(entry("localhost"), entry("b"));
        assert_eq!(
            contexts,
            json!({
                "localhost": {"server": "http://127.0.0.1:1", "token_store": "keyring", "keyring_entry": entry("localhost")},
                "b": {"server": "http://127.0.0.1:2", "token_store": "keyring", "keyring_entry": entry("b")},
            })
        );
        who("localhost", TOKEN);
        who("b", other);
        said(env, bus, &["config", "rename-context", "b", "c"]);
        who("c", other);
        said(env, bus, &["logout", "--context-name", "localhost"]);
        who("c", other);
        // A deleted context leaves nothing in the keyring, also for one that gets its number.
        said(env, bus, &["config", "delete-context", "c"]);
        env.config(
            &json!({"current_context": "d", "contexts": {
                "d": {"server": "http://127.0.0.1:2", "token_store": "keyring", "keyring_entry": entry("b")},
                "e": {"server": "http://127.0.0.1:2", "token_store": "keyring"},
            }})
            .to_string(),
        );
        for context in ["d", "e"] {
            let output = run(env, bus, &["--context-name", context, "whoami"]);
            assert_eq!(output.status.code(), Some(4), "{context}");
        }
    });
}

/// The Go tool writes its login into the flat part of a file, which says nothing of our contexts.
#[test]
fn a_flat_login_after_a_rename_reaches_no_other_server() {
    with_keyring(|env, bus| {
        let (a, b) = (nothing(), nothing());
        let other = "sha256~canary-other-0123456789";
        let in_keyring = ["--store", "keyring"];
        let login = |url: &str, token: &str, more: &[&str]| {
            let words = [&["login", url, "--token", token][..], &in_keyring, more].concat();
            said(env, bus, &words);
        };
        login(a.url(), TOKEN, &[]);
        said(env, bus, &["config", "rename-context", "localhost", "a"]);
        let renamed = env.saved();
        // Other programs set keys of the flat part and keep the rest.
        let mut flat = renamed.clone();
        flat["api_url"] = json!(b.url());
        flat["current_context"] = json!("localhost");
        env.config(&flat.to_string());
        login(b.url(), other, &["--context-name", "localhost"]);
        said(env, bus, &["--context-name", "a", "project", "list"]);
        said(env, bus, &["project", "list"]);
        let tokens = |server: &Scripted| -> BTreeSet<String> {
            let received = server.received();
            let sent = received
                .iter()
                .filter_map(|request| request.header("Authorization"));
            sent.map(str::to_owned).collect()
        };
        assert_eq!(tokens(&a), [format!("Bearer {TOKEN}")].into());
        assert_eq!(tokens(&b), [format!("Bearer {other}")].into());

        // A number that an editor copies, or an address that it changes, brings no login to another server.
        let seen = (a.received().len(), b.received().len());
        let before = env.saved();
        let entry = before["contexts"]["a"]["keyring_entry"].clone();
        env.config(
            &json!({"current_context": "x", "contexts": {
                "x": {"server": b.url(), "token_store": "keyring", "keyring_entry": entry},
            }})
            .to_string(),
        );
        let output = run(env, bus, &["project", "list"]);
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(4), "{stderr}");
        for wanted in [
            format!("the keyring holds a login for {}", a.url()),
            format!("Hint: acpctl login {}", b.url()),
        ] {
            assert!(stderr.contains(&wanted), "{wanted}: {stderr}");
        }
        assert_eq!((a.received().len(), b.received().len()), seen);

        // A login of a context that shares a number takes a number of its own, and a logout leaves the other one alone.
        let mut shared = before.clone();
        shared["contexts"]["y"] =
            json!({"server": b.url(), "token_store": "keyring", "keyring_entry": entry});
        env.config(&shared.to_string());
        said(env, bus, &["--context-name", "y", "logout"]);
        said(env, bus, &["--context-name", "a", "project", "list"]);
        env.config(&shared.to_string());
        login(b.url(), other, &["--context-name", "y"]);
        said(env, bus, &["--context-name", "a", "project", "list"]);
    });
}

#[test]
fn a_login_that_can_not_be_saved_leaves_the_one_before_it() {
    with_keyring(|env, bus| {
        let (home, other) = (nothing(), nothing());
        said(env, bus, &["login", home.url(), "--token", TOKEN]);
        let before = env.saved();
        let token = "sha256~canary-other-0123456789";
        let output = on_full_disk(env, bus, &["login", other.url(), "--token", token]);
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.starts_with("Error: save config: "), "{stderr}");
        assert_eq!(env.saved(), before);
        assert_eq!(said(env, bus, &["project", "list"]), "");
        // A new login takes a new entry, and nothing of the old one stays.
        said(env, bus, &["login", other.url(), "--token", TOKEN]);
        assert_ne!(env.saved()["keyring_entry"], before["keyring_entry"]);
        env.config(&before.to_string());
        assert_eq!(run(env, bus, &["whoami"]).status.code(), Some(4));
    });
}

#[test]
fn a_login_in_the_keyring_belongs_to_its_issuer() {
    logged_in(Mood::Stale, |env, bus, issuer| {
        let other = Issuer::new(Mood::Good);
        let saved = env.saved();
        let mut edited = saved.clone();
        edited["issuer_url"] = json!(other.url());
        env.config(&edited.to_string());
        let output = run(env, bus, &["project", "list"]);
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(4), "{stderr}");
        assert!(stderr.contains("is from the issuer "), "{stderr}");
        // A logout ends it where it is from.
        said(env, bus, &["logout"]);
        assert_eq!(issuer.revoked().len(), 1);
        assert!(other.received().is_empty());
    });
}

#[test]
fn a_logout_says_if_no_issuer_can_have_heard_of_it() {
    with_keyring(|env, bus| {
        env.config(&json!({"token_store": "keyring", "keyring_entry": 7}).to_string());
        let stderr = said(env, bus, &["logout"]);
        let warning = "Warning: no issuer heard of it (the keyring has no entry for it); ";
        assert!(stderr.starts_with(warning), "{stderr}");
        assert_eq!(env.saved(), json!({}));
    });
}

#[test]
fn an_entry_that_a_locked_keyring_kept_is_ended_by_the_next_logout() {
    logged_in(Mood::Good, |env, bus, issuer| {
        let entry = env.saved()["keyring_entry"].clone();
        // Without its bus the keyring is out of reach.
        said(
            env,
            "unix:path=/nowhere",
            &["login", "--token", TOKEN, "--store", "file"],
        );
        assert_eq!(env.saved()["keyring_entry"], entry);
        assert!(issuer.revoked().is_empty());
        said(env, bus, &["logout"]);
        assert_eq!(issuer.revoked().len(), 1);
        assert_eq!(env.saved()["keyring_entry"], serde_json::Value::Null);
    });
}

#[test]
fn a_logout_that_can_not_write_the_file_leaves_the_login_in_the_keyring() {
    logged_in(Mood::Good, |env, bus, issuer| {
        let before = env.saved();
        let context = "api.corp.test";
        for words in [&["logout"][..], &["config", "delete-context", context]] {
            let output = on_full_disk(env, bus, words);
            let (_, stderr) = streams(&output);
            assert_eq!(output.status.code(), Some(1), "{stderr}");
            assert!(stderr.starts_with("Error: save config: "), "{stderr}");
            assert_eq!(env.saved(), before);
        }
        assert!(issuer.revoked().is_empty());
        said(env, bus, &["logout"]);
        assert_eq!(issuer.revoked().len(), 1);
    });
}

#[test]
fn an_entry_that_a_killed_login_left_is_ended_by_the_next_login_or_logout() {
    for words in [&["logout"][..], &["login", "--token", TOKEN]] {
        logged_in(Mood::Good, |env, bus, issuer| {
            let before = env.saved();
            // This is what the file says between the two writes of a login.
            env.config(&json!({"keyring_left": [before["keyring_entry"]]}).to_string());
            said(env, bus, words);
            assert_eq!(issuer.revoked().len(), 1, "{words:?}");
            assert_eq!(env.saved()["keyring_left"], serde_json::Value::Null);
            env.config(&before.to_string());
            let output = run(env, bus, &["whoami"]);
            assert_eq!(output.status.code(), Some(4), "{words:?}");
        });
    }
}

#[test]
fn a_deleted_context_leaves_the_number_of_an_entry_that_a_locked_keyring_kept() {
    const AWAY: &str = "unix:path=/nowhere";
    logged_in(Mood::Good, |env, bus, issuer| {
        let entry = env.saved()["keyring_entry"].clone();
        said(env, AWAY, &["login", "--token", TOKEN, "--store", "file"]);
        let stderr = said(env, AWAY, &["config", "delete-context", "api.corp.test"]);
        assert!(
            stderr.contains("the next login or logout removes it"),
            "{stderr}"
        );
        assert_eq!(env.saved()["keyring_left"], json!([entry]));
        said(env, bus, &["logout"]);
        assert_eq!(issuer.revoked().len(), 1);
        assert_eq!(env.saved(), json!({}));
    });
}

#[test]
fn logins_at_the_same_time_do_not_disturb_each_others_trial() {
    with_keyring(|env, bus| {
        for round in 0..3 {
            let at = |number: i32| env.work().join(format!("{round}-{number}.json"));
            let children: Vec<_> = (0..8)
                .map(|number| {
                    Command::new(env!("CARGO_BIN_EXE_acpctl"))
                        .env_clear()
                        .envs(env.variables())
                        .env("DBUS_SESSION_BUS_ADDRESS", bus)
                        .env("AMBIENT_CONFIG", at(number))
                        .args(["login", "--token", TOKEN])
                        .stdout(Stdio::null())
                        .stderr(Stdio::piped())
                        .spawn()
                        .unwrap()
                })
                .collect();
            for (number, child) in (0..).zip(children) {
                let output = child.wait_with_output().unwrap();
                assert!(output.status.success(), "{}", streams(&output).1);
                let saved = fs::read_to_string(at(number)).unwrap();
                assert!(saved.contains("\"token_store\": \"keyring\""), "{saved}");
            }
        }
    });
}

#[test]
fn a_file_that_is_moved_or_reached_by_a_link_keeps_its_login() {
    logged_in(Mood::Good, |env, bus, issuer| {
        let at = |path: &Path, words: &[&str]| {
            let mut command = env.acpctl();
            command.env("DBUS_SESSION_BUS_ADDRESS", bus);
            let output = command.env("AMBIENT_CONFIG", path).args(words).output();
            streams(&output.unwrap())
        };
        let (token, stderr) = at(&env.config_path(), &["whoami", "-t"]);
        assert_ne!(token, "", "{stderr}");

        let link = env.work().join("link.json");
        std::os::unix::fs::symlink(env.config_path(), &link).unwrap();
        assert_eq!(at(&link, &["whoami", "-t"]).0, token);
        let moved = env.work().join("moved");
        fs::rename(env.config_path().parent().unwrap(), &moved).unwrap();
        let moved = moved.join("config.json");
        assert_eq!(at(&moved, &["whoami", "-t"]).0, token);

        // The logout there removes this login and ends it.
        let saved = fs::read_to_string(&moved).unwrap();
        at(&moved, &["logout"]);
        assert_eq!(issuer.revoked().len(), 1);
        fs::write(&moved, saved).unwrap();
        let (token, stderr) = at(&moved, &["whoami", "-t"]);
        assert_eq!(token, "", "{stderr}");
    });
}

#[test]
fn copies_of_a_file_renew_their_login_once() {
    logged_in(Mood::Stale, |env, bus, issuer| {
        let api = nothing();
        let copy = env.file("copy.json", fs::read(env.config_path()).unwrap());
        issuer.change(Mood::Slow);
        let start = |config: &Path| {
            Command::new(env!("CARGO_BIN_EXE_acpctl"))
                .args(["project", "list", "--send-login", "--api-url", api.url()])
                .env_clear()
                .envs(env.variables())
                .env("DBUS_SESSION_BUS_ADDRESS", bus)
                .env("AMBIENT_CONFIG", config)
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        };
        let first = start(&env.config_path());
        while issuer.token_requests().len() < 2 {
            thread::sleep(Duration::from_millis(10));
        }
        let second = start(&copy);
        for run in [second, first] {
            let output = run.wait_with_output().unwrap();
            assert!(output.status.success());
            assert_eq!(streams(&output).1, "");
        }
        assert_eq!(issuer.token_requests().len(), 2, "one login, one renewal");
    });
}
