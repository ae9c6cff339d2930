//! Applications (docs/interface/api.md section 9.7). This server does not synchronize them; it only
//! records the request to.

use crate::server::call::Call;
use crate::server::crud;
use crate::server::error::ServerFailure;
use crate::server::reply::Reply;

pub(crate) fn sync(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    crud::change(call, |_, application| {
        application.set_text("operation_phase", "Running");
        Ok(())
    })
}

pub(crate) fn refresh(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    crud::change(call, |_, application| {
        application.set_text("sync_status", "Unknown");
        Ok(())
    })
}
