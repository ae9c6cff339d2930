//! Programs that are started: login programs and MCP servers.

use std::fs;

use serde_json::json;

use crate::session::probe::{
    SECRET, kubeconfig, mcp_server, probe, program, reaching, text, token, was_started, with_server,
};
use crate::session::runtime_dir;
use crate::support::cluster::{Cluster, Rights};
use crate::support::{TestEnv, streams};

#[test]
fn a_login_program_runs_only_if_it_is_allowed() {
    let cluster = Cluster::start(SECRET, Rights::All);
    let exec = |command: &str| {
        reaching(
            &cluster,
            &format!(
                "exec: {{apiVersion: client.authentication.k8s.io/v1, command: '{command}', interactiveMode: Never, \
                 args: ['--password={SECRET}'], env: [{{name: ACCOUNT, value: team-account}}]}}"
            ),
        )
    };
    let server = mcp_server(&[("namespaces_list", text("NAME\na\n"))]);
    let answer = json!({"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1",
                        "status": {"token": SECRET}});
    for (name, text, words, code, said) in [
        (
            "not allowed",
            format!("echo '{answer}'\n"),
            &[][..],
            7,
            "which the probe starts only with --allow exec-plugin",
        ),
        (
            "allowed",
            format!(
                "[ \"$ACCOUNT\" = team-account ] && [ -z \"$AMBIENT_TOKEN\" ] && echo '{answer}'\n"
            ),
            &["--allow", "exec-plugin"],
            0,
            "",
        ),
        (
            "failing",
            "echo first >&2; echo \"session of $1 has ended\" >&2; exit 3\n".to_owned(),
            &["--allow", "exec-plugin"],
            4,
            "failed with exit code 3: session of ******** has ended",
        ),
        (
            "waiting",
            "echo 'open the browser' >&2; sleep 100 & sleep 100\n".to_owned(),
            &["--allow", "exec-plugin", "--request-timeout", "1s"],
            4,
            "waits: it did not end within 1 s: open the browser",
        ),
        (
            "babbling",
            "echo hello\n".to_owned(),
            &["--allow", "exec-plugin"],
            4,
            "prints something other than one ExecCredential",
        ),
        (
            "other version",
            format!("echo '{}'\n", answer.to_string().replace("/v1", "/v1beta1")),
            &["--allow", "exec-plugin"],
            4,
            "answers in another version",
        ),
    ] {
        let env = with_server(&server);
        let plugin = program(&env, "log-in", &text);
        let plugin = plugin.to_str().unwrap();
        let run = probe(&env, &exec(plugin), words);
        assert_eq!(run.code, Some(code), "{name}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(said), "{name}: {}", run.stderr);
        assert!(
            code == 0 || run.stderr.contains(plugin),
            "{name}: {}",
            run.stderr
        );
        assert_eq!(was_started(&env, "log-in"), !words.is_empty(), "{name}");
        assert_eq!(
            was_started(&env, "kubernetes-mcp-server"),
            code == 0,
            "{name}"
        );
    }
    let run = probe(
        &with_server(&server),
        &exec("no-such-login"),
        &["--allow", "exec-plugin"],
    );
    assert_eq!(run.code, Some(4));
    assert!(
        run.stderr.contains("\"no-such-login\" can't be started"),
        "{}",
        run.stderr
    );
    let run = probe(
        &with_server(&server),
        &exec("x"),
        &["--allow", "everything"],
    );
    assert_eq!(run.code, Some(2));
}

#[test]
fn servers_of_other_versions_are_named_or_started_in_their_way() {
    let cluster = Cluster::start(SECRET, Rights::All);
    let config = reaching(&cluster, &token());
    let old = "echo \"Error: unknown flag: $3\" >&2; exit 1\n";
    let env = with_server(old);
    let run = probe(&env, &config, &[]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    for words in [
        "(server): unknown flag: --disable-multi-cluster",
        "kubernetes-mcp-server@0.0.67",
    ] {
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }

    let server = mcp_server(&[("namespaces_list", text("NAME\na\n"))]);
    let new = format!(
        "[ \"$1\" = --config ] || {{ echo \"Error: unknown flag: $1\" >&2; exit 1; }}\n\
         [ -f \"$KUBECONFIG\" ] && grep -q 'cluster_provider_strategy = \"disabled\"' \"$2\" \
         && grep -q 'read_only = true' \"$2\" && grep -q 'toolsets = \\[\"core\"\\]' \"$2\" || exit 9\n{server}"
    );
    let env = with_server(&new);
    let run = probe(&env, &config, &["--read-only"]);
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains("with a settings file"),
        "{}",
        run.stdout
    );

    for text in [
        "listen tcp :8080: bind: address already in use",
        "failed to download binary: 404",
    ] {
        let env = with_server(&format!("echo 'Error: {text}' >&2; exit 1\n"));
        let run = probe(&env, &config, &[]);
        assert_eq!(run.code, Some(1), "{}", run.stderr);
        assert!(
            run.stderr.contains(&format!("(server): {text}")),
            "{}",
            run.stderr
        );
    }
}

/// Packages are fetched in one version only, by either program.
#[test]
fn what_is_downloaded_is_pinned() {
    let cluster = Cluster::start(SECRET, Rights::All);
    let config = reaching(&cluster, &token());
    let server = mcp_server(&[("namespaces_list", text("NAME\na\n"))]);
    for (runner, check) in [
        (
            "npx",
            "[ \"$1 $2\" = '--yes kubernetes-mcp-server@0.0.67' ]",
        ),
        ("uvx", "[ \"$1\" = 'kubernetes-mcp-server==0.0.67' ]"),
    ] {
        let env = TestEnv::new();
        let path = program(&env, runner, &format!("{check} || exit 9\n{server}"));
        let bin = env.home().join("only");
        fs::create_dir(&bin).unwrap();
        fs::rename(path, bin.join(runner)).unwrap();
        // What the scripts need, and no other runner of packages.
        for tool in ["sh", "sed"] {
            std::os::unix::fs::symlink(format!("/bin/{tool}"), bin.join(tool)).unwrap();
        }
        env.file("config.yaml", &config);
        let output = env
            .acpctl()
            .env("PATH", &bin)
            .env("XDG_RUNTIME_DIR", runtime_dir(&env))
            .args(["session", "probe", "--from-file", "config.yaml"])
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(output.status.success(), "{runner}: {stdout}{stderr}");
    }
}

/// A program of the user's own choice may reach what this machine does not.
#[test]
fn a_named_server_may_reach_more_than_this_machine() {
    let env = TestEnv::new();
    let unreached = kubeconfig("server: 'https://127.0.0.1:9'", &token());
    let server = program(
        &env,
        "tunnel",
        &mcp_server(&[("namespaces_list", text("NAME\na\n"))]),
    );
    let run = probe(
        &env,
        &unreached,
        &["--mcp-command", server.to_str().unwrap()],
    );
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains(
            "note    cluster answers     not to acpctl itself: 127.0.0.1:9: connection refused"
        ),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout
            .contains("ok      cluster reached     1 namespace\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn every_page_of_tools_is_read() {
    let cluster = Cluster::start(SECRET, Rights::All);
    let paged = "n=0\nwhile read -r line; do\nid=$(printf '%s' \"$line\" | sed 's/.*\"id\":\\([0-9]*\\).*/\\1/')\ncase \"$line\" in\n\
        *'\"initialize\"'*) r='{\"serverInfo\":{\"name\":\"fake\",\"version\":\"v1\"}}' ;;\n\
        *'\"tools/list\"'*'\"cursor\":\"2\"'*) r='{\"tools\":[{\"name\":\"configuration_view\"}]}' ;;\n\
        *'\"tools/list\"'*) r='{\"tools\":[{\"name\":\"namespaces_list\"}],\"nextCursor\":\"2\"}' ;;\n\
        *'\"tools/call\"'*) r='{\"content\":[{\"type\":\"text\",\"text\":\"NAME\"}]}' ;;\n\
        *) continue ;;\nesac\nprintf '{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}\\n' \"$id\" \"$r\"\ndone\n";
    let env = with_server(paged);
    let run = probe(&env, &reaching(&cluster, &token()), &[]);
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout
            .contains("tools listed        2; configuration_view shows"),
        "{}",
        run.stdout
    );
    let env = with_server(&paged.replace("\"cursor\":\"2\"", "\"cursor\":\"none\""));
    let run = probe(&env, &reaching(&cluster, &token()), &[]);
    assert_eq!(run.code, Some(1), "{}{}", run.stdout, run.stderr);
    assert!(
        run.stderr
            .contains("(server): the list of tools has no end"),
        "{}",
        run.stderr
    );
}
