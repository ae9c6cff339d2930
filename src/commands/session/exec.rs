//! `acpctl session exec`

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::watch;

use super::source::SourceArgs;
use crate::compat::number;
use crate::config::file::reason;
use crate::ctx::Ctx;
use crate::env;
use crate::failure::Status;
use crate::output::table::visible;
use crate::runner::plan::{Plan, Step};
use crate::runner::table::Mode;
use crate::session_helper::child::{self, Signals};
use crate::session_helper::dir;
use crate::session_helper::mask::{self, Mask};
use crate::session_helper::materialize::Materialized;
use crate::session_helper::prepare;
use crate::session_helper::relay::Masks;

const EXAMPLES: &str = "\
# A command with the kubeconfig of a credential, and nothing left afterwards
acpctl session exec --credential prod -- kubectl config current-context
# With all that a session of the project gets, which may be nothing
acpctl session exec --project team-a --allow-empty -- env
# With all that this session gets
acpctl session exec 3MX85aKNFVYjNaWSBgG3UcSclTU -- env";

/// Run a command with what a session gets
///
/// Secrets go into files of a private folder (`AMBIENT_SESSION_DIR`) and into variables of the command
/// alone. Everything is removed when it ends, in whatever way, and what it left running ends too. If one
/// credential can't be had, or there is none, nothing is started. Where its output is not a terminal, the
/// secrets in it are masked. The exit status is the command's, 128+n if signal n ended it, 127 if there is no
/// such command, 126 if it can't be run.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Write the kubeconfig to the platform's own path, `/tmp/.ambient_kubeconfig`
    #[arg(long, conflicts_with = "refresh")]
    compat_path: bool,
    /// Fetch the secrets again after each such time, e.g. 5m, and replace files that changed
    #[arg(long, value_name = "DURATION", value_parser = interval)]
    refresh: Option<Duration>,
    /// Start also if there is no credential; KUBECONFIG then names a file without a context
    #[arg(long)]
    allow_empty: bool,
    /// Leave the secrets in the command's output
    #[arg(long)]
    no_masking: bool,
    /// Leave the command your own tokens, e.g. `AMBIENT_TOKEN` and `GH_TOKEN`
    #[arg(long)]
    pass_login: bool,
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
    prepare::refuse_empty(&plan, args.allow_empty, ctx.settings()?.is_local())?;
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
            if args.pass_login {
                files.apply_and_keep_logins(&mut command);
            } else {
                files.apply(&mut command);
            }
            let known = Known::of(args, plan);
            let masks = (!args.no_masking).then(|| known.masks());
            let refreshing = refresh(ctx, args, &files, known);
            child::run(command, &mut signals, masks, refreshing)
                .await
                .map_err(|error| prepare::start_failure(&args.command, &error))?
        }
    };
    match (status, prepare::remove(folder)) {
        (0, removed) => Ok(removed?),
        (status, removed) => {
            if let Err(failure) = removed {
                ctx.out.warn(&failure.message);
            }
            Err(Status(status).into())
        }
    }
}

/// The secrets that the command may print.
struct Known {
    secrets: Vec<SecretString>,
    masks: watch::Sender<Arc<Mask>>,
}

impl Known {
    fn of(args: &Args, plan: &Plan) -> Self {
        let mut secrets = mask::secrets(plan);
        if args.pass_login {
            let logins = [env::TOKEN, env::BOT_TOKEN].into_iter();
            secrets.extend(logins.filter_map(|login| login.get().map(SecretString::from)));
        }
        let masks = watch::Sender::new(Arc::new(Mask::new(&secrets)));
        Self { secrets, masks }
    }

    fn masks(&self) -> Masks {
        self.masks.subscribe()
    }

    fn add(&mut self, secrets: Vec<SecretString>) {
        self.secrets.extend(secrets);
        self.masks.send_replace(Arc::new(Mask::new(&self.secrets)));
    }
}

fn warn(ctx: &Ctx, plan: &Plan) {
    if plan.steps.is_empty() {
        ctx.out.warn("there is no credential for the command");
    }
    for step in &plan.steps {
        if let Some(expiry) = &step.expiry {
            let name = visible(&step.credential.name);
            ctx.out.warn(&format!("{name}: {expiry}"));
        }
    }
}

/// Fetches again and again, for as long as it is let. A failed round leaves the files as they are.
async fn refresh(ctx: &Ctx, args: &Args, files: &Materialized<'_>, mut masked: Known) {
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
                Ok(secret) => {
                    masked.add(mask::secrets_in(step, &secret));
                    replace(files, step, secret, ctx).map(|secret| *known = secret)
                }
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
    files: &Materialized<'_>,
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
