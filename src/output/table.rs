//! Tables without borders.
//!
//! In a pipe a table has the fixed columns that scripts expect (docs/interface/cli-core.md section 5.1). On a terminal,
//! and with `-o wide`, the columns fit the content and the terminal.

use std::borrow::Cow;
use std::collections::BTreeSet;

use comfy_table::{ContentArrangement, Table as Grid, presets};
use dialoguer::console::{measure_text_width, strip_ansi_codes, truncate_str};

use crate::resources;

pub(crate) use crate::text::visible;

/// The spaces between two columns.
const GAP: usize = 3;
/// The end of a cell that was cut.
const DOTS: &str = "...";
/// The titles of columns with texts whose beginning says enough. They are cut before any name is.
const PROSE: [&str; 7] = [
    "DESCRIPTION",
    "BODY",
    "REPO",
    "REASON",
    "WHY",
    "SERVER",
    "API SERVER",
];
/// The width that such a column keeps as long as others can give way.
const LEAST_PROSE: usize = 16;
/// The titles of columns that can be left out first if they say the same in each row.
const SAME: [&str; 1] = ["PROVIDER"];

/// A column: its title and its width in a pipe, in characters.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub title: &'static str,
    pub width: usize,
}

impl From<&resources::Column> for Column {
    fn from(column: &resources::Column) -> Self {
        Self {
            title: column.title,
            width: column.width,
        }
    }
}

/// Lays out fixed columns: each cell is padded to its width (the last one too) or cut with `...`; three spaces join
/// them.
#[must_use]
pub(crate) fn fixed(columns: &[Column], rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    push_fixed(
        &mut text,
        columns,
        columns.iter().map(|column| column.title),
    );
    for row in rows {
        push_fixed(&mut text, columns, row);
    }
    text
}

/// Narrows fixed columns, so that a row fits into so many columns of the terminal.
#[must_use]
pub(crate) fn narrowed(columns: &[Column], width: usize) -> Vec<Column> {
    let titles: Vec<&str> = columns.iter().map(|column| column.title).collect();
    let mut widths: Vec<usize> = columns.iter().map(|column| column.width).collect();
    narrow(&mut widths, &titles, width);
    let narrowed = columns.iter().zip(widths);
    narrowed
        .map(|(column, width)| Column { width, ..*column })
        .collect()
}

/// Lays out columns of fixed widths for a terminal, where a character may be two columns wide.
#[must_use]
pub(crate) fn steady(columns: &[Column], rows: &[Vec<String>]) -> String {
    let titles: Vec<String> = columns.iter().map(|it| it.title.to_owned()).collect();
    let mut rows: Vec<Vec<String>> = rows.iter().map(|row| seen_row(row)).collect();
    let widths: Vec<usize> = columns.iter().map(|it| it.width).collect();
    drop_schemes(&mut rows, &widths);
    let mut text = String::new();
    for row in std::iter::once(&titles).chain(&rows) {
        let cells = columns.iter().zip(row).map(|(column, cell)| {
            let cell = shortened(cell, column.width, false);
            let gap = column.width.saturating_sub(measure_text_width(&cell));
            cell + &" ".repeat(gap)
        });
        let line = cells.collect::<Vec<_>>().join(&" ".repeat(GAP));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Appends a row of fixed columns.
pub(super) fn push_fixed(
    text: &mut String,
    columns: &[Column],
    cells: impl IntoIterator<Item = impl AsRef<str>>,
) {
    for (n, (column, cell)) in columns.iter().zip(cells).enumerate() {
        if n > 0 {
            text.push_str("   ");
        }
        push_fitting(text, cell.as_ref(), column.width);
    }
    text.push('\n');
}

/// Appends a cell of so many characters.
fn push_fitting(text: &mut String, cell: &str, width: usize) {
    let shown = seen(cell);
    let count = shown.chars().count();
    if count <= width {
        text.push_str(&shown);
        text.extend(std::iter::repeat_n(' ', width - count));
    } else {
        text.extend(shown.chars().take(width.saturating_sub(3)));
        text.push_str("...");
    }
}

/// Returns a cell as one line without invisible characters.
fn seen(cell: &str) -> Cow<'_, str> {
    if cell.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(cell);
    }
    Cow::Owned(visible(cell))
}

