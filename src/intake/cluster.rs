//! The way from a credential, a file or a context to a cluster that answers.
//!
//! A login program that the kubeconfig names runs here, on the user's machine, once, and only if the user has agreed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use secrecy::ExposeSecret;

use super::files::open;
use super::findings;
use super::read::{from_environment, source_name, source_of, views};
use crate::cluster::fault::FROM_SESSION;
use crate::cluster::plugin;
use crate::cluster::{Client, Fault, Limits};
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::input;
use crate::kubeconfig::{self as rules, Access, Keep, Kubeconfig, OwnedSource, Plugin, Source};
use crate::lookup;
use crate::output::{progress, prompt};
use crate::resources::{Candidates, KUBECONFIG};
use crate::runner::table;
use crate::session_helper::fetch;
use crate::text::command::shell_line;
use crate::text::quote;
use crate::text::{acpctl, secrets, tokens};

/// The finding that `--allow` names before a login program is started.
pub(crate) const EXEC_PLUGIN: &str = "exec-plugin";
/// The findings that `--allow` accepts for a cluster.
const ALLOWED: &[(&str, &str)] = &[(
    EXEC_PLUGIN,
    "start the login program that the kubeconfig names",
)];
/// How long a connection may take, and one answer.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const ANSWER_LIMIT: Duration = Duration::from_secs(15);
/// How long a login program may take: it may wait for somebody at a browser.
const LOGIN_LIMIT: Duration = Duration::from_secs(120);

/// Which kubeconfig leads to the cluster.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct ClusterArgs {
    /// Use the kubeconfig in this file, or from stdin for -
    #[arg(short = 'f', long, value_name = "PATH|-")]
    pub from_file: Option<PathBuf>,
    /// Use this context; without a file, from KUBECONFIG
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::Contexts)]
    pub context: Option<String>,
    /// Permit what is refused by default: exec-plugin permits starting the login program that the kubeconfig names
    #[arg(long, value_name = "CODE")]
    #[arg(add = Candidates::Described(ALLOWED))]
    pub allow: Vec<String>,
}

/// A kubeconfig that was read, as a way to its cluster.
pub(crate) struct Way {
    /// The name of the kubeconfig for people: the credential's name, or the file's.
    pub name: String,
    pub access: Access,
}

impl Way {
    /// The context's namespace, as Kubernetes' client takes it.
    #[must_use]
    pub(crate) fn namespace(&self) -> &str {
        self.access
            .context
            .namespace
            .as_deref()
            .unwrap_or("default")
    }
}

impl ClusterArgs {
    /// Refuses these flags in a line that leads to no cluster.
    ///
    /// # Errors
    /// A usage failure that names the flag that would need them.
    pub(crate) fn refuse_given(&self, needed: &str) -> Result<(), Failure> {
        if self.from_file.is_none() && self.context.is_none() && self.allow.is_empty() {
            return Ok(());
        }
        Err(Failure::usage(format!(
            "--from-file, --context and --allow require {needed}"
        ))
        .hint(match self.context {
            Some(_) => "to choose the server: --context-name; --context is one of a kubeconfig",
            None => "leave them out",
        }))
    }

    /// Reads the kubeconfig: of a stored credential, of a file, or of the user's own context.
    ///
    /// # Errors
    /// If it is named twice or not at all, can't be read, or has no usable context.
    pub(crate) fn way(&self, ctx: &Ctx, credential: Option<&str>) -> anyhow::Result<Way> {
        may_log_in(&self.allow)?;
        match credential {
            Some(_) if self.from_file.is_some() || self.context.is_some() => Err(Failure::usage(
                "a credential can't be combined with --from-file or --context",
            )
            .hint("name the credential, or the file and its context")
            .into()),
            Some(name) => stored(ctx, name),
            None => Ok(self.own(ctx)?),
        }
    }

    /// The user's own kubeconfig, cut to one context. Standard input is read for `-` only: commands about clusters run
    /// in scripts and timers, whose standard input means nothing.
    fn own(&self, ctx: &Ctx) -> Result<Way, Failure> {
        let sources = match (&self.from_file, &self.context) {
            (Some(path), _) => vec![source_of(input::from_path(path)?)],
            (None, Some(_)) => from_environment()?,
            (None, None) => {
                return Err(Failure::usage("no kubeconfig is named").hint(
                    "name a file with --from-file PATH, or a context of KUBECONFIG with --context NAME",
                ));
            }
        };
        Ok(self.noting_file(cut(ctx, sources, self.context.as_deref())?))
    }

