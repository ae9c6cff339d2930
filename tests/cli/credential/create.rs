//! `credential create`: sources of the secret, what is cut and sent, and what is not sent.

use serde_json::Value;

use crate::credential::{empty_server, posted};
use crate::support::run::{Line as _, Run as _, credential_create};
use crate::support::server::nothing;
use crate::support::{SAMPLE, TOKEN, TestEnv, sample, streams};

#[test]
fn a_secret_comes_from_each_source_byte_for_byte() {
    let env = TestEnv::new();
    let multi = "line one\nline two\n";
    env.file("one", "s3cret\n");
    env.file("crlf", "s3cret\r\n");
    env.file("multi", multi);
    let create = credential_create("github", "n", &[]);
    for (args, stdin, token) in [
        (vec!["--token", "s3cret"], None, "s3cret"),
        (vec!["--token", "@one"], None, "s3cret"),
        (vec!["--token", "@crlf"], None, "s3cret"),
        (vec!["--token", "@@literal"], None, "@literal"),
        (vec!["--token", "-"], Some("s3cret\n"), "s3cret"),
        (vec!["--token", "@-"], Some("s3cret"), "s3cret"),
        (vec!["--from-file", "one"], None, "s3cret"),
        (vec!["--from-file", "multi"], None, multi),
        (vec!["--from-file", "-"], Some(" s3 cret \n"), " s3 cret "),
    ] {
        let server = empty_server();
        let mut command = env.connected(server.url());
        command.args(&create).args(&args);
        if let Some(stdin) = stdin {
            command.write_stdin(stdin);
        }
        let output = command.output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(stdout, "credential/n created\n", "{args:?}: {stderr}");
        let on_the_line = matches!(args[..], ["--token", "s3cret" | "@@literal"]);
        assert_eq!(
            stderr.starts_with("Warning: a secret on the command line"),
            on_the_line,
            "{stderr}"
        );
        let is_odd = token.contains([' ', '\n']);
        let odd = "Warning: the secret has blanks or line breaks in it, which no token has; store the token alone\n";
        assert!(
            on_the_line || stderr == if is_odd { odd } else { "" },
            "{stderr}"
        );
        assert_eq!(posted(&server)["token"], token, "{args:?}");
    }
}

#[test]
fn a_bad_source_sends_nothing() {
    let env = TestEnv::new();
    env.file("empty", "");
    env.file("blank", " \n\t\n");
    env.file("binary", [0xff, 0xfe, 0x00, 0xd8]);
    for (args, stdin, code, message) in [
        (
            vec!["--from-file", "absent"],
            None,
            7,
            "Error: read \"absent\": no such file or directory\n",
        ),
        (
            vec!["--from-file", "."],
            None,
            7,
            "Error: read \".\": is a directory\n",
        ),
        (
            vec!["--from-file", "empty"],
            None,
            7,
            "Error: the secret from empty is empty\n",
        ),
        (
            vec!["--token", "@blank"],
            None,
            7,
            "Error: the secret from blank is empty\n",
        ),
        (
            vec!["--token", "-"],
            Some(""),
            7,
            "Error: the secret from standard input is empty\n",
        ),
        (
            vec!["--from-file", "binary"],
            None,
            7,
            "Error: the secret from binary is not UTF-8 text\n",
        ),
        (
            vec!["--token", "x", "--from-file", "empty"],
            None,
            2,
            "Error: --token and --from-file are mutually exclusive\n",
        ),
        (
            vec!["--token", "@"],
            None,
            2,
            "Error: --token @ needs a path\n",
        ),
    ] {
        let server = empty_server();
        let mut command = env.connected(server.url());
        command
            .line("credential create --provider github --name n")
            .args(&args);
        if let Some(stdin) = stdin {
            command.write_stdin(stdin);
        }
        let output = command.output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
        assert!(stderr.starts_with(message), "{args:?}: {stderr}");
        assert_eq!((stdout.as_str(), server.lines()), ("", vec![]), "{args:?}");
    }
}

#[test]
fn a_kubeconfig_is_carved_and_described() {
    let env = TestEnv::new();
    for (args, stdin) in [
        (vec!["--from-file", "kc.yaml"], None),
        (vec![], Some(sample())),
    ] {
        env.file("kc.yaml", sample());
        let server = empty_server();
        let mut command = env.connected(server.url());
        command
            .args(["credential", "create", "--provider", "kubeconfig"])
            .args(&args);
        if let Some(stdin) = stdin {
            command.write_stdin(stdin);
        }
        let output = command.output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(output.status.success(), "{stderr}");
        assert_eq!(
            stdout, "credential/team-a created\n",
            "the context's name is the default"
        );
        assert!(
            stderr.contains("Kept 1 of 2 contexts (\"team-a\"), dropped 1 user and 1 cluster"),
            "{stderr}"
        );
        let body = posted(&server);
        let token = body["token"].as_str().unwrap();
        assert!(!token.contains("this-secret-must-not-travel-along"));
        assert!(token.contains("current-context: team-a"));
        let annotations: Value =
            serde_json::from_str(body["annotations"].as_str().unwrap()).unwrap();
        assert_eq!(annotations["acpctl/context"], "team-a");
        assert_eq!(
            annotations["acpctl/server"],
            "https://api.sample-cluster.example.net:6443"
        );
        assert_eq!(annotations["acpctl/expires-at"], "2099-01-01T00:00:00Z");
        assert!(
            annotations["acpctl/digest"]
                .as_str()
                .unwrap()
                .starts_with("hmac-sha256:")
        );
    }
}

