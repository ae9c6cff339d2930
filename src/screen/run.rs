//! The loop: waits for an event, changes the state, does what the state asks for, draws.

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, Write as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::connection::{self, Connection};
use super::draw;
use super::effect::Effect;
use super::event::{Answer, Event};
use super::outside;
use super::shown;
use super::source::{self, Keyboard};
use super::state::{Options, State};
use super::terminal::{self, Screen};
use super::update::{start, update};
use super::worker::Worker;
use crate::ctx::Ctx;
use crate::editor;
use crate::failure::{Failure, Kind};
use crate::output::{hold, progress};
use crate::system::signals;

/// The most events that wait. Whoever has more to report waits, too.
const QUEUE: usize = 1024;
/// The most events that are taken between two frames.
const BATCH: usize = 256;
/// The time between two ticks.
const TICK: Duration = Duration::from_millis(500);
/// The least time between two frames, unless a key was pressed.
const FRAME: Duration = Duration::from_millis(33);
/// How long the program waits for answers to changes after the user has left the screen.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// Shows the screen until the user leaves it.
///
/// # Errors
/// There is no terminal, nobody is logged in, or the terminal is gone.
pub(crate) fn run(ctx: &Ctx, options: Options) -> anyhow::Result<()> {
    let Connection { client, about, pin } = connection::first(&ctx.globals)?;
    let _quiet = progress::quiet();
    let held = hold();
    let screen = Screen::open()?;
    let size = crossterm::terminal::size()?;
    let mut state = State::new(options, about, size, Timestamp::now());
    let (sender, events) = sync_channel(QUEUE);
    let keyboard = Keyboard::start(sender.clone())?;
    source::watch_signals(sender.clone())?;
    let worker = Worker::start(client, pin, ctx.globals.clone(), sender)?;
    let mut runner = Runner {
        screen,
        keyboard,
        worker,
        events,
        backlog: VecDeque::new(),
    };
    let done = runner.go(&mut state);
    let done = done.and_then(|()| runner.finish(&mut state));
    drop(runner);
    drop(held);
    done
}

struct Runner {
    screen: Screen,
    keyboard: Keyboard,
    worker: Worker,
    events: Receiver<Event>,
    /// Events that came while the editor was open.
    backlog: VecDeque<Event>,
}

impl Runner {
    fn go(&mut self, state: &mut State) -> anyhow::Result<()> {
        let effects = start(state);
        self.perform(state, effects)?;
        self.draw(state)?;
        let mut ticked = Instant::now();
        let mut drawn = Instant::now();
        let mut is_changed = false;
        while !state.is_done {
            // A thread that panicked has given the terminal back.
            anyhow::ensure!(terminal::is_open(), "the screen was closed");
            let until_tick = TICK.saturating_sub(ticked.elapsed());
            let until_frame = FRAME.saturating_sub(drawn.elapsed());
            let wait = if is_changed {
                until_tick.min(until_frame)
            } else {
                until_tick
            };
            let mut is_urgent = false;
            for event in self.batch(wait)? {
                is_urgent |= is_own(&event);
                is_changed = true;
                if matches!(event, Event::Continued) && terminal::is_open() {
                    self.screen.enter()?;
                }
                let effects = update(state, event);
                terminal::remember(unanswered(state));
                self.perform(state, effects)?;
            }
            if ticked.elapsed() >= TICK {
                ticked = Instant::now();
                let effects = update(state, Event::Tick(Timestamp::now()));
                self.perform(state, effects)?;
                is_changed = true;
            }
            if is_changed && (is_urgent || drawn.elapsed() >= FRAME) {
                self.draw(state)?;
                drawn = Instant::now();
                is_changed = false;
            }
        }
        Ok(())
    }

