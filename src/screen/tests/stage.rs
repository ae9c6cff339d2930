//! A screen without a terminal.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::{SignedDuration, Timestamp};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::{Value, json};

use crate::resources::{Record, Resource};
use crate::screen::draw;
use crate::screen::effect::{Effect, Load, Send};
use crate::screen::event::{About, Answer, Event, Fault, Way};
use crate::screen::scope::Kind;
use crate::screen::state::{Body, Options, State};
use crate::screen::update::{start, update};

/// The time at which every scene begins.
pub(super) fn noon() -> Timestamp {
    "2026-12-01T12:00:00Z".parse().unwrap()
}

/// A screen with the effects that it has asked for.
pub(super) struct Stage {
    pub state: State,
    pub effects: Vec<Effect>,
}

impl Stage {
    pub(super) fn new() -> Self {
        Self::with(Options {
            refresh: 5,
            ..Options::default()
        })
    }

    pub(super) fn with(options: Options) -> Self {
        let about = About {
            context: "acp.example.org".to_owned(),
            server: "https://acp.example.org".to_owned(),
            user: "jsell".to_owned(),
            project: "home".to_owned(),
            way: Way {
                flags: vec!["--context-name=acp.example.org".to_owned()],
                context: None,
                refused: "Session expired — run 'acpctl login' in another terminal".to_owned(),
            },
        };
        let mut state = State::new(options, about, (100, 30), noon());
        let effects = start(&mut state);
        Self { state, effects }
    }

    /// A screen with projects, at the agents of the project `web`.
    pub(super) fn at_agents() -> Self {
        let mut stage = Self::new();
        stage.projects();
        stage.keys("g<enter>");
        stage.rows(
            &crate::resources::AGENT,
            json!([
                {"id": "2agent00000000000000000001", "name": "be", "project_id": "web", "prompt": "Back end", "current_session_id": "2session000000000000000001", "created_at": "2026-11-21T12:00:00Z", "updated_at": "2026-11-21T12:00:00Z"},
                {"id": "2agent00000000000000000002", "name": "fe", "project_id": "web", "prompt": "Front end", "created_at": "2026-11-30T12:00:00Z"},
            ]),
        );
        stage
    }

    /// A screen at the sessions of the project `web`.
    pub(super) fn at_sessions() -> Self {
        let mut stage = Self::new();
        stage.projects();
        stage.keys("gs");
        stage.rows(
            &crate::resources::SESSION,
            json!([
                {"id": "2prefix00000a", "name": "fix", "project_id": "web", "agent_id": "2agent00000000000000000001", "phase": "Running", "start_time": "2026-12-01T11:00:00Z", "created_at": "2026-12-01T10:00:00Z", "updated_at": "2026-12-01T10:00:00Z"},
                {"id": "2prefix00000b", "name": "fix", "project_id": "web", "agent_id": "2agent00000000000000000002", "phase": "Failed", "start_time": "2026-12-01T09:00:00Z", "completion_time": "2026-12-01T09:30:00Z", "created_at": "2026-12-01T09:00:00Z"},
                {"id": "2pending", "name": "docs", "project_id": "web", "phase": "Pending", "created_at": "2026-11-30T12:00:00Z"},
            ]),
        );
        stage
    }

    /// A screen at the messages of a running session.
    pub(super) fn at_messages() -> Self {
        let mut stage = Self::at_sessions();
        stage.keys("g<enter>");
        stage
    }

    pub(super) fn projects(&mut self) {
        self.rows(
            &crate::resources::PROJECT,
            json!([
                {"id": "web", "name": "web", "description": "The web site", "created_at": "2026-11-19T12:00:00Z"},
                {"id": "zeta", "name": "zeta", "status": "failed", "created_at": "2026-12-01T05:00:00Z"},
            ]),
        );
    }

