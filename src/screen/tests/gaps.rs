//! What is not known, or not wholly, is shown as such.

use serde_json::json;

use super::stage::Stage;
use crate::resources::{PROJECT, Record, SESSION};
use crate::screen::effect::Effect;
use crate::screen::event::{Answer, Event, Fault};
use crate::screen::newest::Newest;

/// Answers the request for the projects: one row, of a list with a gap.
fn one_project(stage: &mut Stage, total: i64, gap: Option<&str>) {
    let page = stage.page();
    let row = json!({"id": "web", "name": "web"});
    stage.answer(Answer::Rows {
        page,
        rows: vec![Record::decode(&PROJECT, row).unwrap()],
        total,
        hidden: 0,
        gap: gap.map(str::to_owned),
    });
}

fn shows(stage: &Stage, text: &str) -> bool {
    stage.picture().contains(text)
}

#[test]
fn a_number_of_rows_that_is_not_known_yet_is_no_zero() {
    let mut stage = Stage::new();
    assert!(shows(&stage, "projects(all)[?]"), "{}", stage.picture());
    stage.fails(500, "boom");
    assert!(shows(&stage, "projects(all)[?]"), "{}", stage.picture());
    one_project(&mut stage, 1, None);
    assert!(shows(&stage, "projects(all)[1] "), "{}", stage.picture());
}

#[test]
fn a_failure_is_seen_beside_what_was_just_said() {
    let mut stage = Stage::at_agents();
    stage.keys(":roles<enter>");
    stage.fails(500, "boom");
    let said = "Viewing roles — ✗ boom (again in";
    assert!(shows(&stage, said), "{}", stage.picture());
}

#[test]
fn rows_that_may_be_missing_have_a_mark_and_a_reason() {
    let mut stage = Stage::new();
    one_project(&mut stage, 1, Some("the list may lack objects"));
    assert!(shows(&stage, "projects(all)[1+]"), "{}", stage.picture());
    let said = "✗ the list may lack objects";
    assert!(shows(&stage, said), "{}", stage.picture());
    stage.keys(":dump rows.txt<enter>");
    let written = stage.effects.iter().find_map(|effect| match effect {
        Effect::Write { text, .. } => Some(text.clone()),
        _ => None,
    });
    let written = written.unwrap();
    assert!(
        written.ends_with("\n(the list may lack objects)\n"),
        "{written}"
    );
    // A project that is not among them may be there.
    let doubt = "other is not among the projects that were read: it may not exist";
    stage.keys(":agents other<enter>");
    assert!(shows(&stage, "agents(other)[?]"), "{}", stage.picture());
    assert_eq!(stage.toast(), doubt);
    stage.keys("9");
    let said = "No project at index 9: 1 read so far, there may be more";
    assert_eq!(stage.toast(), said);
    stage.keys(":project other<enter>");
    assert!(shows(&stage, "agents(other)[?]"), "{}", stage.picture());
    assert_eq!(stage.toast(), doubt);
    stage.keys(":project web<enter>");
    assert_eq!(stage.toast(), "Switched to project web");
    stage.keys(":projects<enter>");
    one_project(&mut stage, 1, None);
    assert!(!shows(&stage, "lack"), "{}", stage.picture());
    stage.keys(":agents other<enter>");
    assert_eq!(
        stage.toast(),
        "project other not found: the list may be old, :projects reads it again"
    );
}

#[test]
fn projects_that_were_not_read_are_not_said_to_be_none() {
    let mut stage = Stage::new();
    stage.keys(":sessions<enter>2");
    let said = "No project at index 2: they are not read yet, :projects reads them";
    assert_eq!(stage.toast(), said);
    stage.keys(":project web<enter>");
    let said = "web is not checked: the projects are not read yet";
    assert_eq!(stage.toast(), said);
    let mut stage = Stage::new();
    stage.fails(503, "away");
    let said = "web may not exist: the projects could not be read: away";
    for command in [":project web<enter>", ":sessions web<enter>"] {
        stage.keys(command);
        assert_eq!(stage.toast(), said);
    }
}

