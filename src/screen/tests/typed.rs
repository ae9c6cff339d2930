//! What was typed is not lost: it comes back where it was typed, until the server has it.

use serde_json::json;

use super::stage::Stage;
use crate::resources::{CREDENTIAL, PROJECT, Record};
use crate::screen::effect::Effect;
use crate::screen::event::{About, Answer, Event, Fault};
use crate::screen::scope::Kind;

/// Fails a request that was sent for a page.
fn fail(stage: &mut Stage, page: u64, number: u64, why: &str) {
    stage.answer(Answer::Sent {
        page,
        number,
        said: Err(Fault::new(why)),
        echo: None,
    });
}

/// Fails what was sent last, for the page on top.
fn refuse(stage: &mut Stage, why: &str) {
    let number = *stage.numbers().last().unwrap();
    let page = stage.page();
    fail(stage, page, number, why);
}

fn shows(stage: &Stage, text: &str) -> bool {
    stage.picture().contains(text)
}

/// The text of the message that is written.
fn composed(stage: &mut Stage) -> String {
    let line = stage.state.messages_mut().unwrap().compose.as_ref();
    line.unwrap().text().to_owned()
}

#[test]
fn a_form_that_was_refused_begins_with_what_was_typed() {
    let mut stage = Stage::new();
    stage.projects();
    stage.keys("nops<tab>for us<enter>");
    refuse(&mut stage, "Create project failed: it exists");
    let said = "Create project failed: it exists; n again brings back what you typed";
    assert_eq!(stage.toast(), said);
    assert!(stage.state.form.is_none());
    stage.keys("n");
    assert_eq!(stage.toast(), "What you typed before is back");
    assert!(shows(&stage, "> ops") && shows(&stage, "> for us"));
    stage.keys("2<enter><enter>");
    let sent = ["POST /projects name=\"ops2\" description=\"for us\""];
    assert_eq!(stage.sent(), sent);
    // Now the server has it.
    stage.keys("n");
    assert!(shows(&stage, "my-project"), "{}", stage.picture());
}

#[test]
fn a_form_of_another_project_begins_empty() {
    let mut stage = Stage::at_agents();
    stage.keys("nlead<tab><enter>");
    refuse(&mut stage, "boom");
    stage.keys(":agents zeta<enter>n");
    assert!(shows(&stage, "my-agent") && shows(&stage, "In project zeta"));
    stage.keys("<esc>:agents web<enter>n");
    assert!(shows(&stage, "> lead"), "{}", stage.picture());
}

#[test]
fn escape_keeps_what_was_typed_until_it_is_deleted() {
    let mut stage = Stage::at_agents();
    stage.keys("nlead");
    for _ in 0..2 {
        stage.keys("<esc>");
        let said = "Cancelled; n again brings back what you typed";
        assert_eq!(stage.toast(), said);
        stage.keys("n");
        assert!(shows(&stage, "> lead"), "{}", stage.picture());
    }
    stage.keys("<ctrl-u><esc>");
    assert_eq!(stage.toast(), "Cancelled");
    stage.keys("n");
    assert!(shows(&stage, "my-agent"), "{}", stage.picture());
}

#[test]
fn a_secret_never_comes_back() {
    let mut stage = Stage::new();
    stage.keys(":credentials<enter>");
    stage.rows(
        &CREDENTIAL,
        json!([{"id": "c1", "name": "key", "provider": "github"}]),
    );
    stage.keys("nnew<tab><down><tab>canary<tab>https://u<tab><tab><enter>");
    refuse(&mut stage, "boom");
    stage.keys("n");
    let said = "What you typed before is back, without the secret";
    assert_eq!(stage.toast(), said);
    let picture = stage.picture();
    for text in [
        "> new",
        "> gitlab",
        "not shown while you type",
        "> https://u",
    ] {
        assert!(picture.contains(text), "{text} {picture}");
    }
    stage.keys("<esc>gtcanary<enter>");
    refuse(&mut stage, "boom");
    assert_eq!(stage.toast(), "boom");
    stage.keys("t");
    assert!(shows(&stage, "not shown while you type"));
    assert!(shows(&stage, "For credential key (c1)"));
}

