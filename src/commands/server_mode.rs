//! Says what the sessions of a server do not get. Only commands that say something about it ask the server.

use std::collections::BTreeSet;

use super::bound::Bound;
use crate::api::Client;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::resources::KUBECONFIG;
use crate::runner::resolve::{Candidate, RunnerTarget};
use crate::runner::server_mode;
use crate::runner::table::{SANDBOX_NOTHING, SANDBOX_WAYS, Target};
use crate::text::{acpctl, quote};

/// The flags of commands whose effect depends on how the server runs sessions.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct ServerModeArgs {
    /// How the server runs sessions: pod, sandbox or managed (default: the server is asked)
    #[arg(long, value_enum, value_name = "MODE", hide_possible_values = true)]
    server_mode: Option<Target>,
}

/// The flag that turns a credential that does not arrive into a failure.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct StrictArgs {
    /// Exit with status 8, before anything is done, if a session would get nothing of a kubeconfig
    #[arg(long)]
    pub strict: bool,
}

impl ServerModeArgs {
    /// Returns the mode that the user names.
    pub(crate) fn given(&self) -> Option<Target> {
        self.server_mode
    }

    /// Returns how the server runs the sessions of a project, given by its ID; `None` if that is not known.
    ///
    /// # Errors
    /// If there is no client.
    pub(crate) fn find(&self, ctx: &Ctx, project: Option<&str>) -> anyhow::Result<Option<Target>> {
        if self.server_mode.is_some() || ctx.settings()?.is_local() {
            return Ok(self.server_mode.or(Some(Target::Pod)));
        }
        let client = ctx.client()?;
        ctx.block_on(async { Ok(self.ask(ctx, client, project).await) })
    }

    /// Does the same inside of a request.
    pub(crate) async fn ask(
        &self,
        ctx: &Ctx,
        client: &Client,
        project: Option<&str>,
    ) -> Option<Target> {
        let settings = ctx.settings().ok()?;
        if self.server_mode.is_some() || settings.is_local() {
            return self.server_mode.or(Some(Target::Pod));
        }
        server_mode::ask(client, &settings.cache_key(), project).await
    }
}

/// Returns how the server runs the sessions of a project: as the user says, or else as the server says. The answer is
/// not kept.
///
/// # Errors
/// If there is no client.
pub(crate) fn find_and_leave_nothing(
    ctx: &Ctx,
    given: Option<Target>,
    project: Option<&str>,
) -> anyhow::Result<Option<Target>> {
    if given.is_some() {
        return Ok(given);
    }
    let settings = ctx.settings()?;
    if settings.is_local() {
        return Ok(Some(Target::Pod));
    }
    let (client, server) = (ctx.client()?, &settings.cache_key());
    ctx.block_on(async { Ok(server_mode::ask_and_leave_nothing(client, server, project).await) })
}

/// Tells what sessions do not get of a kubeconfig credential, if the server runs them in this way; with `--strict` that
/// is a failure.
///
/// # Errors
/// [`Kind::Policy`] with `--strict`.
pub(crate) fn say(
    ctx: &Ctx,
    target: Option<Target>,
    credential: &str,
    args: &StrictArgs,
) -> Result<(), Failure> {
    match target {
        Some(Target::Sandbox) if args.strict => Err(Failure::new(
            Kind::Policy,
            format!(
                "credential {}: {SANDBOX_NOTHING} (--strict)",
                quote(credential)
            ),
        )
        .hint(SANDBOX_WAYS)),
        Some(Target::Sandbox) => {
            let name = quote(credential);
            ctx.out
                .warn(&format!("credential {name}: {SANDBOX_NOTHING}"));
            ctx.out.note(SANDBOX_WAYS);
            Ok(())
        }
        Some(Target::Managed) => {
            let check = acpctl(&[
                "session",
                "preview",
                "--target",
                "managed",
                "--credential",
                credential,
            ]);
            ctx.out.note(&format!(
                "A managed session rewrites this kubeconfig, and does not start if it breaks a rule; to check it: {check}"
            ));
            Ok(())
        }
        Some(Target::Pod) | None => Ok(()),
    }
}

/// Does the same for every kubeconfig credential that a new session of an agent gets. The project may be given by its
/// name, the agent by its ID. Without `--strict`, unreadable bindings are
/// ignored.
///
/// # Errors
/// As [`say`], or the bindings can't be read with `--strict`.
pub(crate) fn say_bound(
    ctx: &Ctx,
    bound: &Bound<'_>,
    (project, agent): (&str, &str),
    mode: &ServerModeArgs,
    args: &StrictArgs,
) -> anyhow::Result<()> {
    if mode.server_mode.is_none() && ctx.settings()?.is_local() {
        return Ok(());
    }
    let project = match bound.project_id(ctx, project) {
        Ok(project) => project.to_owned(),
        Err(error) if args.strict => return Err(error),
        Err(_) => return Ok(()),
    };
    let target = mode.find(ctx, Some(&project))?;
    if !matches!(target, Some(Target::Sandbox | Target::Managed)) {
        return Ok(());
    }
    let session = RunnerTarget {
        project,
        agent: agent.to_owned(),
    };
    let candidates = match bound.candidates(ctx, &session) {
        Err(error) if args.strict => return Err(error),
        found => found.unwrap_or_default(),
    };
    for name in kubeconfigs(&candidates) {
        say(ctx, target, name, args)?;
    }
    Ok(())
}

/// Returns the names of the kubeconfig credentials among the chosen ones.
pub(crate) fn kubeconfigs(candidates: &[Candidate]) -> BTreeSet<&str> {
    let chosen = candidates.iter().filter(|it| it.chosen);
    chosen
        .filter(|it| it.provider == KUBECONFIG)
        .map(|it| it.credential.as_str())
        .collect()
}
