//! What can't be done in a phase is said, without a question and without a request.

use serde_json::json;

use super::stage::Stage;
use crate::resources::{AGENT, Record, SESSION};
use crate::screen::event::Answer;

fn shows(stage: &Stage, text: &str) -> bool {
    stage.picture().contains(text)
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
        cells: vec![("a1".to_owned(), "phase_of_session", "Stopped".to_owned())],
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
