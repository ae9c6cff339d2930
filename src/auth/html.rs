//! The pages that we show in a browser. Their text may come from an address, and so from anybody.

use crate::text::brief;

/// Escapes text for HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// Returns a page with a heading and paragraphs. It loads nothing, and it fits small windows and dark themes.
pub(super) fn page(heading: &str, paragraphs: &[String]) -> String {
    let text: String = paragraphs
        .iter()
        .map(|paragraph| format!("<p>{}</p>", escape(&brief(paragraph))))
        .collect();
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>acpctl: {heading}</title>\
         <style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:38rem;margin:15vh auto;padding:0 1rem;\
         overflow-wrap:anywhere}}</style></head><body><h1>{heading}</h1>{text}</body></html>\n"
    )
}