#[test]
fn a_list_of_projects_that_comes_late_is_compared_with_the_page() {
    let mut stage = Stage::new();
    let page = stage.page();
    stage.keys(":project other<enter>");
    let row = json!({"id": "web", "name": "web"});
    stage.answer(Answer::Rows {
        page,
        rows: vec![Record::decode(&PROJECT, row).unwrap()],
        total: 1,
        hidden: 0,
        gap: None,
    });
    let doubt = "other is not among the projects that were read: it may not exist";
    assert_eq!(stage.toast(), doubt);
}

#[test]
fn a_gap_of_the_rows_does_not_hide_that_of_their_cells() {
    let mut stage = Stage::new();
    one_project(&mut stage, 1, Some("the list may lack objects"));
    let page = stage.page();
    stage.answer(Answer::Joined {
        page,
        cells: Vec::new(),
        gap: Some("sessions: boom".to_owned()),
    });
    let said = "✗ the list may lack objects; sessions: boom";
    assert!(shows(&stage, said), "{}", stage.picture());
}

#[test]
fn a_number_that_is_not_known_is_no_zero() {
    let mut stage = Stage::new();
    stage.projects();
    let page = stage.page();
    let cell = |field, text: &str| ("web".to_owned(), field, text.to_owned());
    stage.answer(Answer::Joined {
        page,
        cells: vec![cell("agents", "?"), cell("sessions", "12+")],
        gap: Some("agents of web: boom".to_owned()),
    });
    let picture = stage.picture();
    let line = picture.lines().find(|line| line.contains("> web")).unwrap();
    let cells: Vec<&str> = line.split_whitespace().collect();
    assert!(cells.contains(&"?") && cells.contains(&"12+"), "{line}");
    assert!(picture.contains("✗ agents of web: boom"), "{picture}");
}

#[test]
fn rows_without_ids_have_no_cells_of_others() {
    let mut stage = Stage::new();
    stage.keys(":sessions<enter>");
    stage.rows(&SESSION, json!([{"name": "one"}, {"name": "two"}]));
    let page = stage.page();
    let cells = vec![(String::new(), "agent_name", "lead".to_owned())];
    stage.answer(Answer::Joined {
        page,
        cells,
        gap: None,
    });
    assert!(!shows(&stage, "lead"), "{}", stage.picture());
}

#[test]
fn a_form_tells_that_a_list_may_lack_something() {
    let mut stage = Stage::at_sessions();
    stage.keys("n");
    let form = stage.state.form.as_ref().unwrap().number;
    stage.answer(Answer::Offered {
        form,
        field: 0,
        offers: Ok(vec![("web".to_owned(), "web".to_owned())]),
        gap: Some("the list may lack objects".to_owned()),
    });
    let picture = stage.picture();
    assert!(picture.contains("the list may lack objects"), "{picture}");
}

#[test]
fn a_read_that_hangs_is_given_up_for_a_new_one() {
    let mut stage = Stage::at_agents();
    stage.effects.clear();
    stage.passes(6);
    assert_eq!(stage.loads(), ["/projects/web/agents"]);
    let page = stage.page();
    let is_end =
        |effect: &Effect| matches!(effect, Effect::Cancel { page: other } if *other == page);
    stage.keys("<ctrl-r>");
    assert!(stage.effects.iter().any(is_end));
    assert_eq!(stage.loads(), ["/projects/web/agents"]);
    // So is one that began before a change had its answer.
    stage.answer(Answer::Sent {
        page,
        number: 0,
        said: Ok("Agent created".to_owned()),
        echo: None,
    });
    assert!(stage.effects.iter().any(is_end));
    assert_eq!(stage.loads(), ["/projects/web/agents"]);
}

#[test]
fn while_a_page_is_read_again_the_failure_says_it() {
    let mut stage = Stage::at_agents();
    stage.passes(6);
    stage.fails(500, "boom");
    stage.passes(6);
    assert!(
        shows(&stage, "✗ boom (trying again)"),
        "{}",
        stage.picture()
    );
}

