//! Providers and policies: records that belong to the project in the path, and nothing more.

use rusqlite::Connection;

use crate::server::body;
use crate::server::call::Call;
use crate::server::crud;
use crate::server::error::ServerFailure;
use crate::server::record::ServerRecord;
use crate::server::reply::Reply;
use crate::server::store::records::Condition;

pub(crate) fn list(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    crud::list_within(call, Condition::equal("project_id", project(call)?))
}

/// POST: creates a record. The project in the path overrides the one in the body; a provider's type is its name if the
/// body has none.
pub(crate) fn create(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let project = project(call)?;
    crud::create_with(call, |_, record| {
        record.set_text("project_id", project);
        if record.text("type").is_empty() {
            record.set_text("type", record.text("name").to_owned());
        }
        Ok(())
    })
}

pub(crate) fn get(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    call.state
        .store()
        .read(|transaction| Ok(Reply::ok(find(transaction, call)?.to_json())))
}

pub(crate) fn patch(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let values = body::parse_patch(call.kind, &call.body)?;
    crud::change(call, |_, record| {
        belongs(record, call)?;
        body::apply(record, values);
        Ok(())
    })
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    call.state.store().write(|transaction| {
        let record = find(transaction, call)?;
        crud::remove(transaction, call.kind, &record.id, call.fidelity())
    })
}

fn find(connection: &Connection, call: &Call<'_>) -> Result<ServerRecord, ServerFailure> {
    let record = crud::find(connection, call.kind, call.part("id"))?;
    belongs(&record, call)?;
    Ok(record)
}

fn belongs(record: &ServerRecord, call: &Call<'_>) -> Result<(), ServerFailure> {
    if record.text("project_id") == project(call)? {
        return Ok(());
    }
    let kind = call.kind.name.to_lowercase();
    Err(ServerFailure::forbidden(format!(
        "{kind} does not belong to this project"
    )))
}

/// Returns the project in the path.
fn project<'a>(call: &'a Call<'_>) -> Result<&'a str, ServerFailure> {
    let project = call.part("project");
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.@:-".contains(&byte);
    if project.bytes().all(fits) {
        Ok(project)
    } else {
        Err(ServerFailure::invalid("invalid project id"))
    }
}
