//! Names the objects that a question or a form is for.

use super::shown;
use crate::resources::Record;
use crate::text::quote;

/// The most objects that are named.
const NAMED: usize = 8;

/// The most columns of a name in a sentence.
const LONGEST: usize = 50;

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

    /// Names rows. `more` returns what is said of each behind its name.
    #[must_use]
    pub(super) fn of(title: &str, rows: &[Record], more: impl Fn(&Record) -> String) -> Self {
        let name = |row: &Record| shown::line(&format!("{}{}", named(row), more(row)));
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
        let with = |count: usize, show: fn(&str, usize) -> Vec<String>| {
            let names = few(&self.names, count);
            let names = names.iter().flat_map(|it| show(it, width));
            title.iter().cloned().chain(names).collect::<Vec<_>>()
        };
        let counts = || (1..=self.names.len().min(NAMED)).rev();
        let whole = counts().map(|count| with(count, indented));
        let on_one_line = counts().chain([0]).map(|count| with(count, cut_to_line));
        let mut all = whole.chain(on_one_line);
        all.find(|lines| lines.len() <= most).unwrap_or(title)
    }
}

/// Returns what a question about one row calls it: its name in quotes with its whole ID, because rows may share a name.
#[must_use]
pub(super) fn asked(row: &Record) -> String {
    asked_of(row.name_or_id(), row.id())
}

/// Like [`asked`], for an object that is not a row.
#[must_use]
pub(super) fn asked_of(name: &str, id: &str) -> String {
    if name == id {
        quoted(id)
    } else {
        format!("{} ({id})", quoted(name))
    }
}

/// Returns a row's name with its whole ID.
#[must_use]
pub(super) fn named(row: &Record) -> String {
    match (row.name_or_id(), row.id()) {
        (name, id) if name == id => id.to_owned(),
        (name, id) => format!("{} ({id})", brief(name)),
    }
}

/// Returns a name that leaves room for what stands behind it: an ID, or what is lost.
#[must_use]
pub(super) fn brief(name: &str) -> String {
    shown::cut(&shown::line(name), LONGEST)
}

/// Like [`brief`], in quotes.
#[must_use]
pub(super) fn quoted(name: &str) -> String {
    let whole = shown::line(&quote(name));
    if shown::width(&whole) <= LONGEST {
        return whole;
    }
    format!("{}\"", shown::cut(&whole, LONGEST - 1))
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

/// Cuts a line below a title.
fn cut_to_line(line: &str, width: usize) -> Vec<String> {
    vec![format!("  {}", shown::cut(line, width.saturating_sub(2)))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_before_it_hides_how_many_there_are() {
        let names = Names {
            title: "Shadowed:".to_owned(),
            names: ["a".repeat(300), "b".to_owned(), "c".to_owned()].into(),
        };
        let cut = format!("  {}…", "a".repeat(37));
        assert_eq!(names.lines(40, 4), ["Shadowed:", &cut, "  b", "  c"]);
        assert_eq!(names.lines(40, 3), ["Shadowed:", &cut, "  and 2 more"]);
        assert_eq!(names.lines(40, 2), ["Shadowed:", "  and 3 more"]);
    }

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