#[test]
fn a_long_failure_does_not_hide_how_the_text_comes_back() {
    let mut stage = Stage::at_messages();
    stage.event(Event::Resize(80, 24));
    let page = stage.page();
    stage.effects.clear();
    stage.keys("mfirst<enter>");
    let number = stage.numbers()[0];
    let why = "word ".repeat(200);
    fail(&mut stage, page, number, &format!("Failed: {why}end"));
    let picture = stage.picture();
    let again = "m again brings back what you typed";
    assert_eq!(picture.matches(again).count(), 1, "{picture}");
    assert!(
        shows(&stage, "✗ Failed: word") && shows(&stage, "word…"),
        "{picture}"
    );
}

#[test]
fn messages_that_were_not_sent_come_back_one_after_the_other() {
    let mut stage = Stage::at_messages();
    let page = stage.page();
    stage.effects.clear();
    stage.keys("mfirst<enter>msecond<enter>");
    for number in stage.numbers() {
        fail(&mut stage, page, number, "Send message failed: boom");
    }
    stage.keys("m");
    assert_eq!(composed(&mut stage), "first");
    let said = "What you typed before is back, and 1 more after it";
    assert_eq!(stage.state.toast.as_ref().map(|it| it.is_held), Some(false));
    stage.keys("<esc>");
    // Esc does not change their order.
    stage.keys("m");
    assert_eq!(composed(&mut stage), "first");
    assert!(stage.toast().contains(said), "{}", stage.toast());
    stage.effects.clear();
    stage.keys("<enter>");
    let number = stage.numbers()[0];
    stage.keys("m");
    assert_eq!(composed(&mut stage), "second");
    fail(&mut stage, page, number, "Send message failed: boom");
    // It does not take the place of what is written now.
    assert_eq!(composed(&mut stage), "second");
    stage.keys("<enter>m");
    assert_eq!(composed(&mut stage), "first");
}

#[test]
fn a_message_comes_back_on_the_page_and_in_the_form_of_the_list() {
    let mut stage = Stage::at_messages();
    let page = stage.page();
    stage.effects.clear();
    stage.keys("mlook<enter>q");
    let number = stage.numbers()[0];
    fail(&mut stage, page, number, "Send message failed: boom");
    stage.keys("gm");
    assert!(shows(&stage, "<Send Message>") && shows(&stage, "> look"));
    stage.keys("<enter>");
    refuse(&mut stage, "boom");
    stage.keys("g<enter>m");
    assert_eq!(composed(&mut stage), "look");
}

#[test]
fn an_edit_that_was_refused_begins_with_its_changes_on_the_newest_fields() {
    let mut stage = Stage::at_agents();
    stage.keys("ge");
    let text = "name: Bad Name\nprompt: Back end\n".to_owned();
    stage.event(Event::Edited(Ok(text)));
    stage.keys("<enter>");
    refuse(&mut stage, "Update agent be failed: 400");
    let said = "Update agent be failed: 400; e again brings back what you typed";
    assert_eq!(stage.toast(), said);
    // Meanwhile somebody else has changed another field.
    let agents = json!([{"id": "2agent00000000000000000001", "name": "be", "project_id": "web",
        "prompt": "Newer"}]);
    stage.rows(&crate::resources::AGENT, agents);
    stage.effects.clear();
    stage.keys("ge");
    let text = stage.effects.iter().find_map(|effect| match effect {
        Effect::Edit(text) => Some(text.clone()),
        _ => None,
    });
    let text = text.unwrap();
    assert!(text.contains("name: Bad Name\nprompt: Newer\n"), "{text}");
    // Who leaves the editor now without a change sends nothing by Enter alone, and keeps what was typed.
    stage.event(Event::Edited(Ok(text.clone())));
    stage.keys("<enter>");
    assert!(stage.sent().is_empty());
    let said = "Cancelled; e again brings back what you typed";
    assert_eq!(stage.toast(), said);
    stage.keys("ge");
    stage.event(Event::Edited(Ok(text.replace("Bad Name", "good"))));
    stage.keys("<enter>");
    assert_eq!(stage.sent().len(), 1);
}

