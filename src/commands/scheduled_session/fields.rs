//! The fields that `create` and `update` set.

use clap::builder::PossibleValue;
use jiff::Timestamp;
use serde_json::Value;

use crate::api::{Body, Client};
use crate::compat::number;
use crate::cron::{self, Cron};
use crate::failure::Failure;
use crate::lookup;
use crate::resources::Candidates;
use crate::text::quote;

/// The flags for the fields of a scheduled session.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Fields {
    /// Name
    #[arg(long)]
    pub name: Option<String>,
    /// Name or ID of the agent
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::AGENTS)]
    agent_id: Option<String>,
    /// Cron schedule, e.g. '0 9 * * 1-5'
    #[arg(long, value_name = "CRON")]
    pub schedule: Option<String>,
    /// Time zone, e.g. Europe/Prague
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// Prompt of each session
    #[arg(long)]
    prompt: Option<String>,
    /// Description
    #[arg(long)]
    description: Option<String>,
    /// Session timeout in seconds
    #[arg(long, value_name = "SECONDS", value_parser = number::int32, allow_negative_numbers = true)]
    timeout: Option<i32>,
    /// Inactivity timeout in seconds
    #[arg(long, value_name = "SECONDS", value_parser = number::int32, allow_negative_numbers = true)]
    inactivity_timeout: Option<i32>,
    /// Stop the session when its run has finished
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    stop_on_run_finished: Option<bool>,
    /// Choose what happens if a run is due while the one before is active: skip or allow
    #[arg(long, value_name = "POLICY", value_parser = overlap_policies(), hide_possible_values = true)]
    overlap_policy: Option<String>,
    /// Runner type
    #[arg(long, value_name = "TYPE")]
    runner_type: Option<String>,
}

/// The values of `--overlap-policy`.
fn overlap_policies() -> [PossibleValue; 2] {
    [
        PossibleValue::new("skip").help("do not start another one"),
        PossibleValue::new("allow").help("start another one beside it"),
    ]
}

impl Fields {
    /// Checks the schedule and the time zone that are given, since not every platform does: a schedule with a mistake
    /// would never run.
    ///
    /// # Errors
    /// A usage failure.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if let Some(zone) = &self.timezone
            && cron::zone(zone).is_err()
        {
            let message = format!("--timezone {} is not a time zone", quote(zone));
            return Err(Failure::usage(message).hint("zones have names such as Europe/Prague"));
        }
        match self.schedule.as_deref().filter(|text| !text.is_empty()) {
            None => Ok(()),
            Some(schedule) => {
                let refuse = |why: String| {
                    let message = format!("--schedule {} {why}", quote(schedule));
                    Failure::usage(message).hint("on weekdays at nine: --schedule '0 9 * * 1-5'")
                };
                let cron = Cron::parse(schedule)
                    .map_err(|why| refuse(format!("is not a cron expression: {why}")))?;
                match cron.idle() {
                    None => Ok(()),
                    Some(why) => Err(refuse(format!("never runs: {why}"))),
                }
            }
        }
    }

    /// Returns the time of the next run, if the flags tell it.
    pub(super) fn next_run(&self, now: Timestamp) -> Option<Timestamp> {
        let cron = Cron::parse(self.schedule.as_deref()?).ok()?;
        let zone = cron::zone(self.timezone.as_deref().unwrap_or_default());
        cron.next(now, &zone.ok()??)
    }

    /// Returns the ID of the agent that `--agent-id` names. An empty text stays empty: it clears the field.
    ///
    /// # Errors
    /// If there is no such agent.
    pub(super) async fn agent(
        &self,
        client: &Client,
        project: &str,
    ) -> anyhow::Result<Option<String>> {
        match self.agent_id.as_deref() {
            Some("") | None => Ok(self.agent_id.clone()),
            Some(text) => {
                let agent = lookup::agent(client, project, text).await?;
                Ok(Some(agent.id().to_owned()))
            }
        }
    }

    /// Returns exactly the fields that were given.
    fn given(&self, agent: Option<&str>) -> Vec<(&'static str, Value)> {
        let text = |key, value: &Option<String>| {
            value.as_ref().map(|text| (key, Value::from(text.as_str())))
        };
        [
            text("name", &self.name),
            agent.map(|id| ("agent_id", Value::from(id))),
            text("schedule", &self.schedule),
            text("timezone", &self.timezone),
            text("session_prompt", &self.prompt),
            text("description", &self.description),
            self.timeout.map(|number| ("timeout", Value::from(number))),
            self.inactivity_timeout
                .map(|number| ("inactivity_timeout", Value::from(number))),
            self.stop_on_run_finished
                .map(|on| ("stop_on_run_finished", Value::from(on))),
            text("runner_type", &self.runner_type),
            text("overlap_policy", &self.overlap_policy),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Returns the body of a create. Empty texts are left out; a number and a switch are sent if they are given, even 0
    /// and false.
    pub(super) fn for_create(&self, project: &str, agent: Option<&str>) -> Body {
        let mut body = Body::new();
        body.set("project_id", project);
        for (key, value) in self.given(agent) {
            if value.as_str() != Some("") {
                body.set(key, value);
            }
        }
        body
    }

    /// Returns the body of an update, with every field that was given.
    pub(super) fn for_update(&self, agent: Option<&str>) -> Body {
        let mut body = Body::new();
        for (key, value) in self.given(agent) {
            body.set(key, value);
        }
        body
    }
}
