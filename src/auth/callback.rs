//! The loopback address that the issuer sends the browser back to (docs/interface/cli-core.md section 7.1.1). Only a request
//! with the right `state` counts: any web page can call a loopback address.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::html::escape;
use crate::failure::{Failure, Kind};
use crate::text::visible;

/// The time that the user has to log in.
const WAIT: Duration = Duration::from_secs(300);
/// The time that a connection has to send its request.
const READ_LIMIT: Duration = Duration::from_secs(10);
/// The size of the longest request, in bytes.
const MAX_REQUEST: u64 = 64 << 10;
/// The number of connections that may be open at the same time; further ones are closed.
const MAX_OPEN: usize = 32;
/// The pause after a connection that could not be accepted.
const PAUSE: Duration = Duration::from_millis(100);

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// The issuer refused, or sent no code.
struct Refused(String);

/// Waits for the browser and returns the authorization code.
///
/// # Errors
/// The issuer refused, no code arrived, or the time is over; in the Go tool's words.
pub(crate) async fn wait(listener: &TcpListener, state: &str) -> Result<String, Failure> {
    let state: Arc<str> = state.into();
    let answers = async {
        // Connections are read side by side, because browsers open some in advance and send nothing on them.
        let mut open = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) if open.len() < MAX_OPEN => {
                        let state = Arc::clone(&state);
                        open.spawn(timeout(READ_LIMIT, async move { answer(stream, &state).await }));
                    }
                    Ok(_) => {}
                    Err(_) => sleep(PAUSE).await,
                },
                Some(ended) = open.join_next() => if let Ok(Ok(Some(outcome))) = ended {
                    return outcome.map_err(|Refused(why)| {
                        Failure::new(Kind::Login, format!("authorization failed: {why}"))
                    });
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

/// Answers one request; `None` if the request does not count.
async fn answer(mut stream: TcpStream, state: &str) -> Option<Result<String, Refused>> {
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
    if value("state").as_deref() != Some(state) {
        page(
            &mut stream,
            "400 Bad Request",
            Err("invalid state parameter"),
        )
        .await;
        return None;
    }
    if let Some(error) = value("error") {
        let why = value("error_description").unwrap_or(error);
        page(&mut stream, "200 OK", Err(&why)).await;
        return Some(Err(Refused(visible(&why))));
    }
    match value("code") {
        Some(code) => {
            page(&mut stream, "200 OK", Ok(())).await;
            Some(Ok(code))
        }
        None => {
            page(
                &mut stream,
                "400 Bad Request",
                Err("missing authorization code"),
            )
            .await;
            let why = "missing authorization code in callback".to_owned();
            Some(Err(Refused(why)))
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

async fn page(stream: &mut TcpStream, status: &str, outcome: Result<(), &str>) {
    let (title, text) = match outcome {
        Ok(()) => (
            "Login successful",
            "<p>You may close this tab and return to the terminal.</p>".to_owned(),
        ),
        Err(why) => (
            "Login failed",
            format!(
                "<p>{}</p><p>Please close this tab and check the terminal for details.</p>",
                escape(why)
            ),
        ),
    };
    let head = format!("<!doctype html><html><head><title>{title}</title></head>");
    let body = format!("{head}<body><h1>{title}</h1>{text}</body></html>\n");
    respond(stream, status, HTML, &body).await;
}

async fn respond(stream: &mut TcpStream, status: &str, kind: &str, body: &str) {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    // The outcome is the same if the browser has closed the connection.
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(body.as_bytes()).await;
    let _ = stream.shutdown().await;
}
