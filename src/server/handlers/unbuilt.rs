//! Routes that the platform has and does not implement.

use crate::server::call::Call;
use crate::server::error::ServerFailure;
use crate::server::reply::Reply;

/// Refuses with 501, as the platform does.
pub(crate) fn not_implemented(_: &Call<'_>) -> Result<Reply, ServerFailure> {
    Err(ServerFailure::NotImplemented)
}
