//! What has no room is counted or named, and room that is left is used.

use serde_json::json;

use super::stage::Stage;
use crate::resources::{AGENT, CREDENTIAL, SESSION};
use crate::screen::event::Event;

fn shows(stage: &Stage, text: &str) -> bool {
    stage.picture().contains(text)
}

#[test]
fn a_small_window_counts_the_objects_that_it_does_not_name() {
    let mut stage = Stage::at_agents();
    let agent = |n: u8| json!({"id": format!("id{n:02}"), "name": format!("aa{n:02}")});
    stage.rows(&AGENT, (1..=12).map(agent).collect());
    stage.keys("g<ctrl-space>");
    for (height, more) in [(15, "and 6 more"), (30, "and 4 more")] {
        stage.event(Event::Resize(60, height));
        stage.keys("<ctrl-d>");
        for text in ["Delete 12 objects?", "aa05 (id05)", more, "[Cancel]"] {
            assert!(shows(&stage, text), "{text} {}", stage.picture());
        }
        stage.keys("<esc>s");
        for text in ["For 12 objects:", " more", "Prompt", "Enter: submit"] {
            assert!(shows(&stage, text), "{text} {}", stage.picture());
        }
        stage.keys("<esc>");
    }
}

#[test]
fn the_help_cuts_nothing_that_has_room_and_tells_that_there_is_more() {
    let mut stage = Stage::at_agents();
    stage.event(Event::Resize(80, 24));
    stage.keys("?");
    assert!(shows(&stage, " more lines: j "), "{}", stage.picture());
    stage.keys("G");
    assert!(!shows(&stage, "more lines"), "{}", stage.picture());
    stage.event(Event::Resize(80, 100));
    for text in [
        ":credentialbindings   Who may use a credential",
        "Sessions of an agent, of a project, or all",
    ] {
        assert!(shows(&stage, text), "{text} {}", stage.picture());
    }
}

#[test]
fn the_direction_of_the_order_is_seen_in_a_narrow_column() {
    let mut stage = Stage::at_agents();
    stage.event(Event::Resize(80, 24));
    stage.keys("o<left><left><left><left><left><left><left><enter>");
    assert!(shows(&stage, "SESSIO…↑"), "{}", stage.picture());
}

#[test]
fn columns_without_room_are_named() {
    let mut stage = Stage::new();
    stage.event(Event::Resize(80, 24));
    stage.keys(":credentials<enter>");
    let credential = json!([{"id": "c1", "name": "key", "provider": "github"}]);
    stage.rows(&CREDENTIAL, credential);
    stage.keys("<ctrl-w>");
    let said = stage.toast();
    let start = "All columns that have room; left out: ";
    assert!(said.starts_with(start) && said.contains("SERVER"), "{said}");
    stage.event(Event::Resize(250, 24));
    stage.keys("<ctrl-w><ctrl-w>");
    assert_eq!(stage.toast(), "All columns");
}

#[test]
fn a_wide_window_shows_whole_names() {
    let mut stage = Stage::at_sessions();
    stage.event(Event::Resize(200, 50));
    let name = "reviewer-of-the-frontend-1796057700-0123456789";
    stage.rows(
        &SESSION,
        json!([{"id": "s1", "name": name, "phase": "Running"}]),
    );
    assert!(shows(&stage, name), "{}", stage.picture());
    stage.event(Event::Resize(80, 24));
    let session = |n: u8| json!({"id": format!("s{n}"), "name": format!("reviewer-179605770{n}")});
    stage.rows(&SESSION, json!([session(1), session(2)]));
    let picture = stage.picture();
    for name in ["reviewer-1796057701", "reviewer-1796057702"] {
        assert!(picture.contains(name), "{name} {picture}");
    }
}
