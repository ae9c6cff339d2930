//! Tables without borders.
//!
//! In a pipe a table has the fixed columns that scripts were written for (contract cli-core.md
//! section 5.1). On a terminal, and for `-o wide`, the columns fit the content and the terminal.

use comfy_table::{ContentArrangement, Table as Grid, presets};

/// A column: its title and its width in a pipe, in characters.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub title: &'static str,
    pub width: usize,
}

/// Fixed columns: cells padded to their width (the last one too), cut with `...`, joined by three spaces.
#[must_use]
pub fn fixed(columns: &[Column], rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    let titles: Vec<String> = columns
        .iter()
        .map(|column| column.title.to_owned())
        .collect();
    for row in std::iter::once(&titles).chain(rows) {
        let cells: Vec<String> = columns
            .iter()
            .zip(row)
            .map(|(column, cell)| fit(&visible(cell), column.width))
            .collect();
        text.push_str(&cells.join("   "));
        text.push('\n');
    }
    text
}

fn fit(cell: &str, width: usize) -> String {
    let count = cell.chars().count();
    if count <= width {
        return format!("{cell}{}", " ".repeat(width - count));
    }
    let cut: String = cell.chars().take(width.saturating_sub(3)).collect();
    format!("{cut}...")
}

/// Columns as wide as their content, within `width` columns of the terminal if one is given.
#[must_use]
pub fn fitted(titles: &[&str], rows: &[Vec<String>], width: Option<usize>) -> String {
    let mut grid = Grid::new();
    grid.load_style(presets::NOTHING);
    match width {
        Some(width) => {
            grid.set_content_arrangement(ContentArrangement::Dynamic);
            grid.set_width(u16::try_from(width).unwrap_or(u16::MAX));
            grid.set_truncation_indicator("...");
        }
        None => {
            grid.set_content_arrangement(ContentArrangement::Disabled);
        }
    }
    grid.set_header(titles.iter().copied());
    for row in rows {
        let mut line = comfy_table::Row::from(row.iter().map(|cell| visible(cell)));
        if width.is_some() {
            line.max_height(1);
        }
        grid.add_row(line);
    }
    for column in grid.column_iter_mut() {
        column.set_padding((0, 3));
    }
    let mut text = String::new();
    for line in grid.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Control characters as spaces: a value must not move the cursor or break a row.
#[must_use]
pub fn visible(cell: &str) -> String {
    cell.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "ID      NAME  \n1       abc...\nx y      [31m \n"
        );
    }
}
