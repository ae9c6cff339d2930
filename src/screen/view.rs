//! The description of a view: its columns, its keys, what its rows are and where they come from.
//!
//! A view is data. The files below `views/` hold one each and know no other; what they say is done by `update/` and
//! `draw/`.

use jiff::Timestamp;

use super::effect::{List, Load, Send};
use super::scope::{Kind, Scope};
use crate::output::age;
use crate::output::{cells, until};
use crate::resources::{Cell, Column, Record};

/// A view that shows a table.
pub(super) struct View {
    pub kind: Kind,
    /// The word in titles, crumbs and commands.
    pub name: &'static str,
    /// Other words for it in commands.
    pub aliases: &'static [&'static str],
    pub about: &'static str,
    pub needs: Needs,
    pub columns: &'static [Col],
    /// The column that the rows are sorted by unless the user chooses one, and true for the largest first.
    pub order: (&'static str, bool),
    pub load: fn(&Scope) -> Load,
    pub tone: fn(&Record) -> Tone,
    /// What Enter does on a row.
    pub enter: fn(&Scope, &Record) -> Go,
    pub enter_label: &'static str,
    pub actions: &'static [Action],
}

/// What a view must be limited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    Nothing,
    Project,
    Agent,
    Schedule,
    Credential,
    /// It forgets all limits.
    All,
}

/// A column: as the tables of other commands have it, or one of the screen.
pub(super) struct Col {
    pub title: &'static str,
    pub show: Show,
    /// The width that the column wants.
    pub width: u16,
    pub place: Place,
}

impl View {
    /// Returns what a title says that the rows are limited to: nothing for a view that always shows all.
    #[must_use]
    pub(super) fn label<'s>(&self, scope: &'s Scope) -> &'s str {
        let shows_all = matches!(
            self.kind,
            Kind::Applications
                | Kind::Clusters
                | Kind::Contexts
                | Kind::Credentials
                | Kind::Roles
                | Kind::Users
        );
        if shows_all { "all" } else { scope.label() }
    }
}

/// When a column is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Always,
    /// Only if the window has room for it. A larger number gives way first.
    Room(u8),
    /// Only in the wide form.
    Wide,
}

/// The source of a cell.
#[derive(Clone, Copy)]
pub(super) enum Show {
    Cell(Cell),
    /// A text with a number to sort by.
    Computed(fn(&Record, Timestamp) -> (String, Option<i64>)),
}

impl Col {
    #[must_use]
    pub(super) const fn field(title: &'static str, width: u16, field: &'static str) -> Self {
        Self {
            title,
            show: Show::Cell(Cell::Field(field)),
            width,
            place: Place::Always,
        }
    }

    #[must_use]
    pub(super) const fn age(title: &'static str, width: u16, field: &'static str) -> Self {
        Self {
            title,
            show: Show::Cell(Cell::Age(field)),
            width,
            place: Place::Room(1),
        }
    }

    #[must_use]
    pub(super) const fn computed(
        title: &'static str,
        width: u16,
        compute: fn(&Record, Timestamp) -> (String, Option<i64>),
    ) -> Self {
        Self {
            title,
            show: Show::Computed(compute),
            width,
            place: Place::Always,
        }
    }

    #[must_use]
    pub(super) const fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    /// Returns the text of a row's cell.
    #[must_use]
    pub(super) fn text(&self, record: &Record, now: Timestamp) -> String {
        match self.show {
            Show::Cell(Cell::Until(moment)) => until(&moment(record.values()), now, false),
            Show::Cell(cell) => {
                let column = Column {
                    title: self.title,
                    width: usize::from(self.width),
                    cell,
                };
                cells(record, &[&column], now).pop().unwrap_or_default()
            }
            Show::Computed(compute) => compute(record, now).0,
        }
    }

    /// Returns what a row is sorted by: numbers and times by their value, texts without regard to case, and empty cells
    /// last.
    #[must_use]
    pub(super) fn key(&self, record: &Record, now: Timestamp) -> Key {
        let time = |text: &str| text.parse::<Timestamp>().ok();
        match self.show {
            // An age is small if its time is late.
            Show::Cell(Cell::Age(field)) => match time(record.text(field)) {
                Some(time) => Key::Number(-time.as_second()),
                None => Key::Empty,
            },
            Show::Cell(Cell::Until(moment)) => match time(&moment(record.values())) {
                Some(time) => Key::Number(time.as_second()),
                None => Key::Empty,
            },
            Show::Computed(compute) => match compute(record, now) {
                (_, Some(number)) => Key::Number(number),
                (text, None) => Key::of(&text),
            },
            Show::Cell(_) => Key::of(&self.text(record, now)),
        }
    }
}

