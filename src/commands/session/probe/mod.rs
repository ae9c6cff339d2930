//! `acpctl session probe`: asks the cluster itself (`cluster_checks`), then starts the MCP server and asks the cluster
//! through it (`server_checks`).

mod checklist;
mod cluster_checks;
mod program;
mod server_checks;

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;

use super::selection::SelectionArgs;
use super::target::TargetArgs;
use super::view::{View, ViewArgs};
use crate::cluster::Class;
use crate::compat::io_reason::reason;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind, Status};
use crate::intake::cluster;
use crate::kubeconfig::{Access, Kubeconfig, Source};
use crate::resources::KUBECONFIG;
use crate::runner::plan::Plan;
use crate::runner::table::{Mode, Target};
use crate::session_helper;
use crate::session_helper::child::{self, Signals};
use crate::session_helper::dir::{self, PrivateDir};
use crate::session_helper::mask::Mask;
use crate::session_helper::materialize::Materialized;
use crate::session_helper::prepare;

use checklist::{Cause, Checklist, Trouble};
use cluster_checks::{ANSWERS, ClusterAnswer};
use program::Program;

const EXAMPLES: &str = "\
acpctl session probe --credential prod
# Use a server that is already installed
acpctl session probe --credential prod --mcp-command /opt/kubernetes-mcp-server";

/// Prove that a kubeconfig and the Kubernetes MCP server work together
///
/// First, acpctl itself asks the cluster for its version and for the user's name, so that no other program gets
/// credentials that are refused. Then it writes the kubeconfig into a private folder, starts the MCP server as a
/// session does, lists its tools, reads namespaces or pods, stops it and removes everything. The server is
/// --mcp-command, or else kubernetes-mcp-server on PATH, or else a fixed version through npx or uvx, which may download
/// it. With --target managed, the rules of such sessions come first, and no MCP server is started.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Program of the server: a path, or a name on PATH
    #[arg(long, value_name = "PATH")]
    mcp_command: Option<PathBuf>,
    /// Start the server with read-only tools
    #[arg(long)]
    read_only: bool,
    /// Accept a risk; exec-plugin: start the login program that the kubeconfig names
    #[arg(long, value_name = "CODE")]
    allow: Vec<String>,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    output: ViewArgs,
    #[command(flatten)]
    selection: SelectionArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let view = View::of(&args.output)?;
    let may_run_plugin = cluster::may_log_in(&args.allow)?;
    session_helper::check_system("session probe")?;
    dir::sweep();
    let mut plan = args.selection.plan(ctx, &args.target, Mode::InProcess)?;
    plan.steps
        .retain(|step| step.credential.provider == KUBECONFIG || !step.credential.visible);
    prepare::check(&plan)?;
    prepare::refuse_undelivered(&plan, None)?;
    let access = access(&plan)?;
    let program = Program::find(args.mcp_command.as_deref());
    let program = match &args.mcp_command {
        // A program that the user named and that does not exist is reported before anything is tried.
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

/// Reads the plan's only kubeconfig.
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

/// Writes the files, does all checks, and removes the files again, after a signal too.
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
    let checks = check_all(
        args,
        may_run_plugin,
        &mut access,
        program,
        &files,
        folder.path(),
        list,
    );
    let done = tokio::select! {
        done = checks => done,
        signal = signals.next() => {
            remove(list.ctx(), folder);
            return Err(Status(child::status_of_signal(signal)).into());
        }
    };
    match folder.remove() {
        Ok(()) => list.pass("cleaned up", list.cleaned_up()),
        Err(error) => list.fail(
            "cleaned up",
            Trouble {
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

/// Asks the cluster directly, and if that is answered, through the MCP server.
async fn check_all(
    args: &Args,
    may_run_plugin: bool,
    access: &mut Access,
    program: Result<Program, Failure>,
    files: &Materialized<'_>,
    folder: &Path,
    list: &mut Checklist<'_>,
) -> Result<(), Failure> {
    let Some(answer) = cluster_checks::run(access, may_run_plugin, list).await else {
        return Ok(());
    };
    let unreached = match &answer {
        ClusterAnswer::Known(_) => None,
        // A program that the user chose may run where the cluster can be reached: in a container, behind a tunnel. A
        // downloaded one runs here.
        ClusterAnswer::Unreached(trouble) if args.mcp_command.is_some() => {
            list.note(ANSWERS, format!("not to acpctl itself: {}", trouble.text));
            Some(trouble.clone())
        }
        ClusterAnswer::Unreached(trouble) => {
            list.fail(ANSWERS, trouble.clone());
            return Ok(());
        }
    };
    if files.plan().setting.mode.target() == Target::Managed {
        list.note(
            "server started",
            "none: a managed session has no Kubernetes MCP server".to_owned(),
        );
        return Ok(());
    }
    let program = program?;
    server_checks::run(
        args.read_only,
        &program,
        files,
        folder,
        access,
        &answer,
        list,
    )
    .await;
    if let (Some(trouble), Some(Cause::Cluster(Class::Network))) = (unreached, list.cause()) {
        list.blame(trouble);
    }
    Ok(())
}

fn remove(ctx: &Ctx, folder: PrivateDir) {
    if let Err(failure) = prepare::remove(folder) {
        ctx.out.warn(&failure.message);
    }
}
