//! Chooses the credentials of a plan: named ones, a file, or those that a session would get.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::future::try_join_all;
use secrecy::SecretString;

use super::from_env;
use super::target::TargetArgs;
use crate::api::{self, Client};
use crate::commands::server_mode;
use crate::compat::grammar::InPlaceOfArgument;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::input;
use crate::intake::{self, KubeconfigArgs, findings};
use crate::kubeconfig::{Keep, Kubeconfig, OwnedSource};
use crate::lookup::{self, Collection};
use crate::output::progress;
use crate::resources::{Candidates, KUBECONFIG, Record};
use crate::runner::expiry::{Period, SessionTime};
use crate::runner::plan::{Credential, Plan, Setting};
use crate::runner::resolve::{Candidate, RunnerTarget};
use crate::runner::table::{Mode, Target};
use crate::session_helper::fetch;
use crate::text::command::{shell_line, shell_word};
use crate::text::quote;

/// The flags that choose the credentials.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Credential Flags")]
pub(super) struct SelectionArgs {
    /// Session, by name or ID; without one, a new session of the project
    #[arg(help_heading = None)]
    #[arg(add = Candidates::SESSIONS)]
    session: Option<String>,
    /// The same as SESSION
    #[arg(
        long = "session",
        id = "session_flag",
        value_name = "NAME",
        conflicts_with = "session"
    )]
    #[arg(add = Candidates::SESSIONS, add = InPlaceOfArgument)]
    session_flag: Option<String>,
    /// Use this credential, by name or ID (repeatable)
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::CREDENTIALS, add = InPlaceOfArgument)]
    credential: Vec<String>,
    /// Use the kubeconfig in this file, or from stdin for -
    #[arg(short = 'f', long, value_name = "PATH|-", add = InPlaceOfArgument)]
    from_file: Option<PathBuf>,
    /// Keep this context of the file (default: its current-context); without --from-file, of KUBECONFIG
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::Contexts, add = InPlaceOfArgument)]
    context: Option<String>,
    /// Use what a session with this agent would get, by name or ID
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::AGENTS, add = InPlaceOfArgument)]
    agent: Option<String>,
    /// In a session's pod: use the credentials, API and token that the platform's variables name
    #[arg(long, conflicts_with_all = ["credential", "from_file", "context", "agent", "session", "session_flag"], add = InPlaceOfArgument)]
    from_env: bool,
}

impl SelectionArgs {
    /// Returns the flags that choose one credential, by its name or ID.
    pub(super) fn of_credential(given: &str) -> Self {
        Self {
            credential: vec![given.to_owned()],
            ..Self::default()
        }
    }

    /// True if the credentials are named one by one.
    fn names_credentials(&self) -> bool {
        !self.credential.is_empty() || self.names_file()
    }

    /// True if a kubeconfig of this machine is named.
    fn names_file(&self) -> bool {
        self.from_file.is_some() || self.context.is_some()
    }

    /// Refuses flags that contradict each other.
    ///
    /// # Errors
    /// A usage failure.
    fn check(&self, ctx: &Ctx) -> Result<(), Failure> {
        let has_session = self.session.is_some() || self.session_flag.is_some();
        if self.names_credentials() && (has_session || self.agent.is_some()) {
            return Err(Failure::usage(
                "--credential, --from-file and --context can't be combined with a session or --agent",
            )
            .hint("name the credentials, or what they are resolved for"));
        }
        if let (Some(context), None) = (&self.context, &self.from_file)
            && !self.credential.is_empty()
        {
            return Err(Failure::usage(
                "--context is for a file, and a credential has one context",
            )
            .hint(format!("leave out {}", shell_line(&["--context", context]))));
        }
        match &ctx.globals.context_name {
            Some(name) if self.names_file() && self.credential.is_empty() => Err(Failure::usage(
                "--context-name names a server, and a file needs none",
            )
            .hint(format!(
                "for a context of the file, write {}",
                shell_line(&["--context", name])
            ))),
            _ => Ok(()),
        }
    }

