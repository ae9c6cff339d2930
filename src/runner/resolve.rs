//! Decides which credential of each provider a session gets (docs/interface/runner.md section 8).

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use crate::resources::{Record, StoredGrade, grade};
use crate::text::quote;

/// The role of bindings that state who owns a credential, not who may use it.
pub(crate) const OWNER: &str = "credential:owner";

/// The project and the agent that a session runs for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct RunnerTarget {
    pub project: String,
    /// Empty if the session has none.
    pub agent: String,
}

/// An id that the platform can't search for.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the platform resolves no credentials for the id {}", quote(.0))]
pub(crate) struct UnresolvableId(String);

/// How close a binding is to the session. The closest tier that has a credential wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tier {
    Agent,
    Project,
    Global,
}

impl Tier {
    /// Returns its name in tables.
    #[must_use]
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Project => "project",
            Self::Global => "global",
        }
    }
}

/// A binding that was considered, and the verdict on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Candidate {
    pub credential_id: String,
    pub credential: String,
    pub provider: String,
    pub binding_id: String,
    /// The name of the role, or its id if the name is unknown.
    pub role: String,
    pub tier: Option<Tier>,
    pub created_at: String,
    /// False if the caller may not see the credential; then only the platform knows whether the session gets it.
    pub visible: bool,
    pub chosen: bool,
    /// How much it can do in its cluster, if that was asked.
    pub access: Option<StoredGrade>,
    /// The reason why it was chosen or not.
    pub reason: String,
    /// True if only another credential of its provider kept it from being chosen.
    #[serde(skip)]
    pub outdone: bool,
    /// A warning that the binding reaches further than its creator may expect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surprise: Option<&'static str>,
}

/// Returns the credentials that are bound to a session but not listed for the caller: each was deleted, or is hidden
/// from the caller.
#[must_use]
pub(crate) fn unlisted(
    target: &RunnerTarget,
    bindings: &[Record],
    roles: &[Record],
    credentials: &[Record],
) -> BTreeSet<String> {
    bindings
        .iter()
        .filter(|binding| tier(target, binding).is_some())
        .filter(|binding| role_of(binding, roles) != OWNER)
        .map(|binding| binding.text("credential_id"))
        .filter(|id| !credentials.iter().any(|it| it.id() == *id))
        .map(str::to_owned)
        .collect()
}

/// Judges all bindings of the scope `credential` for a session. `roles` and `credentials` are those that the caller can
/// see; `deleted` are the [`unlisted`] credentials that no longer exist. The result lists chosen candidates first, then
/// those that may be chosen, then the rest, each by provider, tier and date.
///
/// # Errors
/// An id makes the platform's own resolution fail: such a session starts without credentials.
pub(crate) fn resolve(
    target: &RunnerTarget,
    bindings: &[Record],
    roles: &[Record],
    credentials: &[Record],
    deleted: &BTreeSet<String>,
) -> Result<Vec<Candidate>, UnresolvableId> {
    if let Some(id) = [&target.project, &target.agent]
        .into_iter()
        .find(|id| !is_plain(id))
    {
        return Err(UnresolvableId(id.clone()));
    }
    let mut candidates: Vec<Candidate> = bindings
        .iter()
        .map(|binding| judge(target, binding, roles, credentials, deleted))
        .collect();
    candidates.sort_by_key(Candidate::rank);
    let mut winner: Option<Candidate> = None;
    for candidate in candidates.iter_mut().filter(|it| it.reason.is_empty()) {
        match &winner {
            Some(first) if first.provider == candidate.provider => {
                let why = if first.tier == candidate.tier {
                    "its binding is older"
                } else {
                    "its tier is closer"
                };
                candidate.reason = format!("{} comes first: {why}", first.credential);
                candidate.outdone = first.credential_id != candidate.credential_id;
            }
            _ => {
                candidate.chosen = true;
                "closest tier, oldest binding".clone_into(&mut candidate.reason);
                winner = Some(candidate.clone());
            }
        }
    }
    candidates.sort_by_key(|candidate| (!candidate.chosen, candidate.visible));
    Ok(candidates)
}

impl Candidate {
    /// Returns true if it is chosen, may be chosen, or lost only to another of its provider.
    #[must_use]
    pub(crate) fn decides(&self) -> bool {
        self.chosen || !self.visible || self.outdone
    }