#[test]
fn a_text_of_the_editor_that_can_not_be_read_comes_back_whole() {
    let mut stage = Stage::at_agents();
    stage.keys("ge");
    let text = "name: [\n# mine\n".to_owned();
    stage.event(Event::Edited(Ok(text.clone())));
    stage.keys("<esc>");
    stage.effects.clear();
    stage.keys("ge");
    let is_text = |effect: &Effect| matches!(effect, Effect::Edit(it) if *it == text);
    assert!(stage.effects.iter().any(is_text));
}

#[test]
fn what_was_typed_for_one_server_comes_back_only_there() {
    let mut stage = Stage::new();
    stage.projects();
    stage.keys("nops<esc>:context other<enter>");
    let home = stage.state.about.clone();
    stage.answer(Answer::Connected(About {
        context: "other".to_owned(),
        ..home.clone()
    }));
    stage.keys("n");
    assert!(shows(&stage, "my-project"), "{}", stage.picture());
    stage.keys("<esc>:context acp.example.org<enter>");
    stage.answer(Answer::Connected(home));
    stage.keys("n");
    assert!(shows(&stage, "> ops"), "{}", stage.picture());
}

#[test]
fn a_message_that_is_written_while_the_server_changes_is_kept() {
    let mut stage = Stage::at_messages();
    stage.keys(":context other<enter>");
    let home = stage.state.about.clone();
    let other = About {
        context: "other".to_owned(),
        ..home.clone()
    };
    // Until the other server is there, the key is refused; the line may be open already.
    let coming = stage.state.coming.take();
    stage.keys("mlook");
    stage.state.coming = coming;
    stage.answer(Answer::Connected(other));
    stage.keys(":context acp.example.org<enter>");
    stage.answer(Answer::Connected(home));
    let row = json!({"id": "web", "name": "web"});
    let page = stage.page();
    stage.answer(Answer::Rows {
        page,
        rows: vec![Record::decode(&PROJECT, row).unwrap()],
        total: 1,
        hidden: 0,
        gap: None,
    });
    stage.keys("s");
    assert_eq!(stage.kind(), Some(Kind::Sessions));
    let session = json!([{"id": "2prefix00000a", "name": "fix", "project_id": "web"}]);
    stage.rows(&crate::resources::SESSION, session);
    stage.keys("<enter>m");
    assert_eq!(composed(&mut stage), "look");
}

#[test]
fn what_is_typed_before_a_list_was_read_chooses_nothing() {
    let mut stage = Stage::at_sessions();
    stage.keys("n");
    stage.keys("z");
    assert!(
        shows(&stage, "the list is not read yet"),
        "{}",
        stage.picture()
    );
    stage.event(Event::Paste("zeta".to_owned()));
    stage.offers(0, &[("web", "web"), ("zeta", "zeta")]);
    assert!(shows(&stage, "> web"), "{}", stage.picture());
}

#[test]
fn an_agent_of_another_project_is_not_sent_with_the_one_that_was_chosen() {
    let mut stage = Stage::at_agents();
    stage.keys("g<enter>n");
    stage.offers(0, &[("web", "web"), ("zeta", "zeta")]);
    stage.offers(4, &[("2agent00000000000000000001", "be")]);
    stage.effects.clear();
    stage.keys("zeta<tab>new<tab><tab><tab><enter>");
    // The agents of the other project are not read yet.
    assert!(stage.sent().is_empty());
    assert!(
        shows(&stage, "the list is not read yet"),
        "{}",
        stage.picture()
    );
    stage.offers(4, &[("z1", "ops")]);
    stage.keys("<enter>");
    assert_eq!(
        stage.sent(),
        ["POST /sessions name=\"new\" project_id=\"zeta\""]
    );
}

#[test]
fn a_project_that_is_not_in_the_list_is_not_replaced_by_the_first_one() {
    let mut stage = Stage::new();
    // The configured project is `home`.
    stage.keys(":sessions<enter>n");
    stage.offers(0, &[("web", "web"), ("zeta", "zeta")]);
    stage.keys("<tab>");
    assert!(
        shows(&stage, "\"home\" is not in the list"),
        "{}",
        stage.picture()
    );
    stage.keys("<down>");
    assert!(shows(&stage, "> web"), "{}", stage.picture());
}
