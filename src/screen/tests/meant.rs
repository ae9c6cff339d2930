//! What is done, is done to the object that the screen shows, whatever a server says.

use serde_json::{Value, json};

use super::stage::Stage;
use crate::resources::{AGENT, CREDENTIAL, PROJECT, Record, SESSION};
use crate::screen::effect::Effect;
use crate::screen::event::{Answer, Event};
use crate::screen::state::Body;

/// A screen at credentials that were minted.
fn at_credentials(ids: &[&str]) -> Stage {
    let mut stage = Stage::at_agents();
    stage.keys(":cred<enter>");
    let row = |id: &&str| {
        json!({"id": id, "name": format!("name of {id}"), "provider": "kubeconfig",
            "annotations": "{\"acpctl/mint-id\":\"m1\"}"})
    };
    let rows: Vec<Value> = ids.iter().map(row).collect();
    stage.rows(&CREDENTIAL, json!(rows));
    stage.effects.clear();
    stage
}

/// The words of the commands of this program that were asked for.
fn commands(stage: &Stage) -> Vec<String> {
    let words = stage.effects.iter().filter_map(|effect| match effect {
        Effect::Outside(rerun) => Some(rerun.words.join(" ")),
        _ => None,
    });
    words.collect()
}

/// Answers what is known about the session of the page.
fn session(stage: &mut Stage, fields: Value) {
    let page = stage.page();
    let session = Box::new(Record::decode(&SESSION, fields).unwrap());
    stage.answer(Answer::Session { page, session });
}

#[test]
fn an_id_that_looks_like_a_flag_is_no_word_of_a_command() {
    let mut stage = at_credentials(&["--all", "c2"]);
    for key in ["i", "r", "e", "t", "<ctrl-d>"] {
        stage.keys("g");
        stage.keys(key);
        assert!(commands(&stage).is_empty(), "{key}");
        assert!(
            stage.state.dialog.is_none() && stage.state.form.is_none(),
            "{key}"
        );
        assert!(
            stage.toast().contains("no usable ID"),
            "{key}: {}",
            stage.toast()
        );
    }
    stage.keys("g<space>");
    assert!(stage.state.table().unwrap().marks.is_empty());
    stage.keys("gji");
    let line = "credential inspect --access --context-name=acp.example.org -- c2";
    assert_eq!(commands(&stage), [line]);
}

#[test]
fn an_agents_session_is_not_one_of_another_agent_or_project() {
    let id = "2session000000000000000001";
    for other in [
        json!({"id": id, "name": "prod", "project_id": "zeta", "agent_id": "2agent00000000000000000001"}),
        json!({"id": id, "name": "prod", "project_id": "web", "agent_id": "2agent00000000000000000009"}),
    ] {
        let mut stage = Stage::at_agents();
        stage.keys("gl");
        // Nothing is sent to a session of which nothing is known.
        stage.keys("mfor web only<enter>");
        assert!(stage.sent().is_empty());
        assert_eq!(stage.toast(), "Nothing is sent before the session was read");
        session(&mut stage, other);
        let page = stage.page();
        let is_end = |effect: &Effect| matches!(effect, Effect::Cancel { page: it } if *it == page);
        assert!(stage.effects.iter().any(is_end));
        let event =
            json!({"type": "TEXT_MESSAGE_CONTENT", "messageId": "m", "delta": "words of prod"});
        stage.answer(Answer::Streamed { page, event });
        let picture = stage.picture();
        assert!(
            picture.contains("nothing more is read or sent"),
            "{picture}"
        );
        assert!(!picture.contains("words of prod"), "{picture}");
        stage.keys("<enter>");
        assert!(stage.sent().is_empty());
        stage.keys("<esc>x");
        assert!(stage.state.dialog.is_none());
        let said = "Nothing is sent: this is not the session that the page was opened for";
        assert_eq!(stage.toast(), said);
    }
}