    /// Sorts by the closest tier, then by the oldest binding. A binding without a date counts as oldest.
    fn rank(&self) -> (String, Option<Tier>, Option<Timestamp>) {
        (
            self.provider.clone(),
            self.tier,
            self.created_at.parse().ok(),
        )
    }
}

/// The reason of a candidate that the caller may not see, so that the choice is unknown here.
pub(crate) const UNSEEN: &str = "bound, not visible to you";

/// Returns the name of a binding's role, or its id if the name is unknown.
fn role_of<'r>(binding: &'r Record, roles: &'r [Record]) -> &'r str {
    let id = binding.text("role_id");
    roles
        .iter()
        .find(|role| role.id() == id)
        .map_or(id, Record::name)
}

/// Judges one binding, except for the choice among several.
fn judge(
    target: &RunnerTarget,
    binding: &Record,
    roles: &[Record],
    credentials: &[Record],
    deleted: &BTreeSet<String>,
) -> Candidate {
    let role = role_of(binding, roles);
    let credential_id = binding.text("credential_id");
    let credential = credentials.iter().find(|it| it.id() == credential_id);
    let tier = tier(target, binding);
    let mut visible = true;
    let reason = match (credential, tier) {
        _ if role == OWNER => "states the owner, grants no use",
        (_, None) => "bound elsewhere",
        (Some(_), Some(_)) => "",
        (None, Some(_)) if deleted.contains(credential_id) => "the credential was deleted",
        (None, Some(_)) => {
            visible = false;
            UNSEEN
        }
    };
    Candidate {
        credential_id: credential_id.to_owned(),
        credential: credential.map_or(credential_id, Record::name).to_owned(),
        provider: credential.map_or("", |it| it.text("provider")).to_owned(),
        binding_id: binding.id().to_owned(),
        role: role.to_owned(),
        tier,
        created_at: binding.text("created_at").to_owned(),
        visible,
        chosen: false,
        access: credential.and_then(grade),
        reason: reason.to_owned(),
        outdone: false,
        surprise: surprise(binding, tier).filter(|_| reason.is_empty()),
    }
}

/// Returns true if a binding may give its credential to the sessions of the target.
#[must_use]
pub(crate) fn reaches(target: &RunnerTarget, binding: &Record) -> bool {
    tier(target, binding).is_some()
}

fn tier(target: &RunnerTarget, binding: &Record) -> Option<Tier> {
    let (project, agent) = (binding.text("project_id"), binding.text("agent_id"));
    match (project.is_empty(), agent.is_empty()) {
        (true, true) => Some(Tier::Global),
        (false, true) if project == target.project => Some(Tier::Project),
        (false, false) if project == target.project && agent == target.agent => Some(Tier::Agent),
        _ => None,
    }
}

/// Warns about a grant to a person or a session: the platform considers project and agent only, so the grant is global.
fn surprise(binding: &Record, tier: Option<Tier>) -> Option<&'static str> {
    if tier != Some(Tier::Global) {
        return None;
    }
    if !binding.text("session_id").is_empty() {
        return Some("created for one session, but applies to every project");
    }
    if !binding.text("user_id").is_empty() {
        return Some("created for one person, but applies to every project");
    }
    None
}

