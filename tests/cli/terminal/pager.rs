//! Long output on a terminal goes through a pager, anything else does not.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::TestEnv;
use crate::support::pty::{start, start_with};
use crate::support::run::Line as _;
use crate::support::server::{Scripted, list};

/// A pager that tells that it ran, and how many lines it read.
fn pager(env: &TestEnv) -> String {
    let path = env.file("pager", "#!/bin/sh\necho \"PAGED $(wc -l) lines\"\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_string_lossy().into_owned()
}

fn platform() -> Scripted {
    Scripted::with(|_| {
        let items = (0..50)
            .map(|n| serde_json::json!({"id": format!("c{n}"), "name": format!("name-{n}")}));
        list(items.collect::<Vec<_>>())
    })
}

#[test]
fn a_list_that_is_longer_than_the_window_is_paged() {
    let env = TestEnv::new();
    let server = platform();
    let pager = pager(&env);
    let screen = |variables: &[(&str, &str)], rows: u16, words: &[&str]| {
        let terminal = start_with(&env, server.url(), variables, "\"$@\"", words, (rows, 100));
        terminal.wait_for("status 0");
        terminal.written()
    };
    let named = [("PAGER", pager.as_str())];
    let list = ["credential", "list"];
    assert!(screen(&named, 20, &list).contains("PAGED 51 lines"));
    // It fits; the user forbids it; a secret is asked for.
    for (variables, rows, words) in [
        (&named[..], 60, &list[..]),
        (&[("PAGER", "cat")], 20, &list),
        (&[named[0], ("ACPCTL_PAGER", "cat")], 20, &list),
        (&[named[0], ("CI", "true")], 20, &list),
        (&named, 20, &["credential", "list", "--no-input"]),
        (&named, 20, &["credential", "list", "-o", "json"]),
    ] {
        let written = screen(variables, rows, words);
        assert!(
            !written.contains("PAGED") && written.contains("name-49"),
            "{variables:?} {words:?} {written}"
        );
    }
    // The findings about a kubeconfig are a page too.
    env.file("kubeconfig", crate::terminal::KUBECONFIG);
    let validate = ["credential", "validate", "kubeconfig"];
    let written = screen(&named, 5, &validate);
    assert!(written.contains("PAGED"), "{written}");
    // The configuration file wins over PAGER.
    env.config(&serde_json::json!({"pager": pager}).to_string());
    let written = screen(&[("PAGER", "cat")], 20, &["help", "environment"]);
    assert!(written.contains("PAGED"), "{written}");
    // A pager that does not exist is named, and the text is shown without it.
    let written = screen(&[("ACPCTL_PAGER", "no-such-pager")], 20, &list);
    assert!(
        written.contains("Warning: the pager no-such-pager"),
        "{written}"
    );
    assert!(written.contains("name-49"), "{written}");
}

#[test]
fn a_secret_is_never_paged() {
    let env = TestEnv::new();
    env.file("secret", crate::terminal::KUBECONFIG);
    env.local()
        .line("credential create --name long --from-file secret")
        .assert()
        .success();
    let pager = pager(&env);
    env.config(&serde_json::json!({"pager": pager}).to_string());
    let terminal = start(
        &env,
        "local:",
        &["--local", "credential", "token", "long", "--reveal"],
        5,
        80,
    );
    terminal.wait_for("status 0");
    assert!(!terminal.written().contains("PAGED"));
}

/// Ctrl-C is for the pager: the program waits for its end.
#[test]
fn ctrl_c_in_the_pager_ends_nothing_else() {
    let env = TestEnv::new();
    let server = platform();
    let path = env.file(
        "pager",
        "#!/bin/sh\ntrap 'echo INTERRUPTED' INT\necho READY\n\
         until [ \"$answer\" = q ]; do read answer < /dev/tty; done\necho \"LEFT $answer\"\n",
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let path = path.to_string_lossy();
    let variables = [("ACPCTL_PAGER", path.as_ref())];
    let words = ["credential", "list"];
    let terminal = start_with(&env, server.url(), &variables, "\"$@\"", &words, (20, 100));
    terminal.wait_for("READY");
    // The Enter ends a `read` that began just after the signal came: a shell runs its trap only between commands.
    terminal.type_text("\x03\n");
    terminal.wait_for("INTERRUPTED");
    assert!(!terminal.written().contains("status"));
    terminal.type_text("q\n");
    terminal.wait_for("LEFT");
    terminal.wait_for("status 0");
}
