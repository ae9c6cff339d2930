//! Applications (contract api.md section 9.7). Nothing here synchronises them; they record the wish.

use crate::server::call::Call;
use crate::server::crud;
use crate::server::error::Failure;
use crate::server::fields::{DeleteUnknown, Kind, boolean, int, text, time};
use crate::server::reply::Reply;

pub static APPLICATION: Kind = Kind {
    name: "Application",
    table: "applications",
    collection: "applications",
    fields: &[
        text("name").required(),
        text("source_repo_url").required(),
        text("source_path").required(),
        text("destination_project").required(),
        text("source_target_revision"),
        text("destination_ambient_url"),
        text("credential_id"),
        boolean("auto_sync"),
        boolean("auto_prune"),
        boolean("self_heal"),
        text("sync_options"),
        int("retry_limit"),
        text("sync_status"),
        text("health_status"),
        text("sync_revision"),
        text("operation_phase"),
        text("operation_message"),
        text("resource_status"),
        text("conditions"),
        text("labels"),
        text("annotations"),
        time("last_synced_at"),
    ],
    delete_unknown: DeleteUnknown::Accepted,
};

pub fn sync(call: &Call<'_>) -> Result<Reply, Failure> {
    crud::change(call, |_, application| {
        application.set_text("operation_phase", "Running");
        Ok(())
    })
}

pub fn refresh(call: &Call<'_>) -> Result<Reply, Failure> {
    crud::change(call, |_, application| {
        application.set_text("sync_status", "Unknown");
        Ok(())
    })
}
