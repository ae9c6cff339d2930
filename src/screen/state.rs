//! The state of the screen: a stack of pages, and what lies over the one on top.

use jiff::{SignedDuration, Timestamp};

use super::changes::Changes;
use super::detail::Detail;
use super::dialog::Dialog;
use super::drafts::{Draft, Drafts, Purpose};
use super::event::{About, Extent, Fault};
use super::form::OpenForm;
use super::input::Line;
use super::loading::Loading;
use super::messages::Messages;
use super::scope::{Kind, Named, Scope};
use super::shown;
use super::table::Table;
use super::views;
use crate::resources::Record;

/// How long a sentence on the last line is shown, in seconds.
const TOAST: i64 = 5;
/// The most pages on the stack; older ones than that are dropped.
const DEEPEST: usize = 50;

/// Choices from the command line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    /// Seconds between two reads of a list.
    pub refresh: i64,
    pub readonly: bool,
    /// A command to run at the start, such as `sessions`.
    pub command: Option<String>,
    /// True if colors are used.
    pub color: bool,
}

/// Everything that the screen shows.
pub(super) struct State {
    pub now: Timestamp,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    pub options: Options,
    pub about: About,
    /// The number of the connection that stands, which orders and answers carry.
    pub connection: u64,
    /// The number of the first connection to this server: those since then differ in the login only.
    pub server_since: u64,
    /// The connection that is being made. Until it stands, nothing is changed: the user decides when it is known on
    /// which server.
    pub coming: Option<Coming>,
    /// False after the server has refused the login.
    pub is_logged_in: bool,
    pub stack: Vec<Page>,
    /// The views that were visited, and the place in them.
    pub visited: Vec<(Kind, Scope)>,
    pub visited_at: usize,
    pub mode: Mode,
    pub dialog: Option<Dialog>,
    pub form: Option<OpenForm>,
    pub editing: Option<Edited>,
    pub toast: Option<Toast>,
    /// The requests that change something and have no answer yet.
    pub changes: Changes,
    /// What was typed and is not stored.
    pub drafts: Drafts,
    /// The projects that the digits mean, by name.
    pub projects: Vec<Named>,
    pub extent_of_projects: Extent,
    pub contexts: Vec<String>,
    pub commands: Vec<String>,
    pub filters: Vec<String>,
    pub has_header: bool,
    pub has_crumbs: bool,
    pub numbers: u64,
    pub is_done: bool,
}

/// A connection that is being made.
pub(super) struct Coming {
    pub number: u64,
    /// The context that the user chose; `None` for the same server with a new login.
    pub to: Option<String>,
    /// The page whose rows wait for it.
    pub page: Option<u64>,
}

/// A sentence on the last line.
pub(super) struct Toast {
    pub text: String,
    pub is_error: bool,
    pub until: Timestamp,
    /// True until the next key: what is said meanwhile does not take its place, and what fails is added.
    pub is_held: bool,
    /// The end of the text that is never cut: how what was typed comes back; empty if nothing does.
    pub again: String,
}

/// What the keys are for.
pub(super) enum Mode {
    Normal,
    Command {
        line: Line,
        /// The place among the completions, and the place in the history.
        at: usize,
        history: Option<usize>,
    },
    /// A filter that is typed, with the one before.
    Filter {
        line: Line,
        before: String,
        history: Option<usize>,
    },
    Search(Line),
    /// The choice of a column to sort by.
    Sort(usize),
    /// The name of a file to write.
    Write {
        line: Line,
        text: String,
    },
}

impl Mode {
    /// Returns the line that is typed in the bar, if one is.
    #[must_use]
    pub(super) fn line(&self) -> Option<&Line> {
        match self {
            Self::Command { line, .. } | Self::Filter { line, .. } | Self::Write { line, .. } => {
                Some(line)
            }
            Self::Search(line) => Some(line),
            Self::Normal | Self::Sort(_) => None,
        }
    }
}

/// An object in the editor.
pub(super) struct Edited {
    pub page: u64,
    pub send: super::effect::Send,
    pub title: String,
    pub name: String,
    pub resource: &'static crate::resources::Resource,
    pub before: serde_json::Map<String, serde_json::Value>,
    /// The annotations that the text leaves out, since acpctl keeps them for itself.
    pub own: serde_json::Map<String, serde_json::Value>,
    pub fields: &'static [&'static str],
    pub rounds: u32,
    /// The text that the editor was opened on.
    pub text: String,
    /// What was written for the same purpose before.
    pub draft: Draft,
}

/// A page of the stack.
pub(super) struct Page {
    /// Answers carry it, so that none reaches another page.
    pub number: u64,
    pub scope: Scope,
    pub body: Body,
}

