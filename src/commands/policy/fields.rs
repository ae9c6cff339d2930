//! The flags for the fields that `create` and `update` set.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::api::Body;
use crate::commands::pairs;
use crate::compat::io_reason::reason;
use crate::compat::json;
use crate::failure::{Failure, Kind};
use crate::plain_file;
use crate::yaml;

/// The flags for the fields of a policy.
#[derive(Debug, clap::Args)]
pub(super) struct Fields {
    /// Sections of the policy, as a JSON object
    #[arg(long, value_name = "JSON", conflicts_with = "from_file")]
    spec: Option<String>,
    /// Read the sections of the policy from this file (YAML or JSON)
    #[arg(short, long, value_name = "PATH|-")]
    from_file: Option<PathBuf>,
    /// Labels, as a JSON object
    #[arg(long, value_name = "JSON")]
    labels: Option<String>,
    /// Annotations, as a JSON object
    #[arg(long, value_name = "JSON")]
    annotations: Option<String>,
}

impl Fields {
    /// Returns a body with a field for each flag that is given, whatever its value.
    ///
    /// # Errors
    /// If the sections can't be read, or are not an object.
    pub(super) fn body(&self) -> Result<Body, Failure> {
        pairs::refuse_other(self.labels.as_deref(), self.annotations.as_deref())?;
        let mut body = Body::new();
        if let Some(spec) = &self.spec {
            body.set("spec", object("--spec", spec.as_bytes())?);
        }
        if let Some(path) = &self.from_file {
            let name = path.to_string_lossy();
            let text = read(path)?;
            if text.trim_ascii().is_empty() {
                return Err(Failure::new(Kind::Data, format!("{name} is empty"))
                    .hint("check the command that produces it; nothing was sent"));
            }
            body.set("spec", object(&name, &text)?);
        }
        body.set_given("labels", self.labels.as_deref());
        body.set_given("annotations", self.annotations.as_deref());
        Ok(body)
    }
}

fn read(path: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>, Failure> {
    let read = if path.as_os_str() == "-" {
        plain_file::read_to_end(io::stdin().lock(), yaml::MAX_INPUT)
    } else {
        plain_file::read_named(path, yaml::MAX_INPUT)
    };
    read.map_err(|error| {
        let message = format!("open {}: {}", path.display(), reason(&error));
        Failure::new(Kind::Data, message)
    })
}

/// Returns the only document of a text as the text of a JSON object, in which the server keeps it.
fn object(source: &str, text: &[u8]) -> Result<String, Failure> {
    let refused = |why: &str| Failure::new(Kind::Data, format!("{source}: {why}"));
    let documents: Vec<Value> =
        yaml::documents(text).map_err(|why| refused(&format!("parse YAML: {why}")))?;
    let spec = match documents.as_slice() {
        [] => Map::new(),
        [Value::Object(spec)] => spec.clone(),
        [_] => return Err(refused("a policy is an object of sections")),
        _ => return Err(refused("there are several documents")),
    };
    Ok(json::compact(&Value::Object(spec)))
}
