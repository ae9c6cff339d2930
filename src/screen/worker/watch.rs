//! Follows a session: its messages and its phase by asking again and again, and the events of its run by a stream.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;
use tokio::select;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, spawn_local};
use tokio::time::{sleep, timeout};

use super::shared::{Shared, fault};
use crate::api::{self, Error, EventStream, Request, path};
use crate::resources::{ACTIVE_PHASES, Record, SESSION, SESSION_MESSAGE};
use crate::screen::event::{Answer, Fault};
use crate::screen::newest::Newest;

/// The time between two polls of the messages, and how many of them pass between two looks at the session.
const POLL: Duration = Duration::from_secs(1);
const SESSION_EVERY: u32 = 5;
/// The longest pause after failures.
const LONGEST: Duration = Duration::from_secs(30);
/// The time limit of one request of a poll.
const LIMIT: Duration = Duration::from_secs(15);

/// What the two tasks of a watch share.
struct Watch {
    shared: Shared,
    page: u64,
    session: String,
    project: String,
    /// True while the session may send events.
    is_live: Cell<bool>,
    /// True once the messages were read.
    has_read: Cell<bool>,
    /// The number of the last message that was read.
    after: Cell<i64>,
    /// Wakes the tasks that pause or read.
    hurry: Rc<Notify>,
}

/// The tasks of a watch.
pub(super) struct Started {
    pub tasks: [AbortHandle; 2],
    /// Makes the tasks read at once.
    pub hurry: Rc<Notify>,
}

/// Starts to follow a session, with one poll of the messages behind a number and one stream.
pub(super) fn start(
    shared: &Shared,
    page: u64,
    session: &str,
    project: &str,
    after: i64,
) -> Started {
    let hurry = Rc::new(Notify::new());
    let watch = Rc::new(Watch {
        shared: shared.clone(),
        page,
        session: session.to_owned(),
        project: project.to_owned(),
        is_live: Cell::new(false),
        has_read: Cell::new(false),
        after: Cell::new(after),
        hurry: Rc::clone(&hurry),
    });
    let other = Rc::clone(&watch);
    let poll = spawn_local(async move { watch.poll().await });
    let stream = spawn_local(async move { other.stream().await });
    Started {
        tasks: [poll.abort_handle(), stream.abort_handle()],
        hurry,
    }
}

impl Watch {
    fn request(&self, rest: &[&str], query: &str) -> Request {
        let path = path(&["sessions", &self.session]) + &path(rest) + query;
        let mut request = Request::get(path);
        request.project = Some(self.project.clone());
        request
    }

    /// Reads the messages again and again. Ends if the login is refused: the page starts anew with the one that is
    /// stored by then.
    async fn poll(&self) {
        let mut round = 0;
        let mut failures = 0_u32;
        let mut is_well = false;
        loop {
            let asked = async {
                if round % SESSION_EVERY == 0 {
                    self.look().await?;
                }
                self.messages().await
            };
            let asked = select! {
                done = timeout(LIMIT, asked) => done,
                () = self.hurry.notified() => {
                    round = 0;
                    continue;
                }
            };
            let done = match asked {
                Ok(done) => done.map_err(|error| fault(&error)),
                Err(_) => Err(Fault::new("no answer: context deadline exceeded")),
            };
            let pause = match done {
                Ok(()) => {
                    round += 1;
                    failures = 0;
                    if !is_well && self.tell(None).is_err() {
                        return;
                    }
                    is_well = true;
                    POLL
                }
                Err(fault) => {
                    round = 0;
                    failures += 1;
                    is_well = false;
                    let pause = fault.pause().and_then(|it| u64::try_from(it).ok());
                    let pause = pause.map_or_else(|| doubled(failures), Duration::from_secs);
                    let is_refused = fault.status == Some(401);
                    let next = i64::try_from(pause.as_secs()).ok();
                    let trouble = Fault {
                        retry_after: if is_refused { fault.retry_after } else { next },
                        ..fault
                    };
                    if self.tell(Some(trouble)).is_err() || is_refused {
                        return;
                    }
                    pause
                }
            };
            if self.pause(pause).await {
                round = 0;
            }
        }
    }

    /// Waits, unless somebody is in a hurry: then it returns true.
    async fn pause(&self, pause: Duration) -> bool {
        select! {
            () = sleep(pause) => false,
            () = self.hurry.notified() => true,
        }
    }

    /// Reports whether the messages can be read.
    fn tell(&self, trouble: Option<Fault>) -> Result<(), ()> {
        let page = self.page;
        self.shared.tell(Answer::Watching { page, trouble })
    }

    /// Reads the session: whether it runs, and where it is.
    async fn look(&self) -> Result<(), Error> {
        let client = &self.shared.client;
        let session = client.fetch(&SESSION, &self.request(&[], "")).await?;
        self.is_live
            .set(ACTIVE_PHASES.contains(&session.text("phase")));
        let _ = self.shared.tell(Answer::Session {
            page: self.page,
            session: Box::new(session),
        });
        Ok(())
    }