#[test]
fn a_session_that_changes_its_project_is_no_longer_written_to() {
    let row = json!({"id": "2prefix00000a", "name": "fix", "project_id": "web",
        "agent_id": "2agent00000000000000000001", "phase": "Running"});
    let mut stage = Stage::at_messages();
    session(&mut stage, row.clone());
    stage.keys("mone<enter>");
    assert_eq!(stage.sent().len(), 1);
    for (field, value) in [
        ("project_id", "zeta"),
        ("agent_id", "2agent00000000000000000002"),
    ] {
        let mut stage = Stage::at_messages();
        session(&mut stage, row.clone());
        let mut changed = row.clone();
        changed[field] = json!(value);
        session(&mut stage, changed);
        let picture = stage.picture();
        assert!(picture.contains("belongs to something else"), "{picture}");
        stage.keys("mtwo<enter>");
        assert!(stage.sent().is_empty(), "{field}");
        let Body::Messages(messages) = stage.body() else {
            panic!("a page of messages")
        };
        assert_eq!(messages.session.as_ref().unwrap().text("project_id"), "web");
    }
}

#[test]
fn a_project_is_confirmed_by_what_is_deleted() {
    let mut stage = Stage::new();
    stage.rows(&PROJECT, json!([{"id": "prod", "name": "scratch"}]));
    stage.keys("g<ctrl-d>");
    let picture = stage.picture();
    assert!(picture.contains("Type its ID to confirm:"), "{picture}");
    stage.keys("scratch<right><enter>");
    assert!(stage.sent().is_empty());
    assert_eq!(stage.toast(), "What you typed does not match");
    stage.keys("<ctrl-u>prod<enter>");
    assert_eq!(stage.sent(), ["DELETE /projects/prod"]);
}

#[test]
fn a_name_that_several_projects_have_opens_none_of_them() {
    let mut stage = Stage::new();
    let projects = json!([
        {"id": "evil", "name": "prod"}, {"id": "x1", "name": "web"}, {"id": "prod", "name": "prod"},
        {"id": "x2", "name": "web"},
    ]);
    stage.rows(&PROJECT, projects);
    stage.keys(":agents prod<enter>");
    assert!(stage.loads().contains(&"/projects/prod/agents".to_owned()));
    stage.keys(":agents web<enter>");
    assert_eq!(
        stage.toast(),
        "2 projects are called web (x1, x2): use the ID"
    );
    assert!(stage.loads().is_empty());
}

#[test]
fn the_header_names_the_id_of_a_project_that_is_called_otherwise() {
    let mut stage = Stage::new();
    stage.rows(&PROJECT, json!([{"id": "prod", "name": "scratch"}]));
    stage.keys("g<enter>");
    let picture = stage.picture();
    assert!(picture.contains("scratch (prod)"), "{picture}");
}

#[test]
fn a_long_name_leaves_the_id_and_the_warning_in_the_question() {
    let long = format!("scratch {}", "word ".repeat(1000));
    let mut stage = Stage::at_agents();
    stage.keys(":cred<enter>");
    let row = json!({"id": "cred1", "name": long, "provider": "github"});
    stage.rows(&CREDENTIAL, json!([row]));
    for (width, height) in [(80, 24), (60, 15)] {
        stage.event(Event::Resize(width, height));
        stage.keys("g<ctrl-d>");
        let picture = stage.picture();
        for text in [
            "scratch word",
            "…",
            "(cred1)",
            "Its secret is lost",
            "[Cancel]",
        ] {
            assert!(picture.contains(text), "{text} {picture}");
        }
        stage.keys("<esc>b");
        let picture = stage.picture();
        assert!(
            picture.contains("(cred1)") && picture.contains("Project *"),
            "{picture}"
        );
        stage.keys("<esc>");
    }
    let mut stage = Stage::at_agents();
    let row =
        |n: u8| json!({"id": format!("a{n}"), "name": long, "current_session_id": format!("s{n}")});
    stage.rows(&AGENT, json!([row(1), row(2)]));
    stage.event(Event::Resize(80, 24));
    stage.keys("g<space><space>x");
    let picture = stage.picture();
    assert!(
        picture.contains("(a1)") && picture.contains("(a2)"),
        "{picture}"
    );
}

