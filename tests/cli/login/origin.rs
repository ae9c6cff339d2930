//! Which server a login is for: it goes there, over an encrypted way, and nowhere else unasked.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::support::oidc::{FAR, jwt};
use crate::support::pty::Terminal;
use crate::support::run::Run as _;
use crate::support::server::{Received, Scripted, error, json as answer, nothing, raw};
use crate::support::{TOKEN, TestEnv, streams};

fn carried(server: &Scripted) -> usize {
    let has_token =
        |request: &&Received| request.header("Authorization") == Some(&format!("Bearer {TOKEN}"));
    server.received().iter().filter(has_token).count()
}

/// Runs the program; gives its exit status and what it said on standard error.
fn run(env: &TestEnv, words: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
    let mut command = env.acpctl();
    command.args(words).envs(variables.iter().copied());
    let (status, _, stderr) = command.told();
    (status.unwrap(), stderr)
}

#[test]
fn a_stored_login_goes_to_its_own_server_only() {
    let (env, home, other) = (TestEnv::new(), nothing(), nothing());
    run(&env, &["login", home.url(), "--token", TOKEN], &[]);
    let elsewhere = [("AMBIENT_API_URL", other.url())];
    let flag = ["project", "list", "--api-url", other.url()];
    for (words, variables) in [
        (&["project", "list"][..], &elsewhere[..]),
        (&["credential", "list"], &elsewhere),
        (&flag, &[]),
    ] {
        let (code, stderr) = run(&env, words, variables);
        assert_eq!(code, 4, "{stderr}");
        for wanted in [
            home.url(),
            other.url(),
            "acpctl login",
            "AMBIENT_TOKEN",
            "--send-login",
        ] {
            assert!(stderr.contains(wanted), "{wanted}: {stderr}");
        }
    }
    for words in [
        &["__complete", "credential", "get", ""][..],
        &["doctor"],
        &["version"],
        &["whoami"],
    ] {
        run(&env, words, &elsewhere);
    }
    assert_eq!(carried(&other), 0);

    // Asked for, it goes there: a port-forward to the same platform is usual.
    let asked = [&flag[..], &["--send-login"]].concat();
    assert_eq!(run(&env, &asked, &[]).0, 0);
    assert_eq!(carried(&other), 1);
    // The same server in other words is the same server.
    let slash = format!("{}/", home.url());
    assert_eq!(
        run(&env, &["project", "list", "--api-url", &slash], &[]).0,
        0
    );
    // A token beside the address is for that address.
    let both = [elsewhere[0], ("AMBIENT_TOKEN", TOKEN)];
    assert_eq!(run(&env, &["project", "list"], &both).0, 0);
    assert_eq!(carried(&other), 2);
}

#[test]
fn another_address_in_the_file_does_not_take_the_login_along() {
    let (env, home, other) = (TestEnv::new(), nothing(), nothing());
    run(&env, &["login", home.url(), "--token", TOKEN], &[]);
    let (code, stderr) = run(&env, &["config", "set", "api_url", other.url()], &[]);
    assert!(code == 0 && stderr.contains(home.url()), "{stderr}");
    assert_eq!(run(&env, &["project", "list"], &[]).0, 4);
    // Moving twice forgets nothing, and back home it is in force again.
    run(&env, &["config", "set", "api_url", "local:"], &[]);
    run(&env, &["config", "unset", "api_url"], &[]);
    assert_eq!(env.saved()["login_url"], home.url());
    run(&env, &["config", "set", "api_url", home.url()], &[]);
    assert_eq!(env.saved()["login_url"], Value::Null);
    assert_eq!(run(&env, &["project", "list"], &[]).0, 0);
    // A login at the new address is for that one.
    run(&env, &["login", other.url(), "--token", TOKEN], &[]);
    assert_eq!(run(&env, &["project", "list"], &[]).0, 0);
    assert_eq!(carried(&other), 2);
}