    /// Plans what becomes of the credentials in the target, which is `in_pod` for pods, one of each provider. A secret
    /// that can't be read is not an error here: the plan notes it.
    ///
    /// # Errors
    /// If the flags contradict each other, or a credential can't be found.
    pub(super) fn plan(
        &self,
        ctx: &Ctx,
        target: &TargetArgs,
        in_pod: Mode,
    ) -> anyhow::Result<Plan> {
        self.check(ctx)?;
        let trust_bundle = target.trust_bundle()?;
        let id = self.session.as_deref().or(self.session_flag.as_deref());
        let given = target.target;
        let (target, credentials, session) = if self.from_env {
            // The variables exist in pods only.
            let credentials = of_pod(ctx)?;
            (
                given.or(Some(Target::Pod)),
                credentials,
                from_env::session_time(ctx)?,
            )
        } else if self.names_credentials() {
            let target = self.target_of_named(ctx, given)?;
            let credentials = self.named(ctx, target)?;
            (target, credentials, SessionTime::Assumed)
        } else {
            let resolved = resolve(ctx, id, self.agent.as_deref(), InPlace::Credential)?;
            let target = server_mode::find_and_leave_nothing(ctx, given, Some(&resolved.project))?;
            let credentials = chosen(ctx, &resolved.candidates)?;
            (target, credentials, resolved.session_time)
        };
        if target.is_none() {
            TargetArgs::say_unknown(ctx);
        }
        refuse_twins(&credentials)?;
        let now = ctx.now();
        let setting = Setting {
            mode: Mode::of(target.unwrap_or(Target::Pod), in_pod),
            period: Period { now, session },
            trust_bundle,
        };
        Ok(Plan::new(setting, credentials))
    }

    /// Returns the kind of session that named credentials are for. A file alone needs no server.
    fn target_of_named(&self, ctx: &Ctx, given: Option<Target>) -> anyhow::Result<Option<Target>> {
        if self.credential.is_empty() {
            return Ok(given.or(Some(Target::Pod)));
        }
        if given.is_some() || ctx.settings()?.is_local() {
            return server_mode::find_and_leave_nothing(ctx, given, None);
        }
        let Some(project) = ctx.settings()?.project.value.clone() else {
            return server_mode::find_and_leave_nothing(ctx, None, None);
        };
        let client = ctx.client()?;
        // The project is only the place to ask; whether it exists does not matter for a named credential.
        let found = ctx.block_on(async { Ok(lookup::project(client, &project).await.ok()) })?;
        server_mode::find_and_leave_nothing(ctx, None, found.as_ref().map(Record::id))
    }

    /// Fetches the secret of a credential again.
    ///
    /// # Errors
    /// If it can't be fetched.
    pub(super) async fn fetch_again(
        &self,
        ctx: &Ctx,
        credential: &Credential,
    ) -> Result<SecretString, Failure> {
        let (id, provider) = (&credential.id, &credential.provider);
        let failure = |error: anyhow::Error| Failure::new(Kind::Other, format!("{error:#}"));
        let client = ctx.client().map_err(failure)?;
        match fetch::token(client, id, provider).await {
            Err(refusal) if self.from_env && is_rejected(&refusal) => {
                let client = from_env::client(ctx).map_err(failure)?;
                fetch::token(&client, id, provider).await
            }
            fetched => fetched,
        }
    }

    fn named(&self, ctx: &Ctx, target: Option<Target>) -> anyhow::Result<Vec<Credential>> {
        let mut credentials = Vec::new();
        if self.names_file() {
            credentials.push(self.of_file(ctx, target)?);
        }
        // A file alone needs no server.
        if !self.credential.is_empty() {
            let client = ctx.client()?;
            let records = ctx.block_on(try_join_all(
                self.credential.iter().map(|given| named(client, given)),
            ))?;
            credentials.extend(with_secrets(ctx, client, &records)?);
        }
        Ok(credentials)
    }

    /// Reads the kubeconfig of the file and cuts it to one context.
    fn of_file(&self, ctx: &Ctx, target: Option<Target>) -> Result<Credential, Failure> {
        let sources = match &self.from_file {
            Some(file) => KubeconfigArgs::default().read(Some(input::from_path(file)?))?,
            None => intake::from_environment()?,
        };
        let keep = self.context.as_deref().map_or(Keep::Current, Keep::Named);
        cut(ctx, sources, keep, target)
    }
}