#[test]
fn what_is_typed_in_a_choice_is_the_beginning_of_an_offer() {
    let projects = [
        ("ok-proj", "ok-proj"),
        ("ops", "ops"),
        ("team-a", "team-a"),
        ("team-b", "team-b"),
    ];
    let open = || {
        let mut stage = at_credentials(&["c1"]);
        stage.keys("gb");
        stage.offers(0, &projects);
        stage
    };
    for (typed, project) in [
        ("ops", "ops"),
        ("TEAM-B", "team-b"),
        ("team-x<ctrl-u>te", "team-a"),
    ] {
        let mut stage = open();
        stage.keys(typed);
        stage.keys("<enter>");
        stage.plans(&[]);
        let sent = format!("POST /role_bindings credential_id=\"c1\" project_id={project:?}");
        assert_eq!(stage.sent(), [sent], "{typed}");
    }
    // A name that does not exist chooses nothing.
    let mut stage = open();
    stage.keys("team-x<enter>");
    let picture = stage.picture();
    assert!(
        picture.contains("nothing here begins with \"team-x\""),
        "{picture}"
    );
    assert!(stage.state.form.is_some() && stage.sent().is_empty());
    stage.keys("<down><enter>");
    stage.plans(&[]);
    assert_eq!(stage.sent().len(), 1);
    // What is typed before the offers came chooses none that nobody has seen, and nothing else is sent for it.
    let mut stage = at_credentials(&["c1"]);
    stage.keys("gbops<enter>");
    assert!(stage.picture().contains("the list is not read yet"));
    let is_plan = |effect: &Effect| matches!(effect, Effect::Plan { .. });
    assert!(!stage.effects.iter().any(is_plan));
    stage.offers(0, &projects);
    assert!(!stage.picture().contains("> ops"), "{}", stage.picture());
    stage.keys("ops<enter>");
    stage.plans(&[]);
    assert_eq!(
        stage.sent(),
        ["POST /role_bindings credential_id=\"c1\" project_id=\"ops\""]
    );
}

#[test]
fn a_binding_begins_with_the_project_that_the_header_names() {
    let mut stage = Stage::new();
    stage.projects();
    stage.keys(":cred<enter>");
    stage.rows(
        &CREDENTIAL,
        json!([{"id": "c1", "name": "key", "provider": "github"}]),
    );
    stage.keys("gb");
    stage.offers(0, &[("a", "a"), ("home", "home")]);
    assert!(stage.picture().contains("> home"), "{}", stage.picture());
}

#[test]
fn the_interruption_on_the_page_of_messages_names_the_session_as_its_list_does() {
    let mut stage = Stage::at_sessions();
    for keys in ["gx", "<esc>g<enter>x"] {
        stage.keys(keys);
        let picture = stage.picture();
        let question = "Interrupt session \"fix\" (2prefix00000a)?";
        assert!(picture.contains(question), "{keys} {picture}");
    }
}

#[test]
fn a_long_name_does_not_hide_how_many_sessions_a_binding_shadows() {
    let mut stage = at_credentials(&["c1"]);
    stage.event(Event::Resize(60, 15));
    stage.keys("gb<enter>");
    let long = format!("{}: k-dev is shadowed", "a".repeat(300));
    let short = "reviewer: k-dev is shadowed";
    stage.plans(&[&long, short, short, short, short, short]);
    let picture = stage.picture();
    for text in ["for sessions of:", "  aaaa", " more", short, "[Cancel]"] {
        assert!(picture.contains(text), "{text} {picture}");
    }
}

#[test]
fn a_binding_that_shadows_is_asked_for_first() {
    let mut stage = Stage::at_agents();
    stage.keys(":cred<enter>");
    stage.rows(
        &CREDENTIAL,
        json!([{"id": "c1", "name": "k-stage", "provider": "github"}]),
    );
    stage.keys("gb<enter>");
    assert!(
        stage.picture().contains("Looking what is shadowed..."),
        "{}",
        stage.picture()
    );
    let is_send = |effect: &Effect| matches!(effect, Effect::Send { .. });
    assert!(!stage.effects.iter().any(is_send));
    stage.plans(&["reviewer: k-dev is shadowed"]);
    let picture = stage.picture();
    for text in [
        "For credential k-stage (c1)",
        "Bind to project web nevertheless?",
        "reviewer: k-dev is shadowed",
    ] {
        assert!(picture.contains(text), "{text} {picture}");
    }
    assert!(stage.sent().is_empty());
    stage.keys("<right><enter>");
    assert_eq!(
        stage.sent(),
        ["POST /role_bindings credential_id=\"c1\" project_id=\"web\""]
    );
    // A plan that comes after the form was left asks nothing.
    stage.keys("gb<enter>");
    let plan = stage
        .effects
        .iter()
        .rposition(|it| matches!(it, Effect::Plan { .. }));
    stage.effects.drain(..plan.unwrap());
    stage.keys("<esc>");
    stage.plans(&["reviewer: k-dev is shadowed"]);
    assert!(stage.state.dialog.is_none() && stage.sent().is_empty());
}
