//! Runs one session: writes its credentials to files and variables, starts the command, and waits for its end.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::output::{self, BATCH, LOGGED, MOST_MESSAGES, OutputLine};
use super::store::RunStore;
use crate::api::Client;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::runner::expiry::{Period, SessionTime};
use crate::runner::plan::{Plan, Setting};
use crate::runner::resolve::RunnerTarget;
use crate::runner::table::Mode;
use crate::server::StoreError;
use crate::server::runs::{End, SessionRun};
use crate::session_helper::family::Awaited;
use crate::session_helper::mask::{self, Mask};
use crate::session_helper::materialize::Materialized;
use crate::session_helper::{fetch, prepare};
use crate::system::process::{self, Group};

/// How long a command may take to end when it is asked to, before it is killed.
const GRACE: Duration = Duration::from_secs(10);
/// How long processes that a command started may hold its output open after it ended.
const LINGER: Duration = Duration::from_secs(2);
/// The longest prompt that is also passed as a variable, in bytes; the system accepts 128 KiB.
const LONGEST_VARIABLE: usize = 96 << 10;

/// The token for clients that insist on one, if the server asks for none. Its value is part of the interface.
pub(super) const NO_TOKEN: &str = "none-is-asked-for-here";

/// Why a run is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The session was stopped or deleted.
    User,
    /// The server stops.
    Server,
}

/// The settings that all runs share.
pub(super) struct RunSetup {
    pub command: Vec<OsString>,
    /// The address at which the command reaches the API.
    pub url: String,
    /// The token that the API asks for.
    pub token: Option<SecretString>,
    /// Reads the credentials, within this process.
    pub client: Client,
    pub store: RunStore,
    /// Whether sessions without a credential are run too.
    pub allow_empty: bool,
}

/// Runs a session to its end.
pub(super) async fn run(
    setup: &RunSetup,
    run: &SessionRun,
    stop: watch::Receiver<Option<Stop>>,
) -> End {
    let ended = perform(setup, run, stop).await;
    ended.unwrap_or_else(|failure| End::Failed(format!("{failure:#}")))
}

async fn perform(
    setup: &RunSetup,
    run: &SessionRun,
    mut stop: watch::Receiver<Option<Stop>>,
) -> anyhow::Result<End> {
    let target = RunnerTarget {
        project: run.project.clone(),
        agent: run.agent.clone(),
    };
    let candidates = fetch::candidates(&setup.client, &target).await?;
    let credentials = fetch::chosen(&setup.client, &candidates, fetch::LIMIT).await?;
    let period = Period {
        now: jiff::Timestamp::now(),
        session: SessionTime::Assumed,
    };
    let setting = Setting {
        mode: Mode::InProcess,
        period,
        trust_bundle: None,
    };
    let plan = Plan::new(setting, credentials);
    prepare::check(&plan)?;
    prepare::refuse_empty(&plan, setup.allow_empty, true).map_err(|none| Failure {
        message: format!("{}, and serve runs without --allow-empty", none.message),
        ..none
    })?;
    let mut secrets = mask::secrets(&plan);
    secrets.extend(setup.token.clone());
    let mask = Mask::sparing(&secrets, &mask::public(&plan));
    let folder = prepare::private_dir()?;
    let files = prepare::write(&plan, &folder, false)?;
    let mut command = command(setup, run, &files)?;
    let asked = *stop.borrow();
    let ended = match asked {
        Some(stop) => Ok(stopped(stop)),
        None => match Awaited::spawn(&mut command) {
            Ok((child, _awaited)) => {
                let group = Group::of(&child);
                supervise(setup, run, mask, child, group, &mut stop).await
            }
            Err(error) => Err(prepare::start_failure(&setup.command, &error).into()),
        },
    };
    // The command has ended before its files are removed.
    let removed = prepare::remove(folder);
    let ended = ended?;
    removed?;
    Ok(ended)
}

/// Prepares the command, in a process group of its own, with the variables that a session's runner sets.
fn command(
    setup: &RunSetup,
    run: &SessionRun,
    files: &Materialized<'_>,
) -> Result<Command, Failure> {
    let mut command = prepare::command(&setup.command)?;
    files.apply(&mut command);
    Group::prepare(&mut command);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // These may be set for the user of the server, but are not meant for the session.
    for name in ["AMBIENT_CONFIG", "INITIAL_PROMPT", "AGENT_ID"] {
        command.env_remove(name);
    }
    for variable in env::JOB_SECRETS {
        command.env_remove(variable.name);
    }
    command
        .env("SESSION_ID", &run.session)
        .env("SESSION_NAME", &run.name)
        .env("PROJECT_NAME", &run.project)
        .env("LLM_MODEL", &run.model)
        .env("BACKEND_API_URL", &setup.url)
        .env("AMBIENT_API_URL", &setup.url)
        .env("AMBIENT_PROJECT", &run.project);
    if !run.agent.is_empty() {
        command.env("AGENT_ID", &run.agent);
    }
    if run.prompt.len() <= LONGEST_VARIABLE {
        command.env("INITIAL_PROMPT", run.prompt.replace('\0', "\u{fffd}"));
    }
    match &setup.token {
        Some(token) => command
            .env("AMBIENT_TOKEN", token.expose_secret())
            .env("BOT_TOKEN", token.expose_secret()),
        None => command.env("AMBIENT_TOKEN", NO_TOKEN),
    };
    Ok(command)
}