/// Lays out columns that are as wide as their content. If `width` is given, the table fits into so many columns of the
/// terminal.
#[must_use]
pub(crate) fn fitted(titles: &[&str], rows: &[Vec<String>], width: Option<usize>) -> String {
    let mut rows: Vec<Vec<String>> = rows.iter().map(|row| seen_row(row)).collect();
    let mut widths = widths(titles, &rows);
    if let Some(width) = width {
        narrow(&mut widths, titles, width);
    }
    drop_schemes(&mut rows, &widths);
    let mut grid = Grid::new();
    grid.load_style(presets::NOTHING);
    grid.set_content_arrangement(ContentArrangement::Disabled);
    let titles = cut(titles, &widths, &[]);
    let ends = columns_with_ends(&rows, &widths);
    let rows: Vec<Vec<String>> = rows.iter().map(|row| cut(row, &widths, &ends)).collect();
    grid.set_header(&titles);
    for row in &rows {
        // The library would count escape sequences as columns.
        grid.add_row(row.iter().map(|cell| strip_ansi_codes(cell)));
    }
    for column in grid.column_iter_mut() {
        column.set_padding((0, 3));
    }
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let widths = self::widths(&titles, &rows);
    let colored = std::iter::once(None).chain(rows.iter().map(|row| colored(row, &widths)));
    let mut text = String::new();
    for (line, colored) in grid.lines().zip(colored) {
        let line = colored.as_deref().unwrap_or(&line);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Returns the line of a row with colors; `None` for a row without.
fn colored(row: &[String], widths: &[usize]) -> Option<String> {
    if !row.iter().any(|cell| cell.contains('\x1b')) {
        return None;
    }
    let mut line = String::new();
    for (cell, width) in row.iter().zip(widths) {
        let gap = width.saturating_sub(measure_text_width(cell)) + GAP;
        line.push_str(cell);
        line.push_str(&" ".repeat(gap));
    }
    Some(line)
}

/// Leaves out columns until the others fit into so many columns of the terminal without a cut in a name: first one that
/// says the same in each row, then the first of `spare`. Returns the titles of those that are left out.
pub(super) fn leave_out<'a>(
    spare: &[&'static str],
    titles: &mut Vec<&'a str>,
    rows: &mut [Vec<String>],
    width: usize,
) -> Vec<&'a str> {
    let mut left_out = Vec::new();
    if spare.is_empty() {
        return left_out;
    }
    let same = SAME.iter().filter(|title| is_same(title, titles, rows));
    let same: Vec<&str> = same.copied().collect();
    for title in same.iter().chain(spare) {
        let mut widths = widths(titles, rows);
        for (width, title) in widths.iter_mut().zip(titles.iter()) {
            if is_prose(title) {
                *width = (*width).min(LEAST_PROSE);
            }
        }
        if total(&widths) <= width {
            break;
        }
        if let Some(at) = titles.iter().position(|it| it == title) {
            left_out.push(titles.remove(at));
            for row in rows.iter_mut() {
                row.remove(at);
            }
        }
    }
    left_out
}

/// True if there are several rows, and the column says the same in each.
fn is_same(title: &str, titles: &[&str], rows: &[Vec<String>]) -> bool {
    let Some(at) = titles.iter().position(|it| *it == title) else {
        return false;
    };
    rows.len() > 1 && rows.iter().all(|row| row[at] == rows[0][at])
}

/// True for a column of texts whose beginning says enough.
fn is_prose(title: &str) -> bool {
    PROSE.contains(&title)
}

/// True if the rows fit uncut into so many columns of the terminal.
#[must_use]
pub(crate) fn fits(titles: &[&str], rows: &[Vec<String>], width: usize) -> bool {
    total(&widths(titles, rows)) <= width
}

/// Returns the width of each column on a terminal.
fn widths(titles: &[&str], rows: &[Vec<String>]) -> Vec<usize> {
    let mut widths: Vec<usize> = titles
        .iter()
        .map(|title| measure_text_width(title))
        .collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = measure_text_width(cell).max(*width);
        }
    }
    widths
}

fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

/// Narrows columns until all of them fit or the next step would cut a title: first those of prose, then all.
fn narrow(widths: &mut [usize], titles: &[&str], width: usize) {
    let is_name = |column: usize| !is_prose(titles[column]);
    narrow_some(widths, titles, width, &|column, wide| {
        is_name(column) || wide <= LEAST_PROSE
    });
    // The first column names the object and may be copied, so it stays whole if it leaves room for the others.
    narrow_some(widths, titles, width, &|column, wide| {
        column == 0 && wide < width / 2
    });
}

/// Narrows the widest column, or the last of several, apart from those that are kept at their width.
fn narrow_some(
    widths: &mut [usize],
    titles: &[&str],
    width: usize,
    is_kept: &dyn Fn(usize, usize) -> bool,
) {
    while total(widths) > width {
        let widest = widths
            .iter()
            .enumerate()
            .filter(|(column, wide)| {
                !is_kept(*column, **wide)
                    && **wide > measure_text_width(titles[*column]).max(DOTS.len())
            })
            .max_by_key(|(_, wide)| **wide)
            .map(|(column, _)| column);
        match widest {
            Some(column) => widths[column] -= 1,
            None => return,
        }
    }
}

/// Cuts the cells of a row; in columns that are among `ends`, their ends stay.
fn cut(cells: &[impl AsRef<str>], widths: &[usize], ends: &[usize]) -> Vec<String> {
    let cells = cells.iter().zip(widths).enumerate();
    cells
        .map(|(column, (cell, width))| shortened(cell.as_ref(), *width, ends.contains(&column)))
        .collect()
}

/// Returns the columns whose cells differ only in what a cut takes away: of `credential:owner` and `credential:viewer`
/// the beginning says nothing.
fn columns_with_ends(rows: &[Vec<String>], widths: &[usize]) -> Vec<usize> {
    let different = |column: usize, width: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let cells: BTreeSet<String> = cells.map(|cell| shortened(cell, width, false)).collect();
        cells.len()
    };
    let columns = widths.iter().enumerate();
    columns
        .filter(|(column, width)| different(*column, **width) < different(*column, usize::MAX))
        .map(|(column, _)| column)
        .collect()
}

fn seen_row(row: &[String]) -> Vec<String> {
    row.iter().map(|cell| visible(cell)).collect()
}

/// Takes the scheme from each address of a column in which one address is too wide: all have one form then.
fn drop_schemes(rows: &mut [Vec<String>], widths: &[usize]) {
    for (column, width) in widths.iter().enumerate() {
        let cells = || rows.iter().filter_map(|row| row.get(column));
        if !cells().any(|cell| address(cell).is_some() && measure_text_width(cell) > *width) {
            continue;
        }
        for cell in rows.iter_mut().filter_map(|row| row.get_mut(column)) {
            if let Some(rest) = address(cell) {
                *cell = rest.to_owned();
            }
        }
    }
}

/// Returns the part of an address behind its scheme; `None` for another text.
fn address(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    let is_scheme = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_scheme.then_some(rest)
}

/// Cuts a text that is too wide.
fn shortened(text: &str, width: usize, keeps_end: bool) -> String {
    if measure_text_width(text) <= width {
        return text.to_owned();
    }
    if !keeps_end || text.contains('\x1b') {
        return truncate_str(text, width, DOTS).into_owned();
    }
    let mut ends = text.char_indices().map(|(at, _)| &text[at..]);
    let room = width.saturating_sub(DOTS.len());
    let end = ends.find(|end| measure_text_width(end) <= room);
    format!("{DOTS}{}", end.unwrap_or_default())
}

