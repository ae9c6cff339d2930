//! The grade as a gate, and as annotations of what is stored.

use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};

use super::minted;
use crate::api::Body;
use crate::cluster::grade::{Grade, Level};
use crate::cluster::inspect::inspect;
use crate::compat::json;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::intake::cluster::{self, EXEC_PLUGIN};

/// Refuses a credential that can do more than it should, or that may.
pub(super) fn gate(name: &str, grade: Grade, limit: Level) -> Result<(), Failure> {
    if grade.is_within(limit) {
        return Ok(());
    }
    let text = format!("{name} has the grade {grade}, and --max-grade allows {limit}");
    Err(Failure::new(Kind::Policy, text).hint(
        "use a kubeconfig that can do less, or let 'acpctl credential create --mint' make one",
    ))
}

/// Grades the kubeconfig that would be stored, refuses it if it can do more than `limit`, and adds the grade to its annotations.
///
/// # Errors
/// The cluster can't be asked, or the grade is above the limit.
pub(super) fn grade(
    ctx: &Ctx,
    name: &str,
    body: &mut Body,
    limit: Level,
    allowed: &[String],
) -> anyhow::Result<()> {
    let Some(text) = body.secret("token") else {
        return Err(misplaced().into());
    };
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
    annotate(body, minted::grade_annotations(&asked, ctx));
    Ok(())
}

fn misplaced() -> Failure {
    Failure::usage("--max-grade is for kubeconfigs")
}

/// Adds annotations to those that would be stored.
pub(super) fn annotate(body: &mut Body, own: Map<String, Value>) {
    let found = body.fields().find(|(key, _)| *key == "annotations");
    let text = found.and_then(|(_, value)| value.as_str()).unwrap_or("{}");
    if let Ok(Value::Object(mut map)) = serde_json::from_str(text) {
        map.extend(own);
        body.set("annotations", json::compact(&Value::Object(map)));
    }
}
