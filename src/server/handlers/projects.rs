//! Projects (docs/interface/api.md section 9.1). A project's first name is its id and never changes.

use super::role_bindings;
use crate::resources::{LONGEST_OF_PROJECT, is_label};
use crate::server::body;
use crate::server::call::Call;
use crate::server::crud;
use crate::server::error::ServerFailure;
use crate::server::kinds::PROJECT;
use crate::server::reply::Reply;

const LENGTH: std::ops::RangeInclusive<usize> = 2..=LONGEST_OF_PROJECT;

/// POST: creates a project and makes the caller its owner.
pub(crate) fn create(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let draft = crud::parse_body(call)?;
    let name = draft.text("name").unwrap_or_default().to_owned();
    check_name(&name)?;
    role_bindings::refuse_half_times(&draft)?;
    let record = draft.into_record(&PROJECT, name);
    call.state.store().write(|transaction| {
        crud::insert(transaction, &record, call.fidelity())?;
        role_bindings::own(transaction, "project", &record.id, call)
    })?;
    Ok(Reply::created(record.to_json()))
}

/// PATCH: changes a project. A new name does not change the id.
pub(crate) fn patch(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let values = body::parse_patch(&PROJECT, &call.body)?;
    crud::change(call, |_, record| {
        let before = record.text("name").to_owned();
        body::apply(record, values);
        if record.text("name") == before {
            Ok(())
        } else {
            check_name(record.text("name"))
        }
    })
}

/// POST …/transfer-ownership: makes another user the owner.
pub(crate) fn transfer(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let object = body::object(&call.body, "TransferOwnershipRequest", &["target_user_id"])?;
    let target = body::text_of(&object, "target_user_id", "TransferOwnershipRequest")?;
    if target.is_empty() {
        return Err(ServerFailure::invalid("target_user_id is required"));
    }
    call.state.store().write(|transaction| {
        let project = crud::find(transaction, &PROJECT, call.part("id"))?;
        role_bindings::transfer(transaction, call, &project.id, &target)?;
        Ok(Reply::ok(project.to_json()))
    })
}

/// Checks that a name is a DNS label that begins with a letter.
fn check_name(name: &str) -> Result<(), ServerFailure> {
    if !LENGTH.contains(&name.len()) {
        return Err(ServerFailure::invalid(
            "project name must be between 2 and 63 characters",
        ));
    }
    if is_label(name) {
        Ok(())
    } else {
        Err(ServerFailure::invalid(
            "project name must match DNS-1123 label format: lowercase alphanumeric and hyphens, \
             must start with a letter and end with an alphanumeric character",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_labels() {
        let longest = "a".repeat(63);
        for good in ["ab", "a-1", "a1", longest.as_str()] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        let longer = "a".repeat(64);
        for bad in [
            "",
            "a",
            "1a",
            "-a",
            "a-",
            "A1",
            "a_b",
            "ä1",
            longer.as_str(),
        ] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
