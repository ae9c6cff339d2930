//! Messages to agents (docs/interface/api.md section 9.3). The platform does not implement reading one
//! message by its id.

use rusqlite::Connection;

use super::agents;
use crate::server::body;
use crate::server::call::Call;
use crate::server::crud;
use crate::server::error::ServerFailure;
use crate::server::kinds::INBOX_MESSAGE;
use crate::server::list as lists;
use crate::server::record::ServerRecord;
use crate::server::reply::Reply;
use crate::server::store::records::Condition;

/// GET: lists the messages of the path's agent.
pub(crate) fn list(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let kind = call.kind;
    call.state.store().read(|transaction| {
        let agent = agents::named(transaction, call, "agent")?;
        let within = Condition::equal("agent_id", agent.id);
        lists::list(transaction, kind, within, &call.query, call.fidelity())
    })
}

/// POST: creates a message. The agent in the path overrides the one in the body.
pub(crate) fn create(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    crud::create_with(call, |transaction, record| {
        let agent = agents::named(transaction, call, "agent")?;
        record.set_text("agent_id", agent.id);
        Ok(())
    })
}

/// PATCH: changes a message of the path's agent.
pub(crate) fn patch(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let values = body::parse_patch(&INBOX_MESSAGE, &call.body)?;
    crud::change(call, |transaction, record| {
        belongs(transaction, call, record)?;
        body::apply(record, values);
        Ok(())
    })
}

/// DELETE: deletes a message of the path's agent.
pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    call.state.store().write(|transaction| {
        let id = call.part("id");
        let record = crud::find(transaction, &INBOX_MESSAGE, id)?;
        belongs(transaction, call, &record)?;
        crud::remove(transaction, &INBOX_MESSAGE, id, call.fidelity())
    })
}

fn belongs(
    connection: &Connection,
    call: &Call<'_>,
    message: &ServerRecord,
) -> Result<(), ServerFailure> {
    let agent = agents::named(connection, call, "agent")?;
    if message.text("agent_id") == agent.id {
        Ok(())
    } else {
        Err(ServerFailure::not_found(INBOX_MESSAGE.name, &message.id))
    }
}
