//! Pictures of a terminal: what it shows, as SVG. The same frames give the same bytes. Colors are classes, so that one
//! picture serves a dark and a light background.

use std::fmt::Write as _;

use vt100::{Cell, Color, Screen};

/// Height of a row, and the margin around the screen, in pixels.
const ROW: usize = 19;
const MARGIN: usize = 16;

/// The width of so many columns, in pixels: a column has 8.4.
fn across(columns: usize) -> String {
    let tenths = columns * 84;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// The sixteen colors of a terminal, on a dark and on a light background.
const DARK: [&str; 16] = [
    "#484f58", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4",
    "#6e7681", "#ffa198", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#f0f6fc",
];
const LIGHT: [&str; 16] = [
    "#24292f", "#cf222e", "#116329", "#7d4e00", "#0969da", "#8250df", "#1b7c83", "#6e7781",
    "#57606a", "#a40e26", "#1a7f37", "#633c01", "#218bff", "#a475f9", "#3192aa", "#8c959f",
];

/// What a terminal shows at one moment, and for how many milliseconds.
pub struct Frame {
    rows: Vec<String>,
    columns: u16,
    shown: u32,
}

impl Frame {
    /// Takes the screen as it is; `mend` replaces texts that differ from run to run by others of the same width.
    pub fn of(screen: &Screen, shown: u32, mend: impl Fn(&str) -> String) -> Self {
        let (rows, columns) = (screen.size().0.get(), screen.size().1.get());
        let mut rows: Vec<_> = (0..rows)
            .map(|row| draw_row(screen, row, columns, &mend))
            .collect();
        let used = rows
            .iter()
            .rposition(|row| !row.is_empty())
            .map_or(1, |last| last + 1);
        rows.truncate(used);
        Self {
            rows,
            columns,
            shown,
        }
    }
}

/// The style of a cell: the classes of its text, and of its background if it has one.
fn style(cell: &Cell) -> (String, Option<String>) {
    let (mut front, mut back) = (cell.fgcolor(), cell.bgcolor());
    if cell.inverse() {
        (front, back) = (back, front);
    }
    let name = |color, default: &str| match color {
        Color::Idx(index) if index < 16 => format!("c{index}"),
        _ => default.to_owned(),
    };
    let mut class = name(front, if cell.inverse() { "back" } else { "text" });
    for (on, word) in [
        (cell.bold(), " bold"),
        (cell.dim(), " dim"),
        (cell.underline(), " line"),
    ] {
        if on {
            class.push_str(word);
        }
    }
    let behind = match back {
        Color::Default if !cell.inverse() => None,
        color => Some(name(color, "text")),
    };
    (class, behind)
}

/// One row: a rectangle and a text for each run of cells that look alike. Nothing for an empty row.
fn draw_row(screen: &Screen, row: u16, columns: u16, mend: impl Fn(&str) -> String) -> String {
    let mut runs: Vec<(u16, u16, String, (String, Option<String>))> = Vec::new();
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column) else {
            continue;
        };
        if cell.is_wide_continuation() {
            continue;
        }
        let text = if cell.has_contents() {
            cell.contents()
        } else {
            " "
        };
        let width = if cell.is_wide() { 2 } else { 1 };
        let style = style(cell);
        match runs.last_mut() {
            Some((_, length, run, last)) if *last == style => {
                run.push_str(text);
                *length += width;
            }
            _ => runs.push((column, width, text.to_owned(), style)),
        }
    }
    let mut out = String::new();
    let y = usize::from(row) * ROW;
    for (column, length, text, (class, behind)) in runs {
        let x = across(usize::from(column));
        if let Some(behind) = behind {
            let width = across(usize::from(length));
            let _ = writeln!(
                out,
                r#"<rect class="{behind}" x="{x}" y="{y}" width="{width}" height="{ROW}"/>"#
            );
        }
        let text = mend(&text);
        let kept = text.trim_end();
        if !kept.is_empty() {
            let width = across(kept.chars().count());
            let _ = writeln!(
                out,
                r#"<text class="{class}" x="{x}" y="{}" textLength="{width}">{}</text>"#,
                y + 14,
                kept.replace('&', "&amp;").replace('<', "&lt;")
            );
        }
    }
    out
}

/// The picture of these frames, which follow each other for ever if there are several; readers who asked their system
/// for less motion see the last one.
pub fn svg(title: &str, frames: &[Frame]) -> String {
    let columns = frames.iter().map(|frame| frame.columns).max().unwrap_or(80);
    let rows = frames
        .iter()
        .map(|frame| frame.rows.len())
        .max()
        .unwrap_or(1);
    let width = (usize::from(columns) * 84).div_ceil(10) + 2 * MARGIN;
    let height = rows * ROW + 2 * MARGIN;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\">\n<title>{title}</title>\n<style>\n{}{}</style>\n\
         <rect class=\"back\" width=\"100%\" height=\"100%\" rx=\"8\"/>\n",
        colors(),
        motion(frames),
    );
    for (number, frame) in frames.iter().enumerate() {
        let _ = writeln!(
            out,
            "<g class=\"f f{number}\" transform=\"translate({MARGIN} {MARGIN})\" xml:space=\"preserve\">\n{}</g>",
            frame.rows.concat()
        );
    }
    out.push_str("</svg>\n");
    out
}

fn colors() -> String {
    let palette = |text: &str, back: &str, colors: &[&str; 16]| {
        let mut rules = format!(".text{{fill:{text}}}.back{{fill:{back}}}");
        for (number, color) in colors.iter().enumerate() {
            let _ = write!(rules, ".c{number}{{fill:{color}}}");
        }
        rules
    };
    format!(
        "text{{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre}}\
         .bold{{font-weight:700}}.dim{{opacity:.65}}.line{{text-decoration:underline}}\n{}\n\
         @media (prefers-color-scheme:dark){{{}}}\n",
        palette("#1f2328", "#f6f8fa", &LIGHT),
        palette("#e6edf3", "#0d1117", &DARK),
    )
}

/// The rules that show one frame after the other; nothing for a single frame.
fn motion(frames: &[Frame]) -> String {
    let total: u32 = frames.iter().map(|frame| frame.shown).sum();
    if frames.len() < 2 {
        return String::new();
    }
    let mut out = format!(".f{{visibility:hidden;animation:{total}ms step-end infinite}}\n");
    let percent = |time: u32| f64::from(time) * 100.0 / f64::from(total);
    let mut begin = 0;
    for (number, frame) in frames.iter().enumerate() {
        let end = begin + frame.shown;
        let _ = writeln!(
            out,
            ".f{number}{{animation-name:k{number}}}@keyframes k{number}{{0%{{visibility:{}}}{:.3}%{{visibility:visible}}\
             {:.3}%{{visibility:{}}}}}",
            if begin == 0 { "visible" } else { "hidden" },
            percent(begin),
            percent(end),
            if end == total { "visible" } else { "hidden" },
        );
        begin = end;
    }
    let last = frames.len() - 1;
    let _ = writeln!(
        out,
        "@media (prefers-reduced-motion:reduce){{.f{{animation:none}}.f{last}{{visibility:visible}}}}"
    );
    out
}
