//! Messages to agents (contract api.md section 9.3). Reading one by its id is not built on the platform.

use crate::server::call::Call;
use crate::server::crud;
use crate::server::error::Failure;
use crate::server::fields::{DeleteUnknown, Kind, boolean, text};
use crate::server::reply::Reply;
use crate::server::store::records::Condition;

pub static INBOX_MESSAGE: Kind = Kind {
    name: "InboxMessage",
    table: "inbox_messages",
    collection: "inbox_messages",
    fields: &[
        text("agent_id").required().fixed(),
        text("body").required().fixed(),
        text("from_agent_id").fixed(),
        text("from_name").fixed(),
        boolean("read"),
    ],
    delete_unknown: DeleteUnknown::NotFound,
};

/// GET: the messages of the path's agent.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    crud::list_within(call, Condition::equal("agent_id", call.part("agent")))
}

/// POST: the agent of the path wins over that of the body.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    crud::create_with(call, |_, record| {
        record.set_text("agent_id", call.part("agent"));
        Ok(())
    })
}
