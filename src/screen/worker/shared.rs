//! What the tasks of the worker share: the client, the way to the screen, limits, and errors as the screen needs them.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::names::AgentNames;
use crate::api::{self, Client, Error};
use crate::screen::event::{Answer, Event, Fault};

/// The time limit for one page with all its requests.
const LIMIT: Duration = Duration::from_secs(15);
/// The bytes from which on an answer counts as large.
const LARGE: usize = 16 << 10;
/// The most bytes of large answers that wait for the screen, unless there is only one.
const ROOM: u32 = 32 << 20;

/// What the tasks of one connection share.
#[derive(Clone)]
pub(super) struct Shared {
    /// The number of the connection, which its answers carry.
    pub connection: u64,
    pub client: Rc<Client>,
    pub events: SyncSender<Event>,
    pub names: Rc<RefCell<AgentNames>>,
    /// The bytes that may still wait.
    room: Arc<Semaphore>,
}

impl Shared {
    #[must_use]
    pub(super) fn new(connection: u64, client: Client, events: SyncSender<Event>) -> Self {
        Self {
            connection,
            client: Rc::new(client),
            events,
            names: Rc::default(),
            room: Arc::new(Semaphore::new(ROOM as usize)),
        }
    }

    /// Reports something of this many bytes. While too many of them wait for the screen, this waits: as many large
    /// answers as events fit into the queue would take all memory.
    pub(super) async fn tell_sized(&self, answer: Answer, bytes: usize) -> Result<(), ()> {
        if bytes < LARGE {
            return self.tell(answer);
        }
        let wanted = u32::try_from(bytes).unwrap_or(ROOM).min(ROOM);
        let room = Arc::clone(&self.room).acquire_many_owned(wanted).await;
        let room = room.map_err(drop)?;
        let answer = Box::new(answer);
        self.tell(Answer::Large { answer, room })
    }

    /// Reports something to the screen. If the screen has much to do, this waits.
    pub(super) fn tell(&self, answer: Answer) -> Result<(), ()> {
        self.tell_of(self.connection, answer)
    }

    /// Reports something about another connection.
    pub(super) fn tell_of(&self, connection: u64, answer: Answer) -> Result<(), ()> {
        let event = Event::Answer(connection, answer);
        self.events.send(event).map_err(|_| ())
    }
}

/// Returns an error as the screen needs it.
pub(super) fn fault(error: &Error) -> Fault {
    let seconds = error.retry_after().map(|pause| pause.as_secs());
    Fault {
        status: error.status(),
        text: text_of(error),
        retry_after: seconds.and_then(|seconds| i64::try_from(seconds).ok()),
    }
}

/// Returns an error in the Go tool's words, with the server's own words if it has any.
fn text_of(error: &Error) -> String {
    match error.detail() {
        Some(detail) if !error.to_string().contains(detail) => format!("{error}: {detail}"),
        _ => error.to_string(),
    }
}

/// Returns the fault of a request that failed for another reason than its answer.
pub(super) fn fault_of(error: &anyhow::Error) -> Fault {
    match error.chain().find_map(|it| it.downcast_ref::<Error>()) {
        Some(found) => Fault {
            text: format!("{error:#}"),
            ..fault(found)
        },
        None => {
            let hint = api::failure_in(error).and_then(|failure| failure.hint);
            let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
            Fault::new(format!("{error:#}{hint}"))
        }
    }
}

/// Waits for the requests of a page, but not for ever.
pub(super) async fn limited<T>(work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    let late = || {
        let seconds = LIMIT.as_secs();
        Fault::new(format!(
            "no answer within {seconds} s: context deadline exceeded"
        ))
    };
    timeout(LIMIT, work).await.unwrap_or_else(|_| Err(late()))
}