#[allow(clippy::large_enum_variant, reason = "a stack has few pages")]
pub(super) enum Body {
    Table(Table),
    Detail(Detail),
    Messages(Messages),
    Help { offset: usize },
}

impl Page {
    /// Returns the word for the page in crumbs.
    #[must_use]
    pub(super) fn name(&self) -> &'static str {
        match &self.body {
            Body::Table(table) => table.view.name,
            Body::Detail(_) => "detail",
            Body::Messages(_) => "messages",
            Body::Help { .. } => "help",
        }
    }

    /// Returns the state of reading a page that is read again and again.
    pub(super) fn loading_mut(&mut self) -> Option<&mut Loading> {
        match &mut self.body {
            Body::Table(table) => Some(&mut table.loading),
            Body::Messages(messages) => Some(&mut messages.loading),
            Body::Detail(_) | Body::Help { .. } => None,
        }
    }
}

impl State {
    #[must_use]
    pub(super) fn new(options: Options, about: About, size: (u16, u16), now: Timestamp) -> Self {
        let mut state = Self {
            now,
            size,
            options,
            about,
            connection: 0,
            server_since: 0,
            coming: None,
            is_logged_in: true,
            stack: Vec::new(),
            visited: Vec::new(),
            visited_at: 0,
            mode: Mode::Normal,
            dialog: None,
            form: None,
            editing: None,
            toast: None,
            changes: Changes::default(),
            drafts: Drafts::default(),
            projects: Vec::new(),
            extent_of_projects: Extent::Nothing,
            contexts: Vec::new(),
            commands: Vec::new(),
            filters: Vec::new(),
            has_header: true,
            has_crumbs: true,
            numbers: 0,
            is_done: false,
        };
        let table = Table::new(views::of(Kind::Projects));
        state.push(Scope::default(), Body::Table(table));
        state.visited.push((Kind::Projects, Scope::default()));
        state
    }

    /// Returns a number that was not used before.
    pub(super) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Puts a page on the stack.
    pub(super) fn push(&mut self, scope: Scope, body: Body) -> u64 {
        let number = self.number();
        self.stack.push(Page {
            number,
            scope,
            body,
        });
        number
    }

    /// True if the stack can't grow.
    #[must_use]
    pub(super) fn is_deep(&self) -> bool {
        self.stack.len() >= DEEPEST
    }

    /// Returns the page that is shown.
    #[must_use]
    pub(super) fn top(&self) -> Option<&Page> {
        self.stack.last()
    }

    pub(super) fn top_mut(&mut self) -> Option<&mut Page> {
        self.stack.last_mut()
    }

    pub(super) fn page_mut(&mut self, number: u64) -> Option<&mut Page> {
        self.stack.iter_mut().find(|page| page.number == number)
    }

    /// Returns the table that is shown.
    #[must_use]
    pub(super) fn table(&self) -> Option<&Table> {
        match &self.top()?.body {
            Body::Table(table) => Some(table),
            _ => None,
        }
    }

    pub(super) fn table_mut(&mut self) -> Option<&mut Table> {
        match &mut self.top_mut()?.body {
            Body::Table(table) => Some(table),
            _ => None,
        }
    }

    pub(super) fn messages_mut(&mut self) -> Option<&mut Messages> {
        match &mut self.top_mut()?.body {
            Body::Messages(messages) => Some(messages),
            _ => None,
        }
    }

    /// Returns what the page on top is limited to.
    #[must_use]
    pub(super) fn scope(&self) -> Scope {
        self.top()
            .map(|page| page.scope.clone())
            .unwrap_or_default()
    }

    /// Returns the project of the page on top, or the configured one.
    #[must_use]
    pub(super) fn project(&self) -> Option<Named> {
        let of_page = self.scope().project;
        let configured = Some(&self.about.project).filter(|project| !project.is_empty());
        of_page.or_else(|| configured.map(|project| Named::new(project, project)))
    }

    /// Keeps what was read and says what is wrong: in the page itself, so that the error does not follow into other
    /// pages.
    pub(super) fn reading_failed(&mut self, page: u64, fault: Fault) {
        let now = self.now;
        if fault.status == Some(401) {
            self.is_logged_in = false;
        }
        if let Some(loading) = self.page_mut(page).and_then(Page::loading_mut) {
            loading.failed(fault, now, page.wrapping_mul(7919));
        }
    }

    /// Says why nothing can be changed now.
    #[must_use]
    pub(super) fn refusal(&self) -> Option<String> {
        if self.options.readonly {
            return Some("This screen only reads (--readonly)".to_owned());
        }
        let coming = self.coming.as_ref()?;
        Some(match &coming.to {
            Some(name) => format!("Connecting to {name}: until then, nothing is changed"),
            None => "Reading the login again: until then, nothing is changed".to_owned(),
        })
    }