#[test]
fn the_named_context_comes_from_kubeconfig_too() {
    let env = TestEnv::new();
    let path = env.file("kc.yaml", sample());
    let server = empty_server();
    // Standard input must bring nothing by itself: a pipe would be the source.
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .env_clear()
        .envs(env.variables())
        .env("AMBIENT_API_URL", server.url())
        .env("AMBIENT_TOKEN", TOKEN)
        .env("KUBECONFIG", &path)
        .line("credential create --provider kubeconfig --context other --name x")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
        .status;
    assert!(status.success());
    assert!(
        posted(&server)["token"]
            .as_str()
            .unwrap()
            .contains("this-secret-must-not-travel-along")
    );
}

#[test]
fn a_literal_kubeconfig_works_with_a_warning() {
    let env = TestEnv::new();
    let server = empty_server();
    let output = env
        .connected(server.url())
        .line("credential create --provider kubeconfig --name x --token")
        .arg(sample())
        .output()
        .unwrap();
    let (_, stderr) = streams(&output);
    assert!(output.status.success(), "{stderr}");
    assert!(
        stderr.starts_with("Warning: a secret on the command line can be seen"),
        "{stderr}"
    );
}

#[test]
fn a_secret_on_the_command_line_is_refused_where_it_is_forbidden() {
    let env = TestEnv::new();
    let server = nothing();
    let create = "credential create --provider github --name x --token canary-4711";
    let cases = [
        (create, false, 2, "use --from-file or a pipe"),
        (
            "api POST /credentials -f name=x -f token=canary-4711",
            false,
            2,
            "use -f token=@PATH",
        ),
        (
            "login http://127.0.0.1:9 --token canary-4711-canary-4711",
            false,
            2,
            "use @PATH, or - and a pipe",
        ),
        (create, true, 8, "use --from-file or a pipe"),
    ];
    for (line, is_strict, status, hint) in cases {
        let mut command = env.connected(server.url());
        command.line(line);
        if is_strict {
            command.arg("--strict");
        } else {
            command.env("AMBIENT_NO_SECRET_ARGS", "1");
        }
        let (code, stdout, stderr) = command.told();
        assert_eq!((code, stdout.as_str()), (Some(status), ""), "{line}");
        assert!(
            stderr
                .starts_with("Error: a secret on the command line can be seen in the process list")
                && stderr.ends_with(&format!("Hint: {hint}\n")),
            "{stderr}"
        );
        assert!(!stderr.contains("canary-4711"), "{stderr}");
    }
    assert!(server.received().is_empty());
    // The other ways stay.
    env.file("token", "canary-4711");
    env.acpctl()
        .env("AMBIENT_NO_SECRET_ARGS", "1")
        .line("--local credential create --provider github --name x --strict --token @token")
        .stdout();
}

#[test]
fn findings_can_be_accepted_knowingly() {
    let env = TestEnv::new();
    let loopback = sample().replacen(
        "https://api.sample-cluster.example.net:6443",
        "https://127.0.0.1:6443",
        1,
    );
    for args in [
        vec!["--allow", "server-loopback"],
        vec!["--skip-validation"],
    ] {
        let server = empty_server();
        env.connected(server.url())
            .line("credential create --provider kubeconfig --name x --from-file -")
            .args(&args)
            .write_stdin(loopback.clone())
            .assert()
            .success();
        let token = posted(&server)["token"].as_str().unwrap().to_owned();
        assert_eq!(
            token == loopback,
            args[0] == "--skip-validation",
            "skipping stores the text as it is"
        );
    }
}

#[test]
fn a_file_that_is_stored_unchecked_is_neither_cut_nor_judged_in_silence() {
    let env = TestEnv::new();
    let server = empty_server();
    let create = "credential create --provider kubeconfig --name x --skip-validation --from-file";
    for flags in [
        "--context other",
        "--all-contexts",
        "--allow-file .",
        "--min-ttl 12h",
        "--target managed",
        "--strict",
    ] {
        let mut command = env.connected(server.url());
        command.line(create).arg(SAMPLE).line(flags);
        let (code, _, stderr) = command.told();
        assert_eq!(code, Some(2), "{flags}: {stderr}");
        let flag = flags.split(' ').next().unwrap();
        assert!(
            stderr.starts_with(&format!(
                "Error: {flag} and --skip-validation are mutually exclusive\n"
            )),
            "{stderr}"
        );
    }
    assert!(server.received().is_empty());
    let (code, _, stderr) = env.connected(server.url()).line(create).arg(SAMPLE).told();
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("multiple-contexts"), "{stderr}");
}
