//! The keyboard while a question is open: single keys, without echo.
//!
//! [`Keyboard`] is the one guard of the terminal. However a question ends, by an answer, Esc, Ctrl-C, a panic
//! or a signal, dropping it gives back echo, line editing and the cursor.

use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{self, InputModes, LocalModes, OptionalActions, QueueSelector, Termios};
use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGWINCH};
use signal_hook::{flag, low_level};
use zeroize::Zeroizing;

/// How long the rest of a key's bytes may take: Esc alone is a key as well.
const SEQUENCE: Duration = Duration::from_millis(50);
const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const CTRL_U: u8 = 0x15;
const ESC: u8 = 0x1b;

/// One thing that the user did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    Char(char),
    Enter,
    Backspace,
    /// Ctrl-U: start the line again.
    Clear,
    Up,
    Down,
    /// Esc, or the end of the input: leave without an answer.
    Cancel,
    /// A signal that ends programs, by its number; Ctrl-C is 2.
    Ended(u8),
    /// The window has another size now.
    Resized,
    /// Anything else.
    Other,
}

pub struct Keyboard {
    before: Termios,
    /// Bytes that were read and not looked at yet; a secret may be among them.
    bytes: Zeroizing<Vec<u8>>,
    pasting: bool,
    signals: Signals,
}

impl Keyboard {
    /// Takes the keyboard over.
    ///
    /// # Errors
    /// When standard input is no terminal.
    pub fn open() -> io::Result<Self> {
        let before = termios::tcgetattr(io::stdin())?;
        let mut modes = before.clone();
        modes.local_modes -=
            LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN;
        modes.input_modes -= InputModes::ICRNL | InputModes::IXON;
        let keyboard = Self {
            before,
            bytes: Zeroizing::new(Vec::new()),
            pasting: false,
            signals: Signals::catch()?,
        };
        termios::tcsetattr(io::stdin(), OptionalActions::Now, &modes)?;
        // Pasted line ends are told from the Enter key.
        write("\x1b[?2004h");
        Ok(keyboard)
    }

    /// Waits for the next key.
    ///
    /// # Errors
    /// When the terminal can't be read.
    pub fn next(&mut self) -> io::Result<Key> {
        loop {
            if let Some(key) = self.take(false) {
                return Ok(key);
            }
            // An incomplete sequence: wait a moment for the rest.
            let limit = (!self.bytes.is_empty()).then_some(SEQUENCE);
            match self.wait(limit)? {
                Woken::Input if self.read()? == 0 => return Ok(Key::Cancel),
                Woken::Input => {}
                Woken::Signal(key) => return Ok(key),
                Woken::Time => return Ok(self.take(true).unwrap_or(Key::Other)),
            }
        }
    }

    /// Forgets what was typed ahead, so that the rest of a pasted secret answers no other question.
    pub fn forget(&mut self) {
        self.bytes.clear();
        let _ = termios::tcflush(io::stdin(), QueueSelector::IFlush);
    }

