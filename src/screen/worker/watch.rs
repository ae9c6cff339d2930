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
use crate::api::{self, Error, Request, path};
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

    /// Says why the events are no longer followed.
    fn gave_up(&self, error: &Error) {
        let Fault { text, .. } = fault(error);
        let _ = self.shared.tell(Answer::Unfollowed {
            page: self.page,
            why: format!("live events are no longer followed: {text}"),
        });
    }

    /// Reads the events of the run while the session is live. A stream that ends is opened again, later each time
    /// unless it brought something. A server without such a stream is asked less and less often; the messages come
    /// anyway. One that sends events of another session is not asked again.
    async fn stream(&self) {
        let mut failures = 0_u32;
        let mut last: Option<String> = None;
        loop {
            while !self.is_live.get() {
                sleep(POLL).await;
            }
            let mut request = self.request(&["events"], "");
            request.last_event_id.clone_from(&last);
            let mut is_useful = false;
            if let Ok(mut stream) = self.shared.client.stream_of(&request).await {
                loop {
                    let event = match stream.next().await {
                        Ok(Some(event)) => event,
                        Err(error @ Error::Unrelated(_)) => return self.gave_up(&error),
                        Ok(None) | Err(_) => break,
                    };
                    is_useful = true;
                    last = event.id.or(last);
                    let Ok(value) = serde_json::from_str(&event.data) else {
                        continue;
                    };
                    let streamed = Answer::Streamed {
                        page: self.page,
                        event: value,
                    };
                    let told = self.shared.tell_sized(streamed, event.data.len()).await;
                    if told.is_err() {
                        return;
                    }
                    // The other tasks of this thread go on beside a fast stream.
                    tokio::task::yield_now().await;
                }
            }
            failures = if is_useful { 0 } else { failures + 1 };
            self.pause(doubled(failures + 1)).await;
        }
    }
}

fn doubled(failures: u32) -> Duration {
    let seconds = 1_u64 << failures.saturating_sub(1).min(5);
    Duration::from_secs(seconds).min(LONGEST)
}
