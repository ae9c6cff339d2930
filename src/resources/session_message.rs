//! Messages of a session (contract cli-resources.md section 3).

use super::{Place, Presence, Resource, Type, text};

pub static SESSION_MESSAGE: Resource = Resource {
    word: "session-message",
    aliases: &["session-messages"],
    kind: "SessionMessage",
    collection: "messages",
    place: Place::Nested,
    name_field: None,
    fields: &[
        text("event_type"),
        text("payload"),
        super::Field {
            name: "seq",
            kind: Type::Int,
            presence: Presence::NotEmpty,
        },
        text("session_id"),
    ],
    has_common_fields: true,
    columns: &[],
    wide: &[],
};
