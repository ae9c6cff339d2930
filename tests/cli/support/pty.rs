//! A terminal for the tests: a program under a pseudo-terminal, and the screen as a user sees it.

use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::process::Child;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use pty_process::blocking::{Command, Pty};
use rustix::termios::{LocalModes, tcgetattr};

use super::{TOKEN, TestEnv};

/// How long something may take to appear. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the program has written so far.
struct Seen {
    screen: vt100::Parser,
    raw: Vec<u8>,
    ended: bool,
}

fn size(n: u16) -> NonZero<u16> {
    NonZero::new(n).unwrap()
}

pub struct Terminal {
    pty: Arc<Pty>,
    child: Child,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    reader: Option<JoinHandle<()>>,
}

impl Terminal {
    /// Starts a program on a terminal of so many rows and columns.
    pub fn start(command: Command, rows: u16, columns: u16) -> Self {
        let (pty, pts) = pty_process::blocking::open().unwrap();
        pty.resize(pty_process::Size::new(rows, columns)).unwrap();
        let child = command.spawn(pts).unwrap();
        let pty = Arc::new(pty);
        let seen = Arc::new((
            Mutex::new(Seen {
                screen: vt100::Parser::new(size(rows), size(columns), 1000),
                raw: Vec::new(),
                ended: false,
            }),
            Condvar::new(),
        ));
        let reader = {
            let (pty, seen) = (Arc::clone(&pty), Arc::clone(&seen));
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                loop {
                    // The last program that leaves the terminal ends it with an error.
                    let read = (&*pty).read(&mut buffer).unwrap_or(0);
                    let mut now = seen.0.lock().unwrap();
                    now.screen.process(&buffer[..read]);
                    now.raw.extend_from_slice(&buffer[..read]);
                    now.ended = read == 0;
                    seen.1.notify_all();
                    if read == 0 {
                        return;
                    }
                }
            })
        };
        Self {
            pty,
            child,
            seen,
            reader: Some(reader),
        }
    }

    /// Types text; `\r` is Enter, `\t` Tab, `\x03` Ctrl-C, `\x1b` Esc.
    pub fn type_text(&self, text: &str) {
        (&*self.pty).write_all(text.as_bytes()).unwrap();
    }

    pub fn resize(&self, rows: u16, columns: u16) {
        self.pty
            .resize(pty_process::Size::new(rows, columns))
            .unwrap();
        let mut seen = self.seen.0.lock().unwrap();
        seen.screen.screen_mut().set_size(size(rows), size(columns));
    }

    /// Waits until the screen shows what is wanted, and gives the screen.
    pub fn wait_until(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = self.seen.0.lock().unwrap();
        loop {
            let screen = seen.screen.screen().contents();
            if wanted(&screen) {
                return screen;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !seen.ended,
                "the screen never showed {what}:\n{screen}"
            );
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Waits until the screen shows a text.
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_until(text, |screen| screen.contains(text))
    }

    /// Reads the screen as it is now, with its colors.
    pub fn read_screen<T>(&self, read: impl FnOnce(&vt100::Screen) -> T) -> T {
        read(self.seen.0.lock().unwrap().screen.screen())
    }

    /// Every byte written so far, as text.
    pub fn written(&self) -> String {
        String::from_utf8_lossy(&self.seen.0.lock().unwrap().raw).into_owned()
    }

    /// Waits until typed characters no longer appear on the screen. Nothing tells of that, so it looks again
    /// and again.
    pub fn wait_for_no_echo(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.modes().contains(LocalModes::ECHO) {
            assert!(Instant::now() < deadline, "the echo was never switched off");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn modes(&self) -> LocalModes {
        tcgetattr(&*self.pty).unwrap().local_modes
    }

    /// True while a typed character would appear on the screen, and lines are edited by the terminal: as a
    /// shell finds and leaves it.
    pub fn is_sane(&self) -> bool {
        let modes = self.modes();
        let seen = self.seen.0.lock().unwrap();
        modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
            && !seen.screen.screen().hide_cursor()
    }

    /// The id of the process on the terminal.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

/// The program on a terminal, inside a shell that survives Ctrl-C, tells the exit status and then waits.
pub fn start(env: &TestEnv, url: &str, arguments: &[&str], rows: u16, columns: u16) -> Terminal {
    start_with(env, url, &[], "\"$@\"", arguments, (rows, columns))
}

/// The same with more variables, and a line of shell that runs the program as `"$@"`.
pub fn start_with(
    env: &TestEnv,
    url: &str,
    variables: &[(&str, &str)],
    line: &str,
    arguments: &[&str],
    size: (u16, u16),
) -> Terminal {
    let script = format!("trap : INT; {line}; echo \"status $?\"; read wait");
    let command = Command::new("sh")
        .args(["-c", &script, "sh", env!("CARGO_BIN_EXE_acpctl")])
        .args(arguments)
        .env_clear()
        .envs(env.variables())
        .env("TERM", "xterm")
        .env("AMBIENT_API_URL", url)
        .env("AMBIENT_TOKEN", TOKEN)
        .envs(variables.iter().copied())
        .current_dir(env.work());
    Terminal::start(command, size.0, size.1)
}
