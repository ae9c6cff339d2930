//! The effect of a binding: the credential that the sessions of each agent get now, and the one that they would get.
//!
//! A session gets one credential of each provider, so a binding may take the place of another one, or lose to it.

use serde_json::{Value, json};

use super::grantee::Grantee;
use crate::api::Client;
use crate::holders::VIEWER;
use crate::lookup::Collection;
use crate::resources::{AGENT, ROLE_BINDING, Record};
use crate::runner::resolve::{Candidate, RunnerTarget, Tier};
use crate::session_helper::fetch::{self, Grants};
use crate::text::acpctl_for;

/// A binding that is made now is younger than all others.
const YOUNGEST: &str = "9999-01-01T00:00:00Z";
/// The sessions that run without an agent, in tables.
const NO_AGENT: &str = "(no agent)";

/// The effect of a binding on the sessions of a project.
pub(crate) struct BindingPlan {
    credential: Record,
    /// True if the binding exists already: then nothing changes.
    exists: bool,
    /// True if it is for the sessions of one agent.
    is_for_agent: bool,
    rows: Vec<Row>,
}

/// A credential that sessions keep, because its binding wins over the one that is made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    credential: String,
    /// The agent that it is bound to; `None` if it is bound to the project.
    agent: Option<String>,
    /// True if it is bound to one agent, and the new binding is for the project: then other sessions get the new one.
    pub(crate) is_exception: bool,
}

impl Kept {
    /// Says which sessions keep it in place of another credential.
    pub(crate) fn says(&self, credential: &str, project: &str) -> String {
        let whose = match &self.agent {
            Some(agent) => format!("agent/{agent} of project/{project}"),
            None => format!("project/{project}"),
        };
        let why = if self.is_exception {
            "it is bound to the agent"
        } else {
            "its binding is older"
        };
        format!(
            "sessions of {whose} keep {} and do not get {credential}: {why}",
            self.credential
        )
    }

    /// Returns the command that takes it away from these sessions.
    pub(crate) fn unbind(&self, project: &str) -> String {
        let mut flags = vec!["--project", project];
        let agent = self.agent.iter();
        flags.extend(agent.flat_map(|agent| ["--agent", agent.as_str()]));
        acpctl_for(&["credential", "unbind"], &self.credential, &flags)
    }
}

/// The effect on the sessions of one agent.
struct Row {
    /// The ID and the name; `None` for sessions without an agent.
    agent: Option<(String, String)>,
    now: Option<Candidate>,
    then: Option<Candidate>,
    effect: Effect,
    /// True if a credential is bound that the caller can't see: it may be the one that the session gets.
    hidden: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum Effect {
    /// Nothing changes.
    Unchanged,
    /// The sessions get the credential, and had none of its provider.
    Gains,
    /// The sessions get the credential instead of another one.
    Replaces,
    /// The sessions keep another credential, so the binding has no effect on them.
    Shadowed,
}

impl BindingPlan {
    /// Plans a binding of the credential for every agent of the project, or for the one agent of the grantee. Sends a
    /// single request if no other credential is bound, unless `in_full`.
    ///
    /// # Errors
    /// Something that the plan depends on can't be read.
    pub(crate) async fn make(
        client: &Client,
        credential: &Record,
        grantee: &Grantee,
        in_full: bool,
    ) -> anyhow::Result<Self> {
        let mut plan = Self {
            credential: credential.clone(),
            exists: false,
            is_for_agent: grantee.agent.is_some(),
            rows: Vec::new(),
        };
        let bindings = fetch::bindings(client).await?;
        let may_compete = |binding: &Record| {
            binding.text("credential_id") != credential.id()
                && ["", &grantee.project].contains(&binding.text("project_id"))
        };
        if !in_full && !bindings.iter().any(may_compete) {
            return Ok(plan);
        }
        let agents = grantee.agents(client).await?;
        let targets: Vec<RunnerTarget> = agents
            .iter()
            .map(|agent| RunnerTarget {
                project: grantee.project.clone(),
                agent: agent.as_ref().map(|(id, _)| id.clone()).unwrap_or_default(),
            })
            .collect();
        let mut grants = Grants::load(client, bindings, &targets).await?;
        if !grants
            .credentials
            .iter()
            .any(|it| it.id() == credential.id())
        {
            grants.credentials.push(credential.clone());
        }
        let viewer = grants.roles.iter().find(|role| role.name() == VIEWER);
        let viewer = viewer.map_or("", Record::id).to_owned();
        plan.exists = grants.bindings.iter().any(|binding| {
            grantee.is_of(binding, credential.id()) && binding.text("role_id") == viewer
        });
        let before = choices(&grants, &targets, credential)?;
        if !plan.exists {
            grants
                .bindings
                .push(grantee.binding(credential.id(), &viewer)?);
        }
        let after = choices(&grants, &targets, credential)?;
        for ((agent, (now, _)), (then, hidden)) in agents.into_iter().zip(before).zip(after) {
            plan.rows.push(Row {
                effect: effect(credential.id(), now.as_ref(), then.as_ref()),
                agent,
                now,
                then,
                hidden,
            });
        }
        Ok(plan)
    }