/// Cuts a kubeconfig to one context, as `credential create` does. The plan judges it: an address that only this machine
/// reaches is acceptable here.
fn cut(
    ctx: &Ctx,
    mut sources: Vec<OwnedSource>,
    keep: Keep<'_>,
    target: Option<Target>,
) -> Result<Credential, Failure> {
    let name = intake::source_name(&sources);
    intake::decode(&mut sources)?;
    let read = Kubeconfig::read(&intake::views(&sources));
    let carved = read.and_then(|file| match target {
        Some(Target::Managed) => file.carve_for_managed(keep, &intake::open),
        _ => file.carve(keep, &intake::open),
    });
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
        visible: true,
        name,
        provider: KUBECONFIG.to_owned(),
        url: String::new(),
        email: String::new(),
        expires_at: String::new(),
        grade: None,
        notes: Vec::new(),
        token: Ok(carved.text),
    })
}

async fn named(client: &Client, given: &str) -> anyhow::Result<Record> {
    Collection::credentials().check(given)?;
    lookup::credential(client, given)
        .await
        .with_context(|| format!("get credential {}", quote(given)))
}

/// Everything about a session's credentials except the secrets.
pub(super) struct Resolved {
    pub candidates: Vec<Candidate>,
    /// The ID of the session's project.
    pub project: String,
    pub session_time: SessionTime,
}

/// What a command takes in place of a session.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum InPlace {
    Nothing,
    /// The flags for a credential or a file.
    Credential,
}

/// Returns all candidates for a session, or for a new session of the current project.
///
/// # Errors
/// If no project is known, or the bindings can't be read.
pub(super) fn resolve(
    ctx: &Ctx,
    session: Option<&str>,
    agent: Option<&str>,
    in_place: InPlace,
) -> anyhow::Result<Resolved> {
    let (target, session_time) = target(ctx, session, agent, in_place)?;
    let client = ctx.client()?;
    let candidates = ctx.block_on(fetch::candidates(client, &target))?;
    Ok(Resolved {
        candidates,
        project: target.project,
        session_time,
    })
}

/// Finds the session, project and agent that credentials are resolved for, and how long the session runs.
fn target(
    ctx: &Ctx,
    session: Option<&str>,
    agent: Option<&str>,
    in_place: InPlace,
) -> anyhow::Result<(RunnerTarget, SessionTime)> {
    match session {
        Some(session) => target_of_session(ctx, session, agent, in_place),
        None => {
            let target = target_of_new_session(ctx, agent, in_place)?;
            Ok((target, SessionTime::Assumed))
        }
    }
}

fn target_of_new_session(
    ctx: &Ctx,
    agent: Option<&str>,
    in_place: InPlace,
) -> anyhow::Result<RunnerTarget> {
    let project = ctx.settings()?.project.value.clone().unwrap_or_default();
    if project.is_empty() {
        let hint = match in_place {
            InPlace::Credential => {
                "add --project NAME, name a session, or use --credential or --from-file"
            }
            InPlace::Nothing => "add --project NAME, or name a session",
        };
        return Err(Failure::usage("no project is set").hint(hint).into());
    }
    lookup::check("project name or ID", &project)?;
    let client = ctx.client()?;
    ctx.block_on(async {
        let project = lookup::project(client, &project)
            .await
            .with_context(|| format!("get project {}", quote(&project)))?;
        let project = project.id().to_owned();
        let agent = agent_id(client, &project, agent).await?.unwrap_or_default();
        Ok(RunnerTarget { project, agent })
    })
}

/// Says how a credential is named, to a user who may have named one in place of a session.
fn or_credential(error: anyhow::Error, given: &str) -> anyhow::Error {
    let Some(failure) = api::failure_in(&error) else {
        return error;
    };
    let hint = failure
        .hint
        .clone()
        .map_or_else(String::new, |hint| format!("; {hint}"));
    failure
        .hint(format!(
            "if {} is a credential: --credential {}{hint}",
            quote(given),
            shell_word(given)
        ))
        .into()
}

