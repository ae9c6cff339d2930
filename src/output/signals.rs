//! The terminal when a signal ends the program: no question is left open on it, and no progress line.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level;

use super::{progress, question};

/// The signals after which someone else ends the program, for instance to remove files first, as a mask.
static OWNED: AtomicU64 = AtomicU64::new(0);

/// Says that the caller waits for a signal itself and then ends the program.
pub fn own(signal: i32) {
    OWNED.fetch_or(bit(signal), Ordering::SeqCst);
}

/// True for a signal that was ignored from the start (`nohup`), as far as the system tells: Linux does.
pub fn is_ignored(signal: i32) -> bool {
    let mask = std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let mask = status
                .lines()
                .find_map(|line| line.strip_prefix("SigIgn:"))?;
            u64::from_str_radix(mask.trim(), 16).ok()
        });
    mask.unwrap_or(0) & bit(signal) != 0
}

fn bit(signal: i32) -> u64 {
    1 << (signal - 1)
}

/// From now on a signal that ends programs finds the terminal put in order first. An open question ends with 128
/// and the signal's number as the exit status; otherwise the signal ends the program as it would have.
///
/// # Errors
/// What the system says.
pub(super) fn end_in_order() -> io::Result<()> {
    static WAITING: AtomicBool = AtomicBool::new(false);
    if WAITING.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    let mut signals = Signals::new(
        [SIGHUP, SIGINT, SIGTERM]
            .into_iter()
            .filter(|signal| !is_ignored(*signal)),
    )?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            loop {
                // dialoguer answers any interruption with another SIGINT, so a different one is the cause.
                if let Some(signal) = signals.wait().min_by_key(|signal| *signal == SIGINT) {
                    end(signal);
                }
            }
        })?;
    Ok(())
}

fn end(signal: i32) {
    if question::give_up() {
        low_level::exit(128 + signal);
    }
    if OWNED.load(Ordering::SeqCst) & bit(signal) == 0 {
        progress::clear_at_the_end();
        // Where the default can't be had, the end is the same for whoever started us.
        if low_level::emulate_default_handler(signal).is_err() {
            low_level::exit(128 + signal);
        }
    }
}
