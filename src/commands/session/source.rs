//! Which credentials a plan is made of: named ones, a file, or those that a session would get.

use std::time::Duration;

use anyhow::Context as _;
use futures_util::future::{join_all, try_join_all};
use secrecy::SecretString;
use serde_json::Value;

use super::from_env;
use crate::api::{Client, Error, ListOptions, equals, path};
use crate::commands::credential::kubeconfig::{self, KubeconfigArgs};
use crate::commands::credential::{findings, lookup};
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::exit::{Failure, Kind};
use crate::input;
use crate::kubeconfig::{self as rules, Keep};
use crate::output::progress;
use crate::resources::{
    CREDENTIAL, CREDENTIAL_TOKEN, EXPIRES_AT, ROLE, ROLE_BINDING, Record, annotation,
};
use crate::runner::plan::{Credential, KUBECONFIG};
use crate::runner::resolve::{self, Candidate, Target};

/// How long all secrets together may take (contract runner.md section 10.2).
const FETCH_LIMIT: Duration = Duration::from_secs(10);

/// Sources of credentials.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Credential Flags")]
pub struct SourceArgs {
    /// Use this credential, by name or ID (repeatable)
    #[arg(long, value_name = "NAME")]
    credential: Vec<String>,
    /// Use the kubeconfig in this file, or from stdin for -
    #[arg(short = 'f', long, value_name = "PATH|-")]
    from_file: Option<String>,
    /// Use what a session with this agent ID would get
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    /// Use what the platform's variables in a session's pod name, and their API and token
    #[arg(long, conflicts_with_all = ["credential", "from_file", "agent", "session"])]
    from_env: bool,
}

impl SourceArgs {
    /// True where the credentials are named one by one.
    fn names_credentials(&self) -> bool {
        !self.credential.is_empty() || self.from_file.is_some()
    }

    /// The credentials with their secrets, one of each provider. A secret that can't be read is no
    /// failure here: it is noted in the credential.
    ///
    /// # Errors
    /// Where the sources contradict each other, or a credential can't be found.
    pub fn read(&self, ctx: &Ctx, session: Option<&str>) -> anyhow::Result<Vec<Credential>> {
        if self.names_credentials() && (session.is_some() || self.agent.is_some()) {
            return Err(Failure::usage(
                "--credential and --from-file can't be combined with a session or --agent",
            )
            .hint("name the credentials, or what they are resolved for")
            .into());
        }
        if self.from_env {
            return in_pod(ctx);
        }
        let mut credentials = Vec::new();
        if let Some(file) = &self.from_file {
            credentials.push(from_file(ctx, file)?);
        }
        let records = if !self.names_credentials() {
            chosen(ctx, &resolve(ctx, session, self.agent.as_deref())?)?
        } else if self.credential.is_empty() {
            Vec::new()
        } else {
            let client = ctx.client()?;
            ctx.block_on(try_join_all(
                self.credential.iter().map(|given| named(client, given)),
            ))?
        };
        if !records.is_empty() {
            credentials.extend(with_secrets(ctx, ctx.client()?, &records)?);
        }
        refuse_twins(&credentials)?;
        Ok(credentials)
    }
}

/// The kubeconfig of a file, cut to its current context as `credential create` cuts it. It is judged
/// with the plan: an address that only this machine reaches is no fault here.
fn from_file(ctx: &Ctx, file: &str) -> Result<Credential, Failure> {
    let input = input::from_path(file)?;
    let name = input.name();
    let mut sources = KubeconfigArgs::default().read(Some(input))?;
    kubeconfig::decode(&mut sources)?;
    let carved = rules::carve(
        &kubeconfig::views(&sources),
        Keep::Current,
        &kubeconfig::open,
    );
    let carved = carved.map_err(|refused| {
        for finding in &refused {
            ctx.out.note(&findings::text(&name, finding));
        }
        Failure::new(
            Kind::Data,
            format!("the kubeconfig from {name} can't be used"),
        )
    })?;
    Ok(Credential {
        id: String::new(),
        name,
        provider: KUBECONFIG.to_owned(),
        url: String::new(),
        email: String::new(),
        expires_at: String::new(),
        token: Ok(carved.text),
    })
}

async fn named(client: &Client, given: &str) -> anyhow::Result<Record> {
    lookup::check_identifier(given)?;
    lookup::by_id_or_name(client, given, async |id| {
        client.get(&CREDENTIAL, &lookup::path_of(id)).await
    })
    .await
    .with_context(|| format!("get credential {}", quote(given)))
}

