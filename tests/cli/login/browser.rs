//! `login --use-auth-code`: the browser, its callback, and every bad answer.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;
use url::Url;

use crate::login::{ANSWERS, Waiting, on_terminal, text};
use crate::support::browser::{agree, visit};
use crate::support::oidc::{CLIENT, Issuer, Mood};
use crate::support::server::{Scripted, error, nothing};
use crate::support::{TestEnv, streams};

#[test]
fn the_browser_login_ends_with_tokens_in_the_file() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let api = nothing();
    let login = Waiting::start_at(api.url(), &env, &issuer, &["--project", "p1"], &[]);
    let names: Vec<String> = login
        .authorization
        .query_pairs()
        .map(|(key, _)| key.into_owned())
        .collect();
    assert_eq!(
        names,
        [
            "client_id",
            "code_challenge",
            "code_challenge_method",
            "redirect_uri",
            "response_type",
            "state"
        ]
    );
    let query = login.query();
    assert_eq!(
        (query["state"].len(), query["code_challenge"].len()),
        (22, 43)
    );
    let back = agree(&login.authorization);
    let page = visit(&back);
    assert_eq!(page.status, 200);
    assert_eq!(
        page.header("Content-Type"),
        Some("text/html; charset=utf-8")
    );
    assert!(page.body.contains("<h1>Login successful</h1>"));
    // The page names program, server and account.
    let who = format!("acpctl is logged in to {} as alice.", api.url());
    assert!(page.body.contains(&who), "{}", page.body);
    let output = login.end();
    let (stdout, stderr) = streams(&output);
    assert!(output.status.success(), "{stderr}");
    assert!(
        stdout.starts_with("Login successful. Configuration saved to "),
        "{stdout}"
    );
    let saved = env.saved();
    assert!(text(&saved, "access_token").contains('.'));
    assert!(text(&saved, "refresh_token").starts_with("canary-refresh-"));
    // As given, with its slash.
    assert_eq!(text(&saved, "issuer_url"), format!("{}/", issuer.url()));
    assert_eq!(text(&saved, "client_id"), CLIENT);
    assert_eq!(text(&saved, "project"), "p1");
    let form = issuer.token_requests().remove(0);
    assert_eq!(
        form.keys().collect::<Vec<_>>(),
        [
            "client_id",
            "code",
            "code_verifier",
            "grant_type",
            "redirect_uri"
        ]
    );
    assert_eq!(form["code_verifier"].len(), 43);
}

#[test]
fn a_forged_callback_is_turned_away_and_the_login_goes_on() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let login = Waiting::start(&env, &issuer, &[], &[]);
    // Connections that say nothing, as browsers open them in advance, hold nobody up, however many there are.
    let address = login.callback(&[]);
    let address = format!("127.0.0.1:{}", address.port().unwrap());
    let silent: Vec<_> = (0..40)
        .map(|_| std::net::TcpStream::connect(&address).unwrap())
        .collect();
    for query in [
        &[("code", "stolen"), ("state", "guessed")][..],
        &[("code", "stolen")],
        &[("error", "access_denied")],
        &[("error", "access_denied"), ("state", "guessed")],
    ] {
        let page = visit(&login.callback(query));
        assert_eq!(page.status, 400, "{query:?}");
        assert!(page.body.contains("invalid state parameter"));
    }
    let mut elsewhere = login.callback(&[]);
    elsewhere.set_path("/favicon.ico");
    let page = visit(&elsewhere);
    assert_eq!(
        (page.status, page.body.as_str()),
        (404, "404 page not found\n")
    );
    visit(&agree(&login.authorization));
    assert!(login.end().status.success());
    drop(silent);
    assert_eq!(issuer.token_requests().len(), 1);
}

