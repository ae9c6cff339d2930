//! `login --password-grant`: a name and a password, which is on no command line.

use crate::login::text;
use crate::support::oidc::{CLIENT, Issuer, Mood, PASSWORD};
use crate::support::server::nothing;
use crate::support::{TestEnv, streams};

#[test]
fn the_password_comes_from_a_pipe_or_a_file_and_is_not_kept() {
    let (env, issuer, api) = (TestEnv::new(), Issuer::new(Mood::Good), nothing());
    let file = env.file("password", format!("{PASSWORD}\n"));
    let at = format!("@{}", file.display());
    for (password, stdin, status) in [("-", PASSWORD, 0), (&at, "", 0), ("-", "wrong-one", 4)] {
        let output = env
            .acpctl()
            .args(["login", api.url(), "--password-grant", "--username", "ada"])
            .args(["--password", password, "--issuer-url", &issuer.url()])
            .args(["--client-id", CLIENT, "--trace"])
            .write_stdin(stdin)
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(status), "{stderr}");
        assert!(!format!("{stdout}{stderr}").contains("canary"));
    }
    let saved = env.saved();
    assert!(text(&saved, "refresh_token").starts_with("canary-refresh-"));
    assert!(!saved.to_string().contains(PASSWORD));
}

#[test]
fn without_a_name_or_a_password_nothing_is_sent() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    for flags in [&[][..], &["--username", "ada"], &["--password", "-"]] {
        let output = env
            .acpctl()
            .args(["login", "--password-grant", "--issuer-url", &issuer.url()])
            .args(flags)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        let words = "Error: --username and --password are required with --password-grant\n";
        assert!(streams(&output).1.starts_with(words));
    }
    assert!(issuer.received().is_empty());
}
