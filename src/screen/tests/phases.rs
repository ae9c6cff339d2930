//! What can't be done in a phase is said, without a question and without a request.

use serde_json::json;

use super::stage::Stage;
use crate::resources::{AGENT, Record, SESSION};
use crate::screen::event::Answer;

fn shows(stage: &Stage, text: &str) -> bool {
    stage.picture().contains(text)
}

/// What is joined to the agent a1: a session and its phase.
fn joined(session: &str, phase: &str) -> Vec<(String, &'static str, String)> {
    let cell = |field, text: &str| ("a1".to_owned(), field, text.to_owned());
    vec![
        cell("phase_of_session", phase),
        cell("session_of_phase", session),
    ]
}

#[test]
fn a_phase_that_nobody_told_is_not_known_and_counts_as_a_possible_failure() {
    let mut stage = Stage::at_agents();
    let agents = |session: &str| {
        json!([{"id": "a1", "name": "lead", "current_session_id": session},
            {"id": "a2", "name": "rest"}])
    };
    let phase = |stage: &Stage| {
        let picture = stage.picture();
        let line = picture.lines().find(|line| line.contains("lead")).unwrap();
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        words.join(" ")
    };
    stage.rows(&AGENT, agents("s1"));
    assert!(phase(&stage).contains("- ?"), "{}", stage.picture());
    stage.keys("!");
    assert!(shows(&stage, "[0+] <failures>"), "{}", stage.picture());
    let page = stage.page();
    for (said, title) in [
        ("Running", "[0] <failures>"),
        ("?", "[0+] <failures>"),
        ("Failed", "[1] <failures>"),
    ] {
        let cells = joined("s1", said);
        let gap = None;
        stage.answer(Answer::Joined { page, cells, gap });
        assert!(shows(&stage, title), "{said} {}", stage.picture());
    }
    // Now it has another session, of which the phase was not read yet: it may be stopped.
    stage.rows(&AGENT, agents("s2"));
    assert!(shows(&stage, "[0+] <failures>"), "{}", stage.picture());
    stage.keys("!gx");
    assert!(
        shows(&stage, "Stop the session of agent"),
        "{}",
        stage.picture()
    );
}

#[test]
fn what_has_ended_is_not_stopped_again() {
    let mut stage = Stage::at_sessions();
    stage.effects.clear();
    let phases = json!([
        {"id": "s1", "name": "one", "phase": "Completed"}, {"id": "s2", "name": "two"},
    ]);
    stage.rows(&SESSION, phases);
    for (place, said) in [
        ("g", "one is already Completed"),
        ("G", "two was not started"),
    ] {
        for key in ["t", "x"] {
            stage.keys(place);
            stage.keys(key);
            assert_eq!(stage.toast(), said);
            assert!(stage.state.dialog.is_none());
        }
    }
    assert!(shows(&stage, "not started"), "{}", stage.picture());
    let mut stage = Stage::at_agents();
    let agent = json!([{"id": "a1", "name": "lead", "current_session_id": "s1"}]);
    stage.rows(&AGENT, agent);
    let page = stage.page();
    stage.answer(Answer::Joined {
        page,
        cells: joined("s1", "Stopped"),
        gap: None,
    });
    stage.keys("x");
    assert_eq!(
        stage.toast(),
        "The session of agent lead is already Stopped"
    );
    assert!(stage.sent().is_empty());
}

#[test]
fn a_message_to_a_session_that_was_never_started_says_when_it_is_read() {
    let mut stage = Stage::at_sessions();
    let session = json!({"id": "s1", "name": "one", "project_id": "web"});
    stage.rows(&SESSION, json!([session]));
    stage.keys("<enter>");
    let page = stage.page();
    stage.answer(Answer::Session {
        page,
        session: Box::new(Record::decode(&SESSION, session).unwrap()),
    });
    for text in [
        "Phase:not started",
        "The session was not started: s in :sessions starts it.",
    ] {
        assert!(shows(&stage, text), "{text} {}", stage.picture());
    }
    stage.keys("x");
    assert_eq!(stage.toast(), "one was not started");
    stage.keys("mhello<enter>");
    let done = stage.effects.iter().find_map(|effect| match effect {
        crate::screen::effect::Effect::Send { sends, .. } => Some(sends[0].done.clone()),
        _ => None,
    });
    let said =
        "Message stored; the session is not started, and its next run reads it (s in :sessions)";
    assert_eq!(done.as_deref(), Some(said));
}

#[test]
fn messages_of_an_agent_are_called_by_their_session() {
    let mut stage = Stage::at_agents();
    stage.keys("gl");
    assert!(shows(&stage, "messages(be/2session000000000000000001)"));
    let session = json!({"id": "2session000000000000000001", "name": "be-17", "project_id": "web",
        "agent_id": "2agent00000000000000000001", "phase": "Running"});
    let page = stage.page();
    stage.answer(Answer::Session {
        page,
        session: Box::new(Record::decode(&SESSION, session).unwrap()),
    });
    assert!(shows(&stage, "messages(be/be-17)"), "{}", stage.picture());
    stage.keys("x");
    let question = "Interrupt session \"be-17\" (2session000000000000000001)?";
    assert!(shows(&stage, question), "{}", stage.picture());
}
