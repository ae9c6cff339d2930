//! Plays bytes as events, for the fuzz target: keys, resizes, and answers with hostile text.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::{SignedDuration, Timestamp};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::json;

use super::draw;
use super::effect::Effect;
use super::event::{About, Answer, Event, Fault};
use super::input::Line;
use super::newest::Newest;
use super::state::{Body, Options, State};
use super::update::{start, update};
use crate::resources::{Record, SESSION_MESSAGE};

/// The number of events between two frames.
const FRAME: usize = 16;

/// Plays bytes, draws a frame now and then, and returns the number of events.
///
/// # Panics
/// A frame holds a character that controls the terminal, a typed character is lost, or anything else breaks.
pub fn play(bytes: &[u8]) -> usize {
    let options = Options {
        refresh: 5,
        color: true,
        ..Options::default()
    };
    let mut state = State::new(options, About::default(), (80, 24), Timestamp::UNIX_EPOCH);
    let mut form = 0;
    let mut effects = start(&mut state);
    let mut rest = bytes;
    let mut count = 0;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        for effect in effects.drain(..) {
            if let Effect::Offer { form: asked, .. } = effect {
                form = asked;
            }
        }
        let Some(event) = event(&state, *first, &mut rest, form) else {
            continue;
        };
        let typed = typed(&state, &event);
        effects = update(&mut state, event);
        if let Some(typed) = typed {
            let line = bar(&state).map(Line::before);
            assert!(line == Some(&typed), "a typed character is lost");
        }
        count += 1;
        if count % FRAME == 0 {
            draw_safely(&state);
        }
    }
    draw_safely(&state);
    count
}

/// Returns what stands before the cursor of the open bar after this event, if it is a character that has room there.
fn typed(state: &State, event: &Event) -> Option<String> {
    let Event::Key(key) = event else { return None };
    let KeyCode::Char(character) = key.code else {
        return None;
    };
    let line = bar(state).filter(|line| !line.is_full())?;
    key.modifiers
        .is_empty()
        .then(|| format!("{}{character}", line.before()))
}

/// Returns the line of a command, a filter, a search or a name of a file, if the keys are for it.
fn bar(state: &State) -> Option<&Line> {
    if state.dialog.is_some() || state.form.is_some() {
        return None;
    }
    state.mode.line()
}

fn draw_safely(state: &State) {
    let (width, height) = state.size;
    let Ok(mut terminal) = Terminal::new(TestBackend::new(width, height));
    let Ok(_) = terminal.draw(|frame| draw::frame(state, frame));
    for cell in terminal.backend().buffer().content() {
        assert!(
            !cell.symbol().chars().any(char::is_control),
            "a frame controls the terminal"
        );
    }
}

/// Returns the event that a byte begins.
fn event(state: &State, first: u8, rest: &mut &[u8], form: u64) -> Option<Event> {
    let page = state.top()?.number;
    Some(match first {
        0x80 => Event::Resize(u16::from(byte(rest)), u16::from(byte(rest) % 64)),
        0x81 => rows(state, page, rest)?,
        0x82 => {
            let fault = Fault {
                status: Some(400 + u16::from(byte(rest))),
                text: text(rest),
                retry_after: Some(i64::from(byte(rest)) - 100),
            };
            Event::Answer(state.connection, Answer::Failed { page, fault })
        }
        0x83 => {
            let message = json!({
                "seq": byte(rest), "event_type": kind(byte(rest)), "payload": text(rest),
                "created_at": "2026-12-01T00:00:00Z",
            });
            let messages = Record::decode(&SESSION_MESSAGE, message)
                .into_iter()
                .collect();
            Event::Answer(
                state.connection,
                Answer::Messages {
                    page,
                    messages: Newest::of(messages),
                    after: 0,
                },
            )
        }
        0x84 => {
            let event = json!({
                "type": kind(byte(rest)), "messageId": byte(rest).to_string(), "delta": text(rest),
            });
            Event::Answer(state.connection, Answer::Streamed { page, event })
        }
        0x85 => Event::Tick(state.now + SignedDuration::from_secs(i64::from(byte(rest)))),
        0x86 => {
            let field = usize::from(byte(rest) % 8);
            let offers = Ok(vec![(text(rest), text(rest)), (text(rest), text(rest))]);
            Event::Answer(
                state.connection,
                Answer::Offered {
                    form,
                    field,
                    offers,
                    gap: None,
                },
            )
        }
        0x87 => Event::Answer(
            coming(state),
            Answer::Connected(About {
                context: text(rest),
                server: text(rest),
                ..About::default()
            }),
        ),
        0x8d => Event::Answer(coming(state), Answer::Unconnected(Fault::new(text(rest)))),
        0x88 => Event::Edited(Ok(text(rest))),
        0x89 => Event::Paste(text(rest)),
        0x8a => Event::Wheel(i32::from(byte(rest)) - 128),
        0x8b => Event::Click {
            column: u16::from(byte(rest)),
            row: u16::from(byte(rest)),
        },
        0x8c => Event::Say(text(rest), true),
        other => Event::Key(key(other)),
    })
}

