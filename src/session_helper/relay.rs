//! Passes on the output of a command, with the secrets of the command masked.
//!
//! A stream that is a terminal is left to the command, so that colors, width and prompts still work.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};

use crate::compat::io_reason::reason;
use crate::failure::{Failure, Kind};
use crate::system::{files, process, stdio};
use crate::text::mask::{Mask, MaskStream};

/// The current mask. A refresh adds secrets to it.
pub(crate) type Masks = watch::Receiver<Arc<Mask>>;

/// How long processes that a command started may hold its output open after its end.
pub(crate) const LINGER: Duration = Duration::from_secs(2);
/// How long held-back bytes wait for the bytes after them.
const DELAY: Duration = Duration::from_millis(50);
/// The number of chunks that may wait for a slow reader.
const WAITING: usize = 16;
const CHUNK: usize = 16 << 10;
/// The pause before another attempt to write to a stream that accepts nothing.
const PAUSE: Duration = Duration::from_millis(5);

/// The masked streams of a command.
pub(crate) struct Relay {
    readers: Vec<(process::Reader, mpsc::Sender<Vec<u8>>)>,
    writers: Vec<Writer>,
    masks: Masks,
}

/// A stream of this process, and the result of its thread.
struct Writer {
    stream: &'static str,
    written: oneshot::Receiver<io::Result<()>>,
}

impl Relay {
    /// Gives the command a pipe for each stream of this process that is not a terminal. If both streams go to the same
    /// file, they share one pipe, so that the order of the output is kept.
    ///
    /// # Errors
    /// The system's error.
    pub(crate) fn begin(command: &mut Command, masks: Masks) -> io::Result<Self> {
        let mut this = Self {
            readers: Vec::new(),
            writers: Vec::new(),
            masks,
        };
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let out = stdio::file(&stdout).filter(|_| !stdout.is_terminal());
        let err = stdio::file(&stderr).filter(|_| !stderr.is_terminal());
        let is_one = out.as_ref().zip(err.as_ref()).is_some_and(is_same);
        if let Some(out) = out {
            let pipe = this.pass_on_to(out, "standard output")?;
            if is_one {
                command.stderr(pipe.try_clone()?);
            }
            command.stdout(pipe);
        }
        if let Some(err) = err.filter(|_| !is_one) {
            command.stderr(this.pass_on_to(err, "standard error")?);
        }
        Ok(this)
    }

    fn pass_on_to(&mut self, target: File, stream: &'static str) -> io::Result<io::PipeWriter> {
        let (reader, writer) = io::pipe()?;
        let (sender, chunks) = mpsc::channel(WAITING);
        let (done, written) = oneshot::channel();
        self.readers.push((process::reader(reader)?, sender));
        self.writers.push(Writer { stream, written });
        thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || {
                // Nobody waits for the result after a signal.
                let _ = done.send(write(target, chunks));
            })?;
        Ok(writer)
    }

    /// Passes on the output of the command up to its end. After the command `has_ended`, a silent pipe counts as ended,
    /// even if other processes hold it open. A slow reader still gets everything that was printed.
    ///
    /// # Errors
    /// A stream that could not be written, unless its reader has ended: like any other program, the command learns that
    /// by a signal.
    pub(crate) async fn run(self, has_ended: watch::Receiver<bool>) -> Result<(), Failure> {
        let masks = &self.masks;
        let readers = self.readers.into_iter().map(|(pipe, chunks)| {
            let mut has_ended = has_ended.clone();
            async move {
                let over = async {
                    let _ = has_ended.wait_for(|has_ended| *has_ended).await;
                    sleep(LINGER).await;
                };
                read(pipe, masks, over, async |chunk| {
                    chunks.send(chunk).await.is_ok()
                })
                .await;
            }
        });
        join_all(readers).await;
        let mut lost = Ok(());
        for Writer { stream, written } in self.writers {
            match written.await {
                Ok(Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => {
                    let why = reason(&error);
                    let message = format!("the command's output is lost: write {stream}: {why}");
                    lost = lost.and(Err(Failure::new(Kind::Other, message)));
                }
                _ => {}
            }
        }
        lost
    }
}

/// Reads a stream to its end and passes on the masked text, until `pass_on` returns false. After `over`, a silent
/// stream counts as ended.
pub(crate) async fn read(
    mut stream: impl AsyncRead + Unpin,
    masks: &Masks,
    over: impl Future<Output = ()>,
    mut pass_on: impl AsyncFnMut(Vec<u8>) -> bool,
) {
    let mut masked = MaskStream::default();
    let mut buffer = vec![0; CHUNK];
    tokio::pin!(over);
    loop {
        let mut next = async || {
            tokio::select! {
                biased;
                read = stream.read(&mut buffer) => read,
                () = &mut over => Ok(0),
            }
        };
        let mut read = None;
        if masked.waiting() > 0 {
            read = timeout(DELAY, next()).await.ok();
            if read.is_none() && !pass_on(masked.release()).await {
                return;
            }
        }
        let read = match read {
            Some(read) => read,
            None => next().await,
        };
        let mask = Arc::clone(&masks.borrow());
        let out = match read {
            // A stream that can't be read counts as ended.
            Err(_) | Ok(0) => {
                pass_on(masked.finish(&mask)).await;
                return;
            }
            Ok(read) => masked.push(&mask, &buffer[..read]),
        };
        if !out.is_empty() && !pass_on(out).await {
            return;
        }
    }
}

/// Writes the chunks. If the target fails, the rest is dropped, and the command finds its pipe closed.
fn write(mut target: File, mut chunks: mpsc::Receiver<Vec<u8>>) -> io::Result<()> {
    while let Some(chunk) = chunks.blocking_recv() {
        let mut rest = chunk.as_slice();
        while !rest.is_empty() {
            match target.write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(PAUSE),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

fn is_same((a, b): (&File, &File)) -> bool {
    match (a.metadata(), b.metadata()) {
        (Ok(a), Ok(b)) => files::is_same(&a, &b),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt as _;

    #[test]
    fn what_was_printed_is_passed_on_though_the_command_has_ended_and_others_hold_the_pipe() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let printed = vec![b'x'; CHUNK * 5 + 1];
            let (mut held, stream) = tokio::io::duplex(printed.len());
            held.write_all(&printed).await.unwrap();
            let (_masks, masks) = watch::channel(Arc::new(Mask::new(&[])));
            let mut passed_on = Vec::new();
            read(stream, &masks, std::future::ready(()), async |chunk| {
                tokio::task::yield_now().await;
                passed_on.extend(chunk);
                true
            })
            .await;
            assert_eq!(passed_on, printed);
        });
    }
}