    /// Types keys; those with names are in angle brackets: `<enter>`, `<esc>`, `<ctrl-d>`, `<space>`.
    pub(super) fn keys(&mut self, keys: &str) {
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let end = rest.find('>').filter(|_| first == '<' && rest.len() > 2);
            let (code, modifiers, length) = match end {
                Some(end) => {
                    let (code, modifiers) = named(&rest[1..end]);
                    (code, modifiers, end + 1)
                }
                None => (KeyCode::Char(first), KeyModifiers::NONE, first.len_utf8()),
            };
            rest = &rest[length..];
            self.event(Event::Key(KeyEvent::new(code, modifiers)));
        }
    }

    /// Returns the numbers of the requests that were asked for since the last call, in their order.
    pub(super) fn numbers(&mut self) -> Vec<u64> {
        let sends = |effect| match effect {
            Effect::Send { sends, .. } => sends,
            _ => Vec::new(),
        };
        let sends = self.effects.drain(..).flat_map(sends);
        sends.map(|send| send.number).collect()
    }

    pub(super) fn event(&mut self, event: Event) {
        let effects = update(&mut self.state, event);
        self.effects.extend(effects);
    }

    /// Takes an answer of the connection that stands, or of the one that is being made.
    pub(super) fn answer(&mut self, answer: Answer) {
        let coming = self.state.coming.as_ref().map(|it| it.number);
        let connection = match (&answer, coming) {
            (Answer::Connected(_) | Answer::Unconnected(_), Some(coming)) => coming,
            _ => self.state.connection,
        };
        self.event(Event::Answer(connection, answer));
    }

    /// Answers the request for the rows of the page on top.
    pub(super) fn rows(&mut self, resource: &'static Resource, rows: Value) {
        let Value::Array(rows) = rows else {
            panic!("rows are a list")
        };
        let read = |row| Record::decode(resource, row).unwrap();
        let rows: Vec<Record> = rows.into_iter().map(read).collect();
        let total = i64::try_from(rows.len()).unwrap();
        let page = self.page();
        self.answer(Answer::Rows {
            page,
            rows,
            total,
            hidden: 0,
            gap: None,
        });
    }

    /// Fails the request for the rows of the page on top.
    pub(super) fn fails(&mut self, status: u16, text: &str) {
        let fault = Fault {
            status: Some(status),
            ..Fault::new(text)
        };
        let page = self.page();
        self.answer(Answer::Failed { page, fault });
    }

    pub(super) fn page(&self) -> u64 {
        self.state.top().unwrap().number
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        self.state.table().map(|table| table.view.kind)
    }

    /// The words of the crumbs.
    pub(super) fn crumbs(&self) -> Vec<&'static str> {
        self.state
            .stack
            .iter()
            .map(crate::screen::state::Page::name)
            .collect()
    }

    pub(super) fn passes(&mut self, seconds: i64) {
        let now = self.state.now + SignedDuration::from_secs(seconds);
        self.event(Event::Tick(now));
    }

    /// Answers the question what the bindings of the open form shadow.
    pub(super) fn plans(&mut self, shadowed: &[&str]) {
        let place = self
            .effects
            .iter()
            .position(|it| matches!(it, Effect::Plan { .. }));
        let Effect::Plan { form, sends } = self.effects.remove(place.unwrap()) else {
            panic!("it is a plan")
        };
        let shadowed = shadowed.iter().map(|line| (*line).to_owned()).collect();
        self.answer(Answer::Planned {
            form,
            sends,
            shadowed: Ok(shadowed),
        });
    }

    /// Answers the request for what a field of the open form offers.
    pub(super) fn offers(&mut self, field: usize, offers: &[(&str, &str)]) {
        let form = self.state.form.as_ref().unwrap().number;
        let offers = offers
            .iter()
            .map(|(id, text)| ((*id).to_owned(), (*text).to_owned()));
        self.answer(Answer::Offered {
            form,
            field,
            offers: Ok(offers.collect()),
            gap: None,
        });
    }

    /// The requests that were asked for since the last call, as lines with their project.
    pub(super) fn sent(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        for effect in self.effects.drain(..) {
            if let Effect::Send { sends, .. } = effect {
                lines.extend(sends.iter().map(Send::as_line));
            }
        }
        lines
    }

    /// The paths of the lists that were asked for since the last call.
    pub(super) fn loads(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        for effect in self.effects.drain(..) {
            if let Effect::Load { load, .. } = effect {
                lines.push(match load {
                    Load::List(list, _) => list.path,
                    other => format!("{other:?}"),
                });
            }
        }
        lines
    }

    pub(super) fn toast(&self) -> &str {
        self.state
            .toast
            .as_ref()
            .map_or("", |toast| toast.text.as_str())
    }

    pub(super) fn body(&self) -> &Body {
        &self.state.top().unwrap().body
    }

    /// The picture of the screen, without the spaces at the ends of its lines.
    pub(super) fn picture(&self) -> String {
        let (width, height) = self.state.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal
            .draw(|frame| draw::frame(&self.state, frame))
            .unwrap();
        let buffer = terminal.backend().buffer().clone();
        let mut lines = Vec::new();
        for y in 0..height {
            let mut line = String::new();
            let mut x = 0;
            while x < width {
                let symbol = buffer[(x, y)].symbol();
                line.push_str(symbol);
                x += u16::try_from(crate::screen::shown::width(symbol).max(1)).unwrap();
            }
            lines.push(line.trim_end().to_owned());
        }
        lines.join("\n")
    }

    /// The style of the first cell of a text in the picture.
    pub(super) fn style_of(&self, text: &str) -> ratatui::style::Style {
        let (width, height) = self.state.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal
            .draw(|frame| draw::frame(&self.state, frame))
            .unwrap();
        let picture = self.picture();
        let (y, line) = (0..)
            .zip(picture.lines())
            .find(|(_, line)| line.contains(text))
            .unwrap_or_else(|| panic!("{text} is not in\n{picture}"));
        let before = &line[..line.find(text).unwrap()];
        let x = u16::try_from(crate::screen::shown::width(before)).unwrap();
        terminal.backend().buffer()[(x, y)].style()
    }
}

fn named(name: &str) -> (KeyCode, KeyModifiers) {
    let (name, modifiers) = match name.split_once('-') {
        Some(("ctrl", rest)) => (rest, KeyModifiers::CONTROL),
        Some(("alt", rest)) => (rest, KeyModifiers::ALT),
        _ => (name, KeyModifiers::NONE),
    };
    let code = match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "backtab" => KeyCode::BackTab,
        "space" => KeyCode::Char(' '),
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "pgdn" => KeyCode::PageDown,
        one => KeyCode::Char(one.chars().next().unwrap()),
    };
    (code, modifiers)
}