    /// True if the binding would take the place of another credential, or would lose to one.
    pub(crate) fn shadows(&self) -> bool {
        let is_shadow = |row: &Row| matches!(row.effect, Effect::Replaces | Effect::Shadowed);
        !self.exists && self.rows.iter().any(is_shadow)
    }

    /// Returns the credentials that sessions keep in place of this one, each once.
    pub(crate) fn kept(&self) -> Vec<Kept> {
        let mut kept: Vec<Kept> = Vec::new();
        for row in &self.rows {
            let Some(winner) = row.then.as_ref().filter(|_| row.effect == Effect::Shadowed) else {
                continue;
            };
            let agent = row.agent.as_ref().map(|(_, name)| name.clone());
            let agent = agent.filter(|_| winner.tier == Some(Tier::Agent));
            let is_exception = agent.is_some() && !self.is_for_agent;
            // Who bound a credential to an agent wants it to win: that is said once, before the binding is made.
            if is_exception && self.exists {
                continue;
            }
            let is_same_name = winner.credential == self.credential.name_or_id();
            let credential = if is_same_name {
                &winner.credential_id
            } else {
                &winner.credential
            };
            let one = Kept {
                credential: credential.clone(),
                agent,
                is_exception,
            };
            if !kept.contains(&one) {
                kept.push(one);
            }
        }
        kept
    }

    /// Says for the sessions of each agent which credential is shadowed. `short` cuts names.
    pub(crate) fn shadowed(&self, short: fn(&str) -> String) -> Vec<String> {
        let is_shadow = |row: &&Row| matches!(row.effect, Effect::Replaces | Effect::Shadowed);
        let says = |row: &Row| {
            let agent = row.agent.as_ref().map_or(NO_AGENT, |(_, name)| name);
            let says = row.says(self.credential.name_or_id(), short);
            format!("{}: {says}", short(agent))
        };
        self.rows.iter().filter(is_shadow).map(says).collect()
    }

    pub(crate) const TITLES: [&str; 4] = ["AGENT", "NOW", "THEN", "EFFECT"];

    /// Returns the cells of each row.
    pub(crate) fn cells(&self) -> Vec<Vec<String>> {
        let name = |choice: &Option<Candidate>| {
            let name = choice.as_ref().map(|it| it.credential.clone());
            name.unwrap_or_else(|| "-".to_owned())
        };
        let cells = |row: &Row| {
            let agent = row.agent.as_ref().map(|(_, name)| name.clone());
            vec![
                agent.unwrap_or_else(|| NO_AGENT.to_owned()),
                name(&row.now),
                name(&row.then),
                row.says(self.credential.name_or_id(), str::to_owned),
            ]
        };
        self.rows.iter().map(cells).collect()
    }

