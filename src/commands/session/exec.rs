//! `acpctl session exec`

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::watch;

use super::selection::SelectionArgs;
use super::target::TargetArgs;
use crate::compat::io_reason::reason;
use crate::compat::number;
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind, Status};
use crate::runner::plan::{self, Plan, Step};
use crate::runner::table::{Mode, Target};
use crate::session_helper;
use crate::session_helper::child::{self, Ended, Signals};
use crate::session_helper::dir;
use crate::session_helper::mask::{self, Mask};
use crate::session_helper::materialize::Materialized;
use crate::session_helper::prepare;
use crate::session_helper::relay::Masks;
use crate::text::visible;

const EXAMPLES: &str = "\
# Run a command with the kubeconfig of a credential, and leave nothing behind
acpctl session exec --credential prod -- kubectl config current-context
# With one context of a file
acpctl session exec --from-file ~/.kube/config --context dev -- kubectl config current-context
# With everything that a session of the project gets, which may be nothing
acpctl session exec --project team-a --allow-empty -- env
# With everything that this session gets
acpctl session exec 3MX85aKNFVYjNaWSBgG3UcSclTU -- env";

/// Run a command with the credentials that a session gets
///
/// The command gets the secrets as files in a private folder (`AMBIENT_SESSION_DIR`) and as variables; nothing else on
/// this machine gets them. When the command ends, acpctl removes the folder and ends processes that the command left
/// running. If a credential can't be fetched, or there is none, the command is not started. Secrets in its output are
/// masked, unless the output is a terminal.
///
/// The exit status is the command's own; 128+n if signal n ended it, 127 if the command does not exist, 126 if it can't
/// be run. If its output can't be written, as on a full disk, that is an error, and the status is not 0.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    child: ChildArgs,
    /// Start the command even without a credential; KUBECONFIG then names a file without a context
    #[arg(long)]
    allow_empty: bool,
    #[command(flatten)]
    selection: SelectionArgs,
    /// The command with its arguments
    #[arg(value_name = "COMMAND", required = true, last = true, num_args = 1.., help_heading = None)]
    command: Vec<OsString>,
}

/// The files of the command, and the treatment of its output.
#[derive(Debug, clap::Args)]
pub(crate) struct ChildArgs {
    /// Write the kubeconfig to the platform's own path, `/tmp/.ambient_kubeconfig`
    #[arg(long, conflicts_with = "refresh")]
    compat_path: bool,
    /// Fetch the secrets again at this interval, e.g. 5m, and replace files that changed
    #[arg(long, value_name = "DURATION", value_parser = interval)]
    refresh: Option<Duration>,
    /// Do not mask the secrets in the command's output
    #[arg(long)]
    no_masking: bool,
    /// Let the command keep your own tokens, e.g. `AMBIENT_TOKEN` and `GH_TOKEN`
    #[arg(long)]
    pass_login: bool,
    #[command(flatten)]
    target: TargetArgs,
}

/// The shortest interval for `--refresh`. It suits the shortest-lived credential, and does not burden the server.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

/// Reads the value of `--refresh`; the error type is the one that clap takes from any parser.
fn interval(text: &str) -> Result<Duration, Box<dyn std::error::Error + Send + Sync>> {
    let interval = number::duration(text)?;
    if interval < SHORTEST_INTERVAL {
        return Err("must be 100ms or more".into());
    }
    Ok(interval)
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let run = Run {
        child: &args.child,
        selection: &args.selection,
        command: &args.command,
    };
    run.start(ctx, Some(args.allow_empty))
}

/// Runs a command with one credential, for `acpctl exec`.
///
/// # Errors
/// If nothing can be started; [`Status`] with the status of the command.
pub(crate) fn with_credential(
    ctx: &Ctx,
    credential: &str,
    child: &ChildArgs,
    command: &[OsString],
) -> anyhow::Result<()> {
    let selection = &SelectionArgs::of_credential(credential);
    let run = Run {
        child,
        selection,
        command,
    };
    run.start(ctx, None)
}

/// One run of a command.
struct Run<'a> {
    child: &'a ChildArgs,
    selection: &'a SelectionArgs,
    command: &'a [OsString],
}

