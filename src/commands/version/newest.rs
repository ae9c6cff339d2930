//! `acpctl version --check`: asks for the newest release of acpctl. No other command does.

use std::time::Duration;

use serde_json::{Value, json};
use url::Url;

use crate::api::{explain, http};
use crate::auth::cleartext;
use crate::config::Settings;
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::output::Format;
use crate::text::{quote, url_for_people};
use crate::version::VERSION;

/// The time limit for the whole answer.
const LIMIT: Duration = Duration::from_secs(10);
/// The longest answer, in bytes: a release with its notes and its list of files.
const MAX_ANSWER: usize = 1 << 20;
/// The longest version, in bytes.
const MAX_VERSION: usize = 64;

/// Prints the version of this program and the newest one.
///
/// # Errors
/// No address is known, or it does not answer with a version.
pub(super) fn report(ctx: &Ctx, client: &Value, format: &Format) -> anyhow::Result<()> {
    let newest = ask(ctx)?;
    let is_newer = is_newer(&newest, VERSION);
    if !matches!(format, Format::Table | Format::Wide) {
        let latest = json!({"version": newest, "newer": is_newer});
        let value = json!({"client": client, "latest": latest});
        return ctx.out.value(&value, format);
    }
    let verdict = match is_newer {
        Some(true) => "newer than this one",
        Some(false) => "not newer than this one",
        None => "this build has no number to compare",
    };
    ctx.out.line(&format!("Latest: {newest} ({verdict})"))
}

/// Asks the address of releases. It gets no login, and TLS is checked whatever the settings say.
fn ask(ctx: &Ctx) -> Result<String, Failure> {
    let url = address()?;
    let settings = ctx.settings()?.clone().verified();
    let body = ctx
        .block_on(async {
            let fetched = tokio::time::timeout(LIMIT, fetch(&url, &settings)).await;
            let late = || failed(&url, "no answer within 10 s");
            Ok(fetched.unwrap_or_else(|_| Err(late())))
        })
        .map_err(|error| Failure::new(Kind::Other, format!("{error:#}")))??;
    version_in(&body).ok_or_else(|| {
        let text = format!("{} does not name a version", quote(&url_for_people(&url)));
        Failure::new(Kind::Server, text)
    })
}

/// Returns the address: that of the variable, or the one of this build.
fn address() -> Result<String, Failure> {
    let named = env::RELEASE_URL.get();
    let url = named.or_else(|| option_env!("ACPCTL_RELEASE_URL").map(str::to_owned));
    let variable = env::RELEASE_URL.name;
    let Some(url) = url else {
        return Err(
            Failure::usage("this build does not know where its releases are").hint(format!(
                "export {variable}=https://api.github.com/repos/OWNER/REPOSITORY/releases/latest"
            )),
        );
    };
    let is_web = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    if !Url::parse(&url).is_ok_and(|url| is_web(&url)) || cleartext::exposed(&url).is_some() {
        let shown = quote(&url_for_people(&url));
        return Err(Failure::usage(format!(
            "{variable} is not an https address: {shown}"
        )));
    }
    http::know_userinfo(&url);
    Ok(url)
}

async fn fetch(url: &str, settings: &Settings) -> Result<Vec<u8>, Failure> {
    let client = http::builder(url, settings)
        .and_then(|builder| Ok(builder.build()?))
        .map_err(|error| failed(url, &format!("{error:#}")))?;
    let sent = client
        .get(url)
        .header("Accept", "application/json, text/plain");
    let mut response = sent
        .send()
        .await
        .map_err(|error| failed(url, &explain(&error, url).1))?;
    if response.status().as_u16() != 200 {
        return Err(failed(url, &format!("HTTP {}", response.status().as_u16())));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|_| failed(url, "unexpected EOF"))?
    {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER {
            return Err(failed(url, "the answer is too large"));
        }
    }
    Ok(body)
}

fn failed(url: &str, why: &str) -> Failure {
    let url = quote(&url_for_people(url));
    Failure::new(
        Kind::Network,
        format!("look for a newer release at {url}: {why}"),
    )
}

/// Returns the version in an answer: `tag_name` or `version` of a JSON object, or a text that is a version. The answer
/// comes from elsewhere, so a version is short and of letters, digits, dots and the like.
fn version_in(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let named = serde_json::from_str::<Value>(text).ok().and_then(|value| {
        let named = value.get("tag_name").or_else(|| value.get("version"))?;
        named.as_str().map(str::to_owned)
    });
    let version = named.unwrap_or_else(|| text.trim().to_owned());
    let is_version = version.len() <= MAX_VERSION
        && version
            .trim_start_matches('v')
            .starts_with(|first: char| first.is_ascii_digit())
        && version
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || ".-+_".contains(char));
    is_version.then_some(version)
}

/// Compares two versions by their numbers; `None` if one of them has none.
fn is_newer(newest: &str, ours: &str) -> Option<bool> {
    Some(numbers(newest)? > numbers(ours)?)
}

/// Returns the three numbers of a version. What follows them, as in `1.2.3-rc1`, does not count.
fn numbers(version: &str) -> Option<[u64; 3]> {
    let core = version.trim_start_matches('v').split(['-', '+']).next()?;
    let mut parts = core.split('.').map(|part| part.parse().ok());
    Some([parts.next()??, parts.next()??, parts.next()??])
}

#[cfg(test)]
mod tests {
    use super::{is_newer, version_in};

    #[test]
    fn a_version_is_short_and_plain() {
        for (body, wanted) in [
            (r#"{"tag_name": "v0.2.0", "body": "notes"}"#, Some("v0.2.0")),
            (r#"{"version": "1.10.3"}"#, Some("1.10.3")),
            ("0.3.1\n", Some("0.3.1")),
            (r#"{"tag_name": "v1\u001b[31m"}"#, None),
            (r#"{"tag_name": 3}"#, None),
            ("<html>", None),
            ("", None),
        ] {
            assert_eq!(version_in(body.as_bytes()).as_deref(), wanted, "{body}");
        }
        assert_eq!(version_in("1".repeat(65).as_bytes()), None);
        assert_eq!(version_in(b"1.0.0\xff"), None);
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        for (newest, ours, wanted) in [
            ("v0.10.0", "0.9.9", Some(true)),
            ("0.1.0", "0.1.0", Some(false)),
            ("0.1.0-rc1", "0.1.0", Some(false)),
            ("0.2.0", "dev", None),
            ("7", "0.1.0", None),
        ] {
            assert_eq!(is_newer(newest, ours), wanted, "{newest} {ours}");
        }
    }
}