/// Waits for the command while its output is stored.
async fn supervise(
    setup: &RunSetup,
    run: &SessionRun,
    mask: Mask,
    mut child: Child,
    group: Group,
    stop: &mut watch::Receiver<Option<Stop>>,
) -> anyhow::Result<End> {
    // If the store fails, the command still runs; the end of the run is stored later.
    let _ = setup.store.started(&run.session).await;
    let (Some(stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(Failure::new(Kind::Other, "the command has no streams").into());
    };
    let (sender, lines) = mpsc::channel(BATCH);
    let (_, masks) = watch::channel(Arc::new(mask));
    let lost = OnceCell::new();
    let streams = async {
        tokio::join!(
            give_prompt(stdin, &run.prompt),
            output::read(stdout, stderr, masks, sender),
            store_lines(setup, run, lines, &lost),
        )
    };
    tokio::pin!(streams);
    let mut streams_are_open = true;
    let limit = sleep(
        run.limit
            .unwrap_or(Duration::from_secs(u64::from(u32::MAX))),
    );
    tokio::pin!(limit);
    let mut why = None;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            _ = &mut streams, if streams_are_open => streams_are_open = false,
            asked = asked(stop), if why.is_none() => {
                why = Some(stopped(asked));
                group.ask_to_end();
                limit.as_mut().reset(tokio::time::Instant::now() + GRACE);
            }
            () = &mut limit => match why {
                None => {
                    let seconds = run.limit.unwrap_or_default().as_secs();
                    why = Some(End::Failed(format!("the session's limit of {seconds} s is over")));
                    group.ask_to_end();
                    limit.as_mut().reset(tokio::time::Instant::now() + GRACE);
                }
                Some(_) => {
                    group.kill();
                    limit.as_mut().reset(tokio::time::Instant::now() + GRACE);
                }
            },
        }
    };
    // Processes that the command started may write a little longer; then they end with the run.
    if streams_are_open && timeout(LINGER, &mut streams).await.is_ok() {
        streams_are_open = false;
    }
    drop(group);
    if streams_are_open {
        let _ = timeout(LINGER, &mut streams).await;
    }
    Ok(match why.unwrap_or_else(|| end_of(status)) {
        End::Completed => lost.get().map_or(End::Completed, |why| {
            End::Failed(format!(
                "the command completed, but not all of its output could be stored: {why}"
            ))
        }),
        other => other,
    })
}

/// Writes the prompt to standard input and closes it. A command need not read it.
async fn give_prompt(mut stdin: ChildStdin, prompt: &str) {
    let _ = stdin.write_all(prompt.as_bytes()).await;
}

/// Stores lines as they arrive, many at a time, up to the limit. If the store fails, the command continues, and `lost`
/// holds the first reason.
async fn store_lines(
    setup: &RunSetup,
    run: &SessionRun,
    mut lines: mpsc::Receiver<OutputLine>,
    lost: &OnceCell<StoreError>,
) {
    let mut kept = 0;
    loop {
        let mut batch = Vec::with_capacity(BATCH);
        if lines.recv_many(&mut batch, BATCH).await == 0 {
            return;
        }
        if kept == MOST_MESSAGES {
            continue;
        }
        batch.truncate(MOST_MESSAGES - kept);
        kept += batch.len();
        if kept == MOST_MESSAGES {
            let words = format!("output beyond {MOST_MESSAGES} messages is not kept");
            batch.push((LOGGED, words));
        }
        if let Err(error) = setup.store.say(&run.session, batch).await {
            lost.get_or_init(|| error);
        }
    }
}

async fn asked(stop: &mut watch::Receiver<Option<Stop>>) -> Stop {
    match stop.wait_for(Option::is_some).await {
        Ok(asked) => asked.unwrap_or(Stop::Server),
        Err(_) => Stop::Server,
    }
}

fn stopped(stop: Stop) -> End {
    End::Stopped(match stop {
        Stop::User => "stopped",
        Stop::Server => "the server was stopped",
    })
}

fn end_of(status: ExitStatus) -> End {
    match (status.code(), process::ending_signal(status)) {
        (Some(0), _) => End::Completed,
        (Some(code), _) => End::Failed(format!("the command ended with exit code {code}")),
        (None, Some(signal)) => End::Failed(format!("the command was ended by signal {signal}")),
        (None, None) => End::Failed("the command ended".to_owned()),
    }
}
