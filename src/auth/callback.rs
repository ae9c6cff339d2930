//! The loopback address that the issuer sends the browser back to (docs/interface/cli-core.md section 7.1.1). Only a
//! request with the right `state` counts: any web page can call a loopback address.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{AbortHandle, abortable};
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use super::html;
use crate::failure::{Failure, Kind};
use crate::text::{brief, url_for_people, visible};

/// The time that the user has to log in.
pub(crate) const WAIT: Duration = Duration::from_secs(300);
/// The time that a connection has to send its request.
const READ_LIMIT: Duration = Duration::from_secs(10);
/// The size of the longest request, in bytes.
const MAX_REQUEST: u64 = 64 << 10;
/// The number of connections that may be open at the same time; a further one takes the place of the oldest.
const MAX_OPEN: usize = 32;
/// The pause after a connection that could not be accepted.
const PAUSE: Duration = Duration::from_millis(100);

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// The answer of the issuer that counts.
pub(crate) struct Expected<'a> {
    pub state: &'a str,
    /// The issuer's name for itself. A code from another issuer is refused (RFC 9207).
    pub issuer: &'a str,
    /// True if the issuer sends its name with every code.
    pub names_itself: bool,
    /// The server that the login is for, as the page shows it.
    pub server: &'a str,
}

/// A code, and the browser that brought it: its page waits until the login has ended.
pub(crate) struct Arrived {
    pub code: Zeroizing<String>,
    pub browser: Browser,
}

/// The connection to a browser that waits for its page.
pub(crate) struct Browser {
    stream: TcpStream,
    server: String,
}

impl Browser {
    /// Shows that the login has succeeded, and as whom.
    pub(crate) async fn succeed(mut self, user: Option<&str>) {
        let who = user.map(|user| format!(" as {user}")).unwrap_or_default();
        let said = [
            format!("acpctl is logged in to {}{who}.", self.server),
            "You may close this tab and return to the terminal.".to_owned(),
        ];
        show(&mut self.stream, "200 OK", "Login successful", &said).await;
    }

    /// Shows that the login is saved, and why it may be of no use.
    pub(crate) async fn doubt(mut self, why: &str) {
        let said = [
            format!("The login to {} is saved, but {why}.", self.server),
            "Please close this tab and check the terminal for details.".to_owned(),
        ];
        show(
            &mut self.stream,
            "200 OK",
            "Login saved with a warning",
            &said,
        )
        .await;
    }

    /// Shows why the login has failed.
    pub(crate) async fn fail(mut self, why: &str) {
        refuse(&mut self.stream, "200 OK", &self.server, why).await;
    }
}

/// Waits for the browser.
///
/// # Errors
/// The issuer refused, no code arrived, or the time is over; in the Go tool's words.
pub(crate) async fn wait(
    listener: &TcpListener,
    expected: &Expected<'_>,
) -> Result<Arrived, Failure> {
    let answers = async {
        // Connections are read side by side, because browsers open some in advance and send nothing on them.
        let mut open = FuturesUnordered::new();
        let mut ends: BTreeMap<u64, AbortHandle> = BTreeMap::new();
        let mut number = 0;
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        // A browser sends its request at once, so the oldest connection is the one that is not needed.
                        if ends.len() >= MAX_OPEN && let Some((_, oldest)) = ends.pop_first() {
                            oldest.abort();
                        }
                        let reading = timeout(READ_LIMIT, answer(stream, expected));
                        let (reading, end) = abortable(reading);
                        ends.insert(number, end);
                        open.push(async move { (number, reading.await) });
                        number += 1;
                    }
                    Err(_) => sleep(PAUSE).await,
                },
                Some((ended, outcome)) = open.next() => {
                    ends.remove(&ended);
                    if let Ok(Ok(Some(outcome))) = outcome {
                        return outcome.map_err(|why| {
                            Failure::new(Kind::Login, format!("authorization failed: {why}"))
                        });
                    }
                },
            }
        }
    };
    let late = || {
        let seconds = WAIT.as_secs();
        let words = format!("timed out waiting for authorization callback ({seconds}s)");
        Err(Failure::new(Kind::Network, words))
    };
    timeout(WAIT, answers).await.unwrap_or_else(|_| late())
}

