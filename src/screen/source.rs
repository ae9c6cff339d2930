//! The threads that report what happens at this end: keys, and signals that stop and continue the program.

use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crossterm::event::{self, MouseButton, MouseEventKind};

use super::event::Event;
use crate::system::{Job, signals};

/// How long the reader waits for a key before it looks whether it is to pause.
const LOOK: Duration = Duration::from_millis(100);

/// Whether keys are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    On,
    /// It is to pause, and has not done so yet.
    Asked,
    Off,
}

/// The reader of the keyboard. While the editor is open it must not take the editor's keys.
pub(super) struct Keyboard {
    reading: Arc<(Mutex<Reading>, Condvar)>,
}

impl Keyboard {
    /// Starts the thread that reads keys.
    ///
    /// # Errors
    /// The thread can't be started.
    pub(super) fn start(events: SyncSender<Event>) -> std::io::Result<Self> {
        let reading = Arc::new((Mutex::new(Reading::On), Condvar::new()));
        let shared = Arc::clone(&reading);
        thread::Builder::new()
            .name("keys".to_owned())
            .spawn(move || read(&shared, &events))?;
        Ok(Self { reading })
    }

    /// Asks the reader to pause; `meanwhile` runs until it has.
    pub(super) fn pause(&self, mut meanwhile: impl FnMut()) {
        let mut reading = lock(&self.reading);
        if *reading == Reading::On {
            *reading = Reading::Asked;
        }
        while *reading != Reading::Off {
            let waited = self.reading.1.wait_timeout(reading, LOOK / 4);
            reading = waited.unwrap_or_else(PoisonError::into_inner).0;
            meanwhile();
        }
    }

    /// Lets the reader go on.
    pub(super) fn resume(&self) {
        *lock(&self.reading) = Reading::On;
        self.reading.1.notify_all();
    }
}

fn lock(reading: &(Mutex<Reading>, Condvar)) -> MutexGuard<'_, Reading> {
    reading.0.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read(shared: &(Mutex<Reading>, Condvar), events: &SyncSender<Event>) {
    loop {
        wait_until_on(shared);
        let event =
            match event::poll(LOOK).and_then(|is_there| is_there.then(event::read).transpose()) {
                Ok(None) => continue,
                Ok(Some(event)) => converted(event),
                Err(_) => Some(Event::Lost),
            };
        let is_lost = matches!(event, Some(Event::Lost));
        if let Some(event) = event
            && events.send(event).is_err()
        {
            return;
        }
        if is_lost {
            return;
        }
    }
}

fn wait_until_on(shared: &(Mutex<Reading>, Condvar)) {
    let mut reading = lock(shared);
    if *reading == Reading::Asked {
        *reading = Reading::Off;
        shared.1.notify_all();
    }
    while *reading == Reading::Off {
        reading = shared
            .1
            .wait(reading)
            .unwrap_or_else(PoisonError::into_inner);
    }
}

fn converted(event: event::Event) -> Option<Event> {
    Some(match event {
        event::Event::Key(key) => Event::Key(key),
        event::Event::Paste(text) => Event::Paste(text),
        event::Event::Resize(width, height) => Event::Resize(width, height),
        event::Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::ScrollDown => Event::Wheel(1),
            MouseEventKind::ScrollUp => Event::Wheel(-1),
            MouseEventKind::Down(MouseButton::Left) => Event::Click {
                column: mouse.column,
                row: mouse.row,
            },
            _ => return None,
        },
        event::Event::FocusGained | event::Event::FocusLost => return None,
    })
}

/// Starts the thread that reports when the program is to stop, and when it goes on.
///
/// # Errors
/// The system refuses to report signals.
pub(super) fn watch_signals(events: SyncSender<Event>) -> std::io::Result<()> {
    signals::watch_stops(move |job| {
        let event = match job {
            Job::Stop => Event::Stop,
            Job::Continued => Event::Continued,
        };
        events.send(event).is_ok()
    })
}
