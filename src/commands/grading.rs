//! The grade as a gate, and as annotations of what is stored.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use crate::api::Body;
use crate::cluster::grade::{Grade, Level};
use crate::cluster::inspect::{Inspection, inspect};
use crate::compat::json;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::intake::cluster::{self, EXEC_PLUGIN};
use crate::resources::{GRADE, GRADED_AT};

/// Refuses a credential that can do more than it should, or that may.
pub(crate) fn gate(name: &str, grade: Grade, limit: Level) -> Result<(), Failure> {
    if grade.is_within(limit) {
        return Ok(());
    }
    let text = format!("{name} has the grade {grade}, and --max-grade allows {limit}");
    Err(Failure::new(Kind::Policy, text).hint(
        "use a kubeconfig that can do less, or let 'acpctl credential create --mint' make one",
    ))
}

/// Reads a grade on the command line.
///
/// # Errors
/// There is no such grade.
pub(crate) fn level(word: &str) -> Result<Level, String> {
    Level::from_word(word).ok_or_else(|| {
        let words = Level::ALL.map(Level::word).join(", ");
        format!("the grades are {words}")
    })
}

/// Grades the kubeconfig that would be stored, refuses it if it can do more than `limit`, and adds the grade to its
/// annotations.
///
/// # Errors
/// The cluster can't be asked, or the grade is above the limit.
pub(crate) fn grade(
    ctx: &Ctx,
    name: &str,
    body: &mut Body,
    limit: Level,
    allowed: &[String],
) -> anyhow::Result<()> {
    let Some(text) = body.secret("token") else {
        return Err(misplaced().into());
    };
    let own = grade_text(ctx, name, text, limit, allowed)?;
    annotate(body, own);
    Ok(())
}

/// Does the same for a kubeconfig as text. Returns the annotations that keep the grade.
///
/// # Errors
/// As [`grade`].
pub(crate) fn grade_text(
    ctx: &Ctx,
    name: &str,
    text: &SecretString,
    limit: Level,
    allowed: &[String],
) -> anyhow::Result<Map<String, Value>> {
    let mut way = cluster::of_text(name, text.expose_secret()).map_err(|_| misplaced())?;
    let allowed: Vec<String> = allowed
        .iter()
        .filter(|code| *code == EXEC_PLUGIN)
        .cloned()
        .collect();
    let asked = ctx.block_on(async {
        let client = cluster::connect(ctx, &mut way, &allowed).await?;
        let asked = inspect(&client, way.namespace()).await;
        Ok(asked.map_err(cluster::failure)?)
    })?;
    gate(name, asked.grade, limit)?;
    Ok(annotations(&asked, ctx))
}

/// Returns the annotations that keep a grade and the time of the question.
pub(crate) fn annotations(asked: &Inspection, ctx: &Ctx) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert(GRADE.to_owned(), asked.grade.to_string().into());
    let now = ctx.now().round(jiff::Unit::Second).unwrap_or(ctx.now());
    map.insert(GRADED_AT.to_owned(), now.to_string().into());
    map
}

fn misplaced() -> Failure {
    Failure::usage("--max-grade is for kubeconfigs")
}

/// Adds annotations to those that would be stored.
fn annotate(body: &mut Body, own: Map<String, Value>) {
    let found = body.fields().find(|(key, _)| *key == "annotations");
    let text = found.and_then(|(_, value)| value.as_str()).unwrap_or("{}");
    if let Ok(Value::Object(mut map)) = serde_json::from_str(text) {
        map.extend(own);
        body.set("annotations", json::compact(&Value::Object(map)));
    }
}
