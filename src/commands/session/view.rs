//! How these commands show what they found: a table for people, a document for programs.

use serde_json::Value;

use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::resources::Candidates;

/// The formats with a description for completion.
const OUTPUTS: &[(&str, &str)] = &[
    ("json", "one JSON document"),
    ("table", "columns"),
    ("wide", "more columns"),
    ("yaml", "one YAML document"),
];

/// `-o`, for the commands that show something other than objects of the API.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ViewArgs {
    /// Output format: table|wide|json|yaml
    #[arg(short, long, value_name = "FORMAT")]
    #[arg(add = Candidates::Described(OUTPUTS))]
    output: Option<String>,
}

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
    /// A usage failure for any other format.
    pub fn of(args: &ViewArgs) -> Result<Self, Failure> {
        match args.output.as_deref().unwrap_or_default() {
            "" | "table" => Ok(Self::Table { wide: false }),
            "wide" => Ok(Self::Table { wide: true }),
            "json" => Ok(Self::Document(Notation::Json)),
            "yaml" => Ok(Self::Document(Notation::Yaml)),
            _ => Err(Failure::usage("valid formats are table, wide, json, yaml")),
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
