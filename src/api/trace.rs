//! `--verbose`, `--trace` and `--print-curl`: reports requests and answers with masked secrets.
//!
//! Fields that may hold secrets are masked; no part of the token is ever printed (docs/interface/field.md row 49).

use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::proxy;
use super::request::{Answer, Request};
use crate::compat::json;
use crate::config::Verbosity;
use crate::config::server_url::LOCAL;
use crate::output::talk;
use crate::text::command::shell_quoted;
use crate::text::{secrets, url_for_people};

/// Reports requests and answers on standard error.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Trace(Verbosity);

/// The fields whose values are masked, at any depth.
const SECRET_FIELDS: &[&str] = &[
    "token",
    "access_token",
    "refresh_token",
    "id_token",
    "client_secret",
    "password",
    "secret",
    "payload",
    "prompt",
    "session_prompt",
    "starting_prompt",
    "environment_variables",
    "body",
];

impl Trace {
    #[must_use]
    pub(crate) fn new(verbosity: Verbosity) -> Self {
        Self(verbosity)
    }

    pub(crate) fn request(self, url: &str, request: &Request, project: Option<&str>) {
        let url = &url_for_people(url);
        if self.0.curl {
            say(&curl(url, request, project));
        }
        if self.0.requests {
            say(&format!("> {} {url}", request.method));
            self.via(url);
        }
        if self.0.bodies {
            if let Some(project) = project {
                say(&format!("> X-Ambient-Project: {project}"));
            }
            if let Some(body) = &request.body {
                say(&format!("> {}", json::compact(&body.masked())));
            }
        }
    }

    pub(crate) fn answer(self, answer: &Answer, took: Duration) {
        if self.0.requests {
            let id = answer
                .operation_id
                .as_deref()
                .map(|id| format!(", operation {id}"))
                .unwrap_or_default();
            say(&format!(
                "< {} {} bytes in {} ms{id}",
                answer.status,
                answer.body.len(),
                took.as_millis()
            ));
        }
        if self.0.bodies
            && let Ok(mut value) = serde_json::from_slice::<Value>(&answer.body)
        {
            mask(&mut value);
            say(&format!("< {}", json::compact(&value)));
        }
    }

    /// Reports a request to an issuer. Its form and its answer are secret, so only the address is shown.
    pub(crate) fn plain(self, method: &str, url: &str) {
        if self.0.requests {
            say(&format!("> {method} {}", url_for_people(url)));
            self.via(url);
        }
    }

    /// Names the proxy of a request, without its login.
    fn via(self, url: &str) {
        if let Some(proxy) = Url::parse(url).ok().and_then(|url| proxy::address(&url)) {
            say(&format!("* through the proxy {proxy}"));
        }
    }

    pub(crate) fn plain_answer(self, status: u16, bytes: usize, took: Duration) {
        if self.0.requests {
            let took = took.as_millis();
            say(&format!("< {status} {bytes} bytes in {took} ms"));
        }
    }

    pub(crate) fn retry(self, attempt: u32, wait: Duration, why: &str) {
        if self.0.requests {
            say(&format!(
                "* try {} in {} ms: {why}",
                attempt + 2,
                wait.as_millis()
            ));
        }
    }
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                if SECRET_FIELDS
                    .iter()
                    .any(|secret| key.eq_ignore_ascii_case(secret))
                    && !value.is_null()
                {
                    *value = Value::from("<masked>");
                } else {
                    mask(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        // Secrets are hidden before the text is escaped as JSON again, which could change them.
        Value::String(text) => *text = secrets::hide(text).into_owned(),
        _ => {}
    }
}

/// Writes the request as a curl command that takes the token from the environment.
fn curl(url: &str, request: &Request, project: Option<&str>) -> String {
    let mut line = format!(
        "curl -sS -X {} -H \"Authorization: Bearer $AMBIENT_TOKEN\"",
        request.method
    );
    if let Some(project) = project {
        line.push_str(&format!(
            " -H {}",
            shell_quoted(&format!("X-Ambient-Project: {project}"))
        ));
    }
    if let Some(body) = &request.body {
        line.push_str(&format!(
            " -H 'Content-Type: application/json' -d {}",
            shell_quoted(&json::compact(&body.masked()))
        ));
    }
    // The embedded API has an address only while `acpctl serve` runs; it prints this variable and the token's.
    match url.strip_prefix(LOCAL) {
        Some(path) => format!("{line} \"$AMBIENT_API_URL\"{}", shell_quoted(path)),
        None => format!("{line} {}", shell_quoted(url)),
    }
}

fn say(line: &str) {
    talk(&format!("{line}\n"));
}
