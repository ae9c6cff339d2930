//! `acpctl serve`: the embedded API on a port, and, if wanted, the sessions it is asked to run.
//!
//! - `sessions`: the queue; `run`: one run; `output`: its lines as messages; `store`: where all that is kept

mod output;
mod run;
mod sessions;
mod store;

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use crate::api::local::key_policy;
use crate::api::{self, Client};
use crate::auth::own_server;
use crate::compat::json;
use crate::compat::quote::quote;
use crate::config::file::reason;
use crate::config::paths;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind, Status};
use crate::plain_file;
use crate::secret_file;
use crate::server::{self, Access, AppState, Manners, Options};
use crate::session_helper::child::{self, Signals};
use crate::session_helper::dir;
use crate::session_helper::family::{self, Family};

use run::Setting;

/// How long a request's body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// More than a token takes.
const MAX_TOKEN: usize = 64 << 10;

/// How long the server may take to end in order: longer than a command may take that is asked to end.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// How to answer (docs/server.md lists the differences).
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ServeManners {
    Recorded,
    Corrected,
}

const EXAMPLES: &str =
    "# The API on this machine, for the commands of this user, which find its token by themselves
acpctl serve
export AMBIENT_API_URL=http://127.0.0.1:8000
acpctl credential list

# With a token of your own
acpctl serve --token-file token.txt
# Runs a command for each session that is started
acpctl serve --run-sessions -- sh -c 'kubectl get pods; cat'";

/// Serve the embedded API on a port
///
/// The same API and the same store as --local, for one machine. Every caller is the user dev-user, and must bear a
/// token: the one in --token-file, else one that is made for this run. Commands of the same user with the same
/// store find that by themselves; for other programs it is printed on a terminal.
/// It listens on loopback; another address needs --token-file, --tls-cert and --tls-key. Past one machine,
/// run the platform itself.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Address and port to listen on; port 0 chooses a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8000", value_parser = socket)]
    listen: SocketAddr,
    /// Folder of the store (default: that of --local)
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Ask every caller for the bearer token in this file
    #[arg(long, value_name = "PATH")]
    token_file: Option<PathBuf>,
    /// Ask for no token: every user and program of this machine may read and change everything
    #[arg(long)]
    no_token: bool,
    /// Certificate chain for TLS (PEM)
    #[arg(long, value_name = "PATH")]
    tls_cert: Option<PathBuf>,
    /// Private key for TLS (PEM)
    #[arg(long, value_name = "PATH")]
    tls_key: Option<PathBuf>,
    /// Where the platform's answer is harmless but wrong: recorded (as the platform) or corrected
    #[arg(
        long,
        value_name = "MANNERS",
        default_value = "recorded",
        hide_possible_values = true
    )]
    manners: ServeManners,
    /// Run the command behind -- for each session that is started
    #[arg(long)]
    run_sessions: bool,
    /// How many sessions run at once; others wait
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    max_sessions: u16,
    /// With --run-sessions, run sessions without a credential too
    #[arg(long)]
    allow_empty: bool,
    /// Do not log requests
    #[arg(long)]
    quiet: bool,
    /// Print the `OpenAPI` document and exit
    #[arg(long)]
    openapi: bool,
    /// The command and its arguments, after --
    #[arg(value_name = "COMMAND", num_args = 0..)]
    command: Vec<OsString>,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    if args.openapi {
        return ctx.out.data(server::openapi::text().as_bytes());
    }
    if args.no_token && args.token_file.is_some() {
        return Err(Failure::usage("--no-token and --token-file exclude each other").into());
    }
    let given = args.token_file.as_deref().map(read_token).transpose()?;
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
            Some(server::tls::config(cert, key).map_err(|why| Failure::new(Kind::Data, why))?)
        }
        (None, None) => None,
        _ => return Err(Failure::usage("--tls-cert and --tls-key go together").into()),
    };
    check_exposure(args.listen.ip(), given.is_some(), tls.is_some())?;
    check_command(args)?;
    if args.no_token {
        ctx.out.warn(&no_token_warning(args));
    }
    let is_made = given.is_none() && !args.no_token;
    let bearer = if is_made {
        Some(own_server::make_token().context("make a token")?)
    } else {
        given
    };
    let options = Options {
        key: key_policy()?,
        bearer: bearer.clone(),
        manners: match args.manners {
            ServeManners::Recorded => Manners::Recorded,
            ServeManners::Corrected => Manners::Corrected,
        },
        browser_guard: true,
        body_timeout: Some(BODY_TIMEOUT),
        access_log: (!args.quiet).then(|| Arc::new(log) as server::AccessLog),
    };
    let directory = match &args.data_dir {
        Some(dir) => dir.clone(),
        None => paths::data_dir()?,
    };
    let state = AppState::open(&directory, options).context("open the store")?;
    let token = Token { bearer, is_made };
    ctx.block_on(serve(ctx, args, state, &directory, tls, token))
}

