//! What was typed on the screen and refused by the server.

use super::{CTRL_C, ESC, leave, open, with_project};

#[test]
fn an_agent_is_created_once_and_what_was_refused_comes_back() {
    let env = with_project();
    let terminal = open(&env, (24, 100), &["--command", "agents team-a"]);
    terminal.wait_for("agents(team-a)[1]");
    terminal.type_text("nlead\r\r");
    terminal.wait_for("Agent unchanged: lead");
    terminal.type_text("nlead\rOther\r");
    let screen = terminal.wait_for("n again brings back what you typed");
    assert!(screen.contains("already exists in"), "{screen}");
    terminal.type_text("n");
    terminal.wait_for("> Other");
    terminal.type_text(ESC);
    terminal.wait_for("Cancelled");
    terminal.type_text("mhello\r");
    terminal.wait_for("lead: Message sent");
    leave(&terminal, CTRL_C);
}
