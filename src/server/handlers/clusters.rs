//! Clusters that sessions may be placed on. This server places none there.

use crate::server::body;
use crate::server::call::Call;
use crate::server::crud;
use crate::server::error::ServerFailure;
use crate::server::kinds::CLUSTER;
use crate::server::record::{FieldValue, ServerRecord};
use crate::server::reply::Reply;
use crate::server::time;

const ROLES: [&str; 3] = ["gateway", "workload", "hybrid"];

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    crud::create_with(call, |_, cluster| check_role(cluster))
}

pub(crate) fn patch(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let values = body::parse_patch(&CLUSTER, &call.body)?;
    crud::change(call, |_, cluster| {
        body::apply(cluster, values);
        check_role(cluster)
    })
}

/// POST …/heartbeat: notes that the cluster is alive.
pub(crate) fn heartbeat(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    if !call.body.is_empty() {
        body::any_json(&call.body)?;
    }
    crud::change(call, |_, cluster| {
        cluster.set_text("status", "Ready");
        cluster.set("last_heartbeat_at", FieldValue::Time(time::now()));
        Ok(())
    })
}

fn check_role(cluster: &ServerRecord) -> Result<(), ServerFailure> {
    if ROLES.contains(&cluster.text("role")) {
        return Ok(());
    }
    Err(ServerFailure::invalid(
        "invalid cluster role: must be gateway, workload, or hybrid",
    ))
}
