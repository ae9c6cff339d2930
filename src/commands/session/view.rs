//! How these commands show what they found: a table for people, a document for programs.

use serde_json::Value;

use crate::ctx::Ctx;
use crate::exit::Failure;
use crate::output::{Format, OutputArgs};

pub enum View {
    Table { wide: bool },
    Document(Notation),
}

pub enum Notation {
    Json,
    Yaml,
}

impl View {
    /// What `-o` asks for. Read before anything is done, so that a wrong one costs nothing.
    ///
    /// # Errors
    /// A usage failure for the formats that only lists of objects have.
    pub fn of(output: &OutputArgs) -> Result<Self, Failure> {
        match output.format()? {
            Format::Table => Ok(Self::Table { wide: false }),
            Format::Wide => Ok(Self::Table { wide: true }),
            Format::Json => Ok(Self::Document(Notation::Json)),
            Format::Yaml => Ok(Self::Document(Notation::Yaml)),
            Format::Name | Format::JsonPath(_) => {
                Err(Failure::usage("valid formats are table, wide, json, yaml"))
            }
        }
    }
}

impl Notation {
    /// Writes a document to standard output.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&self, ctx: &Ctx, value: &Value) -> anyhow::Result<()> {
        match self {
            Self::Json => ctx.out.json(value),
            Self::Yaml => ctx.out.data(crate::yaml::to_string(value)?.as_bytes()),
        }
    }
}
