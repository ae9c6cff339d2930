//! Fetches the credentials of a session from the API, with their secrets.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::future::{join_all, try_join_all};
use secrecy::SecretString;

use crate::api::{Client, Error, ListOptions, equals, path};
use crate::failure::{Failure, Kind};
use crate::resources::{
    CREDENTIAL, CREDENTIAL_TOKEN, EXPIRES_AT, ROLE, ROLE_BINDING, Record, annotation, grade,
};
use crate::runner::plan::Credential;
use crate::runner::resolve::{self, Candidate, RunnerTarget};
use crate::text::quote;

/// The time limit for all secrets together (docs/interface/runner.md section 10.2).
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// Returns all candidates for a session.
///
/// # Errors
/// The bindings can't be read, or the session's ids make the platform's own resolution fail.
pub(crate) async fn candidates(
    client: &Client,
    target: &RunnerTarget,
) -> anyhow::Result<Vec<Candidate>> {
    let bindings = bindings(client).await?;
    let grants = Grants::load(client, bindings, std::slice::from_ref(target)).await?;
    Ok(grants.candidates(target)?)
}

/// Lists all bindings that let sessions use credentials, or that state their owners.
///
/// # Errors
/// Those of the request.
pub(crate) async fn bindings(client: &Client) -> anyhow::Result<Vec<Record>> {
    let options = ListOptions {
        search: Some(equals("scope", "credential")),
        ..ListOptions::default()
    };
    let bindings = client
        .list(&ROLE_BINDING, "/role_bindings", &options)
        .await
        .context("list role bindings")?;
    Ok(bindings.items.unwrap_or_default())
}

/// Everything that decides which credentials the sessions of some targets get.
pub(crate) struct Grants {
    pub bindings: Vec<Record>,
    pub roles: Vec<Record>,
    pub credentials: Vec<Record>,
    /// The bound credentials that no longer exist.
    deleted: BTreeSet<String>,
}

impl Grants {
    /// Reads roles and credentials, and asks for each credential that is bound to one of the targets but not listed.
    ///
    /// # Errors
    /// Something can't be read, or the role of owners can't be seen.
    pub(crate) async fn load(
        client: &Client,
        bindings: Vec<Record>,
        targets: &[RunnerTarget],
    ) -> anyhow::Result<Self> {
        let all = ListOptions::default();
        let roles = client
            .list(&ROLE, "/roles", &all)
            .await
            .context("list roles")?;
        let credentials = client
            .list(&CREDENTIAL, "/credentials", &all)
            .await
            .context("list credentials")?;
        let mut grants = Self {
            bindings,
            roles: roles.items.unwrap_or_default(),
            credentials: credentials.items.unwrap_or_default(),
            deleted: BTreeSet::new(),
        };
        if !grants
            .roles
            .iter()
            .any(|role| role.name() == resolve::OWNER)
        {
            return Err(Failure::new(
                Kind::Forbidden,
                format!("the role {} can't be seen", resolve::OWNER),
            )
            .hint("without it owners can't be told from users; name the credentials with --credential")
            .into());
        }
        let unlisted: BTreeSet<String> = targets
            .iter()
            .flat_map(|target| {
                resolve::unlisted(target, &grants.bindings, &grants.roles, &grants.credentials)
            })
            .collect();
        let asked = try_join_all(unlisted.iter().map(|id| existence(client, id))).await?;
        for (id, existence) in unlisted.into_iter().zip(asked) {
            match existence {
                Existence::Seen(record) => grants.credentials.push(*record),
                Existence::Deleted => drop(grants.deleted.insert(id)),
                Existence::Hidden => {}
            }
        }
        Ok(grants)
    }

    /// Returns all candidates for a session of one of the targets.
    ///
    /// # Errors
    /// [`Kind::Data`] if the session's ids make the platform's own resolution fail.
    pub(crate) fn candidates(&self, target: &RunnerTarget) -> Result<Vec<Candidate>, Failure> {
        resolve::resolve(
            target,
            &self.bindings,
            &self.roles,
            &self.credentials,
            &self.deleted,
        )
        .map_err(|why| Failure::new(Kind::Data, why.to_string()))
    }
}

/// The state of a credential that the list does not contain.
enum Existence {
    Seen(Box<Record>),
    Deleted,
    Hidden,
}

/// Asks for one credential. The server tells only permitted users that a credential does not exist, with its own error
/// code. An answer without the code, or a refusal, leaves that open.
async fn existence(client: &Client, id: &str) -> anyhow::Result<Existence> {
    match client.get(&CREDENTIAL, &path(&["credentials", id])).await {
        Ok(record) => Ok(Existence::Seen(Box::new(record))),
        Err(error) if error.is_not_found() && error.code().is_some() => Ok(Existence::Deleted),
        Err(error) if matches!(error.kind(), Kind::NotFound | Kind::Forbidden) => {
            Ok(Existence::Hidden)
        }
        Err(error) => Err(error).with_context(|| format!("get credential {}", quote(id))),
    }
}