/// Returns the number of the connection that is being made, or else of the one that stands.
fn coming(state: &State) -> u64 {
    let coming = state.coming.as_ref();
    coming.map_or(state.connection, |it| it.number)
}

fn key(byte: u8) -> KeyEvent {
    let (code, modifiers) = match byte {
        0x09 => (KeyCode::Tab, KeyModifiers::NONE),
        0x0a => (KeyCode::Enter, KeyModifiers::ALT),
        0x0d => (KeyCode::Enter, KeyModifiers::NONE),
        0x1b => (KeyCode::Esc, KeyModifiers::NONE),
        0x7f => (KeyCode::Backspace, KeyModifiers::NONE),
        0x90 => (KeyCode::Up, KeyModifiers::NONE),
        0x91 => (KeyCode::Down, KeyModifiers::NONE),
        0x92 => (KeyCode::Left, KeyModifiers::NONE),
        0x93 => (KeyCode::Right, KeyModifiers::NONE),
        0x94 => (KeyCode::PageUp, KeyModifiers::NONE),
        0x95 => (KeyCode::PageDown, KeyModifiers::NONE),
        0x96 => (KeyCode::BackTab, KeyModifiers::SHIFT),
        0x01..=0x1a => (
            KeyCode::Char(char::from(byte + 0x60)),
            KeyModifiers::CONTROL,
        ),
        byte => (KeyCode::Char(char::from(byte)), KeyModifiers::NONE),
    };
    KeyEvent::new(code, modifiers)
}

/// Returns rows for the page on top, with text of the input in every field.
fn rows(state: &State, page: u64, rest: &mut &[u8]) -> Option<Event> {
    let Body::Table(table) = &state.top()?.body else {
        return None;
    };
    let resource = match (table.view.load)(&state.scope()) {
        super::effect::Load::List(list, _) => list.resource,
        _ => return None,
    };
    let count = byte(rest) % 40;
    let text = text(rest);
    let row = |n: u8| {
        let mut row = Record::empty(resource);
        for field in resource.all_fields() {
            row.replace(field.name, &text);
        }
        row.replace("id", &format!("{}{text}", n % 32));
        row
    };
    let rows = (0..count).map(row).collect();
    let total = i64::from(byte(rest));
    Some(Event::Answer(
        state.connection,
        Answer::Rows {
            page,
            rows,
            total,
            hidden: i64::from(byte(rest) % 3),
            gap: (byte(rest) % 3 == 1).then(|| text.clone()),
        },
    ))
}

/// Takes one byte; zero at the end.
fn byte(rest: &mut &[u8]) -> u8 {
    let whole = *rest;
    let (first, after) = whole.split_first().unwrap_or((&0, whole));
    *rest = after;
    *first
}

/// Takes a text that ends with `0xff`.
fn text(rest: &mut &[u8]) -> String {
    let whole = *rest;
    let end = whole.iter().position(|byte| *byte == 0xff);
    let (text, after) = match end {
        Some(end) => (&whole[..end], &whole[end + 1..]),
        None => (whole, &whole[whole.len()..]),
    };
    *rest = after;
    String::from_utf8_lossy(text).into_owned()
}

fn kind(byte: u8) -> &'static str {
    const KINDS: &[&str] = &[
        "user",
        "assistant",
        "error",
        "tool_use",
        "tool_result",
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        "REASONING_MESSAGE_CONTENT",
        "TOOL_CALL_START",
        "TOOL_CALL_ARGS",
        "TOOL_CALL_RESULT",
        "MESSAGES_SNAPSHOT",
        "RUN_FINISHED",
        "CUSTOM",
    ];
    KINDS[usize::from(byte) % KINDS.len()]
}
