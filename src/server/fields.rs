//! The description of a kind of record: its fields and their properties. `kinds` holds the tables themselves.

/// The type of a field, in JSON and in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Bool,
    Int,
    Number,
    /// RFC 3339 in JSON, microseconds in the store.
    Time,
    /// A list or an object in JSON, its text in the store.
    Nested(Shape),
}

/// The shape of a nested value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A list of texts.
    Texts,
    /// A list of objects.
    Objects,
    /// An object whose values are texts.
    TextMap,
    Object,
}

impl Shape {
    /// Whether a value has this shape.
    pub(super) fn fits(self, value: &serde_json::Value) -> bool {
        match self {
            Self::Texts => all(value.as_array(), serde_json::Value::is_string),
            Self::Objects => all(value.as_array(), serde_json::Value::is_object),
            Self::TextMap => all(
                value.as_object().map(serde_json::Map::values),
                serde_json::Value::is_string,
            ),
            Self::Object => value.is_object(),
        }
    }

    /// Returns Go's name of the type.
    pub(super) const fn go_type(self) -> &'static str {
        match self {
            Self::Texts => "[]string",
            Self::Objects => "[]map[string]interface {}",
            Self::TextMap => "map[string]string",
            Self::Object => "map[string]interface {}",
        }
    }
}

/// Whether there are values and all of them pass.
fn all<'a>(
    values: Option<impl IntoIterator<Item = &'a serde_json::Value>>,
    passes: impl Fn(&serde_json::Value) -> bool,
) -> bool {
    values.is_some_and(|values| values.into_iter().all(passes))
}

/// The value of a field that a new record does not set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum DefaultValue {
    /// No value: answers omit the field.
    Absent,
    Text(&'static str),
    Int(i64),
    Number(f64),
    Bool(bool),
}

impl DefaultValue {
    /// Returns the value as answers show it.
    pub(super) fn to_json(self) -> serde_json::Value {
        match self {
            Self::Absent => serde_json::Value::Null,
            Self::Text(text) => text.into(),
            Self::Int(int) => int.into(),
            Self::Number(number) => number.into(),
            Self::Bool(flag) => flag.into(),
        }
    }
}

/// One field of a kind, besides those that every record has (`id`, `kind`, `href`, `created_at`, `updated_at`).
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    /// The key in JSON and the column in the store.
    pub name: &'static str,
    pub kind: Type,
    /// Whether a create must name it; an empty text and null count as named.
    pub required: bool,
    /// Whether a create may set it; otherwise the key is accepted and ignored.
    pub on_create: bool,
    /// Whether a PATCH may set it; otherwise the key is ignored.
    pub on_patch: bool,
    /// Whether answers show null, instead of omitting the field, if it has no value.
    pub null_shown: bool,
    /// Whether the field is kept out of answers, searches and the record's table.
    pub secret: bool,
    pub default: DefaultValue,
}

/// Returns a field of a type that create and PATCH may set.
const fn field(name: &'static str, kind: Type) -> Field {
    Field {
        name,
        kind,
        required: false,
        on_create: true,
        on_patch: true,
        null_shown: false,
        secret: false,
        default: DefaultValue::Absent,
    }
}

pub(super) const fn text(name: &'static str) -> Field {
    field(name, Type::Text)
}

pub(super) const fn boolean(name: &'static str) -> Field {
    field(name, Type::Bool)
}

pub(super) const fn int(name: &'static str) -> Field {
    field(name, Type::Int)
}

pub(super) const fn number(name: &'static str) -> Field {
    field(name, Type::Number)
}

pub(super) const fn time(name: &'static str) -> Field {
    field(name, Type::Time)
}

pub(super) const fn nested(name: &'static str, shape: Shape) -> Field {
    field(name, Type::Nested(shape))
}

impl Field {
    /// Makes the field one that a create must name.
    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self.default = DefaultValue::Text("");
        self
    }

    /// Makes the field one that no client may set.
    pub(super) const fn read_only(mut self) -> Self {
        self.on_create = false;
        self.on_patch = false;
        self
    }

    /// Makes the field one that only a create may set.
    pub(super) const fn fixed(mut self) -> Self {
        self.on_patch = false;
        self
    }

    pub(super) const fn or(mut self, default: DefaultValue) -> Self {
        self.default = default;
        self
    }

    pub(super) const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    pub(super) const fn null_shown(mut self) -> Self {
        self.null_shown = true;
        self
    }
}

/// How a delete answers for an id that no record has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeleteUnknown {
    /// 204, as if the record had existed.
    Accepted,
    /// 404.
    NotFound,
}

/// One kind of record.
#[derive(Debug)]
pub(super) struct Kind {
    /// The name in answers, for example `Credential`; lists are of kind `CredentialList`.
    pub name: &'static str,
    /// The table in the database.
    pub table: &'static str,
    /// The part of `href` between the base path and the id.
    pub collection: &'static str,
    pub fields: &'static [Field],
    pub delete_unknown: DeleteUnknown,
}

impl Kind {
    /// Returns the position of a field in records of this kind.
    pub(super) fn index(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }
}
