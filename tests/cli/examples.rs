//! Every example of the help, which the manual pages repeat, of the README and of docs/*.md is run against the
//! embedded API.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use acpctl::testing::{cli, help};

use crate::support::serve::Serve;
use crate::support::{TOKEN, TestEnv, streams};

/// Examples that can't run here, or that do not end with 0, with the reason.
const EXCEPTIONS: &[(&str, Expected)] = &[
    (
        "acpctl credential create",
        Expected::Skipped("asks on a terminal: terminal/wizard.rs"),
    ),
    (
        "acpctl credential delete prod",
        Expected::Skipped("asks on a terminal: terminal/wizard.rs"),
    ),
    (
        "acpctl ambient",
        Expected::Skipped("needs a terminal: screen/"),
    ),
    ("acpctl ambient ", Expected::Skipped("the same")),
    (
        "acpctl credential create -f ~/.kube/config --bind team-a",
        // Another credential of the kind is bound there, and nobody can be asked.
        Expected::Code(11),
    ),
    // The preparation has created it.
    ("acpctl project create team-a", Expected::Code(6)),
    (
        "acpctl session exec --credential team-a-view ",
        Expected::Skipped("needs a cluster: credential/access_doc.rs"),
    ),
    (
        "acpctl --local ambient",
        Expected::Skipped("needs a terminal: screen/"),
    ),
    ("acpctl login ", Expected::Skipped("needs a server: login/")),
    (
        "acpctl serve",
        Expected::Skipped("serves until it is stopped"),
    ),
    (
        "acpctl serve ",
        Expected::Skipped("serves until it is stopped"),
    ),
    (
        "acpctl --api-url ",
        Expected::Skipped("needs a server: serve/"),
    ),
    (
        "acpctl --context-name ",
        Expected::Skipped("needs a second server: config/contexts.rs"),
    ),
    ("acpctl --context-name local ", Expected::Code(0)),
    (
        "acpctl config current-context",
        Expected::Skipped("a variable may name the server: config/contexts.rs"),
    ),
    (
        "acpctl config use-context staging",
        // There is no such context.
        Expected::Code(3),
    ),
    ("acpctl config rename-context ", Expected::Code(3)),
    ("acpctl config delete-context ", Expected::Code(3)),
    (
        "acpctl alias delete ",
        // It names no alias that exists.
        Expected::Code(3),
    ),
    (
        "acpctl edit ",
        Expected::Skipped("opens an editor: nouns/own.rs"),
    ),
    (
        "EDITOR=nano acpctl edit ",
        Expected::Skipped("opens an editor: nouns/own.rs"),
    ),
    (
        "acpctl delete role-binding ",
        // It names no binding that exists.
        Expected::Code(3),
    ),
    (
        "acpctl session exec 3MX85aKNFVYjNaWSBgG3UcSclTU ",
        // It names no session that exists.
        Expected::Code(3),
    ),
    (
        "acpctl wait ",
        // It names no session that exists.
        Expected::Code(3),
    ),
    (
        "acpctl wait credential/prod --for exists",
        Expected::Code(0),
    ),
    (
        "acpctl wait agent/lead --for deleted",
        Expected::Skipped("waits for another run: nouns/start.rs"),
    ),
    (
        "acpctl describe agent lead reviewer",
        // There is one agent.
        Expected::Code(3),
    ),
    ("acpctl credential get prod staging", Expected::Code(3)),
    (
        "acpctl session events ",
        Expected::Skipped("needs a session that runs: session/follow/"),
    ),
    ("acpctl session interrupt ", Expected::Skipped("the same")),
    (
        "acpctl session messages fix -f",
        Expected::Skipped("the same"),
    ),
    (
        "acpctl session send fix 'Run the tests again' --follow",
        Expected::Skipped("the same"),
    ),
    (
        "acpctl version --check",
        // The tests name no address of releases.
        Expected::Code(2),
    ),
    (
        "acpctl project transfer ",
        // It names no user that exists.
        Expected::Code(3),
    ),
    (
        "acpctl session policy ",
        // The agent has no policy.
        Expected::Code(3),
    ),
    (
        "acpctl inbox mark-read ",
        // It names no message that exists.
        Expected::Code(3),
    ),
    ("acpctl inbox delete ", Expected::Code(3)),
    (
        "acpctl local restore ",
        Expected::Skipped("the store may be in use by a server: local/store.rs"),
    ),
    (
        "acpctl --api-url http://127.0.0.1:8000 ",
        Expected::Skipped("needs a server on a fixed port: serve/"),
    ),
    (
        "acpctl credential inspect prod --access",
        Expected::Skipped("needs a cluster: credential/inspect.rs"),
    ),
    (
        "acpctl credential inspect --from-file ~/.kube/config --context dev --access ",
        Expected::Skipped("the same"),
    ),
    (
        "acpctl session probe ",
        Expected::Skipped("needs an MCP server and a cluster: session/probe/"),
    ),
    (
        "acpctl credential create --mint ",
        Expected::Skipped("needs a cluster: credential/mint.rs"),
    ),
    (
        "acpctl credential renew ",
        Expected::Skipped("needs a cluster: credential/mint.rs"),
    ),
    (
        "acpctl credential revoke ",
        Expected::Skipped("needs a cluster: credential/mint.rs"),
    ),
    (
        "acpctl credential list --orphans ",
        Expected::Skipped("needs a cluster: credential/mint.rs"),
    ),
    (
        "acpctl credential scan ",
        Expected::Skipped("needs logs or a repository: credential/scan.rs"),
    ),
    (
        "acpctl credential inspect ",
        Expected::Skipped("needs a cluster: credential/inspect.rs"),
    ),
    (
        "acpctl session exec --credential prod -- claude",
        Expected::Skipped("starts someone else's program"),
    ),
    (
        "acpctl session exec --from-file kubeconfig.yaml -- claude",
        Expected::Skipped("the same"),
    ),
    (
        "acpctl session exec --from-file old.yaml ",
        Expected::Skipped("needs an expired kubeconfig: session/end/"),
    ),
    (
        "acpctl --local session exec --credential ci ",
        Expected::Skipped("needs a credential that ends soon: session/end/"),
    ),
    (
        "acpctl --local session exec 3MYRcABXoBu2jjJTnRr0FfGPX3w ",
        // Ids are of the machine that the document was written on.
        Expected::Code(3),
    ),
    (
        "acpctl --local create project --name team-a",
        // The home has it already.
        Expected::Code(6),
    ),
    (
        "acpctl --local credential bind spare ",
        Expected::Skipped("a second credential, whose creation is not shown"),
    ),
    (
        "acpctl agent start lead ",
        Expected::Skipped("needs 'serve --run-sessions': serve/sessions/"),
    ),
    ("acpctl session messages -f ", Expected::Skipped("the same")),
    (
        "AMBIENT_CP_TOKEN_URL=http://cp.platform.svc/token BACKEND_API_URL=http://api.platform.svc ",
        Expected::Code(4),
    ),
    (
        "acpctl --local session exec --credential prod --credential none -- touch started",
        Expected::Code(3),
    ),
    (
        "BACKEND_API_URL=https://api.example.net acpctl session exec --from-env ",
        Expected::Code(2),
    ),
];

