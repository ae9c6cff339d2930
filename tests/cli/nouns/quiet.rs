//! `-q`: names alone on standard output, and only warnings on standard error.

use crate::nouns::local;
use crate::support::TestEnv;
use crate::support::run::{Line as _, Run as _};
use crate::support::server::nothing;

/// A line, and all that it prints with `-q`. Each works on what those before it have left.
const LINES: &[(&str, &str)] = &[
    ("project create web --dry-run", "web\n"),
    ("project create web", "web\n"),
    ("project create web --if-exists skip", "web\n"),
    ("create project --name shop", "shop\n"),
    ("create session --name s --dry-run", "s\n"),
    ("create session --name s", "s\n"),
    ("agent create --name a", "a\n"),
    ("agent update a --prompt p --dry-run", "a\n"),
    (
        "credential create --provider github --name c -f token --bind demo --dry-run",
        "c\n",
    ),
    (
        "credential create --provider github --name c -f token --bind demo",
        "c\n",
    ),
    ("credential update c --description d --bind web", "c\n"),
    ("credential delete c --yes --dry-run", "c\n"),
    (
        "scheduled-session create --name n --agent-id a --schedule @daily",
        "n\n",
    ),
    ("project set demo", "demo\n"),
    ("project current", "demo\n"),
    ("alias set x -- get sessions", "x\n"),
    ("alias list", "x\n"),
    ("alias delete x", "x\n"),
    ("config set pager cat", ""),
    ("config get pager", "cat\n"),
    ("config unset pager", ""),
    (
        "config set-context first --server https://first.test",
        "first\n",
    ),
    (
        "config set-context other --server https://other.test",
        "other\n",
    ),
    ("config delete-context other", "other\n"),
    ("apply -f m.yaml --dry-run", "project/shop\n"),
    ("apply -f m.yaml", "project/shop\n"),
    ("delete sessions --all --yes", "s\n"),
    ("delete sessions --all --yes", ""),
    ("agent stop --all", "a\n"),
    ("local backup b.db", ""),
    ("project delete shop", "shop\n"),
];

#[test]
fn quiet_prints_names_alone() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "--name", "demo"]);
    env.file("token", "ghp_0123456789");
    // The first secret says where the store's key is, which nobody may miss.
    env.local()
        .line("credential create --provider github --name first -f token")
        .stdout();
    env.file("m.yaml", "kind: Project\nname: shop\n");
    for (line, wanted) in LINES {
        let mut words: Vec<&str> = line.split(' ').collect();
        words.insert(0, "-q");
        let mut command = env.local();
        let (status, stdout, stderr) = command.args(["--project", "demo"]).args(words).told();
        assert_eq!(status, Some(0), "{line}: {stderr}");
        assert_eq!((stdout.as_str(), stderr.as_str()), (*wanted, ""), "{line}");
    }
}

#[test]
fn quiet_answers_are_one_line() {
    let env = TestEnv::new();
    let version = env
        .local()
        .line("version --client --jq .client.version")
        .stdout();
    assert_eq!(
        env.local().line("version -q").told(),
        (Some(0), version, String::new())
    );
    let user = (Some(0), "dev-user\n".to_owned(), String::new());
    assert_eq!(env.local().line("whoami -q").told(), user);
    let (status, stdout, stderr) = env.local().line("doctor").told();
    assert!(stdout.contains("ok "), "{stdout}");
    let failing: Vec<&str> = stdout
        .lines()
        .filter(|line| line.starts_with("fail"))
        .collect();
    let quiet = env.local().line("doctor -q").told();
    assert_eq!(
        (quiet.0, quiet.1.lines().count(), quiet.2),
        (status, failing.len(), stderr)
    );
}

#[test]
fn a_quiet_login_prints_nothing() {
    let env = TestEnv::new();
    let server = nothing();
    let (status, stdout, stderr) = env
        .acpctl()
        .args(["login", server.url()])
        .line("--token a-token-0123456789012 -q")
        .told();
    assert_eq!((status, stdout.as_str()), (Some(0), ""), "{stderr}");
    assert_eq!(stderr, "");
    let (status, stdout, stderr) = env.acpctl().line("logout -q").told();
    assert_eq!(
        (status, stdout.as_str(), stderr.as_str()),
        (Some(0), "", "")
    );
}
