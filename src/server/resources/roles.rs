//! Roles (contract api.md sections 8.2 and 9.7). Their names are taken for ever.

use serde_json::Value as Json;

use crate::server::body;
use crate::server::call::Call;
use crate::server::crud;
use crate::server::error::Failure;
use crate::server::fields::{Default, DeleteUnknown, Kind, boolean, text};
use crate::server::record::{Record, Value};
use crate::server::reply::Reply;

pub static ROLE: Kind = Kind {
    name: "Role",
    table: "roles",
    collection: "roles",
    fields: &[
        text("name").required().fixed(),
        text("display_name"),
        text("description"),
        text("permissions"),
        boolean("built_in").or(Default::Bool(false)).fixed(),
    ],
    delete_unknown: DeleteUnknown::Accepted,
};

pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    crud::create_with(call, |_, record| {
        keep_permissions_if_readable(record, Value::Null);
        Ok(())
    })
}

pub fn patch(call: &Call<'_>) -> Result<Reply, Failure> {
    let values = body::patch(&ROLE, &call.body)?;
    crud::change(call, |_, record| {
        let before = record.get("permissions").clone();
        body::apply(record, values);
        keep_permissions_if_readable(record, before);
        Ok(())
    })
}

/// Permissions are a text with a JSON array of texts; others are dropped without a word.
fn keep_permissions_if_readable(record: &mut Record, otherwise: Value) {
    let readable = record.optional_text("permissions").is_none_or(|text| {
        matches!(
            serde_json::from_str(text),
            Ok(Json::Array(permissions)) if permissions.iter().all(Json::is_string)
        )
    });
    if !readable {
        record.set("permissions", otherwise);
    }
}