    /// Notes which file the user named, for commands to copy. What came from standard input is in a file that the
    /// user knows.
    fn noting_file(&self, mut way: Way) -> Way {
        way.access.file = self.from_file.as_deref().map(|path| match path.to_str() {
            Some("-") => "FILE".to_owned(),
            _ => path.to_string_lossy().into_owned(),
        });
        way
    }

    /// Reads the user's own kubeconfig for the cluster at this address, as a credential's annotation has it. Without a
    /// file and a context, the context that leads there is taken from `KUBECONFIG`.
    ///
    /// # Errors
    /// If no context leads to this cluster, or if several do and none is the current one.
    pub(crate) fn way_to(&self, ctx: &Ctx, server: &str) -> Result<Way, Failure> {
        may_log_in(&self.allow)?;
        let mut sources = match &self.from_file {
            Some(path) => vec![source_of(input::from_path(path)?)],
            None => from_environment()?,
        };
        super::decode::decode(&mut sources)?;
        let name = source_name(&sources);
        let contexts = rules::contexts(&views(&sources)).map_err(|_| unusable(&name))?;
        let mut leading = contexts.iter().filter(|context| {
            context.server.as_deref() == Some(server)
                && self
                    .context
                    .as_ref()
                    .is_none_or(|name| *name == context.name)
        });
        let chosen = leading
            .clone()
            .find(|context| context.current)
            .or_else(|| leading.next().filter(|_| leading.next().is_none()));
        let Some(chosen) = chosen.map(|context| context.name.clone()) else {
            let text = format!(
                "the kubeconfig {} has no single context for the cluster {server}",
                quote(&name)
            );
            return Err(Failure::new(Kind::NotFound, text)
                .hint("name the file with --from-file, or the context with --context"));
        };
        Ok(self.noting_file(cut(ctx, sources, Some(&chosen))?))
    }
}

/// Cuts a kubeconfig to one context.
fn cut(ctx: &Ctx, mut sources: Vec<OwnedSource>, context: Option<&str>) -> Result<Way, Failure> {
    super::decode::decode(&mut sources)?;
    let name = source_name(&sources);
    let keep = context.map_or(Keep::Current, Keep::Named);
    let carved = rules::carve(&views(&sources), keep, &open).map_err(|refused| {
        for finding in &refused {
            ctx.out.note(&findings::text(&name, finding));
        }
        unusable(&name)
    })?;
    of_text(&name, carved.text.expose_secret())
}

/// The kubeconfig of a stored credential.
fn stored(ctx: &Ctx, given: &str) -> anyhow::Result<Way> {
    lookup::check("credential name or ID", given)?;
    let client = ctx.client()?;
    let (name, text) = ctx.block_on(async {
        let record = lookup::credential(client, given)
            .await
            .with_context(|| format!("get credential {}", quote(given)))?;
        let provider = record.text("provider").to_owned();
        if provider != KUBECONFIG {
            let text = format!(
                "the credential {} is for {}, and only a kubeconfig leads to a cluster",
                quote(record.name()),
                quote(&provider)
            );
            return Err(Failure::new(Kind::Data, text).into());
        }
        let text = fetch::token(client, record.id(), &provider).await?;
        Ok((record.name().to_owned(), text))
    })?;
    Ok(of_text(&name, text.expose_secret())?)
}

/// Reads a kubeconfig that is cut already.
///
/// # Errors
/// It has no usable context.
pub(crate) fn of_text(name: &str, text: &str) -> Result<Way, Failure> {
    let source = Source {
        name,
        bytes: text.as_bytes(),
        dir: Path::new(""),
    };
    let access = Kubeconfig::read(&[source]).and_then(|kubeconfig| kubeconfig.access());
    let access = access.map_err(|_| unusable(name))?;
    Ok(Way {
        name: name.to_owned(),
        access,
    })
}

fn unusable(name: &str) -> Failure {
    Failure::new(
        Kind::Data,
        format!("the kubeconfig {} can't be used", quote(name)),
    )
    .hint(acpctl(&["credential", "validate", "FILE"]))
}

/// Logs in if a login program is needed, and sets up the client; nothing is sent to the cluster yet.
///
/// # Errors
/// If the user does not agree to the login program, it fails, or the kubeconfig can't be used here.
pub(crate) async fn connect(
    ctx: &Ctx,
    way: &mut Way,
    allowed: &[String],
) -> anyhow::Result<Client> {
    if let Some(plugin) = way.access.needed_plugin() {
        agree(ctx, &way.name, plugin, allowed)?;
        let limit = login_limit(ctx);
        let _running = progress::begin(running(limit));
        log_in(ctx, &mut way.access).await.map_err(failure)?;
    }
    Ok(client(ctx, &way.access).await.map_err(failure)?)
}

