//! Stored events of a session.

use super::description::{Resource, Scope, Type, field, text};

pub(crate) static SESSION_EVENT: Resource = Resource {
    word: "session-event",
    aliases: &["session-events"],
    kind: "SessionEvent",
    collection: "events",
    scope: Scope::Nested,
    name_field: None,
    fields: &[
        field("completed_at", Type::Time),
        field("event_count", Type::Int),
        text("event_type"),
        field("payload", Type::Nested),
        field("seq", Type::Int),
        text("session_id"),
    ],
    has_common_fields: true,
    columns: &[],
    wide: &[],
    screen: &[],
    spare: &[],
};
