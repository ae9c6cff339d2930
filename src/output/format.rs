//! `-o`: the formats in which a command shows objects.

use super::custom;
use crate::compat::grammar;
use crate::failure::Failure;
use crate::resources::Candidates;

/// The format that the user chose with `-o`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Format {
    #[default]
    Table,
    Wide,
    Json,
    Yaml,
    Name,
    JsonPath(String),
    /// Columns that the user chose, each a title and a path.
    Columns(Vec<(String, String)>),
}

/// The formats with a description for completion.
pub(crate) const FORMATS: &[(&str, &str)] = &[
    ("custom-columns=", "columns of your choice, as in kubectl"),
    ("json", "one JSON document"),
    ("jsonpath=", "a template of kubectl's kind"),
    ("name", "resource/name"),
    ("table", "columns"),
    ("wide", "more columns"),
    ("yaml", "one YAML document"),
];

/// The flag `-o` of every command that shows objects.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct OutputArgs {
    /// Output format: table|wide|json|yaml|name|jsonpath=TEMPLATE, or
    /// custom-columns=TITLE:PATH,...
    #[arg(short, long, value_name = "FORMAT")]
    #[arg(add = Candidates::Described(FORMATS))]
    output: Option<String>,
}

impl OutputArgs {
    /// Returns the arguments that stand for `-o TEXT`.
    #[must_use]
    pub fn of(output: Option<String>) -> Self {
        Self { output }
    }

    /// Returns the format. Commands call this before they send a request; the Go tool checks the format too late
    /// (docs/interface/cli-resources.md section 1.7).
    ///
    /// # Errors
    /// A usage failure if the format is unknown.
    pub fn format(&self) -> Result<Format, Failure> {
        let text = self.output.as_deref().unwrap_or_default();
        match text {
            "" | "table" => Ok(Format::Table),
            "wide" => Ok(Format::Wide),
            "json" => Ok(Format::Json),
            "yaml" => Ok(Format::Yaml),
            "name" => Ok(Format::Name),
            _ => match text.split_once('=') {
                Some(("jsonpath", template)) => Ok(Format::JsonPath(template.to_owned())),
                Some(("custom-columns", columns)) => Ok(Format::Columns(custom::read(columns)?)),
                other => Err(no_such_format(text, other.map(|(name, _)| name))),
            },
        }
    }

    /// True if the user chose a format.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.output
            .as_deref()
            .is_some_and(|output| !output.is_empty())
    }

    /// True if errors are written as JSON too.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.output.as_deref() == Some("json")
    }
}

/// The refusal of a format. Those of kubectl that print by a template have a counterpart.
fn no_such_format(text: &str, name: Option<&str>) -> Failure {
    let failure = Failure::usage(format!(
        "unknown output format {}: valid formats are table, wide, json, yaml, name, jsonpath=TEMPLATE, custom-columns=TITLE:PATH,...",
        crate::text::quote(text)
    ));
    match name.unwrap_or(text) {
        "go-template" | "go-template-file" | "jsonpath-file" | "jsonpath-as-json" | "template" => {
            failure.hint("use --jq EXPRESSION, or -o jsonpath=TEMPLATE")
        }
        "custom-columns" | "jsonpath" => failure.hint(
            "write what to show behind =, e.g. -o custom-columns=NAME:.name or -o 'jsonpath={.items[*].name}'",
        ),
        name => {
            let names = FORMATS.iter().map(|(name, _)| name.trim_end_matches('='));
            match grammar::nearest(name, names) {
                Some(near) => failure.hint(format!("did you mean -o {near}?")),
                None => failure,
            }
        }
    }
}
