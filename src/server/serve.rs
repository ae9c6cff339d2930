//! The router on a port. Connections have limits, so that none of them blocks the others.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tower::ServiceExt as _;

use super::dispatch::router;
use super::reply;
use super::state::AppState;
use crate::system::process;

/// How long the head of a request may take, and how long a connection may wait for its next request.
const HEAD: Duration = Duration::from_secs(20);
/// How long active requests may take once the server is stopped.
const END: Duration = Duration::from_secs(4);
/// The most connections, if the system provides twice as many file descriptors.
const MOST: usize = 1024;
/// How many quarters of the connections event streams may occupy together. They stay open for hours, and other requests
/// need connections too.
const STREAM_QUARTERS: usize = 3;
/// How long to wait after a connection could not be accepted, for lack of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Where connections come from.
pub trait Listener {
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Waits for the next connection.
    fn accept(&mut self) -> impl Future<Output = (Self::Io, SocketAddr)> + Send;
}

impl Listener for tokio::net::TcpListener {
    type Io = tokio::net::TcpStream;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            match tokio::net::TcpListener::accept(self).await {
                Ok((stream, peer)) => {
                    // Sends an answer at once; otherwise its last part waits 40 ms for the peer.
                    let _ = stream.set_nodelay(true);
                    return (stream, peer);
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }
}

/// Answers connections until `shutdown` completes; then accepts no new ones, ends the event streams, and gives active
/// requests a few seconds.
///
/// # Errors
/// None at present: a listener that fails is tried again.
pub async fn serve<L: Listener>(
    mut listener: L,
    state: AppState,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let open = Arc::new(OpenConnections::new(limit()));
    let (stop, stopping) = watch::channel(false);
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            (stream, peer) = listener.accept() => {
                if let Some(slot) = open.take_slot(peer.ip()) {
                    tokio::spawn(answer(stream, state.clone(), slot, stopping.clone()));
                }
            }
        }
    }
    drop(listener);
    state.close();
    stop.send_replace(true);
    let _ = tokio::time::timeout(END, open.all_gone()).await;
    Ok(())
}

/// Returns half of the file descriptors: the store, the runs of sessions and their files need some too.
fn limit() -> usize {
    let half =
        process::most_files().map_or(MOST, |count| usize::try_from(count / 2).unwrap_or(MOST));
    half.clamp(8, MOST)
}

/// Answers the requests of one connection.
async fn answer(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    state: AppState,
    slot: Slot,
    mut stopping: watch::Receiver<bool>,
) {
    let router = router(state);
    let requests = Arc::clone(&slot.connection.requests);
    let streams = Arc::clone(&slot.open.streams);
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        let under_way = UnderWay::new(&requests);
        let answered = router.clone().oneshot(request.map(Body::new));
        let streams = Arc::clone(&streams);
        async move {
            let mut response = answered.await?;
            let stream = reply::is_event_stream(&response).then(|| streams.try_acquire_owned());
            if let Some(Err(_)) = stream {
                response = reply::too_many_streams();
            }
            Ok::<_, std::convert::Infallible>(response.map(|body| Guarded {
                body,
                _under_way: under_way,
                _stream: stream.and_then(Result::ok),
            }))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = slot.connection.evicted.notified() => return,
        _ = stopping.wait_for(|is_stopping| *is_stopping) => {}
    }
    // A connection without a request would keep waiting; the others answer theirs and end.
    if slot.connection.is_waiting() {
        return;
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(END, connection).await;
}

/// The connections that are open.
struct OpenConnections {
    most: usize,
    connections: Mutex<HashMap<u64, Arc<Connection>>>,
    next: AtomicUsize,
    changed: Notify,
    /// The slots for event streams.
    streams: Arc<Semaphore>,
}

struct Connection {
    peer: IpAddr,
    /// How many requests are active: none or one.
    requests: Arc<AtomicUsize>,
    evicted: Notify,
}

impl Connection {
    fn is_waiting(&self) -> bool {
        self.requests.load(Ordering::Acquire) == 0
    }
}

impl OpenConnections {
    fn new(most: usize) -> Self {
        Self {
            most,
            connections: Mutex::default(),
            next: AtomicUsize::new(0),
            changed: Notify::new(),
            streams: Arc::new(Semaphore::new(most * STREAM_QUARTERS / 4)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Connection>>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a slot for a connection. If all are taken, the server closes a connection without an active request: the
    /// oldest one of the peer that has the most of these. Returns `None` if every connection has an active request.
    fn take_slot(self: &Arc<Self>, peer: IpAddr) -> Option<Slot> {
        let mut connections = self.lock();
        if connections.len() >= self.most {
            let mut waiting: HashMap<IpAddr, (usize, u64)> = HashMap::new();
            for (number, connection) in connections.iter().filter(|(_, it)| it.is_waiting()) {
                let (count, oldest) = waiting.entry(connection.peer).or_insert((0, *number));
                *count += 1;
                *oldest = (*oldest).min(*number);
            }
            let (_, victim) = waiting.into_values().max_by_key(|(count, _)| *count)?;
            if let Some(connection) = connections.remove(&victim) {
                connection.evicted.notify_one();
            }
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed) as u64;
        let connection = Arc::new(Connection {
            peer,
            requests: Arc::default(),
            evicted: Notify::new(),
        });
        connections.insert(number, Arc::clone(&connection));
        Some(Slot {
            open: Arc::clone(self),
            number,
            connection,
        })
    }

    async fn all_gone(&self) {
        loop {
            let changed = self.changed.notified();
            if self.lock().is_empty() {
                return;
            }
            changed.await;
        }
    }
}

/// The slot of one connection; released when dropped.
struct Slot {
    open: Arc<OpenConnections>,
    number: u64,
    connection: Arc<Connection>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.open.lock().remove(&self.number);
        self.open.changed.notify_one();
    }
}

/// Counts a request as active until its answer was sent.
struct UnderWay(Arc<AtomicUsize>);

impl UnderWay {
    fn new(requests: &Arc<AtomicUsize>) -> Self {
        requests.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(requests))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The body of an answer; its request is active until the body is dropped.
struct Guarded {
    body: Body,
    _under_way: UnderWay,
    /// The slot of an event stream.
    _stream: Option<OwnedSemaphorePermit>,
}

impl HttpBody for Guarded {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_server_closes_a_connection_that_only_waits() {
        let open = Arc::new(OpenConnections::new(3));
        let at = |last| IpAddr::from([127, 0, 0, last]);
        let one = open.take_slot(at(1)).unwrap();
        let greedy = [
            open.take_slot(at(2)).unwrap(),
            open.take_slot(at(2)).unwrap(),
        ];
        let fourth = open.take_slot(at(3)).unwrap();
        let numbers = || {
            let mut numbers: Vec<u64> = open.lock().keys().copied().collect();
            numbers.sort_unstable();
            numbers
        };
        assert_eq!(numbers(), [one.number, greedy[1].number, fourth.number]);
        let _busy: Vec<UnderWay> = [&one, &greedy[1], &fourth]
            .map(|slot| UnderWay::new(&slot.connection.requests))
            .into();
        assert!(open.take_slot(at(4)).is_none(), "everybody is served");
        drop(greedy);
        assert!(open.take_slot(at(4)).is_some());
    }
}