/// What a row is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Number(i64),
    Text(String),
    Empty,
}

impl Key {
    #[must_use]
    fn of(text: &str) -> Self {
        match text.parse() {
            _ if matches!(text, "" | "-" | UNKNOWN) => Self::Empty,
            Ok(number) => Self::Number(number),
            Err(_) => Self::Text(text.to_lowercase()),
        }
    }
}

/// The meaning of a row for the reader, as one color for all views.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    /// It is not known whether something is wrong.
    Unknown,
    Good,
    Waiting,
    Bad,
    Done,
}

/// Stands for what is not known.
pub(super) const UNKNOWN: &str = "?";

/// Returns the tone of a phase or a status, in any case: one function for all views.
#[must_use]
pub(super) fn tone_of(phase: &str) -> Tone {
    match phase.to_lowercase().as_str() {
        "running" | "active" | "ready" | "synced" | "healthy" => Tone::Good,
        "pending" | "creating" | "stopping" | "progressing" | "outofsync" | "initializing" => {
            Tone::Waiting
        }
        "failed" | "error" | "degraded" | "expired" => Tone::Bad,
        "" => Tone::Plain,
        UNKNOWN => Tone::Unknown,
        _ => Tone::Done,
    }
}

/// Where a key leads.
pub(super) enum Go {
    View(Kind, Scope),
    /// The messages of the session that the scope names.
    Messages(Scope),
    Describe,
    Context(String),
    /// Nowhere, for this reason.
    Stay(String),
}

/// A key of a view.
pub(super) struct Action {
    pub key: char,
    pub ctrl: bool,
    pub label: &'static str,
    pub run: Run,
}

impl Action {
    #[must_use]
    pub(super) const fn new(key: char, label: &'static str, run: Run) -> Self {
        Self {
            key,
            ctrl: false,
            label,
            run,
        }
    }

    #[must_use]
    pub(super) const fn ctrl(key: char, label: &'static str, run: Run) -> Self {
        Self {
            key,
            ctrl: true,
            label,
            run,
        }
    }

    /// Returns the key as help shows it.
    #[must_use]
    pub(super) fn keys(&self) -> String {
        let ctrl = if self.ctrl { "ctrl-" } else { "" };
        format!("{ctrl}{}", self.key)
    }
}