/// All candidates for a session, or for the project that is set.
///
/// # Errors
/// Where no project is known, or the bindings can't be read.
pub fn resolve(
    ctx: &Ctx,
    session: Option<&str>,
    agent: Option<&str>,
) -> anyhow::Result<Vec<Candidate>> {
    let target = target(ctx, session, agent)?;
    let client = ctx.client()?;
    let (bindings, roles, credentials) = ctx.block_on(async {
        let options = ListOptions {
            search: Some(equals("scope", "credential")),
            ..ListOptions::default()
        };
        let all = ListOptions::default();
        let bindings = client
            .list(&ROLE_BINDING, "/role_bindings", &options)
            .await
            .context("list role bindings")?;
        let roles = client
            .list(&ROLE, "/roles", &all)
            .await
            .context("list roles")?;
        let credentials = client
            .list(&CREDENTIAL, "/credentials", &all)
            .await
            .context("list credentials")?;
        Ok((bindings, roles, credentials))
    })?;
    if !roles
        .items()
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
    resolve::resolve(
        &target,
        bindings.items(),
        roles.items(),
        credentials.items(),
    )
    .map_err(|why| Failure::new(Kind::Data, why).into())
}

/// What the credentials are resolved for.
fn target(ctx: &Ctx, session: Option<&str>, agent: Option<&str>) -> anyhow::Result<Target> {
    let Some(id) = session else {
        let project = ctx.settings()?.project.clone().unwrap_or_default();
        if project.is_empty() {
            return Err(Failure::usage("no project is set")
                .hint("add --project NAME, name a session, or use --credential or --from-file")
                .into());
        }
        return Ok(Target {
            project,
            agent: agent.unwrap_or_default().to_owned(),
        });
    };
    if matches!(id, "" | "." | "..") {
        return Err(Failure::usage(format!("{} is no session ID", quote(id))).into());
    }
    let client = ctx.client()?;
    let found = ctx.block_on(async {
        client
            .get_json(&path(&["sessions", id]))
            .await
            .with_context(|| format!("get session {}", quote(id)))
    })?;
    let text = |field| {
        found
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    Ok(Target {
        project: text("project_id"),
        agent: agent.map_or_else(|| text("agent_id"), str::to_owned),
    })
}

/// The credentials of the chosen candidates.
fn chosen(ctx: &Ctx, candidates: &[Candidate]) -> anyhow::Result<Vec<Record>> {
    let client = ctx.client()?;
    let ids = candidates
        .iter()
        .filter(|candidate| candidate.chosen)
        .map(|candidate| candidate.credential_id.as_str());
    ctx.block_on(try_join_all(ids.map(async |id| {
        client
            .get(&CREDENTIAL, &lookup::path_of(id))
            .await
            .with_context(|| format!("get credential {}", quote(id)))
    })))
}

/// What the variables of a pod name. Where the service's token is rejected it is read again, for it
/// may have been renewed, and all is asked once more, as the runner does (contract runner.md section 3.2).
fn in_pod(ctx: &Ctx) -> anyhow::Result<Vec<Credential>> {
    let records = from_env::records(ctx)?;
    let credentials = with_secrets(ctx, ctx.client()?, &records)?;
    let is_rejected = |credential: &Credential| {
        let refusal = credential.token.as_ref().err();
        refusal.is_some_and(|failure| matches!(failure.kind, Kind::Login | Kind::Forbidden))
    };
    if credentials.iter().any(is_rejected) {
        return with_secrets(ctx, &from_env::client(ctx)?, &records);
    }
    Ok(credentials)
}

/// Fetches the secrets, all at once.
fn with_secrets(ctx: &Ctx, client: &Client, records: &[Record]) -> anyhow::Result<Vec<Credential>> {
    let _fetching = progress::begin(match records {
        [one] => format!("Fetching the secret of {}", one.name_or_id()),
        many => format!("Fetching the secrets of {} credentials", many.len()),
    });
    ctx.block_on(async {
        let limit = ctx.globals.request_timeout.unwrap_or(FETCH_LIMIT);
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
        Ok(records
            .iter()
            .zip(tokens)
            .map(|(record, token)| Credential {
                id: record.id().to_owned(),
                name: record.name_or_id().to_owned(),
                provider: record.text("provider").to_owned(),
                url: record.text("url").to_owned(),
                email: record.text("email").to_owned(),
                expires_at: annotation(record, EXPIRES_AT),
                token,
            })
            .collect())
    })
}

/// The secret, from the route that ordinary callers may use, or why there is none.
pub async fn token(client: &Client, id: &str, provider: &str) -> Result<SecretString, Failure> {
    let answer = client
        .get(&CREDENTIAL_TOKEN, &path(&["credentials", id, "token"]))
        .await
        .map_err(|error: Error| Failure::new(error.kind(), error.to_string()))?;
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

/// A session has one credential of each provider.
fn refuse_twins(credentials: &[Credential]) -> Result<(), Failure> {
    for (n, one) in credentials.iter().enumerate() {
        if let Some(other) = credentials
            .iter()
            .skip(n + 1)
            .find(|other| other.provider == one.provider)
        {
            return Err(Failure::new(
                Kind::Conflict,
                format!(
                    "{} and {} are both of the provider {}; a session gets one of each",
                    quote(&one.name),
                    quote(&other.name),
                    one.provider
                ),
            )
            .hint("name one of them"));
        }
    }
    Ok(())
}
