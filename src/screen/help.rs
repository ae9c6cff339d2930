//! The help page: the keys of the page below it, those of every page, and the commands.

use super::shown;
use super::state::{Body, State};
use super::view::{Action, View};
use super::views;

/// The meaning of a part of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Key,
    Title,
    Text,
}

const TABLE: &[(&str, &str)] = &[
    ("j k ↓ ↑", "Down, up"),
    ("g G", "First, last"),
    ("ctrl-f ctrl-b", "Page down, up"),
    ("enter", "Open"),
    ("space", "Mark"),
    ("ctrl-space", "Mark all"),
    ("c C", "Copy ID, name"),
    ("o", "Sort by a column"),
    ("shift-n", "Sort by name"),
    ("shift-a", "Sort by age"),
    ("ctrl-w", "All columns"),
    ("!", "Only failures"),
    ("0-9", "Switch project"),
];
const TEXT: &[(&str, &str)] = &[
    ("j k", "Down, up"),
    ("g G", "Start, end"),
    ("/ n N", "Search, next, previous"),
    ("c C", "Copy value, all"),
    ("y", "YAML, JSON"),
    ("d", "Describe"),
];
const MESSAGES: &[(&str, &str)] = &[
    ("m enter", "Write (alt-enter: new line)"),
    ("x", "Interrupt"),
    ("s G", "Autoscroll"),
    ("g j k", "Scroll"),
    ("tab", "Other pane"),
    ("z", "One pane"),
    ("p r t", "Pretty, raw, time"),
    ("/", "Search"),
    ("c C", "Copy entry, all"),
    ("d", "Describe the session"),
];
const EVERYWHERE: &[(&str, &str)] = &[
    (":", "Command"),
    ("/", "Filter, search"),
    ("?", "Help"),
    ("esc q", "Back"),
    ("[ ]", "History"),
    ("ctrl-a", "Commands"),
    ("ctrl-r", "Read again"),
    ("ctrl-s", "Write to a file"),
    ("ctrl-e ctrl-g", "Header, crumbs"),
    ("ctrl-z", "Suspend"),
    ("ctrl-c", "Quit"),
];
const FILTERS: &[(&str, &str)] = &[
    ("/text", "Pattern in a cell"),
    ("/!text", "Hide what matches"),
    ("/-f text", "Letters in order"),
    ("/-l key=value", "Label"),
];

/// Returns the lines of the help: columns side by side if the window is wide enough.
#[must_use]
pub(super) fn lines(state: &State, width: usize) -> Vec<Vec<(String, Part)>> {
    let below = state.stack.iter().rev().nth(1);
    let own: Vec<(String, String)> = match below.map(|page| &page.body) {
        Some(Body::Table(table)) => {
            let actions = table.view.actions.iter();
            let keys = actions.map(|action| (action.keys(), action.label.to_owned()));
            keys.collect()
        }
        _ => Vec::new(),
    };
    let elsewhere = match below.map(|page| &page.body) {
        Some(Body::Table(table)) => elsewhere(table.view),
        _ => Vec::new(),
    };
    let moves = match below.map(|page| &page.body) {
        Some(Body::Messages(_)) => MESSAGES,
        Some(Body::Detail(_)) => TEXT,
        _ => TABLE,
    };
    let pairs = |list: &[(&str, &str)]| {
        let pair = |(key, text): &(&str, &str)| ((*key).to_owned(), (*text).to_owned());
        list.iter().map(pair).collect::<Vec<_>>()
    };
    let commands = views::all().map(|view| (format!(":{}", view.name), view.about.to_owned()));
    let sections: Vec<Section<'_>> = [
        ("RESOURCE", own),
        ("NAVIGATION", pairs(moves)),
        ("GENERAL", pairs(EVERYWHERE)),
        ("SAME KEY ELSEWHERE", elsewhere),
        ("FILTER", pairs(FILTERS)),
        ("COMMANDS", commands.collect()),
    ]
    .into_iter()
    .filter(|(_, pairs)| !pairs.is_empty())
    .collect();
    let mut lines = vec![vec![("Press Esc or ? to close".to_owned(), Part::Text)]];
    for group in groups(&sections, width) {
        lines.push(Vec::new());
        lines.extend(side_by_side(group, width));
    }
    lines
}

/// Returns the keys of a view that do something else in other views.
fn elsewhere(view: &View) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for action in view.actions {
        for other in views::all().filter(|it| it.name != view.name) {
            let same = |it: &&Action| it.keys() == action.keys() && it.label != action.label;
            if let Some(it) = other.actions.iter().find(same) {
                found.push((it.keys(), format!("{} in :{}", it.label, other.name)));
            }
        }
    }
    found
}

/// A title, and keys with their texts.
type Section<'s> = (&'s str, Vec<(String, String)>);

/// Returns the widths of a section's keys and texts, with a gap behind each.
fn widths((title, pairs): &Section<'_>) -> (usize, usize) {
    let keys = pairs.iter().map(|(key, _)| shown::width(key) + 3);
    let keys = keys.max().unwrap_or_default();
    let texts = pairs.iter().map(|(_, text)| shown::width(text) + 2);
    let title = (shown::width(title) + 2).saturating_sub(keys);
    (keys, texts.max().unwrap_or_default().max(title))
}

/// Divides sections into groups that have room side by side.
fn groups<'l, 's>(sections: &'l [Section<'s>], width: usize) -> Vec<&'l [Section<'s>]> {
    let wide = |section: &Section<'_>| {
        let (keys, texts) = widths(section);
        keys + texts
    };
    let mut groups = Vec::new();
    let mut rest = sections;
    while !rest.is_empty() {
        let mut taken = 0;
        let fits = rest.iter().take_while(|section| {
            taken += wide(section);
            taken <= width
        });
        let (group, others) = rest.split_at(fits.count().max(1));
        groups.push(group);
        rest = others;
    }
    groups
}

fn side_by_side(sections: &[Section<'_>], width: usize) -> Vec<Vec<(String, Part)>> {
    let rows = sections.iter().map(|(_, pairs)| pairs.len());
    let titles = sections.iter().map(|section| {
        let (keys, texts) = widths(section);
        (shown::fit(section.0, keys + texts), Part::Title)
    });
    let mut lines = vec![titles.collect::<Vec<_>>()];
    for row in 0..rows.max().unwrap_or_default() {
        let mut line = Vec::new();
        for section in sections {
            let (keys, texts) = widths(section);
            let (key, text) = section.1.get(row).cloned().unwrap_or_default();
            let key = if key.is_empty() || key.starts_with(':') {
                key
            } else {
                format!("<{key}>")
            };
            let keys = keys.min(width / 2);
            line.push((shown::fit(&key, keys), Part::Key));
            line.push((shown::fit(&text, texts), Part::Text));
        }
        lines.push(line);
    }
    lines
}
