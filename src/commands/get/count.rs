//! `get sessions --count`: how many sessions are in each phase.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde_json::Value;

use super::args::Args;
use crate::api::{Client, Error, Method, Request};
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::Collection;
use crate::output::Format;
use crate::resources::{PHASES, SESSION};

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let client = ctx.client()?;
    let format = args.list.format()?;
    let resource = args.resource()?;
    if resource.word != SESSION.word || !args.names().is_empty() || args.agent(resource).is_some() {
        return Err(Failure::usage("--count is for a list of sessions").into());
    }
    let collection = args.collection(ctx, resource)?;
    let project = args
        .project_id()
        .map(str::to_owned)
        .or(collection.project.clone());
    let counts = ctx
        .block_on(count(client, project.as_deref()))
        .context("count sessions")?;
    if !matches!(format, Format::Table | Format::Wide) {
        let object: serde_json::Map<String, Value> = counts
            .into_iter()
            .map(|(phase, count)| (phase, count.into()))
            .collect();
        return ctx.out.value(&Value::Object(object), &format);
    }
    let known = PHASES.iter().filter_map(|phase| {
        let count = counts.get(*phase)?;
        Some(vec![(*phase).to_owned(), count.to_string()])
    });
    let others = counts
        .iter()
        .filter(|(phase, _)| !PHASES.contains(&phase.as_str()));
    let rows: Vec<Vec<String>> = known
        .chain(others.map(|(phase, count)| {
            let phase = if phase.is_empty() {
                "(not started)"
            } else {
                phase
            };
            vec![phase.to_owned(), count.to_string()]
        }))
        .collect();
    ctx.out.fitted(&["PHASE", "COUNT"], &rows, false)
}

/// Asks the server for the counts. A server without such a route lists its sessions instead.
async fn count(client: &Client, project: Option<&str>) -> anyhow::Result<BTreeMap<String, i64>> {
    let mut request = Request::new(Method::Get, "/sessions/phase_counts");
    request.project = project.map(str::to_owned);
    match client.send(&request).await {
        Ok(answer) => {
            let value = answer.json()?;
            let counts = value.as_object().map(|counts| {
                let number =
                    |(phase, count): (&String, &Value)| Some((phase.clone(), count.as_i64()?));
                counts
                    .iter()
                    .map(number)
                    .collect::<Option<BTreeMap<_, _>>>()
            });
            let strange = || Error::Decode("the answer holds no numbers of sessions".to_owned());
            Ok(counts.flatten().ok_or_else(strange)?)
        }
        Err(error) if matches!(error.status(), Some(404 | 405)) => {
            let path = Collection::sessions().path;
            let sessions = client.every(&SESSION, &path, project).await?;
            let mut counts = BTreeMap::new();
            for session in sessions {
                *counts.entry(session.text("phase").to_owned()).or_default() += 1;
            }
            Ok(counts)
        }
        Err(error) => Err(error.into()),
    }
}
