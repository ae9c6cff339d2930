//! Views and their keys, by the requests that they send.

use serde_json::json;

use super::stage::Stage;
use crate::resources::{CREDENTIAL, INBOX_MESSAGE, SESSION};
use crate::screen::effect::Effect;
use crate::screen::event::{Answer, Event, Fault};
use crate::screen::scope::Kind;
use crate::screen::state::Options;
use crate::screen::views;

#[test]
fn every_view_is_reached_by_its_name_and_asks_for_its_rows() {
    for view in views::all() {
        if matches!(
            view.kind,
            Kind::Inbox | Kind::Runs | Kind::Bindings | Kind::Projects
        ) {
            continue;
        }
        for word in view.aliases.iter().chain([&view.name]) {
            if *word == "project" || *word == "proj" {
                continue;
            }
            let mut stage = Stage::at_agents();
            stage.effects.clear();
            stage.keys(&format!(":{word}<enter>"));
            assert_eq!(stage.kind(), Some(view.kind), "{word}");
            let loads = stage.loads();
            assert!(
                loads.len() == 1 || view.kind == Kind::Agents,
                "{word}: {loads:?}"
            );
        }
    }
}

#[test]
fn a_view_that_needs_more_says_what() {
    let mut stage = Stage::new();
    stage.keys(":inbox<enter>");
    assert!(
        stage.toast().starts_with("No agent context"),
        "{}",
        stage.toast()
    );
    stage.keys(":cb<enter>");
    assert!(
        stage.toast().starts_with("No credential context"),
        "{}",
        stage.toast()
    );
    stage.state.about.project.clear();
    stage.keys(":agents<enter>");
    assert!(
        stage.toast().starts_with("Choose a project first"),
        "{}",
        stage.toast()
    );
    assert!(
        stage.picture().contains("projects(all)"),
        "{}",
        stage.picture()
    );
}

#[test]
fn an_unknown_command_is_not_found_and_the_nearest_is_named() {
    let mut stage = Stage::new();
    stage.keys(":sesions<enter>");
    let said = "Unknown command :sesions; did you mean :sessions?";
    assert_eq!(stage.toast(), said);
    // It swallows no key.
    stage.keys(":zzzzzz<enter>");
    let said = "Unknown command :zzzzzz; :aliases lists the commands";
    assert_eq!(stage.toast(), said);
}

#[test]
fn marks_choose_several_rows_and_one_question_is_asked() {
    let mut stage = Stage::at_sessions();
    stage.keys("g<space><space><ctrl-d>");
    let picture = stage.picture();
    assert!(picture.contains("Delete 2 objects?"), "{picture}");
    stage.keys("<right><enter>");
    assert_eq!(
        stage.sent(),
        [
            "DELETE /sessions/2prefix00000a",
            "DELETE /sessions/2prefix00000b"
        ]
    );
    stage.keys("g<ctrl-space>");
    assert_eq!(stage.toast(), "3 marked");
    stage.keys("<esc>");
    assert_eq!(stage.toast(), "Marks cleared");
}

#[test]
fn a_screen_that_only_reads_sends_nothing() {
    let mut stage = Stage::with(Options {
        refresh: 5,
        readonly: true,
        ..Options::default()
    });
    stage.projects();
    for keys in ["g<ctrl-d>", "n", "e"] {
        stage.keys(keys);
        assert!(stage.toast().contains("--readonly"), "{keys}");
        assert!(stage.state.dialog.is_none() && stage.state.form.is_none());
    }
    assert!(stage.picture().contains("[RO]"));
}

#[test]
fn history_leads_back_and_forward() {
    let mut stage = Stage::at_agents();
    stage.keys(":roles<enter>:users<enter>[[");
    assert_eq!(stage.kind(), Some(Kind::Agents));
    stage.keys("]]");
    assert_eq!(stage.kind(), Some(Kind::Users));
    stage.keys("]");
    assert_eq!(stage.toast(), "No more history");
    stage.keys(":<up><enter>");
    assert_eq!(stage.kind(), Some(Kind::Users));
}