/// What each request must bear.
struct Token {
    bearer: Option<SecretString>,
    /// Made for this run, for the commands of this user to find.
    is_made: bool,
}

fn no_token_warning(args: &Args) -> String {
    let runs = if args.run_sessions {
        ", and start the command"
    } else {
        ""
    };
    format!(
        "--no-token: every user and program of this machine may read and change everything here, the secrets included{runs}"
    )
}

/// Serves until a signal comes; then ends the runs of sessions, the streams, and the requests under way.
async fn serve(
    ctx: &Ctx,
    args: &Args,
    state: AppState,
    directory: &Path,
    tls: Option<Arc<rustls::ServerConfig>>,
    token: Token,
) -> anyhow::Result<()> {
    // From here on a signal ends nothing by itself.
    let mut signals = Signals::listen()?;
    let listener = listen(args.listen).await?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let address = listener.local_addr()?;
    let url = format!("{scheme}://{address}");
    // Dropped last: commands find the token as long as there is a server.
    let _record = match &token.bearer {
        Some(bearer) if token.is_made => Some(
            own_server::announce(directory, &url, address, bearer)
                .with_context(|| format!("keep the token in {}", directory.display()))?,
        ),
        _ => None,
    };
    let setting = if args.run_sessions {
        Some(setting(
            ctx,
            args,
            &state,
            directory,
            &url,
            token.bearer.clone(),
        )?)
    } else {
        None
    };
    ctx.out
        .line(&format!("Serving {url} from {}", directory.display()))?;
    api::report_key(&state);
    say_how_to_use(ctx, args, &url, &token);
    let (stop, stopping) = watch::channel(false);
    let (last_run, no_run) = oneshot::channel::<()>();
    let mut told = stopping.clone();
    let ended = async move {
        let _ = told.wait_for(|is_stopping| *is_stopping).await;
        // Those who follow a run see its end before the server goes.
        let _ = no_run.await;
    };
    let answering = async {
        match tls {
            Some(tls) => {
                server::serve(server::tls::Listener::new(listener, tls), state, ended).await
            }
            None => server::serve(listener, state, ended).await,
        }
    };
    let serving = async {
        let served = answering.await;
        stop.send_replace(true);
        served
    };
    let running = async {
        if let Some(setting) = &setting {
            let at_once = usize::from(args.max_sessions);
            let log: sessions::Log<'_> = if args.quiet { &|_, _| {} } else { &log_session };
            family::adopt();
            let family = Family::begin();
            tokio::select! {
                () = sessions::serve(setting, at_once, stopping, log) => {}
                () = family::reaping() => {}
            }
            // What left its session without a trace.
            family.end().await;
        }
        drop(last_run);
    };
    let in_order = async { tokio::join!(serving, running).0 };
    tokio::select! {
        served = in_order => served.context("serve")?,
        failure = forced_end(&mut signals, &stop) => return Err(failure),
    }
    if !args.quiet {
        ctx.out.note("Stopped");
    }
    Ok(())
}

/// Passes the first signal on. A second one, or too long a wait, ends the server where it stands.
async fn forced_end(signals: &mut Signals, stop: &watch::Sender<bool>) -> anyhow::Error {
    signals.next().await;
    stop.send_replace(true);
    tokio::select! {
        signal = signals.next() => Status(child::status_of_signal(signal)).into(),
        () = tokio::time::sleep(STOP_LIMIT) => {
            let seconds = STOP_LIMIT.as_secs();
            let words = format!("not everything ended within {seconds} s; the rest was broken off");
            Failure::new(Kind::Other, words).into()
        }
    }
}

