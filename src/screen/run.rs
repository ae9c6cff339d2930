//! The loop: waits for an event, changes the state, does what the state asks for, draws.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::connection::{self, Connection};
use super::draw;
use super::effect::Effect;
use super::event::Event;
use super::outside;
use super::source::{self, Keyboard};
use super::state::{Options, State};
use super::terminal::{self, Screen};
use super::update::{start, update};
use super::worker::Worker;
use crate::ctx::Ctx;
use crate::editor;
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
    let state = State::new(options, about, size, Timestamp::now());
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
    let done = runner.go(state);
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
    fn go(&mut self, mut state: State) -> anyhow::Result<()> {
        let effects = start(&mut state);
        self.perform(&mut state, effects)?;
        self.draw(&state)?;
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
                let effects = update(&mut state, event);
                self.perform(&mut state, effects)?;
            }
            if ticked.elapsed() >= TICK {
                ticked = Instant::now();
                let effects = update(&mut state, Event::Tick(Timestamp::now()));
                self.perform(&mut state, effects)?;
                is_changed = true;
            }
            if is_changed && (is_urgent || drawn.elapsed() >= FRAME) {
                self.draw(&state)?;
                drawn = Instant::now();
                is_changed = false;
            }
        }
        Ok(())
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

    fn draw(&mut self, state: &State) -> std::io::Result<()> {
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
