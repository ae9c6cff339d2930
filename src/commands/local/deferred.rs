//! Delays signals until a change is finished or undone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::failure::Status;
use crate::system::signals::ENDING;

/// From its creation to the end of the process, a signal is noted and no longer ends the process automatically.
pub(super) struct Deferred(Arc<AtomicUsize>);

impl Deferred {
    /// Starts to note signals.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn begin() -> std::io::Result<Self> {
        let noted = Arc::new(AtomicUsize::new(0));
        for signal in ENDING {
            let signal = signal.as_raw();
            let number = usize::try_from(signal).unwrap_or_default();
            signal_hook::flag::register_usize(signal, Arc::clone(&noted), number)?;
        }
        Ok(Self(noted))
    }

    /// Fails if a signal has come; unfinished changes are undone by their own `Drop`.
    ///
    /// # Errors
    /// The exit status of a process that the signal ended.
    pub(super) fn check(&self) -> Result<(), Status> {
        match u8::try_from(self.0.load(Ordering::SeqCst)) {
            Ok(signal @ 1..) => Err(Status(128_u8.saturating_add(signal))),
            _ => Ok(()),
        }
    }
}
