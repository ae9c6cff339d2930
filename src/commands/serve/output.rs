//! Turns the output of a session's command into messages of the session, line by line.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncWriteExt as _, BufReader};
use tokio::sync::mpsc;

use crate::session_helper::relay::{self, Masks};

/// The longest line, in bytes. The rest of a longer line is dropped, and a mark at the end shows that.
pub(super) const LONGEST_LINE: usize = 64 << 10;
/// How many messages of one run are kept.
pub(super) const MOST_MESSAGES: usize = 10_000;
/// How many lines are stored at once, and how many may wait to be stored.
pub(super) const BATCH: usize = 100;
/// The mark at the end of a line whose rest was dropped.
const CUT: &str = " […]";

/// The types of the messages that the command writes to standard output and to standard error.
pub(super) const SAID: &str = "assistant";
pub(super) const LOGGED: &str = "log";

/// A line and the type of its message.
pub(super) type OutputLine = (&'static str, String);

/// Reads both streams to their ends and passes their lines on, with the secrets of the command masked. A slow receiver
/// slows the command down.
pub(super) async fn read(
    stdout: impl AsyncRead + Unpin,
    stderr: impl AsyncRead + Unpin,
    masks: Masks,
    lines: mpsc::Sender<OutputLine>,
) {
    let (from_stdout, from_stderr) = (lines.clone(), lines);
    tokio::join!(
        masked(stdout, &masks, SAID, from_stdout),
        masked(stderr, &masks, LOGGED, from_stderr)
    );
}

/// Masks a stream before its lines are cut, because half a secret would not be recognized.
async fn masked(
    stream: impl AsyncRead + Unpin,
    masks: &Masks,
    event_type: &'static str,
    lines: mpsc::Sender<OutputLine>,
) {
    let (mut near, far) = tokio::io::duplex(LONGEST_LINE);
    let masking = async {
        relay::read(stream, masks, std::future::pending(), async |chunk| {
            near.write_all(&chunk).await.is_ok()
        })
        .await;
        drop(near);
    };
    tokio::join!(masking, pass_on(far, event_type, lines));
}

async fn pass_on(
    stream: impl AsyncRead + Unpin,
    event_type: &'static str,
    lines: mpsc::Sender<OutputLine>,
) {
    let mut stream = BufReader::new(stream);
    // A stream that can't be read counts as ended.
    while let Ok(Some(line)) = next(&mut stream).await {
        if !line.trim().is_empty() && lines.send((event_type, line)).await.is_err() {
            return;
        }
    }
}

/// Reads the next line, without its line break; returns `None` after the last line.
async fn next(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let mut is_cut = false;
    loop {
        let buffer = stream.fill_buf().await?;
        if buffer.is_empty() {
            if line.is_empty() {
                return Ok(None);
            }
            break;
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let part = &buffer[..end.unwrap_or(buffer.len())];
        let kept = part.len().min(LONGEST_LINE - line.len());
        line.extend_from_slice(&part[..kept]);
        is_cut |= kept < part.len();
        let used = end.map_or(buffer.len(), |end| end + 1);
        stream.consume(used);
        if end.is_some() {
            break;
        }
    }
    Ok(Some(text(&line, is_cut)))
}

/// Converts a line to text that every client can show: without NUL and without a carriage return at the end.
fn text(line: &[u8], is_cut: bool) -> String {
    let mut text = String::from_utf8_lossy(line)
        .trim_end_matches('\r')
        .replace('\0', "\u{fffd}");
    if is_cut {
        text.push_str(CUT);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut stream = BufReader::with_capacity(7, text);
            let mut lines = Vec::new();
            while let Some(line) = next(&mut stream).await.unwrap() {
                lines.push(line);
            }
            lines
        })
    }

    #[test]
    fn lines_are_cut_and_cleaned() {
        assert_eq!(
            lines(b"a\r\n\nb\0\xff\nlast"),
            ["a", "", "b\u{fffd}\u{fffd}", "last"]
        );
        let long = "x".repeat(LONGEST_LINE + 1);
        let read = lines(format!("{long}\n{}\n", &long[1..]).as_bytes());
        assert_eq!(read, [format!("{}{CUT}", &long[1..]), long[1..].to_owned()]);
        assert!(lines(b"").is_empty());
    }
}
