//! Reads request bodies, within limits of size and time, into memory that is wiped.

use axum::body::Body;
use axum::http::StatusCode;
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use tokio::sync::OwnedSemaphorePermit;
use zeroize::Zeroizing;

use super::error::ServerFailure;
use super::state::AppState;

/// The largest request body. The platform has no limit, but tokens of 20 MiB must pass.
pub const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// A body of more bytes than this is read only when there is room for it.
const BIG: usize = 1 << 20;

/// A request body. It may hold a token, so it is wiped when dropped.
pub(super) type WipedBytes = Zeroizing<Vec<u8>>;

/// Reads a body. A body of more than [`BIG`] bytes waits for room, which it occupies until the permit is dropped.
pub(super) async fn read_body(
    state: &AppState,
    body: Body,
) -> Result<(WipedBytes, Option<OwnedSemaphorePermit>), ServerFailure> {
    let collected = collect(state, body);
    match state.options().body_timeout {
        None => collected.await,
        Some(limit) => tokio::time::timeout(limit, collected)
            .await
            .map_err(|_| unreadable("it took too long"))?,
    }
}

async fn collect(
    state: &AppState,
    mut body: Body,
) -> Result<(WipedBytes, Option<OwnedSemaphorePermit>), ServerFailure> {
    let expected = body.size_hint().exact();
    if expected.is_some_and(|size| size > BODY_LIMIT as u64) {
        return Err(ServerFailure::too_large(BODY_LIMIT));
    }
    let expected = expected.and_then(|size| usize::try_from(size).ok());
    let mut whole = WipedBytes::default();
    let mut room = None;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| unreadable("the connection broke"))?;
        let Ok(part) = frame.into_data() else {
            continue;
        };
        let size = whole.len() + part.len();
        if size > BODY_LIMIT {
            return Err(ServerFailure::too_large(BODY_LIMIT));
        }
        if room.is_none() && size > BIG {
            room = state.room_for_big_body().await;
            // Reserves the whole size at once, so that the body is not copied again as it grows.
            reserve(&mut whole, expected.unwrap_or(size));
        }
        append(&mut whole, &part);
    }
    Ok((whole, room))
}

/// Appends to a buffer; if the buffer has to grow, its old memory is wiped.
fn append(whole: &mut WipedBytes, part: &[u8]) {
    let size = whole.len() + part.len();
    if size > whole.capacity() {
        let doubled = whole.capacity() * 2;
        reserve(whole, size.max(doubled));
    }
    whole.extend_from_slice(part);
}

/// Moves a buffer to memory of at least this capacity and wipes the old memory.
fn reserve(whole: &mut WipedBytes, capacity: usize) {
    if capacity > whole.capacity() {
        let mut larger = WipedBytes::new(Vec::with_capacity(capacity));
        larger.extend_from_slice(whole);
        *whole = larger;
    }
}

fn unreadable(why: &str) -> ServerFailure {
    ServerFailure::Full {
        status: StatusCode::BAD_REQUEST,
        code: 17,
        reason: format!("Unable to read request body: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_grow_without_loss() {
        let mut whole = WipedBytes::default();
        for part in [&b"abc"[..], b"", b"defghijkl", b"m"] {
            append(&mut whole, part);
        }
        assert_eq!(whole.as_slice(), b"abcdefghijklm");
        reserve(&mut whole, 100);
        assert!(whole.capacity() >= 100);
        assert_eq!(whole.as_slice(), b"abcdefghijklm");
    }
}