    /// Returns the plan as JSON.
    pub(crate) fn json(&self) -> Value {
        let choice = |choice: &Option<Candidate>| {
            choice.as_ref().map(|it| {
                json!({
                    "credential_id": it.credential_id,
                    "credential": it.credential,
                    "tier": it.tier,
                })
            })
        };
        let row = |row: &Row| {
            json!({
                "agent_id": row.agent.as_ref().map(|(id, _)| id),
                "agent": row.agent.as_ref().map(|(_, name)| name),
                "now": choice(&row.now),
                "then": choice(&row.then),
                "effect": row.effect,
                "hidden": row.hidden,
            })
        };
        json!({
            "credential_id": self.credential.id(),
            "credential": self.credential.name_or_id(),
            "provider": self.credential.text("provider"),
            "exists": self.exists,
            "agents": self.rows.iter().map(row).collect::<Vec<_>>(),
        })
    }
}

impl Row {
    /// Says in words what the binding does. `short` cuts names.
    fn says(&self, credential: &str, short: fn(&str) -> String) -> String {
        let name = |choice: &Option<Candidate>| {
            choice
                .as_ref()
                .map_or(String::new(), |it| short(&it.credential))
        };
        let credential = short(credential);
        let effect = match self.effect {
            Effect::Unchanged => "nothing changes".to_owned(),
            Effect::Gains => format!("gets {credential}"),
            Effect::Replaces => format!("{} is shadowed", name(&self.now)),
            Effect::Shadowed => {
                let tier = self.then.as_ref().and_then(|it| it.tier);
                let why = tier.map_or(String::new(), |tier| format!(" ({} binding)", tier.word()));
                format!("{credential} is shadowed by {}{why}", name(&self.then))
            }
        };
        if self.hidden {
            return format!("{effect}; a credential that you can't see is bound too");
        }
        effect
    }
}

/// Returns for each target the credential of this provider that its sessions get, and whether a hidden one is bound.
fn choices(
    grants: &Grants,
    targets: &[RunnerTarget],
    credential: &Record,
) -> anyhow::Result<Vec<(Option<Candidate>, bool)>> {
    let provider = credential.text("provider");
    let choice = |target: &RunnerTarget| {
        let candidates = grants.candidates(target)?;
        let hidden = candidates.iter().any(|it| !it.visible);
        let is_choice = |it: &Candidate| it.chosen && it.provider == provider;
        Ok((candidates.into_iter().find(is_choice), hidden))
    };
    targets.iter().map(choice).collect()
}

fn effect(credential_id: &str, now: Option<&Candidate>, then: Option<&Candidate>) -> Effect {
    let id = |choice: Option<&Candidate>| choice.map(|it| it.credential_id.clone());
    match (id(now), id(then)) {
        (_, Some(then)) if then != credential_id => Effect::Shadowed,
        (now, then) if now == then => Effect::Unchanged,
        (None, _) => Effect::Gains,
        _ => Effect::Replaces,
    }
}

impl Grantee {
    /// Lists the agents whose sessions a binding reaches, and the sessions without an agent, as ID and name.
    async fn agents(&self, client: &Client) -> anyhow::Result<Vec<Option<(String, String)>>> {
        let collection = Collection::agents(&self.project);
        let mut agents = client
            .every(&AGENT, &collection.path, Some(&self.project))
            .await?;
        agents.sort_by(|one, other| one.name_or_id().cmp(other.name_or_id()));
        let named = |agent: &Record| Some((agent.id().to_owned(), agent.name_or_id().to_owned()));
        Ok(match &self.agent {
            Some(only) => {
                let only = agents.iter().filter(|agent| agent.id() == only);
                only.map(named).collect()
            }
            None => agents.iter().map(named).chain([None]).collect(),
        })
    }

    /// Returns the binding that would be made.
    fn binding(&self, credential_id: &str, role_id: &str) -> anyhow::Result<Record> {
        let binding = json!({
            "id": "", "scope": "credential", "created_at": YOUNGEST, "role_id": role_id,
            "credential_id": credential_id, "project_id": self.project, "agent_id": self.agent,
        });
        Ok(Record::decode(&ROLE_BINDING, binding)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::CREDENTIAL;

    #[test]
    fn names_in_what_is_shadowed_are_cut() {
        let credential = json!({"id": "c1", "name": "c".repeat(300)});
        let plan = BindingPlan {
            credential: Record::decode(&CREDENTIAL, credential).unwrap(),
            exists: false,
            is_for_agent: false,
            rows: vec![Row {
                agent: Some(("a1".to_owned(), "a".repeat(300))),
                now: None,
                then: None,
                effect: Effect::Shadowed,
                hidden: false,
            }],
        };
        let short = |name: &str| name.chars().take(3).collect();
        assert_eq!(plan.shadowed(short), ["aaa: ccc is shadowed by "]);
    }
}