fn target_of_session(
    ctx: &Ctx,
    given: &str,
    agent: Option<&str>,
    in_place: InPlace,
) -> anyhow::Result<(RunnerTarget, SessionTime)> {
    Collection::sessions().check(given)?;
    let client = ctx.client()?;
    ctx.block_on(async {
        let session = match lookup::session(client, given).await {
            Err(error)
                if in_place == InPlace::Credential && api::kind_of(&error) == Kind::NotFound =>
            {
                Err(or_credential(error, given))
            }
            found => found,
        };
        let session = session.with_context(|| format!("get session {}", quote(given)))?;
        let project = session.text("project_id").to_owned();
        let agent = agent_id(client, &project, agent).await?;
        let target = RunnerTarget {
            agent: agent.unwrap_or_else(|| session.text("agent_id").to_owned()),
            project,
        };
        Ok((target, SessionTime::of_session(&session.json())))
    })
}

/// Returns the ID of the agent that the user named, or `None` if the user named none. An unknown agent is an error, so
/// that it does not count as none.
async fn agent_id(
    client: &Client,
    project: &str,
    agent: Option<&str>,
) -> anyhow::Result<Option<String>> {
    let Some(agent) = agent else {
        return Ok(None);
    };
    lookup::check("agent name or ID", agent)?;
    let found = lookup::agent(client, project, agent).await?;
    Ok(Some(found.id().to_owned()))
}

/// Fetches the credentials of the chosen candidates.
fn chosen(ctx: &Ctx, candidates: &[Candidate]) -> anyhow::Result<Vec<Credential>> {
    let _fetching = progress::begin("Fetching the session's secrets".to_owned());
    ctx.block_on(fetch::chosen(ctx.client()?, candidates, limit(ctx)))
}

/// Fetches the credentials that the variables of a pod name. If the service's token is rejected, it is read again,
/// since it may have been renewed, and everything is fetched once more, as the runner does (docs/interface/runner.md
/// section 3.2).
fn of_pod(ctx: &Ctx) -> anyhow::Result<Vec<Credential>> {
    let records = from_env::records(ctx)?;
    let credentials = with_secrets(ctx, ctx.client()?, &records)?;
    let rejected = |credentials: &[Credential]| {
        let mut refusals = credentials.iter().filter_map(|it| it.token.as_ref().err());
        refusals.find(|refusal| is_rejected(refusal)).cloned()
    };
    if rejected(&credentials).is_none() {
        return Ok(credentials);
    }
    let credentials = with_secrets(ctx, &from_env::client(ctx)?, &records)?;
    // An unknown token is a fault of the whole pod, not of one credential.
    match rejected(&credentials).filter(|refusal| refusal.kind == Kind::Login) {
        Some(refusal) => Err(anyhow::Error::from(refusal)
            .context("the service's token was rejected, though it was read again")),
        None => Ok(credentials),
    }
}

fn is_rejected(failure: &Failure) -> bool {
    matches!(failure.kind, Kind::Login | Kind::Forbidden)
}

/// Fetches the secrets, all at the same time.
fn with_secrets(ctx: &Ctx, client: &Client, records: &[Record]) -> anyhow::Result<Vec<Credential>> {
    let _fetching = progress::begin(match records {
        [one] => format!("Fetching the secret of {}", one.name_or_id()),
        many => format!("Fetching the secrets of {} credentials", many.len()),
    });
    ctx.block_on(async { Ok(fetch::with_secrets(client, records, limit(ctx)).await) })
}

fn limit(ctx: &Ctx) -> Duration {
    ctx.globals.request_timeout.unwrap_or(fetch::LIMIT)
}

/// Refuses two credentials of one provider, since a session gets one of each.
fn refuse_twins(credentials: &[Credential]) -> Result<(), Failure> {
    for (n, one) in credentials.iter().enumerate() {
        if let Some(other) = credentials
            .iter()
            .skip(n + 1)
            .find(|other| other.provider == one.provider && other.visible)
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
