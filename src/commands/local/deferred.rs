//! Signals that wait: what is half done is finished or taken back first.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use crate::failure::Status;

/// From here to the end of the process a signal is noted and ends nothing by itself.
pub struct Deferred(Arc<AtomicUsize>);

impl Deferred {
    /// # Errors
    /// When the system refuses.
    pub fn begin() -> std::io::Result<Self> {
        let noted = Arc::new(AtomicUsize::new(0));
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
            let number = usize::try_from(signal).unwrap_or_default();
            signal_hook::flag::register_usize(signal, Arc::clone(&noted), number)?;
        }
        Ok(Self(noted))
    }

    /// Gives up if a signal has come; what was begun is taken back by its own `Drop`.
    ///
    /// # Errors
    /// The status of a process that the signal ended.
    pub fn check(&self) -> Result<(), Status> {
        match u8::try_from(self.0.load(Ordering::SeqCst)) {
            Ok(signal @ 1..) => Err(Status(128_u8.saturating_add(signal))),
            _ => Ok(()),
        }
    }
}
