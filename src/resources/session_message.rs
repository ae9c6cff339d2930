//! Messages of a session (docs/interface/cli-resources.md section 3).

use super::description::{Field, Presence, Resource, Scope, Type, text};

pub(crate) static SESSION_MESSAGE: Resource = Resource {
    word: "session-message",
    aliases: &["session-messages"],
    kind: "SessionMessage",
    collection: "messages",
    scope: Scope::Nested,
    name_field: None,
    fields: &[
        text("event_type"),
        text("payload"),
        Field {
            name: "seq",
            kind: Type::Int,
            presence: Presence::NotEmpty,
        },
        text("session_id"),
    ],
    has_common_fields: true,
    columns: &[],
    wide: &[],
    screen: &[],
    spare: &[],
};
