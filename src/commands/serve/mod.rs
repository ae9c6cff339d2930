//! `acpctl serve`: the embedded API on a port and, with `--run-sessions`, the sessions that are started through it.
//!
//! - `server`: from the first connection to the end; `token`: the token that callers need; `log`: its log
//! - `schedules`: the clock that starts scheduled sessions
//! - `sessions`: the queue of sessions; `run`: one run; `output`: its output as messages; `store`: where they go

mod log;
mod output;
mod run;
mod schedules;
mod server;
mod sessions;
mod store;
mod token;

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use crate::api::local::key_policy;
use crate::compat::grammar::NeedsCommandLine;
use crate::config::paths;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::secret_file;
use crate::server::{AccessLog, AppState, Fidelity, Options, Platform, openapi, tls};
use crate::session_helper;

use server::{Exposure, Sessions};
use token::Token;

/// How long a request's body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// The values of `--fidelity`; docs/server.md lists the differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FidelityArg {
    /// As the platform answers, with its harmless mistakes
    Recorded,
    /// As the platform should answer
    Corrected,
}

impl From<FidelityArg> for Fidelity {
    fn from(arg: FidelityArg) -> Self {
        match arg {
            FidelityArg::Recorded => Self::Recorded,
            FidelityArg::Corrected => Self::Corrected,
        }
    }
}

/// The values of `--platform`; docs/server.md lists the differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum PlatformArg {
    /// Sessions run in pods
    Pod,
    /// Sessions run in sandboxes
    Sandbox,
}

impl From<PlatformArg> for Platform {
    fn from(arg: PlatformArg) -> Self {
        match arg {
            PlatformArg::Pod => Self::Pod,
            PlatformArg::Sandbox => Self::Sandbox,
        }
    }
}

const EXAMPLES: &str =
    "# Serve the API on this machine; your own commands find its token automatically
acpctl serve
export AMBIENT_API_URL=http://127.0.0.1:8000
acpctl credential list

# Serve with a token of your own
acpctl serve --token-file token.txt
# Run a command for each session that is started
acpctl serve --run-sessions -- sh -c 'kubectl get pods; cat'";

/// Serve the embedded API on a port
///
/// Serves the same API and the same store as --local, on one machine. Every caller acts as the user dev-user and must
/// send a bearer token: the one in --token-file or, without that flag, a new one for each run of the server. Your own
/// commands that use the same store find the new token automatically; for other programs it is printed if standard
/// error is a terminal. With --data-dir in a pipe, a line to copy reads it from its private file.
/// The server listens on loopback; any other address requires --token-file, --tls-cert and --tls-key. To serve more
/// than one machine, run the platform itself.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Address and port to listen on, or a port of this machine; port 0 chooses a free port
    #[arg(long, value_name = "[ADDRESS:]PORT", default_value = "127.0.0.1:8000", value_parser = socket)]
    listen: SocketAddr,
    /// Folder of the store (default: the folder that --local uses)
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Require the bearer token in this file from every caller
    #[arg(long, value_name = "PATH")]
    token_file: Option<PathBuf>,
    /// Require no token: every user and program of this machine may read and change everything
    #[arg(long)]
    no_token: bool,
    /// Certificate chain for TLS (PEM)
    #[arg(long, value_name = "PATH")]
    tls_cert: Option<PathBuf>,
    /// Private key for TLS (PEM)
    #[arg(long, value_name = "PATH")]
    tls_key: Option<PathBuf>,
    /// How to answer where the platform is wrong but harmless: recorded repeats its answer, corrected fixes it
    #[arg(
        long,
        alias = "manners",
        value_name = "FIDELITY",
        default_value = "recorded",
        hide_possible_values = true
    )]
    fidelity: FidelityArg,
    /// Which platform to behave like: pod runs sessions in pods, sandbox in sandboxes
    #[arg(
        long,
        value_name = "PLATFORM",
        default_value = "pod",
        hide_possible_values = true
    )]
    platform: PlatformArg,
    /// Run the command after -- for each session that is started
    #[arg(long, add = NeedsCommandLine)]
    run_sessions: bool,
    /// How many sessions run at once; others wait
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    max_sessions: u16,
    /// With --run-sessions, also run sessions that have no credential
    #[arg(long)]
    allow_empty: bool,
    /// Print the `OpenAPI` document and exit
    #[arg(long)]
    openapi: bool,
    /// The command and its arguments, after --
    #[arg(value_name = "COMMAND", num_args = 0.., last = true)]
    command: Vec<OsString>,
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    if args.openapi {
        return ctx.out.data(openapi::text().as_bytes());
    }
    if args.no_token && args.token_file.is_some() {
        return Err(
            Failure::usage("--no-token and --token-file exclude each other")
                .hint("leave both out, and acpctl serve makes a token that your own commands find")
                .into(),
        );
    }
    let token = Token::obtain(args.token_file.as_deref(), args.no_token)?;
    let secrets = [args.token_file.as_deref(), args.tls_key.as_deref()];
    for warning in secrets
        .into_iter()
        .flatten()
        .filter_map(secret_file::open_to_others)
    {
        ctx.out.warn(&warning);
    }
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(cert), Some(key)) => {
            Some(tls::config(cert, key).map_err(|why| Failure::new(Kind::Data, why.to_string()))?)
        }
        (None, None) => None,
        _ => {
            return Err(
                Failure::usage("--tls-cert and --tls-key must be given together")
                    .hint("write acpctl serve --tls-cert chain.pem --tls-key key.pem")
                    .into(),
            );
        }
    };
    check_exposure(args.listen.ip(), args.token_file.is_some(), tls.is_some())?;
    check_command(args)?;
    if args.run_sessions {
        session_helper::check_system("serve --run-sessions")?;
    }
    if args.no_token {
        ctx.out.warn(&no_token_warning(args.run_sessions));
    }
    let options = Options {
        key: key_policy()?,
        bearer: token.bearer.clone(),
        fidelity: args.fidelity.into(),
        platform: args.platform.into(),
        browser_guard: true,
        body_timeout: Some(BODY_TIMEOUT),
        access_log: (!ctx.globals.quiet).then(|| Arc::new(log::request) as AccessLog),
    };
    let directory = match &args.data_dir {
        Some(dir) => dir.clone(),
        None => paths::data_dir()?,
    };
    let state = AppState::open(&directory, options).context("open the store")?;
    let exposure = Exposure {
        address: args.listen,
        tls,
        token,
        is_quiet: ctx.globals.quiet,
    };
    let sessions = args.run_sessions.then(|| Sessions {
        command: args.command.clone(),
        at_once: usize::from(args.max_sessions),
        allow_empty: args.allow_empty,
    });
    ctx.block_on(server::serve(ctx, state, &directory, exposure, sessions))
}

