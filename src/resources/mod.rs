//! One description of each resource: its fields, columns, names and place on the server.
//!
//! The descriptions drive decoding, JSON output, tables, completion and help. A new resource is
//! one file here. Source of the fields: contract cli-core.md section 4.5 and cli-resources.md
//! section 1.6; of the columns: cli-core.md section 7.9.2.

mod agent;
mod application;
mod credential;
mod inbox_message;
mod project;
mod record;
mod role;
mod scheduled_session;
mod session;
mod session_message;
mod user;

pub use agent::AGENT;
pub use application::APPLICATION;
pub use credential::{
    CONTEXT, CREDENTIAL, CREDENTIAL_TOKEN, DIGEST, EXPIRES_AT, KUBECONFIG, OWN_ANNOTATIONS,
    PROVIDERS, SERVER, annotation,
};
pub use inbox_message::INBOX_MESSAGE;
pub use project::PROJECT;
pub use record::{List, Record};
pub use role::{ROLE, ROLE_BINDING};
pub use scheduled_session::SCHEDULED_SESSION;
pub use session::{ACTIVE_PHASES, FINAL_PHASES, PHASES, RUN_COLUMNS, SESSION};
pub use session_message::SESSION_MESSAGE;
pub use user::{PROJECT_SETTINGS, USER};

use crate::output::table;

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Text,
    Int,
    Float,
    Bool,
    /// RFC 3339; printed with trailing zeros of the fraction removed.
    Time,
}

/// When a field appears in JSON output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    Always,
    /// Left out while empty, zero or false.
    NotEmpty,
    /// Left out while null; an empty text is shown.
    NotNull,
}

#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub name: &'static str,
    pub kind: Type,
    pub presence: Presence,
}

/// A field that is left out while empty.
#[must_use]
pub const fn field(name: &'static str, kind: Type) -> Field {
    Field {
        name,
        kind,
        presence: Presence::NotEmpty,
    }
}

/// A text that is left out while empty.
#[must_use]
pub const fn text(name: &'static str) -> Field {
    field(name, Type::Text)
}

/// A text that is always shown.
#[must_use]
pub const fn required(name: &'static str) -> Field {
    Field {
        name,
        kind: Type::Text,
        presence: Presence::Always,
    }
}

/// A text that is left out while null.
#[must_use]
pub const fn nullable(name: &'static str) -> Field {
    Field {
        name,
        kind: Type::Text,
        presence: Presence::NotNull,
    }
}

/// How a cell gets its text.
#[derive(Debug, Clone, Copy)]
pub enum Cell {
    /// The field's value as text.
    Field(&'static str),
    /// The time since the field's value.
    Age(&'static str),
    /// Anything else.
    Derived(fn(&Record) -> String),
}

/// A column of a resource's table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub title: &'static str,
    /// In characters, where the output is a pipe.
    pub width: usize,
    pub cell: Cell,
}

/// A column that shows a field.
#[must_use]
pub const fn column(title: &'static str, width: usize, field: &'static str) -> Column {
    Column {
        title,
        width,
        cell: Cell::Field(field),
    }
}

/// The column `AGE`, from `created_at`.
pub const AGE: Column = Column {
    title: "AGE",
    width: 10,
    cell: Cell::Age("created_at"),
};

/// Where a resource lives on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `/<collection>`
    Global,
    /// `/projects/<project>/<collection>`
    Project,
    /// Only as part of another resource.
    Nested,
}

/// A kind of object on the server.
#[derive(Debug)]
pub struct Resource {
    /// The word that users type, and that results are printed with: `role-binding`.
    pub word: &'static str,
    /// Other words for it: plurals and short forms. The first is the plural that messages use.
    pub aliases: &'static [&'static str],
    /// The kind in JSON: `RoleBinding`. Also the name that type errors carry.
    pub kind: &'static str,
    /// The name of the collection in paths.
    pub collection: &'static str,
    pub place: Place,
    /// The field that users name an object with; nothing where only the id will do.
    pub name_field: Option<&'static str>,
    /// The fields after the five common ones, in the order of JSON output.
    pub fields: &'static [Field],
    /// False for bare objects without `id`, `kind`, `href`, `created_at`, `updated_at`.
    pub has_common_fields: bool,
    pub columns: &'static [Column],
    /// Further columns of `-o wide`.
    pub wide: &'static [Column],
}

/// The fields that every object starts with.
pub const COMMON: &[Field] = &[
    text("id"),
    text("kind"),
    text("href"),
    field("created_at", Type::Time),
    field("updated_at", Type::Time),
];

/// The resources that `get`, `describe` and `delete` know, in the order of their messages.
pub static NAMED: &[&Resource] = &[
    &SESSION,
    &PROJECT,
    &AGENT,
    &PROJECT_SETTINGS,
    &USER,
    &ROLE,
    &ROLE_BINDING,
    &CREDENTIAL,
    &APPLICATION,
];

/// Finds a resource by the word that a user typed, in any case.
#[must_use]
pub fn find(word: &str) -> Option<&'static Resource> {
    let word = word.to_lowercase();
    NAMED
        .iter()
        .find(|resource| resource.word == word || resource.aliases.contains(&word.as_str()))
        .copied()
}

impl Resource {
    /// The fields in the order of JSON output.
    pub fn all_fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        let common = if self.has_common_fields { COMMON } else { &[] };
        common.iter().chain(self.fields)
    }

    /// The plural that messages use: `credentials`.
    #[must_use]
    pub fn plural(&self) -> &'static str {
        self.aliases.first().copied().unwrap_or(self.word)
    }
}

impl From<&Column> for table::Column {
    fn from(column: &Column) -> Self {
        Self {
            title: column.title,
            width: column.width,
        }
    }
}
