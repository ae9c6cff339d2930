//! What commands that work with the embedded API say on a terminal alone.

use crate::support::TestEnv;
use crate::support::pty::start;
use crate::support::run::{Line as _, Run as _};

/// Runs a line with `--local` to its end, and returns the screen.
fn screen(env: &TestEnv, line: &str) -> String {
    let words: Vec<&str> = std::iter::once("--local").chain(line.split(' ')).collect();
    start(env, "http://127.0.0.1:1", &words, 40, 120).wait_for("status ")
}

#[test]
fn a_new_project_comes_with_the_command_that_makes_it_the_current_one() {
    let env = TestEnv::new();
    for (line, name) in [
        ("project create web", "web"),
        ("create project shop", "shop"),
    ] {
        let next = format!("Next: make it the current project: acpctl --local project set {name}");
        let shown = screen(&env, line);
        assert!(shown.contains(&next), "{shown}");
    }
    env.local().line("project set web").stdout();
    let shown = screen(&env, "project create web --if-exists skip");
    assert!(!shown.contains("Next:"), "{shown}");
}

#[test]
fn a_binding_names_a_next_step_that_is_possible() {
    let env = TestEnv::new();
    env.local().line("project create demo").stdout();
    for name in ["one", "two"] {
        let create = format!("credential create --provider github --name {name} --token t");
        env.local().line(&create).stdout();
    }
    let shown = screen(&env, "credential bind one --project demo");
    let next = "acpctl --local agent create --name NAME --project demo";
    assert!(shown.contains(next), "{shown}");
    env.local()
        .line("agent create --name lead --project-id demo")
        .stdout();
    let shown = screen(&env, "credential bind two --project demo --yes");
    let next = "acpctl --local agent start lead --project demo";
    assert!(shown.contains(next), "{shown}");
}

#[test]
fn a_setting_names_a_project_that_does_not_exist() {
    let env = TestEnv::new();
    env.local().line("project create demo").stdout();
    let shown = screen(&env, "config set project ghost");
    assert!(shown.contains("Set project = ghost"), "{shown}");
    assert!(
        shown.contains("there is no project \"ghost\" here"),
        "{shown}"
    );
    assert!(shown.contains("status 0"), "{shown}");
    let shown = screen(&env, "config set project demo");
    assert!(!shown.contains("there is no project"), "{shown}");
}

#[test]
fn a_list_marks_bindings_without_effect() {
    let env = TestEnv::new();
    for line in [
        "project create demo",
        "agent create --name lead --project-id demo",
        "credential create --provider github --name old --token t --bind demo",
        "credential create --provider github --name new --token t --bind demo --yes",
        "credential create --provider github --name own --token t",
        "credential bind own --project demo --agent lead --yes",
        "credential create --provider jira --name issues --token t --bind demo",
    ] {
        env.local().line(line).stdout();
    }
    let shown = screen(&env, "credential list");
    let used_by = |name: &str| {
        let mut rows = shown.lines();
        rows.find(|line| line.starts_with(name)).unwrap()
    };
    assert!(used_by("new").contains(" (shadowed) demo "), "{shown}");
    assert!(used_by("own").contains(" demo (one agent) "), "{shown}");
    for name in ["old", "issues"] {
        assert!(!used_by(name).contains('('), "{shown}");
    }
}