/// Lays out lines of cells that are not a table: each cell but the last is padded to the width of its column.
#[must_use]
pub(crate) fn aligned<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let wide = |column: usize| {
        rows.iter()
            .map(|row| measure_text_width(&row[column]))
            .max()
    };
    let line = |row: &[String; N]| {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let gap = wide(column).unwrap_or_default() - measure_text_width(cell);
            format!("{cell}{}", " ".repeat(gap))
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::style::{self, Tone};

    #[test]
    fn wide_characters_leave_the_next_column_where_it_is() {
        let column = |title, width| Column { title, width };
        let columns = [column("NAME", 9), column("PHASE", 7)];
        let row = |name: &str| vec![name.to_owned(), "Running".to_owned()];
        let table = steady(
            &columns,
            &[row("fix"), row("部署"), row("日本語のセッション")],
        );
        assert_eq!(
            table,
            "NAME        PHASE\nfix         Running\n部署        Running\n日本語...   Running\n"
        );
    }

    #[test]
    fn what_differs_at_the_end_keeps_its_end() {
        let rows = [
            ["a", "credential:viewer", "https://one.example.org:6443"],
            ["b", "credential:owner", "https://two.example.org:6443"],
        ];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        let text = fitted(&["ID", "ROLE", "SERVER"], &rows, Some(36));
        for part in [":viewer", ":owner", " one.", " two."] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn addresses_of_a_column_have_one_form() {
        let rows = [
            ["a", "https://a.example.org"],
            ["b", "https://long-name.example.org:6443"],
            ["c", "see https://c.example.org"],
        ];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        let fitted = |width| fitted(&["NAME", "SERVER"], &rows, width);
        assert_eq!(
            fitted(Some(33)),
            "NAME   SERVER\n\
             a      a.example.org\n\
             b      long-name.example.org:6443\n\
             c      see https://c.example.org\n"
        );
        assert!(fitted(None).contains(" https://a.example.org\n"));
    }

    #[test]
    fn fitted_columns_give_way_from_the_widest() {
        let rows = [
            ["123456789", "部署部署部署部署", "1d"],
            ["123456789", "a description of many words", "2d"],
        ];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        let titles = ["ID", "DESCRIPTION", "AGE"];
        let fitted = |width| fitted(&titles, &rows, Some(width));
        assert_eq!(
            fitted(32),
            "ID          DESCRIPTION      AGE\n\
             123456789   部署部署部...    1d\n\
             123456789   a descripti...   2d\n"
        );
        assert!(fits(&titles, &rows, 45) && !fits(&titles, &rows, 44));
        // Titles stay, however narrow the window is.
        assert!(fitted(3).starts_with("ID"));
    }

    #[test]
    fn colors_take_no_columns() {
        let red = style::paint("expired", Tone::Bad, true);
        let rows = [["a", red.as_str(), "x"], ["b", "in 5 days", "y"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        let text = fitted(&["NAME", "EXPIRES", "AGE"], &rows, None);
        assert_eq!(
            strip_ansi_codes(&text),
            "NAME   EXPIRES     AGE\n\
             a      expired     x\n\
             b      in 5 days   y\n"
        );
    }

    #[test]
    fn aligned_lines_have_no_tail() {
        let rows = [["a", "b"], ["部署", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(aligned(&rows), ["a     b", "部署"]);
    }

    #[test]
    fn fixed_cells_are_padded_and_cut() {
        let columns = [
            Column {
                title: "ID",
                width: 5,
            },
            Column {
                title: "NAME",
                width: 6,
            },
        ];
        let rows = [
            vec!["1".to_owned(), "abcdefgh".to_owned()],
            vec!["x\ny".to_owned(), "\x1b[31m".to_owned()],
        ];
        assert_eq!(
            fixed(&columns, &rows),
            "ID      NAME  \n1       abc...\nx y     \\x1...\n"
        );
    }
}
