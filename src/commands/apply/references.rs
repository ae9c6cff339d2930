//! References to environment variables in a `token`, as the Go tool reads them: `$NAME` and `${NAME}`.

/// A part of a `token`.
pub(super) enum Piece<'a> {
    Text(&'a str),
    /// The name of a variable.
    Variable(&'a str),
    /// A part that begins with `$` and names no variable. The Go tool removes it.
    Removed,
}

/// Returns the names of the variables that a `token` refers to.
pub(super) fn variables(text: &str) -> Vec<&str> {
    let name = |piece| match piece {
        Piece::Variable(name) => Some(name),
        Piece::Text(_) | Piece::Removed => None,
    };
    pieces(text).into_iter().filter_map(name).collect()
}

/// Returns the first placeholder of a text that is stored as it is: `${NAME}` or `{{ … }}`. What should have replaced
/// it did not run.
pub(super) fn placeholder(text: &str) -> Option<&str> {
    let reference = || {
        text.match_indices("${").find_map(|(at, _)| {
            let end = at + text[at..].find('}')?;
            is_name(&text[at + 2..end]).then(|| &text[at..=end])
        })
    };
    let template = || {
        let start = text.find("{{")?;
        let end = start + text[start..].find("}}")? + 2;
        Some(&text[start..end])
    };
    reference().or_else(template)
}

/// Divides a `token` into its parts.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        pieces.push(Piece::Text(&rest[..at]));
        let (piece, length) = after_dollar(&rest[at + 1..]);
        pieces.push(piece);
        rest = &rest[at + 1 + length..];
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// Reads the part that a `$` begins, and returns how many bytes after the `$` belong to it.
fn after_dollar(after: &str) -> (Piece<'_>, usize) {
    let name_length = after
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .unwrap_or(after.len());
    match after.chars().next() {
        Some('{') => match after.find('}') {
            Some(end) if is_name(&after[1..end]) => (Piece::Variable(&after[1..end]), end + 1),
            Some(end) => (Piece::Removed, end + 1),
            None => (Piece::Removed, 1),
        },
        Some(c) if c.is_ascii_alphabetic() || c == '_' => {
            (Piece::Variable(&after[..name_length]), name_length)
        }
        Some(c) if c.is_ascii_digit() || "*#$@!?-".contains(c) => (Piece::Removed, 1),
        _ => (Piece::Text("$"), 0),
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::placeholder;

    #[test]
    fn a_placeholder_is_what_a_template_replaces() {
        for (text, found) in [
            ("Fix ${TASK} now", Some("${TASK}")),
            ("${1} ${} ${A:-b} ${B}", Some("${B}")),
            ("Fix {{ .Values.task }}", Some("{{ .Values.task }}")),
            ("on ${{ inputs.os }}", Some("{{ inputs.os }}")),
            ("costs $5, in $HOME, as {} or {{", None),
        ] {
            assert_eq!(placeholder(text), found, "{text}");
        }
    }
}