    /// Reads the messages behind the last one.
    async fn messages(&self) -> Result<(), Error> {
        let after = self.after.get();
        let request = self.request(&["messages"], &format!("?after_seq={after}"));
        let answer = self.shared.client.send(&request).await?;
        let items = match answer.json()? {
            Value::Array(items) => items,
            mut other => match other.get_mut("items").map(Value::take) {
                Some(Value::Array(items)) => items,
                _ => {
                    let why = "the answer holds no list of messages";
                    return Err(Error::Incomplete(why.to_owned()));
                }
            },
        };
        let messages = items.into_iter().map(|item| self.message(item));
        let messages = messages.collect::<Result<Vec<Record>, Error>>()?;
        let seq = |message: &Record| message.value("seq").and_then(Value::as_i64);
        // One number beyond all others must not end the reading.
        let seqs = messages
            .iter()
            .filter_map(seq)
            .filter(|seq| *seq <= api::LARGEST_SEQ);
        let last = seqs.max().unwrap_or(after).max(after);
        // A server may repeat the messages before the number.
        let is_new = |message: &Record| seq(message).is_some_and(|seq| seq > after);
        let messages: Vec<Record> = messages.into_iter().filter(is_new).collect();
        let is_first = !self.has_read.replace(true);
        if is_first || !messages.is_empty() {
            let (page, messages) = (self.page, Newest::of(messages));
            let bytes = answer.body.len();
            let read = Answer::Messages {
                page,
                messages,
                after: last,
            };
            let _ = self.shared.tell_sized(read, bytes).await;
        }
        self.after.set(last);
        Ok(())
    }

    /// Reads a message of this session.
    fn message(&self, item: Value) -> Result<Record, Error> {
        let message = Record::decode(&SESSION_MESSAGE, item)?;
        api::check_message(&message)?;
        let session = message.text("session_id");
        if !session.is_empty() && session != self.session {
            let why = format!("a message is one of another session: {session}");
            return Err(Error::Unrelated(why));
        }
        Ok(message)
    }

    /// Says why the events can't be followed, or that they can.
    fn tell_of_events(&self, why: Option<String>) {
        let page = self.page;
        let _ = self.shared.tell(Answer::Unfollowed { page, why });
    }

    /// Says why the events are no longer followed.
    fn gave_up(&self, error: &Error) {
        let Fault { text, .. } = fault(error);
        let why = format!("live events are no longer followed: {text}");
        self.tell_of_events(Some(why));
    }

    /// Passes on the events of a stream until it ends. Returns true if there was one, and the failure that has ended
    /// it.
    async fn pass_on(
        &self,
        mut stream: EventStream,
        last: &mut Option<String>,
    ) -> (bool, Option<Error>) {
        let mut is_useful = false;
        loop {
            let event = match stream.next().await {
                Ok(Some(event)) => event,
                Ok(None) => return (is_useful, None),
                Err(error) => return (is_useful, Some(error)),
            };
            is_useful = true;
            *last = event.id.or(last.take());
            let Ok(value) = serde_json::from_str(&event.data) else {
                continue;
            };
            let streamed = Answer::Streamed {
                page: self.page,
                event: value,
            };
            let told = self.shared.tell_sized(streamed, event.data.len()).await;
            if told.is_err() {
                return (is_useful, None);
            }
            // The other tasks of this thread go on beside a fast stream.
            tokio::task::yield_now().await;
        }
    }

    /// Reads the events of the run while the session is live. A stream that ends is opened again, later each time
    /// unless it brought something. A server without such a stream is asked less and less often; the messages come
    /// anyway. One that sends events of another session is not asked again. The page says why there are no events,
    /// unless the user sees it otherwise.
    async fn stream(&self) {
        let mut failures = 0_u32;
        let mut last: Option<String> = None;
        let mut is_told = false;
        loop {
            while !self.is_live.get() {
                if std::mem::take(&mut is_told) {
                    self.tell_of_events(None);
                }
                sleep(POLL).await;
            }
            let mut request = self.request(&["events"], "");
            request.last_event_id.clone_from(&last);
            let (is_useful, failure) = match self.shared.client.stream_of(&request).await {
                Err(error) => (false, Some(error)),
                Ok(stream) => {
                    if std::mem::take(&mut is_told) {
                        self.tell_of_events(None);
                    }
                    match self.pass_on(stream, &mut last).await {
                        (_, Some(error @ Error::Unrelated(_))) => return self.gave_up(&error),
                        ended => ended,
                    }
                }
            };
            let failure = failure.filter(|error| !is_useful && is_worth_telling(error));
            if let Some(error) = failure {
                let Fault { text, .. } = fault(&error);
                self.tell_of_events(Some(format!("live events can't be followed: {text}")));
                is_told = true;
            }
            failures = if is_useful { 0 } else { failures + 1 };
            self.pause(doubled(failures + 1)).await;
        }
    }
}

/// True for a failure of the stream of events that the user does not see otherwise. A server may have no such stream,
/// or no runner for it yet; a server that does not answer shows in the reading of the messages.
fn is_worth_telling(error: &Error) -> bool {
    match error {
        Error::Status { status, .. } => ![404, 405, 501, 502].contains(status),
        Error::Transport { .. } => false,
        _ => true,
    }
}

fn doubled(failures: u32) -> Duration {
    let seconds = 1_u64 << failures.saturating_sub(1).min(5);
    Duration::from_secs(seconds).min(LONGEST)
}