#[derive(Clone, Copy)]
enum Expected {
    Code(i32),
    Skipped(&'static str),
}

/// The longest entry that the line starts with; one without arguments must be the whole line.
fn expected(line: &str) -> Expected {
    EXCEPTIONS
        .iter()
        .filter(|(start, _)| {
            line == *start
                || line.starts_with(start) && (start.ends_with(' ') || start.contains("--"))
        })
        .max_by_key(|(start, _)| start.len())
        .map_or(Expected::Code(0), |(_, expected)| *expected)
}

/// Its token ends in 2099.
const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
current-context: dev
contexts:
- {name: dev, context: {cluster: dev, user: dev}}
clusters:
- {name: dev, cluster: {server: 'https://dev.example.org:6443'}}
users:
- {name: dev, user: {token: eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjQwNzA5MDg4MDB9.bm9ib2R5}}
";

/// Programs that examples use beside ours.
const KUBECTL: &str = "#!/bin/sh
case \"$*\" in
*view*) cat \"$HOME/.kube/config\" ;;
*) cat >/dev/null; echo dev ;;
esac
";
const GH: &str = "#!/bin/sh\necho gho_of_nobody\n";

/// A home with what the examples take for granted.
fn home() -> TestEnv {
    let env = TestEnv::new();
    for folder in [
        ".kube",
        ".zfunc",
        ".config/fish/completions",
        ".local/share/bash-completion/completions",
        "bin",
    ] {
        fs::create_dir_all(env.home().join(folder)).unwrap();
    }
    fs::write(env.home().join(".kube/config"), KUBECONFIG).unwrap();
    env.file("kubeconfig.yaml", KUBECONFIG);
    env.file(
        "overlays/prod/kustomization.yaml",
        "resources: [../../team.yaml]\n",
    );
    env.file("policy.yaml", "network: {mode: closed}\n");
    env.file("team.yaml", "kind: Project\nname: team-a\n");
    env.file("manifests/team.yaml", "kind: Project\nname: team-a\n");
    for (name, script) in [("kubectl", KUBECTL), ("gh", GH)] {
        let path = env.home().join("bin").join(name);
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    env
}

fn run(env: &TestEnv, line: &str) -> Output {
    run_on(env, line, "local:")
}

fn run_on(env: &TestEnv, line: &str, url: &str) -> Output {
    let variables = env.variables();
    let path = variables.iter().find(|(key, _)| *key == "PATH");
    let binary = Path::new(env!("CARGO_BIN_EXE_acpctl"));
    let path = format!(
        "{}:{}:{}",
        env.home().join("bin").display(),
        binary.parent().unwrap().display(),
        path.unwrap().1
    );
    Command::new("bash")
        .args(["-o", "pipefail", "-c", line])
        .env_clear()
        .envs(variables)
        .env("PATH", path)
        .env("AMBIENT_API_URL", url)
        .env("AMBIENT_TOKEN", TOKEN)
        .env("AMBIENT_PROJECT", "team-a")
        .current_dir(env.work())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// What the examples work with.
const PREPARATION: &[&str] = &[
    "acpctl create project --name team-a",
    "kubectl config view --raw | acpctl credential create --provider kubeconfig --name prod",
    "acpctl agent create --name lead",
    "acpctl credential bind prod --project team-a",
    "acpctl credential bind prod --project team-a --agent lead",
    "acpctl create session --name fix",
    "acpctl agent start lead",
    "acpctl scheduled-session create --name nightly --schedule @daily",
    "acpctl application create --name web --source-repo-url https://git.test/r --source-path . --destination-project team-a",
    "acpctl provider create --name github --secret github-token",
    "acpctl policy create --name tight --from-file policy.yaml",
    "acpctl create project --name team-b",
];

fn collect(command: &clap::Command, lines: &mut Vec<String>) {
    let examples = help::examples(command);
    lines.extend(examples.into_iter().filter(|line| !line.starts_with('#')));
    for sub in command.get_subcommands() {
        collect(sub, lines);
    }
}

/// A command of a document's blocks, and the exit status that the document gives it.
struct Shown {
    line: String,
    code: Option<i32>,
}

/// The commands of a document's blocks: all with `$` of a `console`, and those of `acpctl` elsewhere.
fn shown(path: &Path) -> Vec<Shown> {
    let text = fs::read_to_string(path).unwrap();
    let mut found: Vec<Shown> = Vec::new();
    let mut block: Option<&str> = None;
    let mut asks_for_status = false;
    for line in text.lines() {
        match (line.strip_prefix("```"), block) {
            (Some(_), Some(_)) => block = None,
            (Some(name), None) => block = Some(name),
            (None, Some("console")) if asks_for_status => {
                found.last_mut().unwrap().code = Some(line.parse().unwrap());
                asks_for_status = false;
            }
            (None, Some("console")) => {
                let typed = line.strip_prefix("$ ").unwrap_or_default();
                asks_for_status = typed == "echo $?";
                if typed.contains("acpctl ") {
                    let line = typed.to_owned();
                    found.push(Shown { line, code: None });
                }
            }
            (None, Some(_)) if line.starts_with("acpctl ") => {
                let line = line.split("   #").next().unwrap_or_default();
                let line = line.trim_end().to_owned();
                found.push(Shown { line, code: None });
            }
            (None, _) => {}
        }
    }
    found
}

/// README.md and docs/*.md.
fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_dir(root.join("docs")).unwrap();
    let docs = docs.map(|entry| entry.unwrap().path());
    let mut documents: Vec<PathBuf> = docs
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .chain([root.join("README.md")])
        .collect();
    documents.sort();
    documents
}

#[test]
fn examples_of_the_help_run() {
    let mut lines = Vec::new();
    collect(&cli::tree(), &mut lines);
    assert!(lines.len() > 10);
    let probe = home();
    if !run(&probe, "acpctl credential list").status.success() {
        crate::support::skipped("the embedded API is not part of this build");
        return;
    }
    let mut wrong = String::new();
    for line in &lines {
        let Expected::Code(code) = expected(line) else {
            continue;
        };
        let env = home();
        for step in PREPARATION {
            let done = run(&env, step);
            assert!(done.status.success(), "{step}: {}", streams(&done).1);
        }
        let output = run(&env, line);
        if output.status.code() != Some(code) {
            wrong.push_str(&format!(
                "$ {line}\n{:?} {}\n",
                output.status.code(),
                streams(&output).1
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Those that reach the API behave the same where it is behind a port.
#[test]
fn examples_of_the_help_run_on_a_server() {
    let mut lines = Vec::new();
    collect(&cli::tree(), &mut lines);
    let mut wrong = String::new();
    for line in &lines {
        let Expected::Code(code) = expected(line) else {
            continue;
        };
        let env = home();
        let server = Serve::start(&env, &[]);
        for step in PREPARATION {
            let done = run_on(&env, step, &server.url);
            assert!(done.status.success(), "{step}: {}", streams(&done).1);
        }
        let output = run_on(&env, line, &server.url);
        if output.status.code() != Some(code) {
            let stderr = streams(&output).1;
            wrong.push_str(&format!("$ {line}\n{:?} {stderr}\n", output.status.code()));
        }
        let (status, log) = server.stop();
        assert!(
            status.success() && !log.contains("\"status\":5"),
            "{line}: {log}"
        );
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Those of a document share a home, as for someone who reads it from top to bottom.
#[test]
fn examples_of_the_documents_run() {
    if !run(&home(), "acpctl credential list").status.success() {
        crate::support::skipped("the embedded API is not part of this build");
        return;
    }
    let mut wrong = String::new();
    let mut count = 0;
    for path in documents() {
        let env = home();
        run(&env, PREPARATION[0]);
        for Shown { line, code } in shown(&path) {
            let code = match (code, expected(&line)) {
                (_, Expected::Skipped(_)) => continue,
                (Some(code), _) | (None, Expected::Code(code)) => code,
            };
            let output = run(&env, &line);
            count += 1;
            if output.status.code() != Some(code) {
                let (name, stderr) = (path.display(), streams(&output).1);
                wrong.push_str(&format!(
                    "{name}: $ {line}\n{:?} {stderr}\n",
                    output.status.code()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 15, "{count}");
}

#[test]
fn every_exception_is_an_example() {
    let shown = documents().into_iter().flat_map(|path| shown(&path));
    let mut lines: Vec<String> = shown.map(|shown| shown.line).collect();
    collect(&cli::tree(), &mut lines);
    for (start, expected) in EXCEPTIONS {
        let known = lines.iter().any(|line| line.starts_with(start));
        if let Expected::Skipped(reason) = expected {
            assert!(known, "{start} ({reason}) is no example any more");
        }
    }
}
