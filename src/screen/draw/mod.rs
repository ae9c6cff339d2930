//! The picture of a state. It depends on the state alone, and has the size of the terminal.

mod boxes;
mod dialog;
mod form;
mod header;
mod pages;
mod theme;

use ratatui::Frame;
use ratatui::layout::Rect;

use super::layout;
use super::state::{Body, State};
use theme::Theme;

/// Draws the whole screen.
pub(super) fn frame(state: &State, frame: &mut Frame<'_>) {
    let theme = Theme::new(state.options.color);
    let areas = layout::areas(state);
    let whole = frame.area();
    // While the window is resized, its size may be ahead of the state.
    let fits = |area: Rect| area.intersection(whole);
    let buffer = frame.buffer_mut();
    header::draw(state, theme, fits(areas.header), buffer);
    header::input(state, theme, fits(areas.input), buffer);
    let body = fits(areas.body);
    match state.top().map(|page| &page.body) {
        Some(Body::Table(table)) => pages::table(state, table, theme, body, buffer),
        Some(Body::Detail(detail)) => pages::detail(detail, theme, body, buffer),
        Some(Body::Messages(messages)) => pages::messages(state, messages, theme, body, buffer),
        Some(Body::Help { offset }) => pages::help(state, *offset, theme, body, buffer),
        None => {}
    }
    header::crumbs(state, theme, fits(areas.crumbs), buffer);
    header::status(state, theme, fits(areas.status), buffer);
    if let Some(form) = &state.form {
        form::form(form, state.now, theme, body, buffer);
    }
    if let Some(dialog) = &state.dialog {
        dialog::dialog(dialog, theme, body, buffer);
    }
}
