//! The router behind a port.

use std::future::Future;
use std::io;

use super::{AppState, router};

/// Answers connections until `shutdown` is done; then takes no new ones, ends the event streams, and
/// finishes the requests that are under way.
///
/// # Errors
/// When the listener fails.
pub async fn serve<L>(
    listener: L,
    state: AppState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()>
where
    L: axum::serve::Listener,
    L::Addr: std::fmt::Debug,
{
    let closing = state.clone();
    axum::serve(listener, router(state))
        .with_graceful_shutdown(async move {
            shutdown.await;
            closing.0.closing.send_replace(true);
        })
        .await
}