#[test]
fn an_address_of_the_login_that_can_not_be_read_sends_the_login_nowhere() {
    let home = nothing();
    let listed = format!("[\"{}\"]", home.url());
    for broken in [listed.as_str(), "5", "true", "{}", "1e400"] {
        let (env, other) = (TestEnv::new(), nothing());
        let flat = format!(r#""access_token": "{TOKEN}", "login_url": {broken}"#);
        env.config(&format!(r#"{{"api_url": "{}", {flat}}}"#, other.url()));
        let (code, stderr) = run(&env, &["project", "list"], &[]);
        let path = env.config_path().display().to_string();
        assert_eq!(code, 1, "{stderr}");
        for wanted in [path.as_str(), "Config.login_url", "Hint: acpctl logout"] {
            assert!(stderr.contains(wanted), "{wanted}: {stderr}");
        }
        // What goes on without the value does not take the login anywhere either.
        for words in [
            &["doctor"][..],
            &["config", "set", "api_url", other.url()],
            &["__complete", "credential", "get", ""],
            &["whoami"],
        ] {
            run(&env, words, &[]);
        }
        assert_eq!(carried(&other), 0, "{broken}");
        // In a context it is the same.
        env.config(&format!(
            r#"{{"current_context": "a", "contexts": {{"a": {{"server": "{}", {flat}}}}}}}"#,
            other.url()
        ));
        let (code, stderr) = run(&env, &["project", "list"], &[]);
        assert!(code == 1 && stderr.contains("login_url"), "{stderr}");
        assert_eq!(carried(&other), 0, "{broken}");
        // Once it is removed, the login is gone too, and another one works.
        env.config(&format!(r#"{{"api_url": "{}", {flat}}}"#, other.url()));
        assert_eq!(run(&env, &["logout"], &[]).0, 0);
        assert_eq!(run(&env, &["login", "--token", TOKEN], &[]).0, 0);
        let before = carried(&other);
        assert_eq!(run(&env, &["project", "list"], &[]).0, 0);
        assert_eq!(carried(&other), before + 1);
    }
    assert!(home.received().is_empty());
}

#[test]
fn a_broken_local_switch_does_not_lead_to_the_platform() {
    for broken in ["\"true\"", "1"] {
        let (env, platform) = (TestEnv::new(), nothing());
        env.config(&format!(
            r#"{{"api_url": "{}", "access_token": "{TOKEN}", "local": {broken}}}"#,
            platform.url()
        ));
        let (code, stderr) = run(&env, &["project", "list"], &[]);
        assert!(
            code == 1 && stderr.contains("config unset local"),
            "{stderr}"
        );
        assert!(platform.received().is_empty(), "{broken}");
    }
}

#[test]
fn a_login_without_an_address_is_for_the_one_in_force() {
    let (env, home, other) = (TestEnv::new(), nothing(), nothing());
    run(&env, &["config", "set", "api_url", home.url()], &[]);
    let elsewhere = [("AMBIENT_API_URL", other.url())];
    run(&env, &["login", "--token", TOKEN], &elsewhere);
    assert_eq!(run(&env, &["project", "list"], &elsewhere).0, 0);
    assert_eq!(run(&env, &["project", "list"], &[]).0, 4);
    assert_eq!((carried(&home), carried(&other)), (0, 2));
    run(&env, &["logout"], &[]);
    assert_eq!(env.saved(), json!({"api_url": home.url()}));
}

#[test]
fn plain_http_to_another_machine_is_warned_about_once() {
    let (env, proxy) = (TestEnv::new(), nothing());
    let through = [("HTTP_PROXY", proxy.url())];
    let warning = "Warning: http://acp.test is not encrypted";
    let (code, stderr) = run(
        &env,
        &["login", "http://acp.test", "--token", TOKEN],
        &through,
    );
    assert!(code == 0 && stderr.contains(warning), "{stderr}");
    let list = ["project", "list"];
    assert_eq!(run(&env, &list, &through), (0, String::new()));
    env.config(&json!({"api_url": "http://acp.test", "access_token": TOKEN}).to_string());
    assert!(run(&env, &list, &through).1.starts_with(warning));
    assert_eq!(run(&env, &list, &through), (0, String::new()));
    let output = env.acpctl().arg("doctor").envs(through).output().unwrap();
    assert!(streams(&output).0.contains("warn  encryption"));
    // Within a cluster and on this machine there is nothing to say.
    for url in [
        "http://api.ambient.svc",
        "http://api.ambient.svc.cluster.local:8000",
        "http://[::1]:9",
        "http://localhost:9",
    ] {
        let (_, stderr) = run(&env, &["config", "set", "api_url", url], &[]);
        assert!(!stderr.contains("encrypted"), "{stderr}");
    }
}

#[test]
fn no_secret_goes_to_an_issuer_over_plain_http() {
    let (env, proxy) = (TestEnv::new(), nothing());
    let through = [("HTTP_PROXY", proxy.url())];
    let secret = env.file("secret", "canary-client-secret");
    let at = format!("@{}", secret.display());
    let issuer = ["--issuer-url", "http://issuer.test", "--client-id", "c"];
    let service = ["login", "--client-credentials", "--client-secret", &at];
    let (code, stderr) = run(&env, &[&service[..], &issuer].concat(), &through);
    assert!(stderr.contains("not encrypted"), "{stderr}");
    assert_eq!(code, 2, "as for any other address that is no issuer's");
    assert!(!env.config_path().exists());
    let old = jwt(&json!({"exp": 1_000_000_000}));
    env.config(
        &json!({
            "api_url": "http://127.0.0.1:9", "access_token": old, "refresh_token": "canary-refresh",
            "issuer_url": "http://issuer.test", "client_id": "c",
        })
        .to_string(),
    );
    let (_, stderr) = run(&env, &["project", "list", "--retries", "0"], &through);
    assert!(stderr.contains("could not be renewed"), "{stderr}");
    run(&env, &["logout"], &through);
    assert_eq!(proxy.received().len(), 0);
}

#[test]
fn a_login_says_who_it_is_or_what_the_server_said() {
    let env = TestEnv::new();
    let token = jwt(&json!({"exp": FAR, "sub": "f81d4fae", "preferred_username": "ada"}));
    let home = nothing();
    let url = home.url();
    let (code, stderr) = run(&env, &["login", url, "--token", &token], &[]);
    assert_eq!((code, stderr), (0, format!("Logged in to {url} as ada\n")));
    let output = env
        .acpctl()
        .args(["whoami", "-o", "json"])
        .output()
        .unwrap();
    let who: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&who["user"], &who["subject"]),
        (&json!("ada"), &json!("f81d4fae"))
    );

    let refusing = Scripted::with(|_| error(401, "ambient-15", "no"));
    for (url, words) in [
        (refusing.url(), "rejects the token (401)"),
        (
            "http://127.0.0.1:1",
            "the server did not answer: HTTP request failed: ",
        ),
    ] {
        let _ = fs::remove_file(env.config_path());
        let (code, stderr) = run(&env, &["login", url, "--token", TOKEN], &[]);
        let wanted = stderr.starts_with("Warning: saved, but ") && stderr.contains(words);
        assert!(code == 0 && wanted, "{stderr}");
    }
    // What no header can carry is no token.
    let broken = env.file("token", "canary with blanks 0123456789");
    let at = format!("@{}", broken.display());
    let before = env.saved();
    let (code, stderr) = run(&env, &["login", url, "--token", &at], &[]);
    assert!(
        code == 4 && stderr.contains("no token has") && !stderr.contains("canary"),
        "{stderr}"
    );
    assert_eq!(env.saved(), before);
    // Others may read that file.
    assert!(stderr.contains("others may read"), "{stderr}");
}

#[test]
fn version_shows_a_login_that_the_server_insists_on() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| match request.header("Authorization") {
        Some(_) => answer(200, &json!({"version": "v1.2.3"})),
        None => error(401, "ambient-15", "no"),
    });
    env.config(&json!({"api_url": server.url(), "access_token": TOKEN}).to_string());
    let output = env.acpctl().arg("version").output().unwrap();
    assert!(
        streams(&output).0.contains("Server: v1.2.3"),
        "{}",
        streams(&output).0
    );
}

#[test]
fn a_setting_can_be_removed_and_the_embedded_api_has_a_word() {
    let env = TestEnv::new();
    for local in ["local:", "local"] {
        run(&env, &["config", "set", "api_url", local], &[]);
        assert_eq!(run(&env, &["project", "list"], &[]), (0, String::new()));
        assert_eq!(run(&env, &["config", "set", "api_url", ""], &[]).0, 0);
        assert_eq!(env.saved(), json!({}));
        run(&env, &["config", "set", "api_url", local], &[]);
        assert_eq!(run(&env, &["config", "unset", "api_url"], &[]).0, 0);
        assert_eq!(env.saved(), json!({}));
    }
    let (code, stderr) = run(&env, &["config", "unset", "nothing"], &[]);
    assert!(code == 2 && stderr.contains("unknown config key"));
    // Whoever forgot the flag learns of it, in a log too.
    let (code, stderr) = run(&env, &["project", "list"], &[]);
    assert!(
        code == 4 && stderr.contains("--local") && stderr.contains("AMBIENT_TOKEN"),
        "{stderr}"
    );
}

#[test]
fn the_embedded_api_has_a_current_project_of_its_own() {
    let env = TestEnv::new();
    env.config(&json!({"api_url": "https://acp.test", "project": "theirs"}).to_string());
    run(
        &env,
        &["--local", "create", "project", "--name", "ours"],
        &[],
    );
    assert_eq!(run(&env, &["--local", "project", "set", "ours"], &[]).0, 0);
    for (words, wanted) in [
        (&["project", "current"][..], "Current project: theirs\n"),
        (
            &["--local", "project", "current"],
            "Current project: ours\n",
        ),
    ] {
        let output = env.acpctl().args(words).output().unwrap();
        assert_eq!(streams(&output).0, wanted);
    }
    run(&env, &["--local", "config", "set", "project", "other"], &[]);
    assert_eq!(env.saved()["project"], "theirs");
    assert_eq!(env.saved()["local_project"], "other");
}

#[test]
fn a_secret_file_that_others_may_read_is_warned_about() {
    let env = TestEnv::new();
    let token = env.file("token", TOKEN);
    let path = token.display().to_string();
    // The flags that are missing end it before it serves.
    let words = ["serve", "--token-file", &path, "--tls-cert", "none"];
    for (mode, is_open) in [(0o640, true), (0o604, true), (0o600, false)] {
        fs::set_permissions(&token, fs::Permissions::from_mode(mode)).unwrap();
        let (code, stderr) = run(&env, &words, &[]);
        assert_eq!(code, 2, "{stderr}");
        assert_eq!(stderr.contains("chmod 600"), is_open, "{stderr}");
    }
    // So is the configuration, where somebody sees it.
    let api = nothing();
    env.config(&json!({"api_url": api.url(), "access_token": TOKEN}).to_string());
    for (mode, is_open) in [(0o644, true), (0o600, false)] {
        fs::set_permissions(env.config_path(), fs::Permissions::from_mode(mode)).unwrap();
        let command = pty_process::blocking::Command::new(env!("CARGO_BIN_EXE_acpctl"))
            .env_clear()
            .envs(env.variables())
            .args(["project", "list"]);
        let terminal = Terminal::start(command, 24, 100);
        terminal.wait_for("No projects yet");
        assert_eq!(terminal.written().contains("chmod 600"), is_open);
    }
}

/// The advice names the file behind a descriptor, because the descriptor is gone when it is followed.
#[test]
fn the_advice_about_an_open_secret_can_be_pasted() {
    let (env, api) = (TestEnv::new(), nothing());
    let token = env.file("my token", TOKEN);
    let login = |script: &str| {
        let output = std::process::Command::new("sh")
            .env_clear()
            .envs(env.variables())
            .args(["-c", script, "sh", env!("CARGO_BIN_EXE_acpctl"), api.url()])
            .arg(&token)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", streams(&output).1);
        streams(&output).1
    };
    let advice = format!("chmod 600 '{}'\n", token.canonicalize().unwrap().display());
    for script in [
        "\"$1\" login \"$2\" --token-fd 3 3<\"$3\"",
        "\"$1\" login \"$2\" --token \"@$3\"",
        "\"$1\" login \"$2\" --token - <\"$3\"",
    ] {
        fs::set_permissions(&token, fs::Permissions::from_mode(0o644)).unwrap();
        let stderr = login(script);
        assert!(stderr.contains(&advice), "{stderr}");
    }
    // A file that is gone has no name to change.
    let stderr = login("exec 3<\"$3\"; rm \"$3\"; \"$1\" login \"$2\" --token-fd 3");
    assert!(
        stderr.contains("others may read") && !stderr.contains("chmod"),
        "{stderr}"
    );
}

/// A login that can't work replaces none that does, and programs hear whether it was accepted.
#[test]
fn a_login_that_no_command_can_use_is_refused_or_marked() {
    let env = TestEnv::new();
    let home = nothing();
    run(&env, &["login", home.url(), "--token", TOKEN], &[]);
    let before = env.saved();
    let (code, stderr) = run(&env, &["login", "ftp://x", "--token", TOKEN], &[]);
    assert_eq!(code, 2, "{stderr}");
    assert_eq!(
        stderr,
        "Error: invalid URL \"ftp://x\": only HTTP and HTTPS schemes are supported\n"
    );
    assert_eq!(env.saved(), before);

    let refusing = Scripted::with(|_| error(401, "ambient-15", "no"));
    let page = Scripted::with(|_| raw(200, "text/html", "<html>Please sign in</html>"));
    let foreign = Scripted::with(|_| raw(200, "application/json", r#"{"status":"ok"}"#));
    let failing = Scripted::with(|_| error(200, "ambient-9", "db down"));
    let barring = Scripted::with(|_| raw(403, "text/html", "<html>Blocked</html>"));
    for (url, is_accepted) in [
        (home.url(), true),
        (refusing.url(), false),
        (page.url(), false),
        (foreign.url(), false),
        (failing.url(), false),
        (barring.url(), false),
        ("http://127.0.0.1:1", false),
    ] {
        let _ = fs::remove_file(env.config_path());
        let mut command = env.acpctl();
        let output = command.args(["login", url, "--token", TOKEN, "-o", "json"]);
        let output = output.output().unwrap();
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(said["verified"], is_accepted, "{url}: {said}");
        assert_eq!(output.status.code(), Some(0), "as with the Go tool");
    }
}

#[test]
fn a_rejected_token_does_not_replace_a_login() {
    let env = TestEnv::new();
    let home = nothing();
    run(&env, &["login", home.url(), "--token", TOKEN], &[]);
    let before = env.saved();
    let refusing = Scripted::with(|_| error(401, "ambient-15", "no"));
    let url = refusing.url();
    let new = "another-token-0123456789";
    for more in [&[][..], &["--dry-run"]] {
        let line = [&["login", url, "--token", new][..], more].concat();
        let (code, stderr) = run(&env, &line, &[]);
        assert_eq!(code, 4, "{stderr}");
        assert_eq!(
            stderr,
            format!(
                "Error: {url} rejects the token (401); nothing was saved, and the login before it stays\n\
                 Hint: get another token; to save this one nevertheless, log out first: acpctl logout\n"
            )
        );
        assert_eq!(env.saved(), before);
    }
    let line = ["login", home.url(), "--token", new, "--dry-run"];
    let (stdout, _) = streams(&env.acpctl().args(line).output().unwrap());
    let path = env.config_path().display().to_string();
    let would = format!("The login would be saved to {path} (dry run)\n");
    assert_eq!(stdout, would);
    assert_eq!(env.saved(), before);
    let output = env
        .acpctl()
        .args(["login", url, "--token", new, "-o", "json"])
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["error"]["exit_code"], 4, "{said}");
    // A new context has no login to lose.
    let (code, stderr) = run(
        &env,
        &["--context-name", "new", "login", url, "--token", new],
        &[],
    );
    assert!(code == 0 && stderr.contains("saved, but "), "{stderr}");
    // A server that does not answer says nothing about the token.
    let closed = [
        "--context-name",
        "closed",
        "login",
        "http://127.0.0.1:1",
        "--token",
        new,
    ];
    let (code, _) = run(&env, &closed, &[]);
    assert_eq!(code, 0);
}

#[test]
fn a_variable_that_says_the_same_overrides_nothing() {
    let env = TestEnv::new();
    let home = nothing();
    let url = home.url();
    let login = ["login", url, "--token", TOKEN, "--project", "p"];
    let set = ["config", "set", "api_url", url];
    let use_context = ["config", "use-context", "default"];
    let same = [
        ("AMBIENT_API_URL", url),
        ("AMBIENT_TOKEN", TOKEN),
        ("AMBIENT_PROJECT", "p"),
    ];
    let other = [("AMBIENT_API_URL", "http://127.0.0.1:1")];
    for words in [&login[..], &set[..]] {
        let (_, stderr) = run(&env, words, &same);
        assert!(!stderr.contains("overrides"), "{words:?}: {stderr}");
        let (_, stderr) = run(&env, words, &other);
        let warning = "Warning: AMBIENT_API_URL is set and overrides the saved value";
        assert!(stderr.contains(warning), "{words:?}: {stderr}");
    }
    env.config(
        &json!({"contexts": {"default": {"server": url, "project": "p"}, "b": {"server": "http://b.test"}}})
            .to_string(),
    );
    let (code, stderr) = run(&env, &use_context, &[same[0], same[2]]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let (_, stderr) = run(&env, &use_context, &other);
    assert!(stderr.contains("AMBIENT_API_URL is set"), "{stderr}");
}

#[test]
fn a_rejected_token_does_not_replace_a_login_that_was_made_meanwhile() {
    let env = TestEnv::new();
    let path = env.config_path();
    let other = json!({"api_url": "https://other.test", "access_token": TOKEN});
    let text = other.to_string();
    // Another run logs in while the server thinks.
    let refusing = Scripted::with(move |_| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
        error(401, "ambient-15", "no")
    });
    let new = "another-token-0123456789";
    let (code, stderr) = run(&env, &["login", refusing.url(), "--token", new], &[]);
    assert_eq!(code, 4, "{stderr}");
    assert_eq!(env.saved(), other);
}

/// The Go tool does not save the address of the flag; whoever logs in so must know it.
#[test]
fn a_login_to_the_address_of_a_flag_says_that_it_is_not_saved() {
    let (env, server) = (TestEnv::new(), nothing());
    let login = |words: &[&str]| {
        let words = [&["login", "--token", TOKEN], words].concat();
        run(&env, &words, &[])
    };
    let (code, stderr) = login(&["--api-url", server.url()]);
    let note = format!(
        "The address {0} is not saved: later commands need --api-url too, or log in with it: acpctl login {0}",
        server.url()
    );
    assert_eq!((code, stderr.contains(&note)), (0, true), "{stderr}");
    let (code, stderr) = login(&[server.url()]);
    assert_eq!(
        (code, stderr.contains("is not saved")),
        (0, false),
        "{stderr}"
    );
}

#[test]
fn a_login_whose_server_or_issuer_is_an_empty_variable_goes_nowhere() {
    let env = TestEnv::new();
    let home = nothing();
    run(&env, &["login", home.url(), "--token", TOKEN], &[]);
    let (before, asked) = (env.saved(), home.received().len());
    for (words, flag) in [
        (["", "--token"], "the server's URL is empty"),
        (["--url=", "--token"], "--url is given without a value"),
        (
            ["--issuer-url=", "--token"],
            "--issuer-url is given without a value",
        ),
    ] {
        let line = [&["login"][..], &words, &["another-token-0123456789"]].concat();
        let (code, stderr) = run(&env, &line, &[]);
        let wanted = format!("Error: {flag}\nHint: its value is empty: check the variable");
        assert!(code == 2 && stderr.starts_with(&wanted), "{stderr}");
    }
    assert_eq!((env.saved(), home.received().len()), (before, asked));
}

#[test]
fn a_login_to_another_server_names_the_one_that_it_replaces() {
    let env = TestEnv::new();
    let (one, two) = (nothing(), nothing());
    run(&env, &["login", one.url(), "--token", TOKEN], &[]);
    run(&env, &["config", "set", "project", "alpha"], &[]);
    let (code, stderr) = run(&env, &["login", two.url(), "--token", TOKEN], &[]);
    let warning = format!(
        "Warning: the server was {} before, and project \"alpha\" is still the current one; to keep both servers: \
         acpctl --context-name=NAME login {}\n",
        one.url(),
        two.url()
    );
    assert!(code == 0 && stderr.contains(&warning), "{stderr}");
    let (_, stderr) = run(&env, &["login", two.url(), "--token", TOKEN], &[]);
    assert!(!stderr.contains("before"), "{stderr}");
}
