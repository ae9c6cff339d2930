//! When something is asked, and when nothing is.

use crate::support::pty::{start, start_with};
use crate::support::run::{Line as _, Run as _};
use crate::support::{ID, TestEnv, sample, streams};
use crate::terminal::{CTRL_C, ENTER, answer_steps, changes, platform, with_kubeconfig};

#[test]
fn deleting_asks_on_a_terminal() {
    for (keys, status, sent) in [
        ("y", "status 0", 1),
        ("n", "status 0", 0),
        ("q", "status 0", 0),
        (CTRL_C, "status 130", 0),
    ] {
        let env = TestEnv::new();
        let server = platform();
        let terminal = start(&env, server.url(), &["credential", "delete", ID], 24, 80);
        let screen = terminal.wait_for("[y/N]:");
        let question = format!("Delete credential/{ID} (prod)? Its secret is lost");
        assert!(screen.contains(&question), "{screen}");
        answer_steps(&terminal, &[("[y/N]:", &[keys, ENTER])]);
        // The question takes two lines, and is there once.
        let screen = terminal.wait_for(status);
        assert_eq!(screen.matches("Delete credential").count(), 1, "{screen}");
        assert_eq!(changes(&server).len(), sent, "{keys:?}");
        assert!(terminal.is_sane());
    }
}

#[test]
fn nothing_is_asked_with_no_input_in_ci_or_a_pipe() {
    let env = with_kubeconfig();
    let server = platform();
    let terminal = start(
        &env,
        server.url(),
        &["credential", "create", "--no-input"],
        24,
        80,
    );
    let screen = terminal.wait_for("status 2");
    assert!(screen.contains("--name is required"), "{screen}");
    let words = ["credential", "create"];
    let terminal = start_with(
        &env,
        server.url(),
        &[("CI", "1")],
        "\"$@\"",
        &words,
        (24, 80),
    );
    let screen = terminal.wait_for("status 2");
    assert!(screen.contains("--name is required"), "{screen}");
    let words = ["credential", "delete", ID];
    let terminal = start_with(
        &env,
        server.url(),
        &[("CI", "1")],
        "\"$@\"",
        &words,
        (24, 80),
    );
    terminal.wait_for("status 11");
    // A CI that is switched off is none.
    let terminal = start_with(
        &env,
        server.url(),
        &[("CI", "false")],
        "\"$@\"",
        &["credential", "create"],
        (24, 80),
    );
    terminal.wait_for("Provider (arrows");
    terminal.type_text(CTRL_C);
    terminal.wait_for("status 130");

    let output = env
        .connected(server.url())
        .args(["credential", "create"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        streams(&output).1,
        "Error: --name is required\nHint: write acpctl credential create --provider PROVIDER --from-file PATH --name NAME\n"
    );
    assert!(server.received().is_empty());
}

#[test]
fn what_a_new_object_needs_is_asked_for() {
    let env = TestEnv::new();
    let words = ["project", "create"];
    let terminal = start(&env, "local:", &words, 24, 80);
    answer_steps(&terminal, &[("Name: ", &[ENTER])]);
    terminal.wait_for("a value is required");
    terminal.type_text("team-b\r");
    let screen = terminal.wait_for("status 0");
    assert!(
        screen.contains("Without the prompt: add --name team-b"),
        "{screen}"
    );
    assert!(screen.contains("project/team-b created"), "{screen}");
    // In a pipe, nothing is asked.
    let output = env.local().args(words).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        streams(&output).1.lines().next(),
        Some("Error: --name is required")
    );
}

/// A pipe gets the Go tool's words.
#[test]
fn a_project_that_is_missing_is_said_in_our_words() {
    let env = TestEnv::new();
    let server = platform();
    for line in ["agent list", "agent start lead", "get agents", "start lead"] {
        let words: Vec<&str> = line.split(' ').collect();
        let terminal = start(&env, server.url(), &words, 24, 120);
        let screen = terminal.wait_for("status 2");
        assert!(
            screen.contains("Error: no project set; name one with --project NAME"),
            "{screen}"
        );
        assert!(screen.contains("acpctl project set NAME"), "{screen}");
    }
}

#[test]
fn unbind_asks_which_of_the_bound_projects_loses_it() {
    let env = TestEnv::new();
    env.file("k.yaml", sample());
    for line in [
        "project create team-a",
        "project create team-b",
        "credential create -f k.yaml --name prod --bind team-b",
        "credential create -f k.yaml --name free",
    ] {
        env.local().line(line).assert().success();
    }
    let terminal = start(&env, "local:", &["credential", "unbind", "prod"], 24, 80);
    let screen = terminal.wait_for("> team-b");
    let title = "Project whose sessions lose it";
    assert!(screen.contains(title), "{screen}");
    assert!(!screen.contains("team-a"), "{screen}");
    terminal.type_text(CTRL_C);
    terminal.wait_for("status 130");
    let terminal = start(&env, "local:", &["credential", "unbind", "free"], 24, 80);
    let screen = terminal.wait_for("status 2");
    let why = "credential \"free\" is not bound to a project";
    assert!(screen.contains(why), "{screen}");
}

#[test]
fn a_move_to_another_cluster_is_asked_for() {
    let env = TestEnv::new();
    env.file("k.yaml", sample());
    env.local()
        .line("credential create -f k.yaml --name prod")
        .told();
    env.file(
        "k.yaml",
        sample().replace("current-context: team-a", "current-context: other"),
    );
    let words = ["credential", "update", "prod", "-f", "k.yaml"];
    for (key, end) in [("n", "status 6"), ("y", "status 0")] {
        let terminal = start(&env, "local:", &words, 24, 80);
        let screen = terminal.wait_for("[y/N]:");
        assert!(screen.contains("Change the cluster of"), "{screen}");
        terminal.type_text(key);
        let screen = terminal.wait_for(end);
        assert_eq!(screen.contains("--context team-a"), key == "n", "{screen}");
        assert_eq!(
            screen.contains("credential/prod updated"),
            key == "y",
            "{screen}"
        );
    }
}
