//! Messages in an agent's inbox (docs/interface/cli-resources.md section 6).

use super::description::{
    AGE, Cell, Column, Resource, Scope, Type, Values, column, field, required, text,
};

pub(crate) static INBOX_MESSAGE: Resource = Resource {
    word: "inbox-message",
    aliases: &["inbox-messages"],
    kind: "InboxMessage",
    collection: "inbox",
    scope: Scope::Nested,
    name_field: None,
    fields: &[
        required("agent_id"),
        required("body"),
        text("from_agent_id"),
        text("from_name"),
        field("read", Type::Bool),
    ],
    has_common_fields: true,
    columns: &[
        column("ID", 27, "id"),
        Column {
            title: "FROM",
            width: 20,
            cell: Cell::Derived(sender),
        },
        Column {
            title: "BODY",
            width: 50,
            cell: Cell::Derived(body),
        },
        column("READ", 6, "read"),
        AGE,
    ],
    wide: &[],
    screen: &[
        column("ID", 27, "id"),
        Column {
            title: "FROM",
            width: 20,
            cell: Cell::Derived(sender),
        },
        column("BODY", 50, "body"),
        column("READ", 6, "read"),
        AGE,
    ],
    spare: &["AGE"],
};

fn sender(message: &Values) -> String {
    let name = message.text("from_name");
    if name.is_empty() {
        message.text("from_agent_id")
    } else {
        name
    }
    .to_owned()
}

/// Cuts a body to 48 characters, as the Go tool does, and not to the column's width.
fn body(message: &Values) -> String {
    let body = message.text("body");
    if body.chars().count() <= 48 {
        return body.to_owned();
    }
    body.chars().take(45).collect::<String>() + "..."
}
