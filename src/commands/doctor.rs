//! `acpctl doctor`

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::api::{Answer, Client, Request};
use crate::auth::{cleartext, job, login as auth_login, refresh, store, token};
use crate::compat::grammar::IgnoredArgs;
use crate::config::paths::Unknown;
use crate::config::settings::Origin;
use crate::config::{Settings, paths};
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::keyring;
use crate::output::age::age;
use crate::output::progress;
use crate::output::style::{Tone, paint};
use crate::output::wrap;
use crate::text::{acpctl, url_for_people};

/// The time limit for the server, unless the user sets one.
const SERVER_LIMIT: Duration = Duration::from_secs(5);
/// A difference between the clocks that is worth a warning, in seconds.
const SKEW_SHOWN: i64 = 5;
/// A difference between the clocks that breaks logins, in seconds.
const SKEW_FATAL: i64 = 60;
/// The bits of a file mode that give access to anybody but the owner.
const OTHERS: u32 = 0o077;
/// A login that expires sooner than this gets a warning, in seconds.
const LOGIN_ENDS_SOON: i64 = 600;

const EXAMPLES: &str = "\
acpctl doctor
# For scripts: exit status 1 if something fails
acpctl doctor -o json";

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    Text,
    Json,
}

/// Check configuration, login, server and tools
///
/// Each line starts with ok, warn or fail, and names a fix if there is a problem. Nothing is changed, and no secret is shown.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Output format: text|json
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        default_value = "text",
        hide_possible_values = true
    )]
    output: Form,
    #[command(flatten)]
    ignored: IgnoredArgs,
}

/// The result of one check.
struct Check {
    name: &'static str,
    tone: Tone,
    /// The finding.
    detail: String,
    /// The fix; empty if there is no problem.
    fix: String,
}

fn check(
    name: &'static str,
    tone: Tone,
    detail: impl Into<String>,
    fix: impl Into<String>,
) -> Check {
    Check {
        name,
        tone,
        detail: detail.into(),
        fix: fix.into(),
    }
}

fn ok(name: &'static str, detail: impl Into<String>) -> Check {
    check(name, Tone::Good, detail, "")
}