fn no_token_warning(runs_sessions: bool) -> String {
    let runs = if runs_sessions {
        ", and start the command"
    } else {
        ""
    };
    format!(
        "--no-token: every user and program of this machine may read and change everything here, the secrets included{runs}"
    )
}

fn check_command(args: &Args) -> Result<(), Failure> {
    match (args.run_sessions, args.command.is_empty()) {
        (true, true) => Err(Failure::usage("--run-sessions requires a command")
            .hint("write acpctl serve --run-sessions -- COMMAND [ARGUMENT...]")),
        (false, true) if args.allow_empty => {
            Err(Failure::usage("--allow-empty requires --run-sessions")
                .hint("write acpctl serve --run-sessions --allow-empty -- COMMAND [ARGUMENT...]"))
        }
        (false, false) => Err(Failure::usage("a command requires --run-sessions")
            .hint("write acpctl serve --run-sessions -- COMMAND [ARGUMENT...]")),
        _ => Ok(()),
    }
}

/// Reads an address: a port alone and `localhost` mean this machine.
fn socket(text: &str) -> Result<SocketAddr, String> {
    let loopback = IpAddr::from([127, 0, 0, 1]);
    let port = text.strip_prefix("localhost:").unwrap_or(text);
    if let Ok(port) = port.parse::<u16>() {
        return Ok(SocketAddr::new(loopback, port));
    }
    text.parse().map_err(|_| {
        let example = match text
            .rsplit_once(':')
            .map_or(text, |(_, port)| port)
            .parse::<u16>()
        {
            Ok(port) => SocketAddr::new(loopback, port).to_string(),
            Err(_) => "127.0.0.1:8000".to_owned(),
        };
        format!("it takes a port, or an IP address and a port, for example --listen {example}")
    })
}

/// Refuses an address beyond loopback unless callers need a token of the user's choice, over TLS.
fn check_exposure(address: IpAddr, has_token: bool, has_tls: bool) -> Result<(), Failure> {
    if address.is_loopback() || has_token && has_tls {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "refusing to listen on {address} without TLS and a token"
    ))
    .hint("add --token-file, --tls-cert and --tls-key, or listen on 127.0.0.1"))
}