impl Run<'_> {
    fn start(&self, ctx: &Ctx, allow_empty: Option<bool>) -> anyhow::Result<()> {
        session_helper::check_system("exec")?;
        dir::sweep();
        let plan = self
            .selection
            .plan(ctx, &self.child.target, Mode::InProcess)?;
        let target = plan.setting.mode.target();
        if self.child.compat_path && target != Target::Pod {
            return Err(Failure::usage(format!(
                "--compat-path is a path of pods, and this session is {}",
                target.word()
            ))
            .hint("add --target pod")
            .into());
        }
        prepare::check(&plan)?;
        prepare::refuse_undelivered(&plan, allow_empty)?;
        prepare::refuse_empty(&plan, allow_empty == Some(true), ctx.settings()?.is_local())?;
        ctx.block_on(self.perform(ctx, &plan))
    }

    async fn perform(&self, ctx: &Ctx, plan: &Plan) -> anyhow::Result<()> {
        // From here on, signals are caught: a signal that ended this program at once would leave the files behind.
        let mut signals = Signals::listen()?;
        let folder = prepare::private_dir()?;
        let files = prepare::write(plan, &folder, self.child.compat_path)?;
        // Warnings come last: if the command can't be started, the error alone is shown.
        warn(ctx, plan);
        let Ended { status, output } = match signals.pending().await {
            Some(signal) => Ended {
                status: child::status_of_signal(signal),
                output: Ok(()),
            },
            None => {
                let mut command = prepare::command(self.command)?;
                if self.child.pass_login {
                    files.apply_and_keep_logins(&mut command);
                } else {
                    files.apply(&mut command);
                }
                let known = KnownSecrets::of(self.child, plan);
                let masks = (!self.child.no_masking).then(|| known.masks());
                let refreshing = self.refresh(ctx, &files, known);
                child::run(command, &mut signals, masks, refreshing)
                    .await
                    .map_err(|error| prepare::start_failure(self.command, &error))?
            }
        };
        match (status, output, prepare::remove(folder)) {
            (0, Ok(()), removed) => Ok(removed?),
            (status, output, removed) => {
                if let Err(failure) = removed {
                    ctx.out.warn(&failure.message);
                }
                Err(end(ctx, status, output))
            }
        }
    }

    /// Fetches the secrets at the interval of `--refresh`, until the caller drops this future. If a secret can't be
    /// fetched, its file stays as it is.
    async fn refresh(&self, ctx: &Ctx, files: &Materialized<'_>, mut masked: KnownSecrets) {
        let Some(every) = self.child.refresh else {
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
                let replaced = match self.selection.fetch_again(ctx, credential).await {
                    Ok(secret) if secret.expose_secret() == known.expose_secret() => continue,
                    Ok(secret) => {
                        masked.add(step, &secret);
                        replace(files, step, secret, ctx).map(|secret| *known = secret)
                    }
                    Err(failure) => Err(failure),
                };
                if let Err(failure) = replaced {
                    ctx.out.warn(&format!(
                        "{}: not refreshed: {}",
                        visible(&credential.name),
                        failure.message
                    ));
                }
            }
        }
    }
}

/// Returns the failure in which a run ends. A status of the command stays the status of the run, also if its output is
/// lost.
fn end(ctx: &Ctx, status: u8, output: Result<(), Failure>) -> anyhow::Error {
    match output {
        Err(failure) if status == 0 => failure.into(),
        output => {
            if let Err(failure) = output {
                ctx.out.note(&format!("Error: {}", failure.message));
            }
            Status(status).into()
        }
    }
}

/// The secrets that the command may print, and the mask that hides them.
struct KnownSecrets {
    secrets: Vec<SecretString>,
    /// Certificates beside them.
    public: Vec<Vec<u8>>,
    masks: watch::Sender<Arc<Mask>>,
}

impl KnownSecrets {
    fn of(args: &ChildArgs, plan: &Plan) -> Self {
        let mut secrets = mask::secrets(plan);
        if args.pass_login {
            let logins = [env::TOKEN, env::BOT_TOKEN].into_iter();
            secrets.extend(logins.filter_map(|login| login.get().map(SecretString::from)));
        }
        let public = mask::public(plan);
        let masks = watch::Sender::new(Arc::new(Mask::sparing(&secrets, &public)));
        Self {
            secrets,
            public,
            masks,
        }
    }

    fn masks(&self) -> Masks {
        self.masks.subscribe()
    }

    fn add(&mut self, step: &Step, secret: &SecretString) {
        self.secrets.extend(mask::secrets_in(step, secret));
        self.public.extend(mask::public_in(step, secret));
        let mask = Mask::sparing(&self.secrets, &self.public);
        self.masks.send_replace(Arc::new(mask));
    }
}

fn warn(ctx: &Ctx, plan: &Plan) {
    if plan.steps.is_empty() {
        ctx.out.warn("there is no credential for the command");
    }
    for name in plan.undelivered() {
        let target = plan.setting.mode.target();
        if target != Target::Pod {
            ctx.out.warn(&format!(
                "{name}: a {} session gets nothing of it",
                target.word()
            ));
        }
    }
    for step in plan.steps.iter().filter(|step| step.endpoint.is_some()) {
        ctx.out.warn(&format!(
            "{}: as in a managed session, the token in the kubeconfig is a placeholder, which the cluster refuses here; \
             for the real one: --target pod",
            visible(&step.credential.name)
        ));
    }
    for step in &plan.steps {
        if let Some(expiry) = &step.expiry {
            let name = visible(&step.credential.name);
            ctx.out.warn(&format!("{name}: {expiry}"));
        }
    }
}

/// Writes a new secret over the old one, if it passes the checks that the first one passed.
fn replace(
    files: &Materialized<'_>,
    step: &Step,
    secret: SecretString,
    ctx: &Ctx,
) -> Result<SecretString, Failure> {
    let faults = files.plan().faults_of(step, &secret, ctx.now());
    if !faults.is_empty() {
        return Err(Failure::new(Kind::Data, faults.join("; ")));
    }
    // The file may hold something other than the secret.
    let content = step
        .file
        .as_ref()
        .and_then(|file| plan::content(file.rule, &secret))
        .ok_or_else(|| Failure::new(Kind::Data, "the new secret gives no file"))?;
    files
        .replace(step, content.expose_secret())
        .map_err(|error| Failure::new(Kind::Other, reason(&error)))?;
    Ok(secret)
}
