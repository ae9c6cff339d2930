//! `acpctl session exec`

use std::ffi::OsString;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::source::SourceArgs;
use crate::compat::number;
use crate::config::file::reason;
use crate::ctx::Ctx;
use crate::exit::Status;
use crate::output::table::visible;
use crate::runner::plan::{Plan, Step};
use crate::runner::table::Mode;
use crate::session_helper::child::{self, Signals};
use crate::session_helper::dir;
use crate::session_helper::materialise::Materialised;
use crate::session_helper::prepare;

const EXAMPLES: &str = "\
# A command with the kubeconfig of a credential, and nothing left afterwards
acpctl session exec --credential prod -- kubectl config current-context
# With all that a session of the project gets
acpctl session exec --project team-a -- env
# With all that this session gets
acpctl session exec 3MX85aKNFVYjNaWSBgG3UcSclTU -- env";

/// Run a command with what a session gets
///
/// Secrets go into files of a private folder (`AMBIENT_SESSION_DIR`) and into variables of the command
/// alone. Everything is removed when it ends, in whatever way. If one credential can't be had, nothing is
/// started. The exit status is the command's, 128+n if signal n ended it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Write the kubeconfig to the platform's own path, `/tmp/.ambient_kubeconfig`
    #[arg(long, conflicts_with = "refresh")]
    compat_path: bool,
    /// Fetch the secrets again after each such time, e.g. 5m, and replace files that changed
    #[arg(long, value_name = "DURATION", value_parser = interval)]
    refresh: Option<Duration>,
    #[command(flatten)]
    source: SourceArgs,
    /// The command with its arguments
    #[arg(value_name = "COMMAND", required = true, last = true, num_args = 1.., help_heading = None)]
    command: Vec<OsString>,
}

/// Often enough for anything that ends, and too seldom to be a burden for the server.
const SHORTEST: Duration = Duration::from_millis(100);

fn interval(text: &str) -> Result<Duration, String> {
    let interval = number::duration(text)?;
    if interval < SHORTEST {
        return Err("must be 100ms or more".to_owned());
    }
    Ok(interval)
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    dir::sweep();
    let plan = args.source.plan(ctx, Mode::InProcess)?;
    prepare::check(&plan)?;
    ctx.block_on(perform(ctx, args, &plan))
}

async fn perform(ctx: &Ctx, args: &Args, plan: &Plan) -> anyhow::Result<()> {
    // From here on a signal ends nothing by itself, so that no file outlives it.
    let mut signals = Signals::listen()?;
    let folder = prepare::private_dir()?;
    let files = prepare::write(plan, &folder, args.compat_path)?;
    // Last of all: what isn't started needs no warning beside its error.
    warn(ctx, plan);
    let status = match signals.pending().await {
        Some(signal) => child::status_of_signal(signal),
        None => {
            let mut command = prepare::command(&args.command)?;
            files.apply(&mut command);
            let refreshing = refresh(ctx, args, &files);
            child::run(command, &mut signals, refreshing)
                .await
                .map_err(|error| prepare::start_failure(&args.command, &error))?
        }
    };
    if let Err(failure) = prepare::remove(folder) {
        ctx.out.warn(&failure.message);
    }
    match status {
        0 => Ok(()),
        status => Err(Status(status).into()),
    }
}

fn warn(ctx: &Ctx, plan: &Plan) {
    if plan.steps.is_empty() {
        ctx.out
            .warn("no credential is bound: the command gets none");
    }
    for step in &plan.steps {
        if let Some(expiry) = &step.expiry {
            let name = visible(&step.credential.name);
            ctx.out.warn(&format!("{name}: {expiry}"));
        }
    }
}

/// Fetches again and again, for as long as it is let. A failed round leaves the files as they are.
async fn refresh(ctx: &Ctx, args: &Args, files: &Materialised<'_>) {
    let Some(every) = args.refresh else {
        return;
    };
    let mut current: Vec<(&Step, SecretString)> = files
        .plan()
        .steps
        .iter()
        .filter(|step| step.file.is_some() && !step.credential.id.is_empty())
        .filter_map(|step| Some((step, step.credential.token.as_ref().ok()?.clone())))
        .collect();
    loop {
        tokio::time::sleep(every).await;
        for (step, known) in &mut current {
            let credential = &step.credential;
            let replaced = match args.source.again(ctx, credential).await {
                Ok(secret) if secret.expose_secret() == known.expose_secret() => continue,
                Ok(secret) => replace(files, step, secret, ctx).map(|secret| *known = secret),
                Err(why) => Err(why.message),
            };
            if let Err(why) = replaced {
                ctx.out.warn(&format!(
                    "{}: not refreshed: {why}",
                    visible(&credential.name)
                ));
            }
        }
    }
}

/// Puts a new secret in place, if it passes the checks that the first one passed.
fn replace(
    files: &Materialised<'_>,
    step: &Step,
    secret: SecretString,
    ctx: &Ctx,
) -> Result<SecretString, String> {
    let faults = step.faults_of(&secret, ctx.now());
    if !faults.is_empty() {
        return Err(faults.join("; "));
    }
    files
        .replace(step, secret.expose_secret())
        .map_err(|error| reason(&error))?;
    Ok(secret)
}
