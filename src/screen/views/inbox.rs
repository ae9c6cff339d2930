//! The inbox of an agent.

use super::common::describe;
use crate::api::{Method, path};
use crate::resources::{INBOX_MESSAGE, Record};
use crate::screen::effect::{Join, List, Load, Send};
use crate::screen::scope::{Kind, Scope};
use crate::screen::view::{Action, Call, Col, Field, Form, Needs, Place, Run, Tone, View, for_any};

pub(super) static VIEW: View = View {
    kind: Kind::Inbox,
    name: "inbox",
    aliases: &["ib"],
    about: "The inbox of an agent",
    needs: Needs::Agent,
    columns: &[
        Col::computed("FROM", 15, |message, _| {
            let names = [message.text("from_name"), message.text("from_agent_id")];
            let from = names.into_iter().find(|name| !name.is_empty());
            (from.unwrap_or("(human)").to_owned(), None)
        }),
        Col::field("BODY", 50, "body"),
        Col::computed("READ", 5, |message, _| {
            let mark = if is_read(message) { "✓" } else { "—" };
            (mark.to_owned(), None)
        }),
        Col::age("AGE", 5, "created_at"),
        Col::field("ID", 27, "id").at(Place::Room(4)),
    ],
    order: ("AGE", false),
    load: |scope| {
        let project = scope.project_id();
        let list = path(&["projects", project, "agents", scope.agent_id(), "inbox"]);
        Load::List(
            List::new(&INBOX_MESSAGE, list).in_project(project),
            Join::None,
        )
    },
    tone: |message| {
        if is_read(message) {
            Tone::Done
        } else {
            Tone::Plain
        }
    },
    enter: describe,
    enter_label: "Read",
    actions: &[
        Action::new('r', "Mark Read", Run::Call(&MARK_READ)),
        Action::new('m', "Send", Run::New(&SEND)),
        Action::new('d', "Describe", Run::Describe),
        Action::new('y', "YAML", Run::Yaml),
        Action::ctrl('d', "Delete", Run::Call(&DELETE)),
    ],
};

fn is_read(message: &Record) -> bool {
    message.value("read").and_then(serde_json::Value::as_bool) == Some(true)
}

fn below(scope: &Scope, rest: &[&str]) -> String {
    let start = path(&[
        "projects",
        scope.project_id(),
        "agents",
        scope.agent_id(),
        "inbox",
    ]);
    start + &path(rest)
}

static MARK_READ: Call = Call {
    question: None,
    title: "Mark Read",
    types_name: false,
    bulk: true,
    doing: "Marking as read",
    make: |scope, message| {
        Ok(
            Send::new(Method::Patch, below(scope, &[message.id()]), scope)
                .with("read", true)
                .says("Marked as read", "Mark as read failed"),
        )
    },
};

static SEND: Form = Form {
    title: "Send to Inbox",
    opens: for_any,
    fields: &[Field::text(
        "body",
        "Message",
        "what the agent reads when it starts next",
    )
    .required()],
    submit: |scope, _, form| {
        let send = Send::new(Method::Post, below(scope, &[]), scope)
            .with("agent_id", scope.agent_id())
            .with("body", form.text("body"))
            .says("Message sent", "Send message failed");
        Ok(match &scope.agent {
            Some(agent) => send.naming(&agent.name),
            None => send,
        })
    },
};

static DELETE: Call = Call {
    question: Some(|_, message| format!("Delete inbox message {}?", message.id())),
    title: "Delete",
    types_name: false,
    bulk: true,
    doing: "Deleting inbox message",
    make: |scope, message| {
        Ok(
            Send::new(Method::Delete, below(scope, &[message.id()]), scope)
                .says("Inbox message deleted", "Delete inbox message failed"),
        )
    },
};