fn check_command(args: &Args) -> Result<(), Failure> {
    match (args.run_sessions, args.command.is_empty()) {
        (true, true) => Err(Failure::usage("--run-sessions needs a command")
            .hint("write acpctl serve --run-sessions -- COMMAND [ARGUMENT...]")),
        (false, true) if args.allow_empty => {
            Err(Failure::usage("--allow-empty goes with --run-sessions"))
        }
        (false, false) => Err(Failure::usage("a command goes with --run-sessions")),
        _ => Ok(()),
    }
}

/// Commands want an address and a token, also where none is asked for. A token is shown to a person only, not to
/// a log.
fn say_how_to_use(ctx: &Ctx, args: &Args, url: &str, token: &Token) {
    if args.quiet {
        return;
    }
    let rest = match &token.bearer {
        None => format!(" AMBIENT_TOKEN={}", run::NO_TOKEN),
        Some(bearer) if token.is_made && std::io::stderr().is_terminal() => {
            format!(" AMBIENT_TOKEN={}", bearer.expose_secret())
        }
        Some(_) if token.is_made => String::new(),
        Some(_) => " and the token in AMBIENT_TOKEN".to_owned(),
    };
    ctx.out
        .note(&format!("To use it: export AMBIENT_API_URL={url}{rest}"));
}

fn socket(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "it takes an IP address and a port, for example 127.0.0.1:8000")
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::new(
            Kind::Network,
            format!("listen on {address}: {}", reason(&error)),
        )
        .hint("choose another port with --listen 127.0.0.1:0")
    })
}

/// What the runs of sessions share; this process becomes the one who runs them.
fn setting(
    ctx: &Ctx,
    args: &Args,
    state: &AppState,
    directory: &Path,
    url: &str,
    token: Option<SecretString>,
) -> anyhow::Result<Setting> {
    dir::sweep();
    let runner = state.run_sessions().context("run sessions")?;
    Ok(Setting {
        command: args.command.clone(),
        url: url.to_owned(),
        token,
        client: Client::embedded(directory, ctx.globals.retries, (&ctx.globals).into())?,
        store: store::Store::new(runner),
        allow_empty: args.allow_empty,
    })
}

/// The API is for one machine: whoever reaches it over a network must bring a token, over TLS.
fn check_exposure(address: IpAddr, has_token: bool, has_tls: bool) -> Result<(), Failure> {
    if address.is_loopback() || has_token && has_tls {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "refusing to listen on {address} without TLS and a token"
    ))
    .hint("add --token-file, --tls-cert and --tls-key, or listen on 127.0.0.1"))
}

fn read_token(path: &Path) -> Result<SecretString, Failure> {
    let shown = quote(&path.to_string_lossy());
    let bytes = plain_file::read_named(path, MAX_TOKEN)
        .map_err(|error| Failure::new(Kind::Data, format!("read {shown}: {}", reason(&error))))?;
    let token = std::str::from_utf8(&bytes)
        .map(str::trim)
        .unwrap_or_default();
    if token.len() < 20 || token.contains(|c: char| !c.is_ascii_graphic()) {
        return Err(
            Failure::new(Kind::Data, format!("{shown} holds no usable token"))
                .hint("at least 20 visible ASCII characters, as the clients demand"),
        );
    }
    Ok(SecretString::from(token))
}

/// One line of JSON for each request: no query, no header, no body.
fn log(access: &Access<'_>) {
    let line = serde_json::json!({
        "time": jiff::Timestamp::now().to_string(),
        "method": access.method,
        "path": access.path,
        "status": access.status,
        "ms": u64::try_from(access.duration.as_millis()).unwrap_or(u64::MAX),
        "operation_id": access.operation_id,
    });
    write_log(&line);
}

/// The same for a session that was run.
fn log_session(session: &str, what: &str) {
    let line = serde_json::json!({
        "time": jiff::Timestamp::now().to_string(),
        "session": session,
        "run": what,
    });
    write_log(&line);
}

fn write_log(line: &serde_json::Value) {
    use std::io::Write as _;
    let _ = writeln!(
        std::io::stderr().lock(),
        "{}",
        json::shown(&json::compact(line))
    );
}
