//! The same signals for every run, whatever started the tests.
//!
//! A program started by `nohup`, or in the background by a script, inherits SIGHUP, SIGINT or SIGQUIT as ignored, and
//! so do its children: a test that sends one of them would wait for nothing.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Once};

use signal_hook::consts::{SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

/// Gives the children of this process the default action for each signal that its parent left ignored.
///
/// A handler does it, since the kernel resets a handled signal at `exec`, and keeps an ignored one ignored.
pub fn reset() {
    static RESET: Once = Once::new();
    RESET.call_once(|| {
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM] {
            if is_ignored(signal) {
                signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false))).unwrap();
            }
        }
    });
}

/// Reads the mask of ignored signals from `/proc/self/status`.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or_default();
    mask & (1 << (signal - 1)) != 0
}