    fn wait(&mut self, limit: Option<Duration>) -> io::Result<Woken> {
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        loop {
            let stdin = io::stdin();
            let mut ready = [
                PollFd::new(&stdin, PollFlags::IN),
                PollFd::new(&self.signals.wake, PollFlags::IN),
            ];
            match poll(&mut ready, limit.as_ref()) {
                Ok(0) => return Ok(Woken::Time),
                Ok(_) => {}
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            let [input, signal] = ready.map(|fd| !fd.revents().is_empty());
            if signal {
                return Ok(Woken::Signal(self.signals.take()));
            }
            if input {
                return Ok(Woken::Input);
            }
        }
    }

    /// Reads what is there; 0 at the end of the input.
    fn read(&mut self) -> io::Result<usize> {
        let mut buffer = Zeroizing::new([0_u8; 1024]);
        let read = match rustix::io::read(io::stdin().as_fd(), &mut buffer[..]) {
            Ok(read) => read,
            // A terminal that is gone.
            Err(Errno::IO) => 0,
            Err(Errno::INTR) => return self.read(),
            Err(error) => return Err(error.into()),
        };
        self.bytes
            .extend_from_slice(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }

    /// The next key of the bytes at hand. `complete` says that no more will come for now.
    fn take(&mut self, complete: bool) -> Option<Key> {
        let (key, length) = decode(&self.bytes, self.pasting, complete)?;
        let key = match key {
            Decoded::Key(key) => key,
            Decoded::Paste(on) => {
                self.pasting = on;
                self.bytes.drain(..length);
                return self.take(complete);
            }
        };
        self.bytes.drain(..length);
        Some(key)
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        write("\x1b[?2004l\x1b[?25h");
        let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

/// Watches over the terminal while a library asks a question: what it leaves behind when a signal
/// comes is put right.
pub struct Guard {
    before: Termios,
    signals: Signals,
}

impl Guard {
    /// Remembers how the terminal is.
    ///
    /// # Errors
    /// When standard input is no terminal.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            before: termios::tcgetattr(io::stdin())?,
            signals: Signals::catch()?,
        })
    }

    /// The number of the signal that came meanwhile.
    pub fn ended(&mut self) -> Option<u8> {
        match self.signals.take() {
            Key::Ended(number) => Some(number),
            _ => None,
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        write("\x1b[?25h");
        let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

enum Woken {
    Input,
    Signal(Key),
    Time,
}

/// Signals while a question is open; afterwards they end the program again.
struct Signals {
    wake: UnixStream,
    /// The number of the last one that ends programs; 0 is none.
    last: Arc<AtomicUsize>,
    caught: Vec<SigId>,
}

const ENDING: [i32; 3] = [SIGHUP, SIGINT, SIGTERM];

/// True while no question is open. A handler can't be taken away again, so it must know.
fn ends_program() -> io::Result<Arc<AtomicBool>> {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    if let Some(flag) = FLAG.get() {
        return Ok(Arc::clone(flag));
    }
    let new = Arc::new(AtomicBool::new(true));
    for signal in ENDING {
        flag::register_conditional_default(signal, Arc::clone(&new))?;
    }
    Ok(Arc::clone(FLAG.get_or_init(|| new)))
}

impl Signals {
    fn catch() -> io::Result<Self> {
        let (wake, writer) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        let mut signals = Self {
            wake,
            last: Arc::default(),
            caught: Vec::new(),
        };
        ends_program()?.store(false, Ordering::SeqCst);
        for signal in ENDING {
            let number = usize::try_from(signal).unwrap_or_default();
            let last = Arc::clone(&signals.last);
            let id = flag::register_usize(signal, last, number)?;
            signals.caught.push(id);
        }
        for signal in ENDING.into_iter().chain([SIGWINCH]) {
            let id = low_level::pipe::register(signal, writer.try_clone()?)?;
            signals.caught.push(id);
        }
        Ok(signals)
    }

    /// The signal that came.
    fn take(&mut self) -> Key {
        let mut bytes = [0; 64];
        while self.wake.read(&mut bytes).is_ok_and(|read| read > 0) {}
        match self.last.swap(0, Ordering::SeqCst) {
            0 => Key::Resized,
            number => Key::Ended(u8::try_from(number).unwrap_or(1)),
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for id in self.caught.drain(..) {
            low_level::unregister(id);
        }
        if let Ok(flag) = ends_program() {
            flag.store(true, Ordering::SeqCst);
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Decoded {
    Key(Key),
    /// A paste begins, or ends.
    Paste(bool),
}

/// The first key in `bytes` with its length; nothing while more bytes are needed.
fn decode(bytes: &[u8], pasting: bool, complete: bool) -> Option<(Decoded, usize)> {
    let key = |key, length| Some((Decoded::Key(key), length));
    match (bytes.first()?, bytes.get(1)) {
        (b'\r' | b'\n', _) if pasting => key(Key::Char('\n'), 1),
        (b'\r' | b'\n', _) => key(Key::Enter, 1),
        (0x7f | 0x08, _) => key(Key::Backspace, 1),
        (&CTRL_C, _) => key(Key::Ended(2), 1),
        (&CTRL_U, _) => key(Key::Clear, 1),
        (&ESC, Some(b'[' | b'O')) => {
            let end = bytes
                .iter()
                .skip(2)
                .position(|byte| (0x40..=0x7e).contains(byte));
            let Some(end) = end else {
                return complete.then_some((Decoded::Key(Key::Other), bytes.len()));
            };
            let length = end + 3;
            match bytes.get(2..length).unwrap_or_default() {
                b"A" => key(Key::Up, length),
                b"B" => key(Key::Down, length),
                b"200~" => Some((Decoded::Paste(true), length)),
                b"201~" => Some((Decoded::Paste(false), length)),
                _ => key(Key::Other, length),
            }
        }
        (&ESC, Some(_)) | (&CTRL_D, _) => key(Key::Cancel, 1),
        (&ESC, None) => complete.then_some((Decoded::Key(Key::Cancel), 1)),
        (b'\t', _) if pasting => key(Key::Char('\t'), 1),
        (0..0x20, _) => key(Key::Other, 1),
        _ => character(bytes, complete),
    }
}

fn character(bytes: &[u8], complete: bool) -> Option<(Decoded, usize)> {
    let valid = match std::str::from_utf8(bytes.get(..bytes.len().min(4)).unwrap_or_default()) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() > 0 => {
            std::str::from_utf8(bytes.get(..error.valid_up_to()).unwrap_or_default())
                .unwrap_or_default()
        }
        // The rest of a character is still to come.
        Err(error) if error.error_len().is_none() && !complete => return None,
        Err(_) => return Some((Decoded::Key(Key::Other), 1)),
    };
    let first = valid.chars().next()?;
    Some((Decoded::Key(Key::Char(first)), first.len_utf8()))
}

/// Writes to the terminal. Where it is gone nobody looks.
pub fn write(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(bytes: &[u8], complete: bool) -> Option<(Decoded, usize)> {
        decode(bytes, false, complete)
    }

    #[test]
    fn keys_are_told_apart() {
        let key = |key, length| Some((Decoded::Key(key), length));
        assert_eq!(first(b"a", false), key(Key::Char('a'), 1));
        assert_eq!(first("é!".as_bytes(), false), key(Key::Char('é'), 2));
        assert_eq!(first(&[0xc3], false), None);
        assert_eq!(first(&[0xc3], true), key(Key::Other, 1));
        assert_eq!(first(&[0xff, b'a'], false), key(Key::Other, 1));
        assert_eq!(first(b"\x1b[Ax", false), key(Key::Up, 3));
        assert_eq!(first(b"\x1bOB", false), key(Key::Down, 3));
        assert_eq!(first(b"\x1b[1;5C", false), key(Key::Other, 6));
        assert_eq!(first(b"\x1b", false), None);
        assert_eq!(first(b"\x1b", true), key(Key::Cancel, 1));
        assert_eq!(first(b"\x1b[", true), key(Key::Other, 2));
        assert_eq!(first(b"\x03", false), key(Key::Ended(2), 1));
        assert_eq!(first(b"\x1b[200~", false), Some((Decoded::Paste(true), 6)));
        assert_eq!(decode(b"\r", true, false), key(Key::Char('\n'), 1));
    }
}
