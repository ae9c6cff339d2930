//! The whole way of a day on the screen, by keys alone.

use super::{ENTER, leave};
use crate::support::TestEnv;
use crate::support::pty::{Terminal, start, start_with};
use crate::support::run::Line as _;
use crate::support::serve::Serve;

const TOKEN: &str = "ghp_canary-of-the-walk-0123456789";

/// From the projects to an agent, its session with messages, an answer and an interrupt, then a credential that it
/// gets.
fn walk(terminal: &Terminal) {
    terminal.wait_for("> team-a");
    terminal.type_text(ENTER);
    terminal.wait_for("agents(team-a)[1]");
    terminal.type_text("m");
    terminal.wait_for("<Send to Inbox>");
    terminal.type_text("The build is red\r");
    terminal.wait_for("Message sent");
    terminal.type_text("i");
    terminal.wait_for("The build is red");
    terminal.type_text("m");
    terminal.wait_for("<Send to Inbox>");
    terminal.type_text("It is still red\r");
    terminal.wait_until("the second message", |screen| {
        screen.contains("It is still red") && screen.contains("inbox(lead)[2]")
    });
    terminal.type_text("q");
    terminal.wait_for("agents(team-a)[1]");
    terminal.type_text("s");
    terminal.wait_for("<Start Agent>");
    terminal.type_text("Fix the build\r");
    terminal.wait_for("Agent started");
    terminal.wait_for("nobody runs the sessions here");
    terminal.type_text(ENTER);
    terminal.wait_for("sessions(lead)[1]");
    terminal.type_text(ENTER);
    terminal.wait_for("messages(lead/");
    terminal.type_text("mWhat did you find?\r");
    terminal.wait_for("Message sent");
    terminal.wait_until("the message", |screen| {
        screen
            .lines()
            .any(|line| line.contains("What did you find?") && !line.contains("> send"))
    });
    terminal.type_text("x");
    terminal.wait_for("Interrupt session");
    terminal.type_text("\t\r");
    // There is no runner here that could be interrupted, and that is said.
    terminal.wait_for("Interrupt failed");
    terminal.type_text(":credentials\r");
    terminal.wait_for("credentials(");
    terminal.wait_for("Nothing here yet.");
    terminal.type_text("n");
    terminal.wait_for("<New Credential>");
    terminal.type_text("gh-key\r\r");
    terminal.type_text(TOKEN);
    terminal.type_text("\r\r\r\r");
    terminal.wait_for("Credential created: gh-key");
    terminal.wait_for("github");
    terminal.type_text("b");
    terminal.wait_for("<Bind Project>");
    terminal.wait_for("> team-a");
    terminal.type_text(ENTER);
    terminal.wait_for("Credential bound");
    terminal.type_text(ENTER);
    // The agent inherits it from its project.
    terminal.wait_for("inherited");
    terminal.type_text(":agents team-a\r");
    terminal.wait_for("agents(team-a)[1]");
    terminal.type_text("p");
    terminal.wait_until("the preview", |screen| {
        screen
            .lines()
            .any(|line| line.contains("gh-key") && line.contains("yes"))
    });
    leave(terminal, ":quit\r");
    assert!(!terminal.written().contains(TOKEN));
}

const PROJECT: &str = "create project --name team-a";
const AGENT: &str = "agent create --project-id team-a --name lead --prompt Leads";

#[test]
fn a_day_on_the_embedded_api() {
    let env = TestEnv::new();
    for line in [PROJECT, AGENT] {
        env.local().line(line).assert().success();
    }
    walk(&start(&env, "local:", &["--local", "ambient"], 24, 100));
}

#[test]
fn a_day_on_a_server() {
    let env = TestEnv::new();
    let server = Serve::start(&env, &[]);
    for line in [PROJECT, AGENT] {
        env.connected(&server.url).line(line).assert().success();
    }
    walk(&start(&env, &server.url, &["ambient"], 24, 100));
}

#[test]
fn the_header_names_the_user_of_your_own_server() {
    let env = TestEnv::new();
    let server = Serve::closed(&env, &[]);
    let line = "unset AMBIENT_TOKEN; \"$@\"";
    let terminal = start_with(&env, &server.url, &[], line, &["ambient"], (24, 100));
    terminal.wait_for("User:    dev-user");
    leave(&terminal, ":quit\r");
}
