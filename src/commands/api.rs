//! `acpctl api`: a request of the user's own, with the login.

use std::path::PathBuf;

use anyhow::Context as _;
use secrecy::SecretString;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::outcome::WriteArgs;
use crate::api::{BASE_PATH, Body, Method, Request};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::input::{self, Input};
use crate::output::Format;
use crate::resources::Candidates;
use crate::text::quote;

const EXAMPLES: &str = "\
acpctl api GET /projects -o jsonpath='{.items[*].name}'
acpctl api POST /projects -f name=demo -f description='A place to try things'
acpctl api GET '/credentials?size=10'";

/// The methods of the platform.
const METHODS: &[&str] = &["GET", "POST", "PATCH", "DELETE"];
/// The same with descriptions, for completion.
const DESCRIBED: &[(&str, &str)] = &[
    ("GET", "read"),
    ("POST", "create, or start an action"),
    ("PATCH", "change"),
    ("DELETE", "delete"),
];

/// Fields whose texts are masked.
const SECRETS: [&str; 6] = [
    "access_token",
    "bearer_token",
    "client_secret",
    "password",
    "refresh_token",
    "token",
];

/// Send one request to the API with your login
///
/// Prints the answer as JSON; secrets in it are masked unless --show-secrets is given. An answer that is not a success
/// is an error with the exit code of its kind.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// GET, POST, PATCH or DELETE
    #[arg(add = Candidates::Described(DESCRIBED))]
    method: String,
    /// Path below /api/ambient/v1, with a query if there is one
    path: String,
    /// Field of a JSON object to send, as text, or from a file with @PATH (repeatable)
    #[arg(short, long, value_name = "NAME=VALUE|NAME=@PATH")]
    field: Vec<String>,
    /// Send this JSON document: a file, or - for stdin
    #[arg(long, value_name = "PATH|-", conflicts_with = "field")]
    input: Option<PathBuf>,
    /// Do not mask secrets in the answer
    #[arg(long)]
    show_secrets: bool,
    #[command(flatten)]
    output: WriteArgs,
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    let method = method(&args.method)?;
    let path = path(&args.path)?;
    let body = body(ctx, args)?;
    if method == Method::Get && body.is_some() {
        return Err(Failure::usage("a GET has no body")
            .hint("write the fields as a query: PATH?name=value")
            .into());
    }
    let doing = format!("{method} {path}");
    let mut request = Request::new(method, path);
    request.body = body;
    let client = ctx.client()?;
    let answer = ctx.block_on(async { client.exchange(&request).await.context(doing) })?;
    if answer.body.trim_ascii().is_empty() {
        return Ok(());
    }
    let Ok(mut value) = answer.json() else {
        return ctx.out.text(&format!(
            "{}\n",
            String::from_utf8_lossy(&answer.body).trim_end()
        ));
    };
    if !args.show_secrets {
        mask(&mut value);
    }
    match format {
        Format::Table | Format::Wide | Format::Name => ctx.out.json(&value),
        format => ctx.out.value(&value, &format),
    }
}

fn method(text: &str) -> Result<Method, Failure> {
    let all = [Method::Get, Method::Post, Method::Patch, Method::Delete];
    let mut known = all.into_iter();
    known
        .find(|method| method.wire().eq_ignore_ascii_case(text))
        .ok_or_else(|| {
            Failure::usage(format!("unknown method {}", quote(text)))
                .hint(format!("the methods are {}", METHODS.join(", ")))
        })
}

/// Returns the path below the base. A text that could lead to another place of the server is refused: the login goes
/// along.
fn path(text: &str) -> Result<String, Failure> {
    let refuse = |why: &str| {
        Failure::usage(format!("{} is not a path of the API: {why}", quote(text)))
            .hint("write a path such as /projects or /credentials?size=10")
    };
    if text.contains("://") {
        return Err(refuse("it names a server"));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains(['\\', '#', '"']) {
        return Err(refuse("write special characters as %XX"));
    }
    let path = text.strip_prefix(BASE_PATH).unwrap_or(text);
    let path = path.trim_start_matches('/');
    let (route, _) = path.split_once('?').unwrap_or((path, ""));
    let decoded = route.to_ascii_lowercase().replace("%2e", ".");
    if route.is_empty()
        || decoded
            .split('/')
            .any(|word| matches!(word, "" | "." | ".."))
    {
        return Err(refuse("a part of it is missing, or is a dot"));
    }
    Ok(format!("/{path}"))
}

/// Returns the body that the flags describe.
fn body(ctx: &Ctx, args: &Args) -> Result<Option<Body>, Failure> {
    if let Some(path) = &args.input {
        let input = input::from_path(path)?;
        let text = text(&input)?;
        if let Err(why) = serde_json::from_str::<serde::de::IgnoredAny>(&text) {
            let message = format!("{} is not JSON", input.name());
            let hint = format!("line {}, column {}", why.line(), why.column());
            return Err(Failure::new(Kind::Data, message).hint(hint));
        }
        return Ok(Some(Body::document(SecretString::from(text.as_str()))));
    }
    if args.field.is_empty() {
        return Ok(None);
    }
    let mut fields = Map::new();
    for field in &args.field {
        let (name, value) = field.split_once('=').ok_or_else(|| {
            Failure::usage("--field is not NAME=VALUE").hint("write -f name=demo")
        })?;
        let value = match value.strip_prefix('@') {
            Some(path) => text(&input::from_path(path)?)?
                .trim_end_matches('\n')
                .to_owned(),
            None => {
                if SECRETS.contains(&name) {
                    let instead = format!("use -f {name}=@PATH");
                    input::judge_literal(&ctx.out, &instead, false)?;
                }
                value.to_owned()
            }
        };
        fields.insert(name.to_owned(), value.into());
    }
    let document = Zeroizing::new(Value::Object(fields).to_string());
    Ok(Some(Body::document(SecretString::from(document.as_str()))))
}

fn text(input: &Input) -> Result<Zeroizing<String>, Failure> {
    let text = std::str::from_utf8(&input.bytes);
    text.map(|text| Zeroizing::new(text.to_owned()))
        .map_err(|_| Failure::new(Kind::Data, format!("{} is not UTF-8 text", input.name())))
}

/// Replaces the texts of secret fields.
fn mask(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if SECRETS.contains(&name.as_str()) && !text.is_empty() => {
                        "********".clone_into(text);
                    }
                    value => mask(value),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_the_base() {
        for (text, wanted) in [
            ("/projects", "/projects"),
            ("projects?size=1", "/projects?size=1"),
            ("/api/ambient/v1/projects/a%20b", "/projects/a%20b"),
        ] {
            assert_eq!(path(text).ok().as_deref(), Some(wanted));
        }
        for text in [
            "",
            "/",
            "..",
            "/projects/../../admin",
            "/projects/%2E%2e/x",
            "/projects//x",
            "https://evil.example.org/projects",
            "/a b",
            "/a\n",
            "/a\\b",
            "/a#b",
            "/ä",
        ] {
            assert!(path(text).is_err(), "{text:?}");
        }
    }
}