#[test]
fn a_refusal_is_shown_without_markup_and_without_control_characters() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let login = Waiting::start(&env, &issuer, &[], &[]);
    let state = login.query()["state"].clone();
    let page = visit(&login.callback(&[
        ("error", "access_denied"),
        (
            "error_description",
            "<script>alert('x')</script> & \u{1b}[31mno",
        ),
        ("state", &state),
    ]));
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<h1>Login failed</h1>"));
    assert!(
        page.body
            .contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; ")
            && !page.body.contains("<script>")
            && !page.body.contains('\u{1b}'),
        "{}",
        page.body
    );
    let output = login.end();
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(
        streams(&output).1,
        "Error: auth-code login: authorization failed: <script>alert('x')</script> & \\x1b[31mno\n"
    );
    assert!(!env.config_path().exists());
}

#[test]
fn a_callback_without_a_code_ends_the_login() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let login = Waiting::start(&env, &issuer, &[], &[]);
    let state = login.query()["state"].clone();
    let page = visit(&login.callback(&[("state", &state)]));
    assert_eq!(page.status, 400);
    assert!(page.body.contains("missing authorization code"));
    assert_eq!(
        streams(&login.end()).1,
        "Error: auth-code login: authorization failed: missing authorization code in callback\n"
    );
}

#[test]
fn the_browser_is_started_where_there_is_a_display_only() {
    let mut pages = Vec::new();
    for (variables, more, started) in [
        (&[("DISPLAY", ":0")][..], &[][..], true),
        (&[("WAYLAND_DISPLAY", "wayland-0")], &[], true),
        (&[], &[], false),
        (&[("DISPLAY", ":0")], &["--no-browser"], false),
    ] {
        let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
        let seen = env.home().join("seen");
        let opener = env.file(
            "bin/xdg-open",
            format!(
                "#!/bin/sh\necho noise\necho \"$1\" >\"{0}.new\" && mv \"{0}.new\" \"{0}\"\n",
                seen.display()
            ),
        );
        fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:/usr/bin:/bin", opener.parent().unwrap().display());
        let mut all = vec![("PATH", path.as_str())];
        all.extend(variables);
        let login = Waiting::start(&env, &issuer, more, &all);
        let is_opened = login.is_opened;
        if started {
            while !seen.exists() {
                std::thread::yield_now();
            }
            // Others can read the command line: it names a private page that leads on.
            let address: Url = fs::read_to_string(&seen).unwrap().trim().parse().unwrap();
            let page = address.to_file_path().unwrap();
            assert_eq!(
                fs::metadata(&page).unwrap().permissions().mode() & 0o777,
                0o600
            );
            let text = fs::read_to_string(&page).unwrap();
            let target = login.authorization.as_str().replace('&', "&amp;");
            assert!(text.contains(&format!("0;url={target}\"")), "{text}");
            pages.push(page);
        }
        visit(&agree(&login.authorization));
        assert!(login.end().status.success());
        assert_eq!(seen.exists(), started, "{variables:?} {more:?}");
        assert_eq!(is_opened, started, "it says what it does");
    }
    assert!(!pages.iter().any(|page| page.exists()));
}

#[test]
fn the_port_of_the_callback_can_be_chosen_for_a_tunnel() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    drop(free);
    let login = Waiting::start(&env, &issuer, &["--callback-port", &port], &[]);
    assert_eq!(
        login.query()["redirect_uri"],
        format!("http://127.0.0.1:{port}/callback")
    );
    visit(&agree(&login.authorization));
    assert!(login.end().status.success());
}