    /// Asks a question before something is sent. It says to which server, so that it is not confirmed for another one.
    pub(super) fn ask(&mut self, mut dialog: Dialog) {
        let About {
            context, server, ..
        } = &self.about;
        let place = format!("On {context} ({server}):");
        dialog.lines.insert(0, shown::line(&place));
        self.dialog = Some(dialog);
    }

    /// True while the user is asked something, or writes something that will be sent.
    #[must_use]
    pub(super) fn is_asking(&self) -> bool {
        self.dialog.is_some() || self.form.is_some() || self.editing.is_some()
    }

    /// Takes back everything that is asked, and keeps what was typed for it. Returns how it comes back.
    pub(super) fn ask_nothing(&mut self) -> Option<String> {
        let of_dialog = self.dialog.take().and_then(|dialog| dialog.draft);
        let of_form = self.form.take().and_then(|form| form.typed());
        self.editing = None;
        self.keep(of_dialog.or(of_form)?)
    }

    /// Takes back the message that is written, and keeps its text. Returns how it comes back.
    pub(super) fn write_nothing(&mut self) -> Option<String> {
        let purpose = self.purpose_of_message()?;
        let messages = self.messages_mut()?;
        let line = messages.compose.take()?;
        let text = line.text().trim();
        let draft = (!text.is_empty()).then(|| messages.draft(purpose, text))?;
        self.keep(draft)
    }

    /// Returns what a form or an edit of this page is typed for.
    #[must_use]
    pub(super) fn purpose(&self, title: &str, rows: &[Record]) -> Purpose {
        let About {
            context, server, ..
        } = &self.about;
        let mut ids: Vec<String> = rows.iter().map(|row| row.id().to_owned()).collect();
        ids.sort();
        Purpose {
            server: (context.clone(), server.clone()),
            title: title.to_owned(),
            scope: if ids.is_empty() {
                self.scope()
            } else {
                Scope::default()
            },
            rows: ids,
        }
    }

    /// Returns what a message of this page is written for: the same as in the form that a list of sessions has for it.
    #[must_use]
    pub(super) fn purpose_of_message(&self) -> Option<Purpose> {
        let session = self.top()?.scope.session.as_ref()?;
        Some(Purpose {
            scope: Scope::default(),
            rows: vec![session.id.clone()],
            ..self.purpose(views::MESSAGE, &[])
        })
    }

    /// Returns what was typed for a purpose before, or nothing yet. Says that something came back.
    pub(super) fn draft(&mut self, purpose: Purpose, key: &str) -> Draft {
        if let Some((draft, more)) = self.drafts.take(&purpose) {
            self.say(match more {
                0 => "What you typed before is back".to_owned(),
                more => format!("What you typed before is back, and {more} more after it"),
            });
            return draft;
        }
        Draft {
            number: self.number(),
            purpose,
            key: key.to_owned(),
            values: Vec::new(),
        }
    }

    /// Keeps what was typed. Returns how it comes back, if it does on the server that is shown.
    pub(super) fn keep(&mut self, draft: Draft) -> Option<String> {
        let About {
            context, server, ..
        } = &self.about;
        let (there, address) = &draft.purpose.server;
        let is_here = !self.is_done && (there, address) == (context, server);
        let again = format!("{} again brings back what you typed", draft.key);
        self.drafts.keep(draft);
        is_here.then_some(again)
    }

    /// Shows a sentence for a while.
    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.toast(text.into(), false);
    }

    /// Shows a failure for a while.
    pub(super) fn complain(&mut self, text: impl Into<String>) {
        self.toast(text.into(), true);
    }

    /// Says that a change has failed, and how what was typed for it comes back, until a key is pressed.
    pub(super) fn fail(&mut self, why: String, again: Option<String>) {
        let end = again.iter().map(|again| format!("; {again}"));
        self.complain(why + &end.collect::<String>());
        if let Some(toast) = &mut self.toast {
            toast.is_held = true;
            toast.again = again.unwrap_or(std::mem::take(&mut toast.again));
        }
    }

    /// Lets the sentence that was held go with its time.
    pub(super) fn release(&mut self) {
        let until = self.now + SignedDuration::from_secs(TOAST);
        if let Some(toast) = self.toast.as_mut().filter(|toast| toast.is_held) {
            toast.is_held = false;
            toast.until = until;
        }
    }

    fn toast(&mut self, text: String, is_error: bool) {
        if let Some(held) = self.toast.as_mut().filter(|toast| toast.is_held) {
            if is_error && !held.text.contains(&text) {
                held.text = format!("{}; {text}", held.text);
            }
            return;
        }
        self.toast = Some(Toast {
            text,
            is_error,
            until: self.now + SignedDuration::from_secs(TOAST),
            is_held: false,
            again: String::new(),
        });
    }
}
