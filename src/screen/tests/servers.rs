//! One server after another: what is asked, written or answered belongs to the connection that it began with.

use serde_json::json;

use super::stage::Stage;
use crate::resources::{AGENT, PROJECT, Record};
use crate::screen::effect::Effect;
use crate::screen::event::{About, Answer, Event, Fault};
use crate::screen::state::State;

fn other() -> About {
    About {
        context: "other".to_owned(),
        server: "https://other.example.org".to_owned(),
        ..About::default()
    }
}

/// The numbers of the connections that were asked for since the last call.
fn connects(stage: &mut Stage) -> Vec<u64> {
    let number = |effect: Effect| match effect {
        Effect::Connect { number, .. } => Some(number),
        _ => None,
    };
    stage.effects.drain(..).filter_map(number).collect()
}

#[test]
fn nothing_that_is_asked_or_written_outlives_its_connection() {
    let is_open = |state: &State| state.is_asking();
    for keys in ["g<ctrl-d>", "gx", "n", "m", "e"] {
        let mut stage = Stage::at_agents();
        stage.keys(keys);
        assert!(is_open(&stage.state), "{keys}");
        stage.answer(Answer::Connected(other()));
        assert!(!is_open(&stage.state), "{keys}");
        stage.effects.clear();
        stage.keys("<right><enter>");
        assert!(stage.sent().is_empty(), "{keys}");
    }
}

#[test]
fn while_a_connection_is_made_nothing_can_be_changed() {
    let refusal = "Connecting to other: until then, nothing is changed";
    for keys in ["g<ctrl-d>", "n", "e", "m", "s"] {
        let mut stage = Stage::at_agents();
        stage.keys(":ctx other<enter>");
        stage.effects.clear();
        stage.keys(keys);
        assert_eq!(stage.toast(), refusal, "{keys}");
        assert!(!stage.state.is_asking(), "{keys}");
    }
    let mut stage = Stage::at_messages();
    stage.keys(":ctx other<enter>m");
    assert_eq!(stage.toast(), refusal);
    // When it could not be made, all goes on with the server before.
    stage.answer(Answer::Unconnected(Fault::new("no such context")));
    assert_eq!(stage.toast(), "no such context (still on acp.example.org)");
    stage.keys("mhello<enter>");
    assert_eq!(stage.toast(), "Sending message...");
}

#[test]
fn a_message_that_is_written_waits_for_the_login() {
    let mut stage = Stage::at_messages();
    stage.keys("mhello");
    stage.state.coming = Some(crate::screen::state::Coming {
        number: 99,
        to: None,
        page: None,
    });
    stage.effects.clear();
    stage.keys("<enter>");
    assert!(stage.sent().is_empty());
    assert!(stage.picture().contains("hello"), "{}", stage.picture());
    let about = stage.state.about.clone();
    stage.answer(Answer::Connected(about));
    stage.keys("<enter>");
    assert_eq!(stage.sent().len(), 1);
}

#[test]
fn a_login_is_not_read_again_under_an_open_question() {
    let mut stage = Stage::at_agents();
    stage.keys("n");
    stage.passes(6);
    stage.fails(401, "unauthorized");
    stage.effects.clear();
    stage.passes(6);
    assert!(connects(&mut stage).is_empty() && stage.state.form.is_some());
    // No countdown promises another time.
    let waits = "run 'acpctl login' in another terminal (again after this form)";
    assert!(stage.picture().contains(waits), "{}", stage.picture());
    stage.keys("<esc>");
    assert_eq!(connects(&mut stage).len(), 1);
    // It is asked for once, however long it takes.
    stage.passes(60);
    assert!(connects(&mut stage).is_empty());
    stage.answer(Answer::Unconnected(Fault::new("no login")));
    stage.passes(60);
    assert_eq!(connects(&mut stage).len(), 1);
}

#[test]
fn answers_of_a_connection_before_reach_no_page() {
    let mut stage = Stage::at_agents();
    let (page, before) = (stage.page(), stage.state.connection);
    // The same server, with another login: the pages stay, with their numbers.
    stage.keys(":ctx acp.example.org<enter>");
    let about = stage.state.about.clone();
    stage.answer(Answer::Connected(about));
    assert_eq!(stage.page(), page);
    let late = Record::decode(&AGENT, json!({"id": "late", "name": "late"})).unwrap();
    stage.event(Event::Answer(
        before,
        Answer::Rows {
            page,
            rows: vec![late],
            total: 1,
            hidden: 0,
            gap: None,
        },
    ));
    assert!(!stage.picture().contains("late"), "{}", stage.picture());
}

#[test]
fn what_was_changed_on_the_server_before_is_told_as_such() {
    let mut stage = Stage::at_agents();
    let (page, before) = (stage.page(), stage.state.connection);
    stage.keys(":ctx other<enter>");
    stage.answer(Answer::Connected(other()));
    let said = Ok("Agent started".to_owned());
    stage.event(Event::Answer(
        before,
        Answer::Sent {
            page,
            number: 0,
            said,
            echo: None,
        },
    ));
    assert_eq!(stage.toast(), "On the server before: Agent started");
}

#[test]
fn the_last_of_several_wishes_counts() {
    let mut stage = Stage::at_agents();
    stage.keys(":ctx one<enter>:ctx other<enter>");
    let numbers = connects(&mut stage);
    stage.event(Event::Answer(
        numbers[0],
        Answer::Unconnected(Fault::new("late")),
    ));
    assert!(stage.state.refusal().is_some());
    stage.event(Event::Answer(numbers[1], Answer::Connected(other())));
    assert!(stage.state.refusal().is_none());
    assert_eq!(stage.state.connection, numbers[1]);
}

#[test]
fn a_column_that_is_chosen_belongs_to_its_view() {
    let mut stage = Stage::at_sessions();
    stage.keys(":ctx other<enter>o<left>");
    stage.answer(Answer::Connected(other()));
    stage.rows(&PROJECT, json!([{"id": "p", "name": "p"}]));
    stage.keys("<enter>");
}