#[test]
fn every_bad_answer_ends_a_browser_login_with_the_file_untouched() {
    for (mood, words, code) in ANSWERS {
        let (env, issuer) = (TestEnv::new(), Issuer::new(*mood));
        env.config(r#"{"project": "p"}"#);
        let login = Waiting::start(&env, &issuer, &[], &[]);
        let page = visit(&agree(&login.authorization)).body;
        assert!(page.contains("<h1>Login failed</h1>"), "{page}");
        assert!(page.contains("exchange authorization code"), "{page}");
        let output = login.end();
        let words = words.replace("{}", &issuer.url());
        assert_eq!(
            streams(&output).1,
            format!("Error: auth-code login: exchange authorization code: {words}\n")
        );
        assert_eq!(output.status.code(), Some(*code), "{mood:?}");
        assert_eq!(
            fs::read_to_string(env.config_path()).unwrap(),
            r#"{"project": "p"}"#
        );
        assert_eq!(issuer.token_requests().len(), 1, "{mood:?}");
    }
}

#[test]
fn a_code_from_another_issuer_or_for_the_second_time_is_refused() {
    for (document, iss, words) in [
        (
            json!({}),
            Some("https://evil.test"),
            "names the issuer https://evil.test instead of",
        ),
        (
            json!({"authorization_response_iss_parameter_supported": true}),
            None,
            "names no issuer instead of",
        ),
    ] {
        let (env, issuer) = (TestEnv::new(), Issuer::lying(&document));
        let login = Waiting::start(&env, &issuer, &[], &[]);
        let mut back = agree(&login.authorization);
        if let Some(iss) = iss {
            back.query_pairs_mut().append_pair("iss", iss);
        }
        assert!(visit(&back).body.contains(words));
        let output = login.end();
        assert_eq!(output.status.code(), Some(4));
        assert!(streams(&output).1.contains(words));
        assert!(issuer.token_requests().is_empty() && !env.config_path().exists());
    }
    // The right issuer is accepted, and a code that somebody else has used is not.
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let login = Waiting::start(&env, &issuer, &[], &[]);
    let mut back = agree(&login.authorization);
    back.query_pairs_mut().append_pair("iss", &issuer.url());
    assert!(
        visit(&back)
            .body
            .contains("The login to https://api.corp.test is saved")
    );
    assert!(login.end().status.success());
    let again = Waiting::start(&env, &issuer, &[], &[]);
    let used: String = back
        .query_pairs()
        .find(|(key, _)| key == "code")
        .unwrap()
        .1
        .into_owned();
    let state = again.query()["state"].clone();
    let page = visit(&again.callback(&[("code", &used), ("state", &state)]));
    assert!(page.body.contains("Login failed"), "{}", page.body);
    assert_eq!(again.end().status.code(), Some(4));
}

#[test]
fn a_refusal_and_a_busy_port_are_told_in_plain_words() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let login = Waiting::start(&env, &issuer, &[], &[]);
    let state = login.query()["state"].clone();
    visit(&login.callback(&[("error", "access_denied"), ("state", &state)]));
    let stderr = streams(&login.end()).1;
    assert!(
        stderr.contains("access was refused in the browser"),
        "{stderr}"
    );

    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = busy.local_addr().unwrap().port().to_string();
    let output = env
        .acpctl()
        .args(["login", "--use-auth-code", "--issuer-url", &issuer.url()])
        .args(["--callback-port", &port])
        .output()
        .unwrap();
    assert_eq!(
        streams(&output),
        (
            String::new(),
            format!(
                "Error: auth-code login: --callback-port {port}: another program uses this port\n\
                 Hint: choose another port, or leave the flag out, so that acpctl takes a free one\n"
            )
        )
    );
}

#[test]
fn the_page_fails_if_the_login_can_not_be_saved() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let login = Waiting::start(&env, &issuer, &[], &[]);
    // It was a file's place when the login began.
    fs::create_dir_all(env.config_path()).unwrap();
    let page = visit(&agree(&login.authorization));
    assert!(page.body.contains("Login failed"), "{}", page.body);
    assert!(!page.body.contains("canary") && !page.body.contains("eyJ"));
    assert_eq!(login.end().status.code(), Some(1));
}