/// Sets up the client of one cluster and user, with the time limits of the command line.
///
/// # Errors
/// A part of the kubeconfig can't be used here.
pub(crate) async fn client(ctx: &Ctx, access: &Access) -> Result<Client, Fault> {
    let limits = Limits {
        connect: ctx.globals.connect_timeout.unwrap_or(CONNECT_LIMIT),
        request: ctx.globals.request_timeout.unwrap_or(ANSWER_LIMIT),
    };
    Client::new(access, limits).await
}

/// How long a login program may take.
#[must_use]
pub(crate) fn login_limit(ctx: &Ctx) -> Duration {
    ctx.globals.request_timeout.unwrap_or(LOGIN_LIMIT)
}

/// Returns the text of the progress line while a login program runs.
#[must_use]
pub(crate) fn running(limit: Duration) -> String {
    format!("Running the login program (up to {} s)", limit.as_secs())
}

/// Runs the login program that the kubeconfig needs, shows what it writes to standard error, and keeps the login in
/// `access`. The caller has made sure that the user agrees.
///
/// # Errors
/// The program fails, or prints something other than a login.
pub(crate) async fn log_in(ctx: &Ctx, access: &mut Access) -> Result<(), Fault> {
    let Some(plugin) = access.needed_plugin() else {
        return Ok(());
    };
    for secret in plugin
        .args
        .iter()
        .chain(plugin.env.iter().map(|(_, value)| value))
    {
        secrets::know(secret);
    }
    let limit = login_limit(ctx);
    let heard = |line: &str| ctx.out.note(&tokens::hide(line));
    let login = plugin::run(access, plugin, limit, without_our_secrets, heard).await?;
    access.token = login.token;
    if login.certificate.is_some() {
        access.certificate = login.certificate;
    }
    access.secrets().iter().for_each(secrets::know);
    Ok(())
}

/// Reads `--allow`, which may name the login program only. Returns true if it does.
///
/// # Errors
/// A usage failure for another code.
pub(crate) fn may_log_in(allowed: &[String]) -> Result<bool, Failure> {
    match allowed.iter().find(|code| *code != EXEC_PLUGIN) {
        Some(other) => Err(Failure::usage(format!(
            "--allow takes {EXEC_PLUGIN} here, not {}",
            quote(other)
        ))),
        None => Ok(!allowed.is_empty()),
    }
}

/// The most characters of a command line that a question shows.
const LONGEST_COMMAND: usize = 1_000;

/// Returns the program with its arguments, as a shell takes them. Who is asked whether it may run must see all of it.
fn command_line(plugin: &Plugin) -> String {
    let args = plugin.args.iter().map(ExposeSecret::expose_secret);
    let words: Vec<&str> = std::iter::once(plugin.command.as_str())
        .chain(args)
        .collect();
    let line = shell_line(&words);
    match line.char_indices().nth(LONGEST_COMMAND) {
        Some((end, _)) => format!("{} … ({} more bytes)", &line[..end], line.len() - end),
        None => line,
    }
}

/// A program that a file names runs only if the user wants it.
fn agree(ctx: &Ctx, name: &str, plugin: &Plugin, allowed: &[String]) -> anyhow::Result<()> {
    let program = quote(&plugin.command);
    let has_agreed = !allowed.is_empty()
        || (ctx.may_ask()
            && prompt::confirm(&format!(
                "The kubeconfig {} logs in with this program: {}. Run it?",
                quote(name),
                command_line(plugin)
            ))?);
    if has_agreed {
        return Ok(());
    }
    let text = format!("the kubeconfig logs in with the program {program}, which was not started");
    Err(Failure::new(Kind::Input, text)
        .hint(format!(
            "add --allow {EXEC_PLUGIN} if you trust this kubeconfig"
        ))
        .into())
}

/// The user's own login, and what the runner may set, are not for a program that a kubeconfig names.
fn without_our_secrets(command: &mut tokio::process::Command) {
    for name in table::variable_names() {
        command.env_remove(name);
    }
    for variable in [env::TOKEN, env::BOT_TOKEN].iter().chain(env::JOB_SECRETS) {
        command.env_remove(variable.name);
    }
}

/// A cluster's fault as a failure of the command, which runs on this machine and not in a session.
#[must_use]
pub(crate) fn failure(fault: Fault) -> Failure {
    Failure::new(
        fault.class.kind(),
        format!("{}: {}", fault.class.word(), fault.text),
    )
    .hint(if fault.hint == FROM_SESSION {
        "this machine asked, and must reach the cluster: check the network, a VPN and the proxy"
            .to_owned()
    } else {
        fault.hint
    })
}