#[test]
fn tab_goes_round_the_buttons_of_every_question() {
    let mut stage = Stage::at_agents();
    stage.keys("g<ctrl-d><tab><tab><enter>");
    assert_eq!(stage.toast(), "Cancelled");
    stage.keys("g<ctrl-d><backtab><backtab><enter>");
    assert_eq!(stage.toast(), "Cancelled");
    stage.keys("ge");
    let text = "name: be\nprompt: Other\n".to_owned();
    stage.event(Event::Edited(Ok(text)));
    stage.keys("<tab><enter>");
    let said = "Cancelled; e again brings back what you typed";
    assert_eq!(stage.toast(), said);
    assert!(stage.sent().is_empty());
    stage.keys("g<ctrl-d><backtab><enter>");
    assert_eq!(stage.sent().len(), 1);
}

#[test]
fn a_conversation_says_how_much_of_it_is_kept() {
    let mut stage = Stage::at_messages();
    let page = stage.page();
    let message = |seq: i64| {
        let value =
            json!({"id": seq.to_string(), "seq": seq, "event_type": "user", "payload": "m"});
        Record::decode(&crate::resources::SESSION_MESSAGE, value).unwrap()
    };
    let messages = (1..=2003).map(message).collect();
    stage.answer(Answer::Messages {
        page,
        messages: Newest::of(messages),
        after: 0,
    });
    assert!(shows(&stage, ")[2000 of 2003]"), "{}", stage.picture());
}

#[test]
fn an_edit_checks_the_fields_of_an_object_without_a_time_of_change() {
    use crate::screen::effect::After;
    let mut stage = Stage::at_agents();
    stage.keys("Ge");
    let text = "name: fe\nprompt: Other\n".to_owned();
    stage.event(Event::Edited(Ok(text)));
    stage.keys("<enter>");
    let after = stage.effects.iter().find_map(|effect| match effect {
        Effect::Send { sends, .. } => Some(sends[0].after.clone()),
        _ => None,
    });
    let Some(After::Unchanged { fields, .. }) = after else {
        panic!("the object is read again first")
    };
    assert_eq!(fields["prompt"], "Front end");
}

#[test]
fn habits_of_k9s_lead_somewhere_and_a_key_without_meaning_says_so() {
    let mut stage = Stage::at_agents();
    stage.keys("<ctrl-k>");
    assert_eq!(stage.toast(), "Ctrl-K means nothing here; ? shows the keys");
    stage.keys("-");
    assert_eq!(stage.toast(), "- means nothing here; ? shows the keys");
    stage.keys("<ctrl-a>");
    assert!(shows(&stage, "Commands"), "{}", stage.picture());
    stage.keys("<esc>:ns zeta<enter>");
    assert_eq!(stage.toast(), "Switched to project zeta");
    stage.keys(":ns<enter>");
    assert_eq!(stage.crumbs(), ["projects"]);
    stage.keys(":q!<enter>");
    assert!(stage.state.is_done);
}

#[test]
fn the_reason_of_a_form_that_can_not_be_filled_stays_its_own() {
    let mut stage = Stage::at_sessions();
    stage.keys("n");
    let form = stage.state.form.as_ref().unwrap().number;
    stage.answer(Answer::Offered {
        form,
        field: 0,
        offers: Err(Fault::new("boom")),
        gap: None,
    });
    assert!(shows(&stage, "boom"), "{}", stage.picture());
}

#[test]
fn a_long_scope_leaves_room_for_the_number_of_rows() {
    let mut stage = Stage::new();
    let name = "long-".repeat(40);
    stage.rows(&PROJECT, json!([{"id": "p", "name": name}]));
    stage.keys("s");
    stage.rows(&SESSION, json!([{"id": "s1", "name": name}]));
    assert!(shows(&stage, "…)[1] "), "{}", stage.picture());
    stage.keys("<enter>");
    assert!(shows(&stage, "…)[?] "), "{}", stage.picture());
}

#[test]
fn messages_that_are_not_read_yet_are_not_said_to_be_none() {
    let mut stage = Stage::at_messages();
    let picture = stage.picture();
    assert!(picture.contains("messages(fix)[?]"), "{picture}");
    assert!(picture.contains(" Loading..."), "{picture}");
    let page = stage.page();
    let messages = Vec::new();
    stage.answer(Answer::Messages {
        page,
        messages: Newest::of(messages),
        after: 0,
    });
    let picture = stage.picture();
    assert!(picture.contains("messages(fix)[0]"), "{picture}");
    assert!(picture.contains(" No messages yet."), "{picture}");
}
