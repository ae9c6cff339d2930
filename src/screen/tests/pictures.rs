//! Pictures of the screen in the sizes that people have.

use serde_json::json;

use super::stage::Stage;
use crate::resources::{Record, SESSION_MESSAGE};
use crate::screen::event::{Answer, Event};
use crate::screen::newest::Newest;

fn at(mut stage: Stage, width: u16, height: u16) -> String {
    stage.event(Event::Resize(width, height));
    format!("\n{}\n", stage.picture())
}

#[test]
fn tables_in_three_sizes() {
    for (name, width, height) in [("60x15", 60, 15), ("80x24", 80, 24), ("200x50", 200, 50)] {
        insta::assert_snapshot!(
            format!("projects_{name}"),
            at(with_projects(), width, height)
        );
        insta::assert_snapshot!(
            format!("agents_{name}"),
            at(Stage::at_agents(), width, height)
        );
        insta::assert_snapshot!(
            format!("sessions_{name}"),
            at(Stage::at_sessions(), width, height)
        );
        insta::assert_snapshot!(format!("messages_{name}"), at(talk(), width, height));
    }
}

#[test]
fn what_lies_over_a_page() {
    for (name, keys) in [
        ("describe", "gd"),
        ("yaml", "gy"),
        ("help", "?"),
        ("delete", "g<ctrl-d>"),
        ("form", "n"),
        ("command", ":se"),
        ("filter", "/b"),
        ("sort", "o"),
    ] {
        let mut stage = Stage::at_agents();
        stage.keys(keys);
        insta::assert_snapshot!(format!("over_{name}"), at(stage, 80, 24));
    }
}

fn with_projects() -> Stage {
    let mut stage = Stage::new();
    stage.projects();
    stage
}

fn talk() -> Stage {
    let mut stage = Stage::at_messages();
    let page = stage.page();
    let message = |seq: i64, kind: &str, payload: &str| {
        let value = json!({"id": seq.to_string(), "seq": seq, "event_type": kind, "payload": payload, "created_at": "2026-12-01T11:59:00Z"});
        Record::decode(&SESSION_MESSAGE, value).unwrap()
    };
    let messages = vec![
        message(1, "user", "Please fix the handler, and add a test."),
        message(
            2,
            "assistant",
            "# Plan\n\n1. Read the handler\n2. 日本語 text\n\n```go\nfunc main() {}\n```",
        ),
        message(
            3,
            "tool_use",
            r#"{"name":"Bash","input":{"command":"go test ./..."}}"#,
        ),
        message(4, "error", r#"{"message":"boom"}"#),
    ];
    stage.answer(Answer::Messages {
        page,
        messages: Newest::of(messages),
        after: 0,
    });
    for (kind, delta) in [
        ("TEXT_MESSAGE_START", ""),
        ("TEXT_MESSAGE_CONTENT", "Now I am writ"),
    ] {
        let event = json!({"type": kind, "messageId": "m", "delta": delta});
        stage.answer(Answer::Streamed { page, event });
    }
    stage.passes(6);
    stage
}
