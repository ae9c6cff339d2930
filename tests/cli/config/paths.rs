//! Which file it is: no home, odd variables, odd paths, files that are none.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::config::{assert_done, assert_failed, bare};
use crate::support::server::nothing;
use crate::support::{TOKEN, TestEnv, streams};

#[test]
fn without_a_home_the_variables_are_enough() {
    let env = TestEnv::new();
    let api = nothing();
    let (url, data) = (OsStr::new(api.url()), env.work().join("data"));
    let both = [
        ("AMBIENT_API_URL", url),
        ("AMBIENT_TOKEN", OsStr::new(TOKEN)),
    ];
    assert_done(&bare(&["project", "list"], &both));
    assert_done(&bare(
        &["--local", "project", "list"],
        &[("XDG_DATA_HOME", data.as_os_str())],
    ));
    assert_failed(&bare(&["project", "list"], &both[..1]), 4, "not logged in");
    // What has to be kept needs a place.
    assert_failed(
        &bare(&["config", "set", "project", "p"], &[]),
        1,
        "neither $XDG_CONFIG_HOME nor $HOME are defined",
    );
    assert_failed(
        &bare(
            &["session", "exec", "--from-env", "--", "true"],
            &[
                ("BACKEND_API_URL", url),
                ("BOT_TOKEN", OsStr::new(TOKEN)),
                ("CREDENTIAL_IDS", OsStr::new("[]")),
            ],
        ),
        7,
        "CREDENTIAL_IDS",
    );
}

#[test]
fn no_file_is_said_with_dev_null_or_an_empty_file() {
    let env = TestEnv::new();
    let api = nothing();
    let empty = env.file("empty.json", "\n");
    let marked = env.file(
        "marked.json",
        format!("\u{feff}{{\"api_url\": \"{}\"}}", api.url()),
    );
    for path in [Path::new("/dev/null"), &empty, &marked] {
        let output = env
            .connected(api.url())
            .env("AMBIENT_CONFIG", path)
            .args(["project", "list"])
            .output()
            .unwrap();
        assert_done(&output);
    }
    let output = env
        .acpctl()
        .env("AMBIENT_CONFIG", &marked)
        .args(["config", "get", "api_url"])
        .output()
        .unwrap();
    assert_eq!(streams(&output).0, format!("{}\n", api.url()));
    // A device is never written over.
    for words in [
        &["config", "set", "project", "p"][..],
        &["login", "--token", TOKEN],
    ] {
        let output = env
            .acpctl()
            .env("AMBIENT_CONFIG", "/dev/null")
            .args(words)
            .output()
            .unwrap();
        assert_failed(&output, 1, "it is not a regular file");
    }
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn what_is_no_file_is_an_error_at_once() {
    let env = TestEnv::new();
    let pipe = env.work().join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let huge = env.file("huge", "");
    fs::File::options()
        .write(true)
        .open(&huge)
        .unwrap()
        .set_len(1 << 33)
        .unwrap();
    for path in [pipe.as_path(), Path::new("/dev/zero"), &huge] {
        for words in [
            &["project", "list"][..],
            &["config", "view"],
            &["logout"],
            &["whoami"],
        ] {
            let output = env
                .acpctl()
                .env("AMBIENT_CONFIG", path)
                .args(words)
                .output()
                .unwrap();
            assert_failed(&output, 1, "load config: ");
        }
    }
}

#[test]
fn a_path_in_any_bytes_is_that_path() {
    let env = TestEnv::new();
    let odd = env.work().join(OsStr::from_bytes(b"caf\xe9"));
    for (variable, made) in [
        ("AMBIENT_CONFIG", odd.join("c.json")),
        ("XDG_CONFIG_HOME", odd.join("x/ambient/config.json")),
        ("HOME", odd.join("h/.config/ambient/config.json")),
    ] {
        let value = match variable {
            "AMBIENT_CONFIG" => made.clone(),
            "XDG_CONFIG_HOME" => odd.join("x"),
            _ => odd.join("h"),
        };
        assert_done(&bare(
            &["config", "set", "project", "p"],
            &[(variable, value.as_os_str())],
        ));
        assert!(made.is_file(), "{variable}");
    }
    assert_done(&bare(
        &["--local", "project", "list"],
        &[("XDG_DATA_HOME", odd.as_os_str())],
    ));
    assert!(odd.join("ambient/ambient.db").is_file());
}

#[test]
fn a_variable_that_is_not_text_is_named() {
    let env = TestEnv::new();
    for variable in [
        "AMBIENT_API_URL",
        "AMBIENT_TOKEN",
        "AMBIENT_PROJECT",
        "HTTPS_PROXY",
    ] {
        let output = env
            .acpctl()
            .env(variable, OsStr::from_bytes(b"http://caf\xe9"))
            .args(["config", "view"])
            .output()
            .unwrap();
        assert_failed(&output, 2, &format!("{variable} is not UTF-8 text"));
    }
    // Of these it counts only that they are set.
    let output = env
        .acpctl()
        .env("DISPLAY", OsStr::from_bytes(b"\xe9"))
        .args(["config", "view"])
        .output()
        .unwrap();
    assert_done(&output);
}

#[test]
fn one_line_end_behind_a_variable_is_dropped() {
    let env = TestEnv::new();
    let api = nothing();
    for end in ["\n", "\r\n", "\r"] {
        let output = env
            .acpctl()
            .env("AMBIENT_API_URL", format!("{}{end}", api.url()))
            .env("AMBIENT_TOKEN", format!("{TOKEN}{end}"))
            .env("AMBIENT_REQUEST_TIMEOUT", format!("20{end}"))
            .args(["project", "list"])
            .output()
            .unwrap();
        assert_done(&output);
    }
    for token in [
        format!("{TOKEN}\n\n"),
        format!("{TOKEN} x"),
        format!("{TOKEN}\u{e9}"),
    ] {
        let output = env
            .acpctl()
            .env("AMBIENT_API_URL", api.url())
            .env("AMBIENT_TOKEN", token)
            .args(["project", "list"])
            .output()
            .unwrap();
        assert_failed(&output, 4, "AMBIENT_TOKEN holds");
        assert!(!streams(&output).1.contains("canary"));
    }
    assert_eq!(api.received().len(), 3);
}

#[test]
fn a_kubeconfig_variable_in_any_bytes_is_the_one_that_is_read() {
    let env = TestEnv::new();
    let kubeconfig = |server: &str| {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: dev\n\
             clusters: [{{name: dev, cluster: {{server: 'https://{server}:6443'}}}}]\n\
             users: [{{name: dev, user: {{token: canary-kubeconfig-0123456789}}}}]\n\
             contexts: [{{name: dev, context: {{cluster: dev, user: dev}}}}]\n"
        )
    };
    fs::create_dir(env.home().join(".kube")).unwrap();
    fs::write(
        env.home().join(".kube/config"),
        kubeconfig("wrong.corp.test"),
    )
    .unwrap();
    let odd = env.work().join(OsStr::from_bytes(b"caf\xe9"));
    fs::write(&odd, kubeconfig("right.corp.test")).unwrap();
    let output = bare(
        &[
            "--local",
            "credential",
            "create",
            "--provider",
            "kubeconfig",
            "--name",
            "n",
            "--context",
            "dev",
        ],
        &[
            ("HOME", env.home().as_os_str()),
            ("KUBECONFIG", odd.as_os_str()),
        ],
    );
    assert_done(&output);
    let token = env
        .local()
        .args(["credential", "token", "n"])
        .output()
        .unwrap();
    assert!(streams(&token).0.contains("right.corp.test"));
}
