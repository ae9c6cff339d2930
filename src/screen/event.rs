//! What happens to the screen: keys, the passing of time, answers of the server.

use crossterm::event::KeyEvent;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;

use super::effect::Send;
use super::newest::Newest;
use crate::resources::Record;

/// One thing that happened.
pub(super) enum Event {
    Key(KeyEvent),
    Paste(String),
    Resize(u16, u16),
    /// The wheel of a mouse; down is positive.
    Wheel(i32),
    Click {
        column: u16,
        row: u16,
    },
    /// Time has passed.
    Tick(Timestamp),
    /// What came from the connection of this number.
    Answer(u64, Answer),
    /// The editor was left with this text, or failed.
    Edited(Result<String, String>),
    /// A command of this program has ended, or could not be run.
    Outside(Result<(), String>),
    /// Something to tell the user; an error with true.
    Say(String, bool),
    /// A signal asks to stop the program for a while, as Ctrl-Z does.
    Stop,
    /// The program goes on after it was stopped; another program has written on the terminal.
    Continued,
    /// The terminal is gone.
    Lost,
}

/// How far a list was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Whole,
    /// There may be more.
    Part,
    Nothing,
}

/// What the worker reports.
pub(super) enum Answer {
    /// The rows of a page.
    Rows {
        page: u64,
        rows: Vec<Record>,
        /// How many the server has.
        total: i64,
        /// How many more are not shown: credentials that the platform made for its own gateways.
        hidden: i64,
        /// Why there may be more.
        gap: Option<String>,
    },
    /// Cells that belong to rows of a page: the row's ID, the field, the text.
    Joined {
        page: u64,
        cells: Vec<(String, &'static str, String)>,
        /// Why cells are not known, or not wholly.
        gap: Option<String>,
    },
    /// The rows of a page could not be read.
    Failed { page: u64, fault: Fault },
    /// A request was sent, or could not be.
    Sent {
        page: u64,
        /// The number of the request.
        number: u64,
        said: Result<String, Fault>,
        /// A stored message to show at once.
        echo: Option<Record>,
    },
    Offered {
        form: u64,
        field: usize,
        offers: Result<Vec<(String, String)>, Fault>,
        /// Why there may be more.
        gap: Option<String>,
    },
    /// The requests of a form that binds credentials, and which credentials are shadowed by them, in words.
    Planned {
        form: u64,
        sends: Vec<Send>,
        shadowed: Result<Vec<String>, Fault>,
    },
    Fetched {
        page: u64,
        record: Result<Record, Fault>,
    },
    /// Stored messages of a session. The next ones are those behind the number `after`.
    Messages {
        page: u64,
        messages: Newest,
        after: i64,
    },
    /// An event of a session's run, with its text.
    Streamed { page: u64, event: Value },
    /// An answer that may take much memory while it waits, with its part of the room for all of them.
    Large {
        answer: Box<Answer>,
        room: OwnedSemaphorePermit,
    },
    /// What is known about a session that is watched.
    Session { page: u64, session: Box<Record> },
    /// The messages of a session could be read again, or could not be read. After a refused login, they are not read
    /// any more.
    Watching { page: u64, trouble: Option<Fault> },
    /// Why the events of a session are not followed; `None` if they are again.
    Unfollowed { page: u64, why: Option<String> },
    /// A connection was made, perhaps to another context. Its number is that of the wish for it.
    Connected(About),
    /// None was made; the one before still stands.
    Unconnected(Fault),
}

/// The server that the screen shows, for its header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct About {
    pub context: String,
    pub server: String,
    pub user: String,
    /// The configured project.
    pub project: String,
    pub way: Way,
}

/// How another run reaches the same server with the same login, and no other one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Way {
    pub flags: Vec<String>,
    /// The context for `AMBIENT_CONTEXT`, which leaves the choice of the login as it is.
    pub context: Option<String>,
    /// The sentence for a login that the server has refused: whose it is, and what helps.
    pub refused: String,
}

/// The longest pause that is granted to a server, in seconds.
const LONGEST_PAUSE: i64 = 600;

/// A failure, as far as the screen needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub status: Option<u16>,
    pub text: String,
    /// The seconds that the server asks to wait.
    pub retry_after: Option<i64>,
}

impl Fault {
    #[must_use]
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            status: None,
            text: text.into(),
            retry_after: None,
        }
    }

    /// Returns the seconds to wait, if the server asks for a pause.
    #[must_use]
    pub(super) fn pause(&self) -> Option<i64> {
        let asked = self.retry_after?;
        Some(asked.clamp(1, LONGEST_PAUSE))
    }

    /// Returns the sentence for a list that could not be read. `refused` is that for a login that was refused.
    #[must_use]
    pub(super) fn of_list(&self, kind: &str, refused: &str) -> String {
        match self.status {
            Some(401) => refused.to_owned(),
            Some(403) => format!("Insufficient permissions to list {kind}"),
            Some(429) => "Rate limited — backing off".to_owned(),
            _ => self.text.clone(),
        }
    }
}
