//! The last line: a sentence about what was done, or what is wrong with the page. What failed is said whole, on several
//! rows if it must be, and what was done on two.

use super::loading::Loading;
use super::shown;
use super::state::{Body, State};

/// True if it tells of a failure.
#[must_use]
pub(super) fn is_bad(state: &State) -> bool {
    state.toast.as_ref().is_some_and(|toast| toast.is_error) || trouble(state).is_some()
}

/// Returns the rows that it takes, at least one.
#[must_use]
pub(super) fn rows(state: &State, most: usize) -> usize {
    let width = usize::from(state.size.0);
    lines(state, width, most).len().max(1)
}

/// Returns it broken to a width, with at most so many rows.
#[must_use]
pub(super) fn lines(state: &State, width: usize, most: usize) -> Vec<String> {
    let said = state.toast.as_ref().map(|toast| {
        let mark = if toast.is_error { "✗ " } else { "" };
        format!("{mark}{}", toast.text)
    });
    // Neither hides the other.
    let both: Vec<String> = said.into_iter().chain(trouble(state)).collect();
    let text = shown::line(&both.join(" — "));
    if text.is_empty() || most == 0 {
        return Vec::new();
    }
    let most = if is_bad(state) { most } else { most.min(2) };
    if shown::width(&text) <= width || most == 1 {
        return vec![shown::cut(&text, width)];
    }
    let lines = shown::wrap(&text, width);
    if lines.len() <= most {
        return lines;
    }
    // How what was typed comes back is the last that gives way.
    let again = state.toast.as_ref().map(|toast| shown::line(&toast.again));
    let again = again.unwrap_or_default();
    let below = shown::wrap(&again, width);
    if again.is_empty() || below.len() >= most {
        return first(&text, width, most);
    }
    let text = text.replacen(&format!("; {again}"), "", 1);
    let above = first(&text, width, most - below.len());
    above.into_iter().chain(below).collect()
}

/// Returns the first lines of a text.
fn first(text: &str, width: usize, most: usize) -> Vec<String> {
    let mut lines = shown::wrap(text, width);
    if lines.len() > most {
        // The last row tells that there is more.
        let rest = lines.split_off(most - 1).join(" ");
        lines.push(shown::cut(&rest, width));
    }
    lines
}

/// Says what is wrong with the page, and when it is tried again.
fn trouble(state: &State) -> Option<String> {
    let why = match &state.top()?.body {
        Body::Table(table) => {
            let gaps = table.gaps().join("; ");
            let trouble = trouble_of(state, &table.loading, table.view.name);
            trouble.or((!gaps.is_empty()).then_some(gaps))
        }
        Body::Messages(messages) => {
            let loading = || trouble_of(state, &messages.loading, "messages");
            let stray = messages.stray.clone();
            stray
                .or_else(loading)
                .or_else(|| messages.unfollowed.clone())
        }
        _ => None,
    };
    why.map(|why| format!("✗ {why}"))
}

/// Says why a page could not be read. A login that was refused is not read again while that would take something from
/// the user.
fn trouble_of(state: &State, loading: &Loading, kind: &str) -> Option<String> {
    let refused = &state.about.way.refused;
    let waits_for = match (&state.dialog, &state.form) {
        _ if !loading.is_refused() => None,
        (Some(_), _) => Some("question"),
        (None, Some(_)) => Some("form"),
        (None, None) => None,
    };
    match (waits_for, &loading.fault) {
        (Some(what), Some(fault)) => {
            let text = fault.of_list(kind, refused);
            Some(format!("{text} (again after this {what})"))
        }
        _ => loading.trouble(kind, refused, state.now),
    }
}
