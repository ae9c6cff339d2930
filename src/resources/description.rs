//! The shape of a resource's description: its names, its fields, its columns, and where its collection lives.

use serde_json::Value;

use crate::text::counted;

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Text,
    Int,
    Float,
    Bool,
    /// RFC 3339; printed with trailing zeros of the fraction removed.
    Time,
    /// Any value, as the server sent it; usually a list or an object.
    Nested,
}

/// Decides when a field appears in JSON output.
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

/// Describes a field that is left out while empty.
#[must_use]
pub(super) const fn field(name: &'static str, kind: Type) -> Field {
    Field {
        name,
        kind,
        presence: Presence::NotEmpty,
    }
}

/// Describes a text that is left out while empty.
#[must_use]
pub(super) const fn text(name: &'static str) -> Field {
    field(name, Type::Text)
}

/// Describes a text that is always shown.
#[must_use]
pub(super) const fn required(name: &'static str) -> Field {
    Field {
        name,
        kind: Type::Text,
        presence: Presence::Always,
    }
}

/// Describes a text of a record that no server sends: a program makes it.
#[must_use]
pub(crate) const fn shown_text(name: &'static str) -> Field {
    text(name)
}

/// Describes a text that is left out while null.
#[must_use]
pub(super) const fn nullable(name: &'static str) -> Field {
    Field {
        name,
        kind: Type::Text,
        presence: Presence::NotNull,
    }
}

/// The source of a cell's text.
#[derive(Debug, Clone, Copy)]
pub enum Cell {
    /// The field's value as text.
    Field(&'static str),
    /// The time that has passed since the field's value.
    Age(&'static str),
    /// A text computed from several fields.
    Derived(fn(&Values) -> String),
    /// The time that is left until a moment, which is computed from several fields.
    Until(fn(&Values) -> String),
    /// A text that a command adds to the objects after a further request. If no object has it, the column is left out.
    Joined(&'static str),
}

/// The values of one object's known fields, in the order in which the server sent them.
///
/// A list holds many of these, so they are pairs and not a map.
#[derive(Debug, Clone, Default)]
pub struct Values(pub(super) Vec<(&'static str, Value)>);

impl Values {
    /// Returns the value of a field, if it has one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let found = self.0.iter().find(|(field, _)| *field == name);
        found.map(|(_, value)| value)
    }

    #[must_use]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the text of a field; an empty one if it has none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// A column of a resource's table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub title: &'static str,
    /// The width in a pipe, in characters.
    pub width: usize,
    pub cell: Cell,
}

impl Column {
    /// Returns the title as `--sort-by` takes it: `used-by`.
    #[must_use]
    pub fn word(&self) -> String {
        self.title.to_lowercase().replace(' ', "-")
    }
}

/// Describes a column that shows a field.
#[must_use]
pub(crate) const fn column(title: &'static str, width: usize, field: &'static str) -> Column {
    Column {
        title,
        width,
        cell: Cell::Field(field),
    }
}

/// The column `AGE`, from `created_at`.
pub(crate) const AGE: Column = Column {
    title: "AGE",
    width: 10,
    cell: Cell::Age("created_at"),
};

/// The fields with JSON whose values may be secret: texts for people show their names alone.
pub(crate) const PRIVATE: &[&str] = &["environment", "environment_variables", "payloads"];

/// The part of the server that holds a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `/<collection>`
    Global,
    /// `/projects/<project>/<collection>`
    Project,
    /// Part of another object.
    Nested,
}

/// A kind of object on the server.
#[derive(Debug)]
pub struct Resource {
    /// The word that users type and that results show, such as `role-binding`.
    pub word: &'static str,
    /// Other words that users may type: plurals and short forms. The first is the plural that messages use.
    pub aliases: &'static [&'static str],
    /// The kind in JSON, such as `RoleBinding`. Type errors carry it too.
    pub kind: &'static str,
    /// The name of the collection in paths.
    pub collection: &'static str,
    pub scope: Scope,
    /// The field that users name an object by; `None` if only the id identifies it.
    pub name_field: Option<&'static str>,
    /// The fields that follow the five common ones, in the order of JSON output.
    pub fields: &'static [Field],
    /// False for objects that lack `id`, `kind`, `href`, `created_at` and `updated_at`.
    pub has_common_fields: bool,
    /// The columns in a pipe, where scripts rely on them.
    pub columns: &'static [Column],
    /// The columns that `-o wide` adds.
    pub wide: &'static [Column],
    /// The columns on a terminal: the name first, then what people look for.
    pub screen: &'static [Column],
    /// The titles of the columns that a terminal leaves out if names would be cut otherwise, the first one first.
    pub spare: &'static [&'static str],
}

/// The fields at the start of every object.
pub(super) const COMMON: &[Field] = &[
    text("id"),
    text("kind"),
    text("href"),
    field("created_at", Type::Time),
    field("updated_at", Type::Time),
];

impl Resource {
    /// Returns all fields in the order of JSON output.
    pub fn all_fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        let common = if self.has_common_fields { COMMON } else { &[] };
        common.iter().chain(self.fields)
    }

    /// Returns the field of this name, in any case.
    #[must_use]
    pub(super) fn field(&self, name: &str) -> Option<&'static Field> {
        self.all_fields()
            .find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// Returns all columns for a terminal: those of the first screen, then the others. If a column of the same title is
    /// more exact in `wide`, that one is shown.
    #[must_use]
    pub fn screen_wide(&self) -> Vec<&'static Column> {
        let exact = |title: &str| self.wide.iter().find(|column| column.title == title);
        let first = self.screen.iter();
        let first = first.map(|column| exact(column.title).unwrap_or(column));
        let is_new = |column: &&Column| !self.screen.iter().any(|it| it.title == column.title);
        let others = self.wide.iter().chain(self.columns).filter(is_new);
        first.chain(others).collect()
    }

    /// Returns the plural that messages use, such as `credentials`.
    #[must_use]
    pub fn plural(&self) -> &'static str {
        self.aliases.first().copied().unwrap_or(self.word)
    }

    /// Returns `1 credential`, or `2 credentials`.
    #[must_use]
    pub(crate) fn counted(&self, n: usize) -> String {
        counted(n, self.word, self.plural())
    }

    /// True if a field is true or false.
    #[must_use]
    pub fn is_flag(&self, name: &str) -> bool {
        let mut fields = self.all_fields();
        fields.any(|field| field.name == name && field.kind == Type::Bool)
    }

    /// True if a user may mean this resource by a word, which is in lower case.
    #[must_use]
    pub fn is_called(&self, word: &str) -> bool {
        self.word == word || self.aliases.contains(&word)
    }
}
