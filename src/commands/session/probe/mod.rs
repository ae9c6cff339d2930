//! `acpctl session probe`

mod asked;
mod checklist;
mod program;
mod steps;

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;

use super::source::SourceArgs;
use super::view::{View, ViewArgs};
use crate::config::file::reason;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind, Status};
use crate::kubeconfig::{Access, Kubeconfig, Source};
use crate::runner::plan::{KUBECONFIG, Plan};
use crate::runner::table::Mode;
use crate::session_helper::child::{self, Signals};
use crate::session_helper::dir::{self, PrivateDir};
use crate::session_helper::mask::Mask;
use crate::session_helper::prepare;

use asked::{ANSWERS, Asked, EXEC_PLUGIN};
use checklist::{Cause, Checklist};
use program::Program;

const EXAMPLES: &str = "\
acpctl session probe --credential prod
# With a server that is installed already
acpctl session probe --credential prod --mcp-command /opt/kubernetes-mcp-server";

/// Prove that a kubeconfig and the Kubernetes MCP server work together
///
/// First acpctl itself asks the cluster for its version and for the user's name, so that no other program gets
/// credentials that are refused. Then it writes the kubeconfig into a private folder, starts the MCP server as
/// a session does, lists its tools, reads namespaces or pods, stops it and removes everything. The server
/// is --mcp-command, else kubernetes-mcp-server on PATH, else a pinned version with npx or uvx, which may
/// download it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The server's program: a path, or a name on PATH
    #[arg(long, value_name = "PATH")]
    mcp_command: Option<PathBuf>,
    /// Start the server without tools that change anything
    #[arg(long)]
    read_only: bool,
    /// Accept this knowingly: exec-plugin starts the login program that the kubeconfig names
    #[arg(long, value_name = "CODE")]
    allow: Vec<String>,
    #[command(flatten)]
    output: ViewArgs,
    #[command(flatten)]
    source: SourceArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let view = View::of(&args.output)?;
    let may_run_plugin = may_run_plugin(&args.allow)?;
    dir::sweep();
    let mut plan = args.source.plan(ctx, Mode::InProcess)?;
    plan.steps
        .retain(|step| step.credential.provider == KUBECONFIG || !step.credential.visible);
    prepare::check(&plan)?;
    let access = access(&plan)?;
    let program = Program::find(args.mcp_command.as_deref());
    let program = match &args.mcp_command {
        // What the user names wrongly is said before anything is tried.
        Some(_) => Ok(program?),
        None => program,
    };
    let live = matches!(view, View::Table { .. });
    let mut list = Checklist::new(ctx, live, Mask::of_plan(&plan));
    let probed = probe(args, may_run_plugin, &plan, access, program, &mut list);
    ctx.block_on(probed)?;
    if let View::Document(notation) = view {
        notation.write(ctx, &list.json())?;
    }
    list.end()
}

fn may_run_plugin(allowed: &[String]) -> Result<bool, Failure> {
    match allowed.iter().find(|code| *code != EXEC_PLUGIN) {
        Some(other) => Err(Failure::usage(format!(
            "--allow takes {EXEC_PLUGIN} here, not {}",
            crate::compat::quote::quote(other)
        ))),
        None => Ok(!allowed.is_empty()),
    }
}

/// What the plan's one kubeconfig tells about the cluster.
fn access(plan: &Plan) -> Result<Access, Failure> {
    let none = || {
        Failure::new(Kind::NotFound, "there is no kubeconfig to probe")
            .hint("name one with --credential or --from-file")
    };
    let [step] = plan.steps.as_slice() else {
        return Err(none());
    };
    let Ok(text) = &step.credential.token else {
        return Err(none());
    };
    let source = Source {
        name: &step.credential.name,
        bytes: text.expose_secret().as_bytes(),
        dir: Path::new(""),
    };
    Kubeconfig::read(&[source])
        .and_then(|kubeconfig| kubeconfig.access())
        .map_err(|_| {
            Failure::new(Kind::Data, "the kubeconfig has no context to probe")
                .hint("'acpctl credential validate FILE' says what is wrong with it")
        })
}

async fn probe(
    args: &Args,
    may_run_plugin: bool,
    plan: &Plan,
    mut access: Access,
    program: Result<Program, Failure>,
    list: &mut Checklist<'_>,
) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    let folder = prepare::private_dir()?;
    let files = prepare::write(plan, &folder, false)?;
    list.pass("kubeconfig written", "private, mode 0600");
    let all = async {
        let Some(asked) = asked::ask(&mut access, may_run_plugin, list).await else {
            return Ok(());
        };
        let unreached = match &asked {
            Asked::Known(_) => None,
            // A program of the user's own choice may run where the cluster can be reached: in a container, behind
            // a tunnel. One from a registry runs here.
            Asked::Unreached(trouble) if args.mcp_command.is_some() => {
                list.note(ANSWERS, format!("not to acpctl itself: {}", trouble.text));
                Some(trouble.clone())
            }
            Asked::Unreached(trouble) => {
                list.fail(ANSWERS, trouble.clone());
                return Ok(());
            }
        };
        steps::run(
            args.read_only,
            &program?,
            &files,
            folder.path(),
            &access,
            &asked,
            list,
        )
        .await;
        if let (Some(trouble), Some(Cause::Cluster(crate::cluster::Class::Network))) =
            (unreached, list.cause())
        {
            list.blame(trouble);
        }
        Ok::<(), Failure>(())
    };
    let done = tokio::select! {
        done = all => done,
        signal = signals.next() => {
            remove(list.ctx(), folder);
            return Err(Status(child::status_of_signal(signal)).into());
        }
    };
    match folder.remove() {
        Ok(()) => list.pass("cleaned up", list.cleaned_up()),
        Err(error) => list.fail(
            "cleaned up",
            checklist::Trouble {
                cause: Cause::Server,
                text: format!(
                    "the private folder could not be removed: {}",
                    reason(&error)
                ),
                hint: "remove it by hand: it holds the kubeconfig".to_owned(),
            },
        ),
    }
    done.map_err(Into::into)
}

fn remove(ctx: &Ctx, folder: PrivateDir) {
    if let Err(failure) = prepare::remove(folder) {
        ctx.out.warn(&failure.message);
    }
}
