//! `-o`: the forms in which a command shows objects.

use crate::failure::Failure;

/// The form asked for with `-o`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Format {
    #[default]
    Table,
    Wide,
    Json,
    Yaml,
    Name,
    JsonPath(String),
}

/// `-o`, for every command that shows objects.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct OutputArgs {
    /// Output format: table|wide|json|yaml|name|jsonpath=TEMPLATE
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<String>,
}

impl OutputArgs {
    /// What `-o TEXT` stands for.
    #[must_use]
    pub fn of(output: Option<String>) -> Self {
        Self { output }
    }

    /// The format, checked before anything is sent (the Go tool checks it too late: contract
    /// cli-resources.md section 1.7).
    ///
    /// # Errors
    /// A usage failure for an unknown format.
    pub fn format(&self) -> Result<Format, Failure> {
        let text = self.output.as_deref().unwrap_or_default();
        match text {
            "" | "table" => Ok(Format::Table),
            "wide" => Ok(Format::Wide),
            "json" => Ok(Format::Json),
            "yaml" => Ok(Format::Yaml),
            "name" => Ok(Format::Name),
            _ => match text.strip_prefix("jsonpath=") {
                Some(template) => Ok(Format::JsonPath(template.to_owned())),
                None => Err(Failure::usage(format!(
                    "unknown output format {}: valid formats are table, wide, json, yaml, name, jsonpath=TEMPLATE",
                    crate::compat::quote::quote(text)
                ))),
            },
        }
    }

    /// True where errors are to be JSON too.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.output.as_deref() == Some("json")
    }
}
