//! Bindings by keys: what is shadowed is asked for first, as by `credential bind`.

use super::{CTRL_C, ENTER, leave, open};
use crate::support::TestEnv;
use crate::support::run::{Line as _, Run as _};

/// Two credentials of a provider; sessions of `reviewer` get the one that is bound to it.
fn store() -> TestEnv {
    let env = TestEnv::new();
    for line in [
        "create project --name ok-proj",
        "create project --name team-a",
        "create project --name team-b",
        "agent create --name reviewer --project-id team-a",
        "credential create --provider github --name k-dev --token t",
        "credential create --provider github --name k-stage --token t",
        "credential bind k-dev --project team-a --agent reviewer",
    ] {
        env.local().line(line).assert().success();
    }
    env
}

fn holders(env: &TestEnv) -> String {
    env.local().line("credential bindings k-stage").stdout()
}

#[test]
fn a_binding_that_shadows_is_asked_for_and_a_second_one_changes_nothing() {
    let env = store();
    let terminal = open(&env, (30, 100), &["--command", "credentials"]);
    terminal.wait_for("k-stage");
    terminal.type_text("Ga");
    terminal.wait_for("<Bind Agent>");
    terminal.wait_for("> ok-proj");
    terminal.type_text("team-a");
    terminal.wait_for("> team-a");
    terminal.type_text(ENTER);
    terminal.wait_for("> reviewer");
    terminal.type_text(ENTER);
    terminal.wait_for("Bind to agent reviewer of project team-a nevertheless?");
    terminal.wait_for("reviewer: k-stage is shadowed by k-dev");
    // Enter alone cancels.
    terminal.type_text(ENTER);
    terminal.wait_for("Cancelled");
    assert!(!holders(&env).contains("reviewer"));
    // What was chosen is kept.
    terminal.type_text("a");
    terminal.wait_for("> team-a");
    terminal.type_text(ENTER);
    terminal.wait_for("> reviewer");
    terminal.type_text(ENTER);
    terminal.wait_for("reviewer: k-stage is shadowed by k-dev");
    terminal.type_text("\t\r");
    terminal.wait_for("k-stage: Credential bound to agent reviewer of project team-a");
    assert!(holders(&env).contains("reviewer"));
    // Nothing is shadowed in an empty project, and nothing is asked.
    for answer in ["bound to project team-b", "(it was bound already)"] {
        terminal.type_text("b");
        terminal.wait_for("<Bind Project>");
        terminal.wait_for("ok-proj");
        terminal.type_text("team-b\r");
        terminal.wait_for(answer);
    }
    leave(&terminal, CTRL_C);
}
