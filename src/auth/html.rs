//! Text for the pages that we show in a browser.

/// Escapes text for HTML. The text may come from an address, and so from anybody.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
