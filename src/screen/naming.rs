//! Names the objects that a question or a form is for.

use super::shown;
use crate::resources::Record;

/// The most objects that are named.
const NAMED: usize = 8;

/// A title, and the names below it.
#[derive(Default)]
pub(super) struct Names {
    pub title: String,
    pub names: Vec<String>,
}

impl Names {
    /// Returns a title without names.
    #[must_use]
    pub(super) fn title(title: &str) -> Self {
        Self {
            title: shown::line(title),
            names: Vec::new(),
        }
    }

    /// Names rows. A mark may mean a row that a filter hides, which is said.
    #[must_use]
    pub(super) fn of(title: &str, rows: &[Record], is_shown: impl Fn(&Record) -> bool) -> Self {
        let name = |row: &Record| shown::line(&format!("{}{}", named(row), aside(is_shown(row))));
        Self {
            title: shown::line(title),
            names: rows.iter().map(name).collect(),
        }
    }

    /// Returns the lines for a width: at most so many, the last of which says how many names are left out.
    #[must_use]
    pub(super) fn lines(&self, width: usize, most: usize) -> Vec<String> {
        let title = match self.title.as_str() {
            "" => Vec::new(),
            title => shown::wrap(title, width),
        };
        let with = |count: usize| {
            let names = few(&self.names, count);
            let names = names.iter().flat_map(|it| indented(it, width));
            title.iter().cloned().chain(names).collect::<Vec<_>>()
        };
        let counts = (1..=self.names.len().min(NAMED)).rev();
        let found = counts.map(with).find(|lines| lines.len() <= most);
        found.unwrap_or(title)
    }
}

/// Returns a row's name with its whole ID.
#[must_use]
pub(super) fn named(row: &Record) -> String {
    match (row.name_or_id(), row.id()) {
        (name, id) if name == id => id.to_owned(),
        (name, id) => format!("{name} ({id})"),
    }
}

/// Returns what is said of an object that is not shown.
#[must_use]
pub(super) fn aside(is_shown: bool) -> &'static str {
    if is_shown { "" } else { ", not shown now" }
}

/// Returns the first reasons, and how many more there are.
#[must_use]
pub(super) fn first_few(lines: &[String]) -> Vec<String> {
    few(lines, NAMED)
}

fn few(lines: &[String], most: usize) -> Vec<String> {
    let more = lines.len().saturating_sub(most);
    let mut few: Vec<String> = lines.iter().take(most).cloned().collect();
    if more > 0 {
        few.push(format!("and {more} more"));
    }
    few
}

/// Breaks a line below a title.
#[must_use]
pub(super) fn indented(line: &str, width: usize) -> Vec<String> {
    let wrapped = shown::wrap(line, width.saturating_sub(2));
    wrapped.into_iter().map(|it| format!("  {it}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_room_are_counted() {
        let names = Names {
            title: "Delete 12 objects?".to_owned(),
            names: (1..=12).map(|n| format!("a{n}")).collect(),
        };
        assert_eq!(names.lines(40, 20).len(), 10);
        let lines = names.lines(40, 6);
        let told = ["Delete 12 objects?", "  a1", "  a2", "  a3", "  a4"];
        assert_eq!(lines[..5], told);
        assert_eq!(lines[5], "  and 8 more");
        assert_eq!(names.lines(40, 1), ["Delete 12 objects?"]);
    }
}
