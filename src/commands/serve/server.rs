//! The server, from the first connection to the end of the last run.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use super::log;
use super::run::RunSetup;
use super::schedules;
use super::sessions;
use super::store::RunStore;
use super::token::Token;
use crate::api::{self, Client};
use crate::auth::own_server;
use crate::compat::io_reason::reason;
use crate::config::paths;
use crate::config::settings::RETRIES;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind, Status};
use crate::server::{self, AppState};
use crate::session_helper::child::{self, Signals};
use crate::session_helper::dir;
use crate::session_helper::family::{self, Family};
use crate::system::process;

/// How long the server may take to end in order: longer than a command may take to end when it is asked to.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// Where the server listens, and what callers need.
pub(super) struct Exposure {
    pub address: SocketAddr,
    pub tls: Option<Arc<rustls::ServerConfig>>,
    pub token: Token,
    pub is_quiet: bool,
}

/// How sessions are run.
pub(super) struct Sessions {
    pub command: Vec<OsString>,
    /// How many may run at once.
    pub at_once: usize,
    /// Whether sessions without a credential are run too.
    pub allow_empty: bool,
}

/// Serves until a signal comes; then ends the runs of sessions, the streams and the requests under way.
pub(super) async fn serve(
    ctx: &Ctx,
    state: AppState,
    directory: &Path,
    exposure: Exposure,
    sessions: Option<Sessions>,
) -> anyhow::Result<()> {
    let Exposure {
        address,
        tls,
        token,
        is_quiet,
    } = exposure;
    // From here on a signal no longer ends the process automatically.
    let mut signals = Signals::listen()?;
    let listener = listen(address).await?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let address = listener.local_addr()?;
    let url = format!("{scheme}://{address}");
    // Dropped last: commands find the token as long as the server runs.
    let record = match &token.bearer {
        Some(bearer) if token.is_created => Some(
            own_server::announce(directory, &url, address, bearer)
                .with_context(|| format!("keep the token in {}", directory.display()))?,
        ),
        _ => None,
    };
    let at_once = sessions.as_ref().map_or(0, |sessions| sessions.at_once);
    let setup = sessions
        .map(|sessions| run_setup(ctx, sessions, &state, directory, &url, &token))
        .transpose()?;
    ctx.out
        .line(&format!("Serving {url} from {}", directory.display()))?;
    api::report_key(&state);
    if !is_quiet {
        let is_found = paths::data_dir().is_ok_and(|usual| usual == directory);
        let record = record.as_ref().filter(|_| !is_found);
        let record = record.and_then(|record| std::path::absolute(&record.path).ok());
        token.say_how_to_use(&ctx.out, &url, record.as_deref());
    }
    let (stop, stopping) = watch::channel(false);
    let (last_run, no_run) = oneshot::channel::<()>();
    let mut told = stopping.clone();
    let (scheduling_until, scheduled) = (stopping.clone(), state.clone());
    let ended = async move {
        let _ = told.wait_for(|is_stopping| *is_stopping).await;
        // Clients that follow a run receive its end before the server closes.
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
    let log: sessions::Log<'_> = if is_quiet { &|_, _| {} } else { &log::session };
    let running = async {
        if let Some(setup) = &setup {
            run_sessions(setup, at_once, stopping, log).await;
        }
        drop(last_run);
    };
    let scheduling = schedules::serve(&scheduled, scheduling_until, log);
    let in_order = async { tokio::join!(serving, running, scheduling).0 };
    tokio::select! {
        served = in_order => served.context("serve")?,
        failure = forced_end(&mut signals, &stop) => return Err(failure),
    }
    if !is_quiet {
        ctx.out.note("Stopped");
    }
    Ok(())
}

/// Runs sessions until the server stops, then ends every process that they left behind.
async fn run_sessions(
    setup: &RunSetup,
    at_once: usize,
    stopping: watch::Receiver<bool>,
    log: sessions::Log<'_>,
) {
    process::adopt_orphans();
    let family = Family::begin();
    tokio::select! {
        () = sessions::serve(setup, at_once, stopping, log) => {}
        () = family::reaping() => {}
    }
    // Some processes may have left the process group of their run.
    family.end().await;
}

/// Passes the first signal on. A second signal, or too long a wait, ends the server at once.
async fn forced_end(signals: &mut Signals, stop: &watch::Sender<bool>) -> anyhow::Error {
    signals.next().await;
    stop.send_replace(true);
    tokio::select! {
        signal = signals.next() => Status(child::status_of_signal(signal)).into(),
        () = tokio::time::sleep(STOP_LIMIT) => {
            let seconds = STOP_LIMIT.as_secs();
            let words = format!("not everything ended within {seconds} s; the rest was stopped");
            Failure::new(Kind::Other, words).into()
        }
    }
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

/// Makes this process the one that runs the sessions of the store.
fn run_setup(
    ctx: &Ctx,
    sessions: Sessions,
    state: &AppState,
    directory: &Path,
    url: &str,
    token: &Token,
) -> anyhow::Result<RunSetup> {
    dir::sweep();
    let runner = state.run_sessions().context("run sessions")?;
    Ok(RunSetup {
        command: sessions.command,
        url: url.to_owned(),
        token: token.bearer.clone(),
        client: Client::embedded(
            directory,
            ctx.globals.retries.unwrap_or(RETRIES),
            (&ctx.globals).into(),
        )?,
        store: RunStore::new(runner),
        allow_empty: sessions.allow_empty,
    })
}