    /// Waits for the answers to changes that were sent, and says on the terminal how they ended.
    ///
    /// # Errors
    /// A change has failed, or has no answer in time.
    fn finish(&mut self, state: &mut State) -> anyhow::Result<()> {
        if state.changes.is_empty() {
            return Ok(());
        }
        self.screen.leave();
        tell(&format!("Waiting for the server: {}", unanswered(state)));
        let end = Instant::now() + LAST_ANSWERS;
        let mut failed: Vec<String> = Vec::new();
        // What was said on the screen was seen there.
        state.toast = None;
        while !state.changes.is_empty() {
            let event = match self.backlog.pop_front() {
                Some(event) => event,
                None => match self
                    .events
                    .recv_timeout(end.saturating_duration_since(Instant::now()))
                {
                    Ok(event) => event,
                    Err(_) => break,
                },
            };
            if !matches!(event, Event::Answer(_, Answer::Sent { .. })) {
                continue;
            }
            let _ = update(state, event);
            match state.toast.take() {
                Some(toast) if toast.is_error => failed.push(shown::line(&toast.text)),
                Some(toast) => tell(&toast.text),
                None => {}
            }
        }
        failed.extend(state.changes.failures().map(|it| shown::line(&it)));
        if !state.changes.is_empty() {
            failed.push(format!(
                "not confirmed by the server: {}",
                unanswered(state)
            ));
        }
        if failed.is_empty() {
            return Ok(());
        }
        let hint = "look what the server has before you do it again";
        Err(Failure::new(Kind::Other, failed.join("; "))
            .hint(hint)
            .into())
    }

    /// Waits for events, and takes those that are there.
    fn batch(&mut self, wait: Duration) -> anyhow::Result<Vec<Event>> {
        let mut batch: Vec<Event> = self.backlog.drain(..).collect();
        if batch.is_empty() {
            match self.events.recv_timeout(wait) {
                Ok(event) => batch.push(event),
                Err(RecvTimeoutError::Timeout) => return Ok(batch),
                Err(RecvTimeoutError::Disconnected) => anyhow::bail!("the screen lost its threads"),
            }
        }
        batch.extend(self.events.try_iter().take(BATCH));
        Ok(batch)
    }

    fn draw(&mut self, state: &State) -> io::Result<()> {
        self.screen
            .terminal
            .draw(|frame| draw::frame(state, frame))
            .map(drop)
    }

    /// Does what the state asks for.
    fn perform(&mut self, state: &mut State, effects: Vec<Effect>) -> anyhow::Result<()> {
        let mut waiting: VecDeque<Effect> = effects.into();
        while let Some(effect) = waiting.pop_front() {
            let answer = match effect {
                Effect::Quit => None,
                Effect::Copy(text) => Screen::copy(&text).err().map(|why| Event::Say(why, true)),
                Effect::Suspend => {
                    self.suspend()?;
                    None
                }
                Effect::Edit(text) => Some(self.edit(&text)?),
                Effect::Outside(rerun) => {
                    let ended = self.apart(|| outside::run(&rerun))?;
                    Some(Event::Outside(ended))
                }
                other => {
                    self.worker.order(state.connection, other);
                    None
                }
            };
            if let Some(answer) = answer {
                waiting.extend(update(state, answer));
            }
        }
        Ok(())
    }

    /// Stops the program as Ctrl-Z does elsewhere.
    fn suspend(&mut self) -> anyhow::Result<()> {
        self.screen.leave();
        signals::stop()?;
        self.screen.enter()?;
        Ok(())
    }

    /// Opens the editor.
    fn edit(&mut self, text: &str) -> anyhow::Result<Event> {
        let edited =
            self.apart(|| editor::program(true).and_then(|program| editor::edit(text, &program)))?;
        Ok(Event::Edited(edited.map_err(|failure| failure.message)))
    }

    /// Leaves the terminal to another program, until that has ended.
    fn apart<T>(&mut self, program: impl FnOnce() -> T) -> anyhow::Result<T> {
        let (events, backlog) = (&self.events, &mut self.backlog);
        self.keyboard.pause(|| backlog.extend(events.try_iter()));
        self.screen.leave();
        let ended = program();
        self.screen.enter()?;
        self.keyboard.resume();
        Ok(ended)
    }
}

/// Returns the changes that have no answer, as words for people.
fn unanswered(state: &State) -> String {
    let words = state.changes.waiting().map(shown::line);
    let words: BTreeSet<String> = words.collect();
    words.into_iter().collect::<Vec<_>>().join(", ")
}

/// Writes a line on the terminal after the screen has left it.
fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{}", shown::line(text));
}

/// True for what the user does: it is answered by a frame at once.
fn is_own(event: &Event) -> bool {
    matches!(
        event,
        Event::Key(_)
            | Event::Paste(_)
            | Event::Resize(..)
            | Event::Wheel(_)
            | Event::Click { .. }
            | Event::Continued
    )
}
