//! Shows what these commands found: as a table for people, or as a document for programs.

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

/// The flag `-o` of commands that show something other than objects of the API.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct ViewArgs {
    /// Output format: table|wide|json|yaml
    #[arg(short, long, value_name = "FORMAT")]
    #[arg(add = Candidates::Described(OUTPUTS))]
    output: Option<String>,
}

/// The form that `-o` selects.
pub(super) enum View {
    Table { wide: bool },
    Document(Notation),
}

/// The notation of a document.
pub(super) enum Notation {
    Json,
    Yaml,
}

impl View {
    /// Reads `-o`. Call this first, so that a wrong format is found before anything is done.
    ///
    /// # Errors
    /// A usage failure for an unknown format.
    pub(super) fn of(args: &ViewArgs) -> Result<Self, Failure> {
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
    /// If it can't be written.
    pub(super) fn write(&self, ctx: &Ctx, value: &Value) -> anyhow::Result<()> {
        match self {
            Self::Json => ctx.out.json(value),
            Self::Yaml => ctx.out.data(crate::yaml::to_string(value)?.as_bytes()),
        }
    }
}