#[test]
fn credentials_are_bound_rotated_and_never_shown() {
    let mut stage = Stage::at_agents();
    stage.keys(":cred<enter>");
    stage.rows(
        &CREDENTIAL,
        json!([{"id": "cred1", "name": "gh", "provider": "github", "annotations": "{\"acpctl/expires-at\":\"2026-12-05T12:00:00Z\",\"mine\":\"x\"}"}]),
    );
    assert!(stage.picture().contains("in 4d"), "{}", stage.picture());
    stage.effects.clear();
    stage.keys("tsecret-of-mine");
    let picture = stage.picture();
    assert!(
        !picture.contains("secret-of-mine") && picture.contains("••••"),
        "{picture}"
    );
    stage.keys("<enter>");
    let secret = stage.effects.iter().any(|effect| match effect {
        Effect::Send { sends, .. } => sends[0].secret.is_some(),
        _ => false,
    });
    assert!(secret);
    assert_eq!(
        stage.sent(),
        [r#"PATCH /credentials/cred1 annotations="{\"mine\":\"x\"}" token=***"#]
    );
    stage.keys("b<enter>");
    stage.plans(&[]);
    assert_eq!(
        stage.sent(),
        [r#"POST /role_bindings credential_id="cred1" project_id="web""#]
    );
    stage.keys("<enter>");
    assert_eq!(stage.kind(), Some(Kind::Bindings));
    assert!(
        stage.picture().contains("credentialbindings(gh)"),
        "{}",
        stage.picture()
    );
}

#[test]
fn the_inbox_is_read_and_written() {
    let mut stage = Stage::at_agents();
    stage.keys("gi");
    stage.rows(
        &INBOX_MESSAGE,
        json!([{"id": "in1", "agent_id": "2agent00000000000000000001", "body": "hello", "read": false}]),
    );
    assert!(stage.picture().contains("(human)"), "{}", stage.picture());
    stage.effects.clear();
    stage.keys("r");
    let agent = "2agent00000000000000000001";
    let inbox = format!("/projects/web/agents/{agent}/inbox");
    assert_eq!(stage.sent(), [format!("PATCH {inbox}/in1 read=true")]);
    stage.keys("mhi<enter><ctrl-d><right><enter>");
    assert_eq!(
        stage.sent(),
        [
            format!("POST {inbox} agent_id=\"{agent}\" body=\"hi\""),
            format!("DELETE {inbox}/in1")
        ]
    );
}

#[test]
fn a_message_of_several_lines_is_written_and_sent() {
    let mut stage = Stage::at_messages();
    stage.keys("mone<alt-enter>two q:?");
    assert!(
        stage.picture().contains("> send message: one"),
        "{}",
        stage.picture()
    );
    stage.keys("<enter>");
    assert_eq!(
        stage.sent(),
        [r#"POST /sessions/2prefix00000a/messages event_type="user" payload="one\ntwo q:?""#]
    );
}

#[test]
fn a_message_that_was_not_sent_is_not_lost() {
    let mut stage = Stage::at_messages();
    let page = stage.page();
    let answers = |stage: &mut Stage, said| {
        let number = stage.effects.iter().find_map(|effect| match effect {
            Effect::Send { sends, .. } => Some(sends[0].number),
            _ => None,
        });
        stage.effects.clear();
        let echo = None;
        stage.answer(Answer::Sent {
            page,
            number: number.unwrap(),
            said,
            echo,
        });
    };
    stage.keys("mhello<enter>");
    answers(&mut stage, Err(Fault::new("Send message failed: away")));
    stage.keys("m again<enter>");
    assert!(stage.sent()[0].ends_with(r#"payload="hello again""#));
    stage.keys("mother<enter>");
    answers(&mut stage, Ok("Message sent".to_owned()));
    stage.keys("m");
    let messages = stage.state.messages_mut().unwrap();
    assert_eq!(messages.compose.as_ref().unwrap().text(), "");
}

#[test]
fn text_that_does_not_fit_is_counted() {
    let mut stage = Stage::at_messages();
    let paste = |count: usize| Event::Paste("x".repeat(count));
    stage.event(paste(5));
    assert_eq!(stage.toast(), "Nothing here takes the pasted text");
    stage.keys("m");
    stage.event(paste(4100));
    let said = "4 characters of the pasted text do not fit and are left out";
    assert_eq!(stage.toast(), said);
    stage.keys("y");
    assert_eq!(stage.toast(), "No more characters fit");
}

#[test]
fn ten_thousand_rows_are_no_burden() {
    let mut stage = Stage::new();
    stage.keys(":sessions<enter>");
    let rows: Vec<_> = (0..10_000)
        .map(|n| json!({"id": format!("s{n}"), "name": format!("session-{n}"), "phase": "Running"}))
        .collect();
    stage.rows(&SESSION, json!(rows));
    stage.keys("Gjjkkg");
    stage.keys("/session-77<enter>");
    assert!(
        stage.picture().contains("[111] </session-77>"),
        "{}",
        stage.picture()
    );
}

#[test]
fn pasted_text_presses_no_keys() {
    let mut stage = Stage::at_agents();
    stage.event(Event::Paste("q:q\n\u{4}".to_owned()));
    assert!(!stage.state.is_done);
    assert_eq!(stage.crumbs(), ["projects", "agents"]);
    stage.keys("/");
    stage.event(Event::Paste("be\n".to_owned()));
    assert!(stage.picture().contains("</be>"), "{}", stage.picture());
}

#[test]
fn a_provider_is_chosen_by_its_beginning_and_a_kubeconfig_is_refused_there() {
    let mut stage = Stage::new();
    stage.keys(":credentials<enter>nmine<tab>");
    assert!(
        stage.picture().contains("or type: choose"),
        "{}",
        stage.picture()
    );
    stage.keys("k<tab>");
    let form = stage.state.form.as_ref().unwrap();
    assert!(
        form.error.starts_with("A kubeconfig is checked"),
        "{}",
        form.error
    );
    // All that is typed counts, not the last letter of it.
    for (key, provider) in [
        ("<ctrl-u>j", "jira"),
        ("<ctrl-u>g", "github"),
        ("itl", "gitlab"),
        ("<ctrl-u>v", "vertex"),
    ] {
        stage.keys(key);
        let form = stage.state.form.as_ref().unwrap();
        assert_eq!(form.answers().text("provider"), provider);
    }
}

#[test]
fn a_command_takes_its_words_as_they_are_meant() {
    let mut stage = Stage::at_agents();
    stage.keys(":<enter>");
    assert_eq!(stage.toast(), "Viewing agents of web");
    stage.keys(":cred<tab><enter>");
    assert_eq!(stage.crumbs(), ["projects", "credentials"]);
    stage.keys(":agents web zeta<enter>");
    let said = ":agents takes one word; zeta is one too many";
    assert_eq!(stage.toast(), said);
    stage.keys(":agents web<enter>");
    stage.rows(
        &crate::resources::AGENT,
        json!([{"id": "a1", "name": "lead"}]),
    );
    stage.keys(":dump my rows<enter>");
    let is_file =
        |effect: &Effect| matches!(effect, Effect::Write { path, .. } if path == "my rows");
    assert!(stage.effects.iter().any(is_file));
}

#[test]
fn the_help_names_keys_that_do_something_else_in_other_views() {
    let mut stage = Stage::at_sessions();
    stage.event(Event::Resize(160, 50));
    stage.keys("?");
    let picture = stage.picture();
    for line in [
        "SAME KEY ELSEWHERE",
        "Stop in :agents",
        "Rotate in :credentials",
    ] {
        assert!(picture.contains(line), "{line} {picture}");
    }
}

#[test]
fn a_provider_is_whole_in_a_window_of_80_columns() {
    let mut stage = Stage::new();
    stage.event(Event::Resize(80, 24));
    stage.keys(":credentials<enter>");
    stage.rows(
        &CREDENTIAL,
        json!([{
            "id": "c1", "name": "production", "provider": "kubeconfig",
            "created_at": "2026-11-21T12:00:00Z",
            "annotations": r#"{"acpctl/expires-at":"2027-12-01T00:00:00Z"}"#,
        }]),
    );
    let picture = stage.picture();
    for text in ["kubeconfig ", "AGE", " 10d"] {
        assert!(picture.contains(text), "{text} {picture}");
    }
}
