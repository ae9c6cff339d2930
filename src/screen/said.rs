//! The last line: a sentence about what was done, or what is wrong with the page. What failed is said whole, on several
//! rows if it must be.

use super::shown;
use super::state::{Body, State};

/// True if it tells of a failure.
#[must_use]
pub(super) fn is_bad(state: &State) -> bool {
    match &state.toast {
        Some(toast) => toast.is_error,
        None => trouble(state).is_some(),
    }
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
    let text = match &state.toast {
        Some(toast) if toast.is_error => format!("✗ {}", toast.text),
        Some(toast) => toast.text.clone(),
        None => trouble(state).unwrap_or_default(),
    };
    let text = shown::line(&text);
    if text.is_empty() || most == 0 {
        return Vec::new();
    }
    let most = if is_bad(state) { most } else { 1 };
    if shown::width(&text) <= width || most == 1 {
        return vec![shown::cut(&text, width)];
    }
    let mut lines = shown::wrap(&text, width);
    if lines.len() > most {
        // The last row tells that there is more.
        let rest = lines.split_off(most - 1).join(" ");
        lines.push(shown::cut(&rest, width));
    }
    lines
}

/// Says what is wrong with the page, and when it is tried again.
fn trouble(state: &State) -> Option<String> {
    match &state.top()?.body {
        Body::Table(table) => {
            let fault = table.loading.fault.as_ref()?;
            let text = fault.of_list(table.view.name);
            Some(match table.loading.countdown(state.now) {
                Some(left) => format!("✗ {text} (again in {left} s)"),
                None => format!("✗ {text}"),
            })
        }
        Body::Messages(messages) => {
            let fault = messages.trouble.as_ref()?;
            Some(format!("✗ {}", fault.text))
        }
        _ => None,
    }
}