/// Returns the credentials of the chosen candidates, with notes about each choice.
///
/// # Errors
/// A credential can't be read.
pub(crate) async fn chosen(
    client: &Client,
    candidates: &[Candidate],
    limit: Duration,
) -> anyhow::Result<Vec<Credential>> {
    let chosen: Vec<&Candidate> = candidates.iter().filter(|it| it.chosen).collect();
    let records = try_join_all(chosen.iter().map(async |candidate| {
        let id = &candidate.credential_id;
        client
            .get(&CREDENTIAL, &path(&["credentials", id]))
            .await
            .with_context(|| format!("get credential {}", quote(id)))
    }))
    .await?;
    let mut credentials = with_secrets(client, &records, limit).await;
    for (credential, candidate) in credentials.iter_mut().zip(chosen) {
        credential.notes = notes(candidate, candidates);
    }
    let hidden = candidates.iter().filter(|it| !it.visible).map(unseen);
    credentials.extend(hidden);
    Ok(credentials)
}

/// Returns a credential that a session gets, but of which the caller sees only the binding.
fn unseen(candidate: &Candidate) -> Credential {
    Credential {
        id: candidate.credential_id.clone(),
        visible: false,
        name: candidate.credential_id.clone(),
        provider: String::new(),
        url: String::new(),
        email: String::new(),
        expires_at: String::new(),
        grade: None,
        notes: Vec::new(),
        token: Err(Failure::new(
            Kind::Forbidden,
            format!("{} (binding {})", resolve::UNSEEN, candidate.binding_id),
        )),
    }
}

fn notes(chosen: &Candidate, candidates: &[Candidate]) -> Vec<String> {
    let outdone = candidates
        .iter()
        .filter(|other| other.outdone && other.provider == chosen.provider)
        .map(|other| {
            format!(
                "{} is bound as well, but {}",
                quote(&other.credential),
                other.reason
            )
        });
    let surprise = chosen
        .surprise
        .map(|surprise| format!("binding {}: {surprise}", chosen.binding_id));
    let hidden = candidates
        .iter()
        .filter(|other| !other.visible)
        .map(|other| {
            format!(
                "{} is bound as well, not visible to you, and may come first",
                quote(&other.credential)
            )
        });
    outdone.chain(surprise).chain(hidden).collect()
}

/// Fetches all secrets at the same time, each within the limit. If one can't be read, the credential contains the
/// reason.
pub(crate) async fn with_secrets(
    client: &Client,
    records: &[Record],
    limit: Duration,
) -> Vec<Credential> {
    let tokens = join_all(records.iter().map(async |record| {
        tokio::time::timeout(limit, token(client, record.id(), record.text("provider")))
            .await
            .unwrap_or_else(|_| {
                Err(Failure::new(
                    Kind::Network,
                    format!("no answer within {} s", limit.as_secs()),
                ))
            })
    }))
    .await;
    records
        .iter()
        .zip(tokens)
        .map(|(record, token)| Credential {
            id: record.id().to_owned(),
            visible: true,
            name: record.name_or_id().to_owned(),
            provider: record.text("provider").to_owned(),
            url: record.text("url").to_owned(),
            email: record.text("email").to_owned(),
            expires_at: annotation(record, EXPIRES_AT),
            grade: grade(record),
            notes: Vec::new(),
            token,
        })
        .collect()
}

/// Returns why a secret can't be fetched. The platform hides a secret from those whom its credential is not bound to,
/// although they see the credential.
fn unreadable(error: &Error) -> Failure {
    let text = error.to_string();
    let failure = |text| Failure::new(error.kind(), text);
    match error.kind() {
        Kind::NotFound | Kind::Forbidden => failure(format!(
            "{text} (you see the credential, but its secret needs a binding: ask its owner)"
        )),
        _ => match error.hint() {
            Some(hint) => failure(text).hint(hint),
            None => failure(text),
        },
    }
}

/// Fetches a secret from the route that ordinary callers may use.
pub(crate) async fn token(
    client: &Client,
    id: &str,
    provider: &str,
) -> Result<SecretString, Failure> {
    let answer = client
        .get(&CREDENTIAL_TOKEN, &path(&["credentials", id, "token"]))
        .await
        .map_err(|error: Error| unreadable(&error))?;
    let answered = answer.text("provider");
    if answered != provider {
        return Err(Failure::new(
            Kind::Data,
            format!(
                "the answer is for the provider {}, not {}",
                quote(answered),
                quote(provider)
            ),
        ));
    }
    Ok(SecretString::from(answer.text("token")))
}