/// Answers one request; `None` if the request does not count. A refusal is returned as its reason.
async fn answer(mut stream: TcpStream, expected: &Expected<'_>) -> Option<Result<Arrived, String>> {
    let target = request_target(&mut stream).await?;
    let url = url::Url::parse("http://127.0.0.1")
        .ok()?
        .join(&target)
        .ok()?;
    if url.path() != "/callback" {
        respond(&mut stream, "404 Not Found", TEXT, "404 page not found\n").await;
        return None;
    }
    let value = |name: &str| {
        let (_, value) = url.query_pairs().find(|(key, _)| key == name)?;
        (!value.is_empty()).then(|| value.into_owned())
    };
    let server = expected.server;
    if value("state").as_deref() != Some(expected.state) {
        let why = "invalid state parameter";
        refuse(&mut stream, "400 Bad Request", server, why).await;
        return None;
    }
    // RFC 6749 section 4.1.2: with two values nobody knows which one the issuer meant.
    let repeated = ["code", "iss", "error", "state"]
        .into_iter()
        .find(|name| url.query_pairs().filter(|(key, _)| key == name).count() > 1);
    if let Some(name) = repeated {
        let why = format!("the answer has two values of {name}");
        refuse(&mut stream, "400 Bad Request", server, &why).await;
        return Some(Err(why));
    }
    if let Some(error) = value("error") {
        let said = value("error_description").unwrap_or_else(|| match error.as_str() {
            "access_denied" => "access was refused in the browser (access_denied)".to_owned(),
            _ => error,
        });
        refuse(&mut stream, "200 OK", server, &said).await;
        return Some(Err(brief(&said)));
    }
    let named = value("iss");
    let is_right = match &named {
        Some(name) => name == expected.issuer,
        None => !expected.names_itself,
    };
    if !is_right {
        let theirs = named.map_or("no issuer".to_owned(), |name| {
            format!("the issuer {}", url_for_people(&name))
        });
        let ours = url_for_people(expected.issuer);
        let why = format!("the answer names {theirs} instead of {ours}");
        refuse(&mut stream, "400 Bad Request", server, &why).await;
        return Some(Err(visible(&why)));
    }
    match value("code") {
        Some(code) => {
            let code = Zeroizing::new(code);
            let server = server.to_owned();
            let browser = Browser { stream, server };
            Some(Ok(Arrived { code, browser }))
        }
        None => {
            let why = "missing authorization code";
            refuse(&mut stream, "400 Bad Request", server, why).await;
            Some(Err("missing authorization code in callback".to_owned()))
        }
    }
}

/// Reads the request up to its blank line and returns its target.
async fn request_target(stream: &mut TcpStream) -> Option<String> {
    let mut lines = BufReader::new(stream.take(MAX_REQUEST)).lines();
    let first = lines.next_line().await.ok()??;
    while let Some(line) = lines.next_line().await.ok()? {
        if line.is_empty() {
            break;
        }
    }
    first.split_whitespace().nth(1).map(str::to_owned)
}

async fn refuse(stream: &mut TcpStream, status: &str, server: &str, why: &str) {
    let said = [
        format!("acpctl is not logged in to {server}: {why}"),
        "Please close this tab and check the terminal for details.".to_owned(),
    ];
    show(stream, status, "Login failed", &said).await;
}

async fn show(stream: &mut TcpStream, status: &str, heading: &str, said: &[String]) {
    respond(stream, status, HTML, &html::page(heading, said)).await;
}

async fn respond(stream: &mut TcpStream, status: &str, kind: &str, body: &str) {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\
         Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n\
         Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n\r\n"
    );
    let write = async {
        // The outcome is the same if the browser has closed the connection.
        let _ = stream.write_all(head.as_bytes()).await;
        let _ = stream.write_all(body.as_bytes()).await;
        let _ = stream.shutdown().await;
    };
    let _ = timeout(READ_LIMIT, write).await;
}