fn warn(name: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Check {
    check(name, Tone::Doubtful, detail, fix)
}

fn fail(name: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Check {
    check(name, Tone::Bad, detail, fix)
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let checks = checks(ctx);
    match args.output {
        Form::Json => ctx.out.json(&as_json(&checks))?,
        Form::Text => ctx
            .out
            .text(&as_text(&checks, ctx.out.colored(), ctx.out.width()))?,
    }
    match checks.iter().filter(|c| c.tone == Tone::Bad).count() {
        0 => Ok(()),
        1 => Err(Failure::new(Kind::Other, "1 check failed").into()),
        failed => Err(Failure::new(Kind::Other, format!("{failed} checks failed")).into()),
    }
}

fn status(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "ok",
        Tone::Doubtful => "warn",
        Tone::Bad => "fail",
    }
}

fn as_json(checks: &[Check]) -> Value {
    let checks: Vec<Value> = checks
        .iter()
        .map(|check| {
            json!({
                "name": check.name,
                "status": status(check.tone),
                "detail": check.detail,
                "fix": (!check.fix.is_empty()).then_some(&check.fix),
            })
        })
        .collect();
    json!({"checks": checks})
}

fn as_text(checks: &[Check], colored: bool, columns: Option<usize>) -> String {
    let width = checks.iter().map(|check| check.name.len()).max();
    let width = width.unwrap_or_default();
    // Behind the status and the name, each with two spaces.
    let indent = 8 + width;
    let wrapped = |line: &str, indent| match columns {
        Some(columns) => wrap::line(line, columns, indent),
        None => line.to_owned(),
    };
    let mut text = String::new();
    for check in checks {
        let word = format!("{:<4}", status(check.tone));
        let line = format!(
            "{}  {:<width$}  {}",
            paint(&word, check.tone, colored),
            check.name,
            crate::output::table::visible(&check.detail)
        );
        text.push_str(&wrapped(&line, indent));
        text.push('\n');
        if !check.fix.is_empty() {
            let fix = format!("{:indent$}fix: {}", "", check.fix);
            text.push_str(&wrapped(&fix, indent + 5));
            text.push('\n');
        }
    }
    text
}

fn checks(ctx: &Ctx) -> Vec<Check> {
    let mut found = vec![config(ctx)];
    found.extend(platform(ctx));
    found.push(keyring());
    found.extend(tools());
    found.extend([runtime_dir(), kubeconfig()]);
    found.extend(store(ctx));
    found
}

fn config(ctx: &Ctx) -> Check {
    let name = "config";
    let path = match paths::config_file() {
        Ok(path) => path,
        Err(Unknown::Unset(_)) => {
            let fix = "set HOME or AMBIENT_CONFIG to keep a login";
            return warn(name, "HOME is not set: there is no configuration file", fix);
        }
        Err(why) => return fail(name, why, "set HOME or AMBIENT_CONFIG"),
    };
    let shown = path.display();
    if let Err(error) = ctx.config() {
        let why = error.message;
        let why = why.strip_prefix("load config: ").unwrap_or(&why);
        return fail(name, why, format!("repair or remove {shown}"));
    }
    match fs::metadata(&path) {
        Err(_) => ok(name, format!("{shown} does not exist; it is not needed")),
        Ok(about) if !about.is_file() => ok(name, format!("{shown}: no file is used")),
        Ok(about) => private(name, &path, about.mode(), 0o600),
    }
}

/// Checks that only its owner can read a file or folder.
fn private(name: &'static str, path: &Path, mode: u32, wanted: u32) -> Check {
    let (shown, mode) = (path.display(), mode & 0o777);
    if mode & OTHERS == 0 {
        return ok(name, format!("{shown}, mode {mode:04o}"));
    }
    warn(
        name,
        format!("{shown}, mode {mode:04o}: others may read it"),
        format!("chmod {wanted:o} {shown}"),
    )
}

/// Checks the login, the server and the clock, with one request to the server.
fn platform(ctx: &Ctx) -> Vec<Check> {
    let Ok(config) = ctx.config_if_any() else {
        return Vec::new();
    };
    let mut globals = ctx.globals.clone();
    globals.request_timeout = globals.request_timeout.or(Some(SERVER_LIMIT));
    globals.connect_timeout = globals.connect_timeout.or(Some(SERVER_LIMIT));
    let settings = Settings::new(&globals, config);
    if settings.is_local() {
        return vec![ok("server", "the embedded API: no login, no network")];
    }
    if settings.api_url.origin == Origin::Default
        && settings.token.value.is_none()
        && !auth_login::is_logged_in(config)
        && !job::is_set()
    {
        return vec![ok(
            "login",
            "no server is configured; --local needs none, and 'acpctl login URL' adds one",
        )];
    }
    let token = ctx.stored_token(&settings);
    let is_renewed = settings.token.origin != Origin::Environment
        && store::load(config).is_ok_and(|login| refresh::is_renewable(config, &login));
    let mut found = vec![match &token {
        Ok(token) => login(&settings, token.as_ref(), is_renewed, ctx.now()),
        Err(failure) => fail(
            "login",
            &failure.message,
            failure.hint.as_deref().unwrap_or("acpctl login"),
        ),
    }];
    found.extend(transport(&settings));
    let token = token.ok().flatten();
    let end = token.as_ref().and_then(expires_at);
    let is_due = is_renewed && end.is_some_and(|end| end <= ctx.now());
    found.extend(server_and_clock(ctx, &settings, token, is_due));
    found
}

/// Warns about connections on which others can read or replace the token.
fn transport(settings: &Settings) -> Vec<Check> {
    let mut found = Vec::new();
    if let Some(origin) = cleartext::exposed(&settings.api_url.value) {
        found.push(warn(
            "encryption",
            cleartext::words(&origin),
            "acpctl config set api_url https://...",
        ));
    }
    if settings.insecure.value {
        found.push(warn(
            "tls",
            "certificates are not checked",
            "leave out --insecure-skip-tls-verify, trust the authority with --ca-file, and log in again",
        ));
    }
    found
}

/// Sends one request and judges its answer. `is_due` says that the token has expired and that the next command renews it.
fn server_and_clock(
    ctx: &Ctx,
    settings: &Settings,
    token: Option<SecretString>,
    is_due: bool,
) -> Vec<Check> {
    let url = &url_for_people(&settings.api_url.value);
    let asked = move || -> anyhow::Result<(Answer, Timestamp)> {
        let _asking = progress::begin(format!("Asking {url}"));
        let client = Client::connect(settings, token)?;
        let answer =
            ctx.block_on(async { Ok(client.send_once(&Request::get("/version")).await?) })?;
        Ok((answer, ctx.now()))
    };
    match asked() {
        Ok((answer, now)) => {
            let server = if is_due && answer.status == 401 {
                ok(
                    "server",
                    format!("{url} answers; the login is renewed by the next command"),
                )
            } else {
                server(url, &answer)
            };
            std::iter::once(server).chain(clock(&answer, now)).collect()
        }
        Err(error) => vec![fail(
            "server",
            format!("{url}: {error:#}"),
            format!(
                "check the address ({}), the network, and proxy variables",
                acpctl(&["config", "get", "api_url"])
            ),
        )],
    }
}

fn login(
    settings: &Settings,
    token: Option<&SecretString>,
    is_renewed: bool,
    now: Timestamp,
) -> Check {
    let name = "login";
    let again = acpctl(&["login", "URL"]);
    let Some(token) = token else {
        let fix = format!("{again}, or use the embedded API of this machine: --local");
        return fail(name, "not logged in", fix);
    };
    let from = match settings.token.origin {
        Origin::Environment => "token from AMBIENT_TOKEN",
        _ if job::is_set() => "token from AMBIENT_CLIENT_ID",
        _ => "stored token",
    };
    match expires_at(token) {
        None => ok(name, format!("{from}; expiry unknown")),
        Some(end) if end <= now => {
            let ago = age(&end.to_string(), now);
            let detail = format!("{from}, expired {ago} ago");
            if is_renewed {
                ok(name, format!("{detail}; the next command renews it"))
            } else {
                fail(name, detail, again)
            }
        }
        Some(end) => {
            let left = age(&now.to_string(), end);
            let detail = format!("{from}, expires in {left}");
            if !is_renewed && end.as_second() - now.as_second() < LOGIN_ENDS_SOON {
                warn(name, detail, again)
            } else {
                ok(name, detail)
            }
        }
    }
}

fn expires_at(token: &SecretString) -> Option<Timestamp> {
    token::read(token.expose_secret()).expires_at()
}

fn server(url: &str, answer: &Answer) -> Check {
    let name = "server";
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match (answer.status, body.get("version").and_then(Value::as_str)) {
        (200..300, Some(version)) => ok(name, format!("{url}, version {version}")),
        (401, _) => fail(
            name,
            format!("{url} answers, but rejects the token (401)"),
            acpctl(&["login", "URL"]),
        ),
        (status, _) => warn(
            name,
            format!("{url} answers {status}, but not as the platform does"),
            format!(
                "check the address: {}",
                acpctl(&["config", "get", "api_url"])
            ),
        ),
    }
}

/// Compares the clocks: if they differ, valid tokens are rejected, or expired ones are used.
fn clock(answer: &Answer, now: Timestamp) -> Option<Check> {
    let name = "clock";
    let theirs = rfc2822::DateTimeParser::new()
        .parse_timestamp(answer.date.as_deref()?)
        .ok()?;
    let skew = now.as_second() - theirs.as_second();
    let detail = match skew {
        0 => "same as the server's".to_owned(),
        _ if skew > 0 => format!("{skew} s ahead of the server's"),
        _ => format!("{} s behind the server's", -skew),
    };
    let fix = "set this machine's clock, for example: timedatectl set-ntp true";
    Some(match skew.abs() {
        0..=SKEW_SHOWN => ok(name, detail),
        ..=SKEW_FATAL => warn(name, detail, fix),
        _ => fail(name, detail, fix),
    })
}

/// Reads an entry that does not exist from the keyring.
fn keyring() -> Check {
    let name = "keyring";
    let fix = "start a secret service, or keep the key of the embedded API in a file: AMBIENT_LOCAL_KEYRING=off";
    if env::LOCAL_KEYRING.get().as_deref() == Some("off") {
        return ok(name, "switched off by AMBIENT_LOCAL_KEYRING");
    }
    let _asking = progress::begin("Asking the keyring");
    match keyring::read("acpctl", "doctor") {
        Ok(_) => ok(name, "answers"),
        Err(why) => warn(name, format!("not available: {why}"), fix),
    }
}

/// Looks for the programs that commands or sessions start.
fn tools() -> Vec<Check> {
    let kubectl = match env::program("kubectl") {
        Some(path) => ok("kubectl", path.display().to_string()),
        None => warn(
            "kubectl",
            "not found in PATH; only needed to try out a kubeconfig",
            "https://kubernetes.io/docs/tasks/tools/",
        ),
    };
    let server = ["kubernetes-mcp-server", "uvx", "npx"]
        .into_iter()
        .find_map(|name| env::program(name).map(|path| (name, path)));
    let server = match server {
        Some(("kubernetes-mcp-server", path)) => ok("mcp-server", path.display().to_string()),
        Some((name, path)) => ok(
            "mcp-server",
            format!("not installed, but {name} can fetch it: {}", path.display()),
        ),
        None => warn(
            "mcp-server",
            "neither kubernetes-mcp-server nor uvx nor npx is in PATH; only needed to run a session's tools here",
            "https://docs.astral.sh/uv/",
        ),
    };
    vec![kubectl, server]
}

fn runtime_dir() -> Check {
    let name = "runtime-dir";
    let fix = "log in through a session manager, or set XDG_RUNTIME_DIR to a folder of your own with mode 0700";
    let Some(path) = env::XDG_RUNTIME_DIR.path() else {
        return warn(name, "XDG_RUNTIME_DIR is not set", fix);
    };
    match fs::metadata(&path) {
        Ok(about) if about.is_dir() => {
            if about.uid() == rustix::process::geteuid().as_raw() {
                private(name, &path, about.mode(), 0o700)
            } else {
                fail(
                    name,
                    format!("{} belongs to another user", path.display()),
                    fix,
                )
            }
        }
        _ => warn(name, format!("{} is not a folder", path.display()), fix),
    }
}

fn kubeconfig() -> Check {
    let name = "kubeconfig";
    let path = match (env::KUBECONFIG.os(), env::HOME.path()) {
        (Some(list), _) => std::env::split_paths(&list).find(|path| path.exists()),
        (None, Some(home)) => Some(home.join(".kube/config")),
        (None, None) => None,
    };
    match path.and_then(|path| Some((fs::metadata(&path).ok()?, path))) {
        Some((about, path)) => private(name, &path, about.mode(), 0o600),
        None => ok(name, "none found; --from-file names one"),
    }
}

/// Checks the modes in the embedded API's folder, and opens its store.
fn store(ctx: &Ctx) -> Vec<Check> {
    let name = "store";
    let dir = match paths::data_dir() {
        Ok(dir) => dir,
        Err(why) => return vec![warn(name, why.message, "set HOME or XDG_DATA_HOME")],
    };
    let Ok(entries) = fs::read_dir(&dir) else {
        return vec![ok(name, "the embedded API has not been used yet")];
    };
    let open_to_others = entries.flatten().find_map(|entry| {
        let mode = entry.metadata().ok()?.mode();
        (mode & OTHERS != 0).then(|| private(name, &entry.path(), mode, 0o600))
    });
    let mut found: Vec<Check> = open_to_others.into_iter().collect();
    let mut globals = ctx.globals.clone();
    globals.local = true;
    let opened = || -> anyhow::Result<()> {
        let settings = Settings::new(&globals, ctx.config_if_any()?);
        let client = Client::connect(&settings, None)?;
        let request = Request::get("/projects?page=1&size=1");
        ctx.block_on(async { Ok(client.send(&request).await.map(drop)?) })
    };
    match opened() {
        Ok(()) if found.is_empty() => found.push(ok(name, format!("{} opens", dir.display()))),
        Ok(()) => {}
        Err(error) => found.push(fail(
            name,
            format!("{}: {error:#}", dir.display()),
            format!("restore {} from a backup, or move it away", dir.display()),
        )),
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(date: &str) -> Answer {
        Answer {
            status: 200,
            content_type: String::new(),
            operation_id: None,
            retry_after: None,
            location: None,
            date: Some(date.to_owned()),
            body: Vec::new(),
        }
    }

    #[test]
    fn clocks_are_compared() {
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        let cases = [
            (
                "Tue, 24 Nov 2026 12:00:00 GMT",
                Tone::Good,
                "same as the server's",
            ),
            (
                "Tue, 24 Nov 2026 11:59:57 GMT",
                Tone::Good,
                "3 s ahead of the server's",
            ),
            (
                "Tue, 24 Nov 2026 12:00:30 GMT",
                Tone::Doubtful,
                "30 s behind the server's",
            ),
            (
                "Tue, 24 Nov 2026 13:00:00 GMT",
                Tone::Bad,
                "3600 s behind the server's",
            ),
        ];
        for (date, tone, detail) in cases {
            let found = clock(&answer(date), now).unwrap();
            assert_eq!((found.tone, found.detail.as_str()), (tone, detail));
        }
        assert!(clock(&answer("yesterday"), now).is_none());
    }
}
