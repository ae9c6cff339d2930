//! Roles (docs/interface/api.md sections 8.2 and 9.7). The name of a deleted role can't be used again.

use serde_json::Value as Json;

use crate::server::body;
use crate::server::call::Call;
use crate::server::crud;
use crate::server::error::ServerFailure;
use crate::server::kinds::ROLE;
use crate::server::record::{FieldValue, ServerRecord};
use crate::server::reply::Reply;

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    crud::create_with(call, |_, record| {
        keep_permissions_if_readable(record, FieldValue::Null);
        Ok(())
    })
}

pub(crate) fn patch(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let values = body::parse_patch(&ROLE, &call.body)?;
    crud::change(call, |_, record| {
        let before = record.get("permissions").clone();
        body::apply(record, values);
        keep_permissions_if_readable(record, before);
        Ok(())
    })
}

/// Restores the permissions unless they are a JSON array of texts; the platform does so silently too.
fn keep_permissions_if_readable(record: &mut ServerRecord, otherwise: FieldValue) {
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