/// What a key does.
#[derive(Clone, Copy)]
pub(super) enum Run {
    Describe,
    Yaml,
    Edit(&'static Editing),
    Go(fn(&Scope, &Record) -> Go),
    /// Opens a form that needs no row.
    New(&'static Form),
    /// Opens a form for the chosen rows, with a request for each.
    Form(&'static Form),
    Call(&'static Call),
    /// A request for each chosen row, which depends on the row: all of them must mean the same one.
    Either(fn(&Record) -> &'static Call),
    /// Runs a command of this program on the row, with the terminal to itself.
    Outside(&'static Outside),
}

/// A command of this program that needs the terminal, or your own kubeconfig.
pub(super) struct Outside {
    /// The words and flags before the object's ID.
    pub words: &'static [&'static str],
    pub flags: &'static [&'static str],
    /// The title of the question before it, and the word on its button.
    pub title: &'static str,
    /// The question; `None` for a command that changes nothing.
    pub question: Option<fn(&Record) -> String>,
    /// Says why the row is not one for it.
    pub check: fn(&Record) -> Result<(), String>,
}

/// A request for each chosen row.
pub(super) struct Call {
    /// The question before it; `None` for a call that loses nothing.
    pub question: Option<fn(&Scope, &Record) -> String>,
    /// The title of the question and the word on its button.
    pub title: &'static str,
    /// True if the ID must be typed, because much is lost.
    pub types_id: bool,
    /// True if it may be done to several marked rows.
    pub bulk: bool,
    /// The text while it runs.
    pub doing: &'static str,
    pub make: fn(&Scope, &Record) -> Result<Send, String>,
}

/// A form: fields, and the request that they result in.
pub(super) struct Form {
    pub title: &'static str,
    /// Says why a row is not one for it.
    pub opens: fn(&Record) -> Result<(), String>,
    pub fields: &'static [Field],
    pub submit: fn(&Scope, Option<&Record>, &Answers<'_>) -> Result<Send, String>,
}

impl Form {
    /// True if it may be for several marked rows. A secret belongs to one object.
    #[must_use]
    pub(super) fn is_bulk(&self) -> bool {
        let is_secret = |field: &Field| matches!(field.input, Input::Secret);
        !self.fields.iter().any(is_secret)
    }
}

/// Lets a form open for every row.
///
/// # Errors
/// Never.
#[allow(clippy::unnecessary_wraps, reason = "some forms refuse a row")]
pub(super) fn for_any(_: &Record) -> Result<(), String> {
    Ok(())
}

/// A field of a form.
pub(super) struct Field {
    pub name: &'static str,
    pub label: &'static str,
    pub hint: &'static str,
    pub required: bool,
    pub input: Input,
    /// The value at the start.
    pub start: fn(&Scope, Option<&Record>) -> String,
    /// Refuses a value, or explains it.
    pub check: fn(&str, Timestamp) -> Result<String, String>,
}

/// How a field is filled.
#[derive(Clone, Copy)]
pub(super) enum Input {
    Text,
    /// Text that is not shown.
    Secret,
    Words(&'static [&'static str]),
    /// Objects of the server; `none` is the first choice if there is one. The list depends on the other fields.
    Offer {
        none: Option<&'static str>,
        list: fn(&Scope, &Answers<'_>) -> Option<List>,
    },
}

/// The values of a form by the names of its fields, each with the text that is shown for it. They may hold secrets.
pub(super) struct Answers<'a>(pub Vec<(&'static str, &'a str, &'a str)>);

impl Answers<'_> {
    #[must_use]
    pub(super) fn text(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(field, ..)| *field == name);
        found.map_or("", |(_, text, _)| text)
    }

    /// Returns the text that the form shows for a value: an object's name in place of its ID.
    #[must_use]
    pub(super) fn shown(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(field, ..)| *field == name);
        found.map_or("", |(.., shown)| shown)
    }
}

/// The start value of a field that begins empty.
#[must_use]
pub(super) fn nothing(_: &Scope, _: Option<&Record>) -> String {
    String::new()
}

/// The check of a field that accepts everything.
///
/// # Errors
/// Never.
#[allow(clippy::unnecessary_wraps, reason = "other checks refuse something")]
pub(super) fn anything(_: &str, _: Timestamp) -> Result<String, String> {
    Ok(String::new())
}

impl Field {
    /// A text that may stay empty.
    #[must_use]
    pub(super) const fn text(name: &'static str, label: &'static str, hint: &'static str) -> Self {
        Self {
            name,
            label,
            hint,
            required: false,
            input: Input::Text,
            start: nothing,
            check: anything,
        }
    }

    #[must_use]
    pub(super) const fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    #[must_use]
    pub(super) const fn from(self, start: fn(&Scope, Option<&Record>) -> String) -> Self {
        Self { start, ..self }
    }

    #[must_use]
    pub(super) const fn checked(
        self,
        check: fn(&str, Timestamp) -> Result<String, String>,
    ) -> Self {
        Self { check, ..self }
    }

    #[must_use]
    pub(super) const fn input(self, input: Input) -> Self {
        Self { input, ..self }
    }
}

/// What may be changed in the editor, and where the change is sent.
pub(super) struct Editing {
    pub fields: &'static [&'static str],
    pub path: fn(&Scope, &Record) -> String,
}

/// Returns the time between two moments of a record, the second of which may be now.
#[must_use]
pub(super) fn duration(
    record: &Record,
    from: &str,
    to: &str,
    now: Timestamp,
) -> (String, Option<i64>) {
    let time = |field: &str| record.text(field).parse::<Timestamp>().ok();
    let Some(start) = time(from) else {
        return (String::new(), None);
    };
    let seconds = time(to).unwrap_or(now).as_second() - start.as_second();
    (age::span(seconds), Some(seconds.max(0)))
}

/// Returns a number that was joined to a record; `-` until it is known, `?` if it can't be.
#[must_use]
pub(super) fn joined(record: &Record, field: &str) -> (String, Option<i64>) {
    match record.text(field) {
        "" => ("-".to_owned(), None),
        text => (text.to_owned(), number(text)),
    }
}

/// Reads a number, to which a `+` may add that there may be more.
#[must_use]
pub(super) fn number(text: &str) -> Option<i64> {
    text.trim_end_matches('+').parse().ok()
}