/// Returns true if the platform accepts all characters of an id in its search.
fn is_plain(id: &str) -> bool {
    id.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"_.@:-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::{CREDENTIAL, ROLE, ROLE_BINDING};
    use serde_json::{Value, json};

    fn records(resource: &'static crate::resources::Resource, values: &Value) -> Vec<Record> {
        values
            .as_array()
            .unwrap()
            .iter()
            .map(|value| Record::decode(resource, value.clone()).unwrap())
            .collect()
    }

    fn chosen(target: (&str, &str), bindings: &Value) -> Vec<String> {
        let target = RunnerTarget {
            project: target.0.to_owned(),
            agent: target.1.to_owned(),
        };
        let roles = records(
            &ROLE,
            &json!([{"id": "r-owner", "name": OWNER}, {"id": "r-view", "name": "credential:viewer"}]),
        );
        let credentials = records(
            &CREDENTIAL,
            &json!([
                {"id": "k1", "name": "k1", "provider": "kubeconfig"},
                {"id": "k2", "name": "k2", "provider": "kubeconfig"},
                {"id": "g1", "name": "g1", "provider": "github"},
            ]),
        );
        resolve(
            &target,
            &records(&ROLE_BINDING, bindings),
            &roles,
            &credentials,
            &BTreeSet::from(["gone".to_owned()]),
        )
        .unwrap()
        .into_iter()
        .filter(|candidate| candidate.chosen)
        .map(|candidate| candidate.credential)
        .collect()
    }

    fn bound(credential: &str, project: &str, agent: &str, day: u8) -> Value {
        json!({
            "id": format!("b-{credential}-{day}"), "scope": "credential", "role_id": "r-view",
            "credential_id": credential, "project_id": project, "agent_id": agent,
            "created_at": format!("2026-01-{day:02}T00:00:00Z"),
        })
    }

    #[test]
    fn closer_tiers_win_whatever_their_age() {
        let bindings = json!([bound("k1", "", "", 1), bound("k2", "p", "", 2)]);
        assert_eq!(chosen(("p", "a"), &bindings), ["k2"]);
        assert_eq!(chosen(("q", "a"), &bindings), ["k1"]);
        let bindings = json!([bound("k1", "p", "", 1), bound("k2", "p", "a", 2)]);
        assert_eq!(chosen(("p", "a"), &bindings), ["k2"]);
        assert_eq!(chosen(("p", ""), &bindings), ["k1"]);
    }

    #[test]
    fn the_oldest_of_a_tier_wins_and_one_without_a_date_is_oldest() {
        assert_eq!(
            chosen(
                ("p", ""),
                &json!([bound("k1", "p", "", 2), bound("k2", "p", "", 1)])
            ),
            ["k2"]
        );
        let mut undated = bound("k1", "p", "", 9);
        undated["created_at"] = Value::Null;
        assert_eq!(
            chosen(("p", ""), &json!([bound("k2", "p", "", 1), undated])),
            ["k1"]
        );
    }

    #[test]
    fn each_provider_has_a_winner_of_its_own() {
        let bindings = json!([bound("g1", "", "", 1), bound("k1", "p", "", 2)]);
        assert_eq!(chosen(("p", ""), &bindings), ["g1", "k1"]);
    }

    #[test]
    fn owners_unreadable_credentials_and_agents_without_a_project_do_not_count() {
        let mut owner = bound("k1", "", "", 1);
        owner["role_id"] = "r-owner".into();
        let bindings = json!([
            owner,
            bound("gone", "p", "", 1),
            bound("k1", "", "a", 1),
            bound("k2", "", "", 3)
        ]);
        assert_eq!(chosen(("p", "a"), &bindings), ["k2"]);
    }

    #[test]
    fn what_is_hidden_or_deleted_is_told_apart() {
        let mut elsewhere = bound("hidden", "q", "", 1);
        elsewhere["id"] = "b-elsewhere".into();
        let mut owned = bound("hidden", "p", "", 1);
        owned["role_id"] = "r-owner".into();
        let bindings = json!([
            bound("k1", "p", "", 2),
            bound("hidden", "p", "", 1),
            bound("gone", "p", "", 1),
            elsewhere,
            owned
        ]);
        let target = RunnerTarget {
            project: "p".to_owned(),
            agent: String::new(),
        };
        let bindings = records(&ROLE_BINDING, &bindings);
        let roles = records(
            &ROLE,
            &json!([{"id": "r-owner", "name": OWNER}, {"id": "r-view", "name": "credential:viewer"}]),
        );
        let credentials = records(
            &CREDENTIAL,
            &json!([{"id": "k1", "name": "k1", "provider": "kubeconfig"}]),
        );
        let asked = unlisted(&target, &bindings, &roles, &credentials);
        assert_eq!(
            asked,
            BTreeSet::from(["gone".to_owned(), "hidden".to_owned()])
        );
        let deleted = BTreeSet::from(["gone".to_owned()]);
        let found = resolve(&target, &bindings, &roles, &credentials, &deleted).unwrap();
        let told: Vec<_> = found
            .iter()
            .map(|it| {
                (
                    it.credential.as_str(),
                    it.chosen,
                    it.visible,
                    it.reason.as_str(),
                )
            })
            .collect();
        assert!(told.contains(&("k1", true, true, "closest tier, oldest binding")));
        assert!(told.contains(&("hidden", false, false, UNSEEN)));
        assert!(told.contains(&("gone", false, true, "the credential was deleted")));
        assert_eq!(found.iter().filter(|it| it.decides()).count(), 2);
    }

    #[test]
    fn odd_ids_stop_the_resolution() {
        let target = RunnerTarget {
            project: "a' or 1".to_owned(),
            agent: String::new(),
        };
        assert!(resolve(&target, &[], &[], &[], &BTreeSet::new()).is_err());
    }
}