#[test]
fn the_page_does_not_wait_for_an_issuer_that_is_silent() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let login = Waiting::start(&env, &issuer, &["--request-timeout", "1s"], &[]);
    let back = agree(&login.authorization);
    issuer.change(Mood::Silent);
    let page = visit(&back).body;
    assert!(page.contains("<h1>Login failed</h1>"), "{page}");
    assert!(page.contains("context deadline exceeded"), "{page}");
    let output = login.end();
    assert_eq!(output.status.code(), Some(9));
    assert!(streams(&output).1.contains("context deadline exceeded"));
    assert!(!env.config_path().exists());
}

#[test]
fn a_token_endpoint_that_leads_elsewhere_gets_no_code_there() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let elsewhere = Issuer::new(Mood::Good);
    issuer.redirect("/token", &format!("{}/token", elsewhere.url()));
    let login = Waiting::start(&env, &issuer, &[], &[]);
    let page = visit(&agree(&login.authorization)).body;
    assert!(page.contains("token endpoint returned HTTP 307"), "{page}");
    assert_eq!(login.end().status.code(), Some(10));
    assert!(elsewhere.received().is_empty());
}

#[test]
fn a_closed_tab_can_be_ended_with_ctrl_c_and_the_time_is_shown() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let terminal = on_terminal(
        &env,
        &["login", "https://api.corp.test", "--use-auth-code"],
        &issuer,
        (24, 100),
    );
    let screen = terminal.wait_for(" left (Ctrl-C cancels)");
    assert!(screen.contains("Waiting for the browser, "), "{screen}");
    for another_way in [
        "The browser is on another machine? Press Ctrl-C, then:",
        "acpctl login https://api.corp.test --device --issuer-url http://127.0.0.1:",
    ] {
        assert!(screen.contains(another_way), "{screen}");
    }
    assert!(!screen.contains("Opening browser"), "{screen}");
    terminal.type_text("\x03");
    terminal.wait_for("status 130");
    assert!(terminal.is_sane());
    assert!(!env.config_path().exists());
}

#[test]
fn an_answer_with_two_values_ends_the_login() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let login = Waiting::start(&env, &issuer, &[], &[]);
    let state = login.query()["state"].clone();
    let page = visit(&login.callback(&[("state", &state), ("code", "a"), ("code", "b")]));
    assert_eq!(page.status, 400);
    assert!(page.body.contains("two values of code"), "{}", page.body);
    let output = login.end();
    assert_eq!(output.status.code(), Some(4));
    assert!(issuer.token_requests().is_empty());
}

#[test]
fn the_browser_gets_no_secret_of_the_environment() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let seen = env.home().join("seen");
    let opener = env.file(
        "bin/xdg-open",
        format!(
            "#!/bin/sh\nenv >\"{0}.new\" && mv \"{0}.new\" \"{0}\"\n",
            seen.display()
        ),
    );
    fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", opener.parent().unwrap().display());
    let variables = [
        ("DISPLAY", ":0"),
        ("PATH", path.as_str()),
        ("AMBIENT_TOKEN", "canary-token-0123456789"),
        ("AMBIENT_CLIENT_SECRET", "canary-secret"),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "canary-github"),
    ];
    let login = Waiting::start(&env, &issuer, &[], &variables);
    assert!(login.is_opened);
    while !seen.exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let shown = fs::read_to_string(&seen).unwrap();
    assert!(
        shown.contains("DISPLAY=:0") && !shown.contains("canary"),
        "{shown}"
    );
    visit(&agree(&login.authorization));
    login.end();
}

#[test]
fn the_page_doubts_a_login_as_the_terminal_does() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let api = Scripted::with(|_| error(401, "ambient-401", "no"));
    let login = Waiting::start_at(api.url(), &env, &issuer, &[], &[]);
    let page = visit(&agree(&login.authorization)).body;
    let doubt = format!("saved, but {} rejects the token (401)", api.url());
    assert!(page.contains(&doubt), "{page}");
    assert!(!page.contains("Login successful"), "{page}");
    let (_, stderr) = streams(&login.end());
    assert!(stderr.contains(&doubt), "{stderr}");
}
