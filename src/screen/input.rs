//! A line that the user edits, and the text of several lines in a form.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use zeroize::Zeroize as _;

/// A text with a cursor. It may hold a secret, so it has no `Debug` and is wiped.
#[derive(Default)]
pub(super) struct Line {
    text: String,
    /// The place of the cursor, in bytes.
    at: usize,
    /// The most characters.
    limit: usize,
}

/// What a key did to the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edit {
    Changed,
    Moved,
    /// The character does not fit.
    Full,
    /// The key is not one of the line.
    None,
}

impl Line {
    #[must_use]
    pub(super) fn new(text: &str, limit: usize) -> Self {
        let mut line = Self {
            text: String::new(),
            at: 0,
            limit,
        };
        line.insert(text);
        line
    }

    #[must_use]
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text before the cursor.
    #[must_use]
    pub(super) fn before(&self) -> &str {
        &self.text[..self.at]
    }

    /// Puts the cursor at a place in bytes, if a character begins there.
    pub(super) fn set_cursor(&mut self, at: usize) {
        if self.text.is_char_boundary(at) {
            self.at = at;
        }
    }

    pub(super) fn set(&mut self, text: &str) {
        self.text.zeroize();
        self.at = 0;
        self.insert(text);
    }

    /// True if no further character has room.
    #[must_use]
    pub(super) fn is_full(&self) -> bool {
        self.text.chars().count() >= self.limit
    }

    /// Inserts a text at the cursor, as far as the limit allows, and returns how many characters did not fit. The text
    /// never moves in memory while it grows, so no copy of a secret is left behind: its room is taken once.
    pub(super) fn insert(&mut self, text: &str) -> usize {
        let room = self.limit.saturating_sub(self.text.chars().count());
        let left_out = text.chars().count().saturating_sub(room);
        let text: String = text.chars().take(room).collect();
        if self.text.capacity() < self.text.len() + text.len() {
            let mut grown =
                String::with_capacity((self.text.len() + text.len()).max(self.limit.min(4096)) * 2);
            grown.push_str(&self.text);
            self.text.zeroize();
            self.text = grown;
        }
        self.text.insert_str(self.at, &text);
        self.at += text.len();
        let mut text = text;
        text.zeroize();
        left_out
    }

    /// Does what a key means to a line, as shells do.
    pub(super) fn key(&mut self, key: KeyEvent) -> Edit {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Char('a') if ctrl => self.go(0),
            KeyCode::Char('e') if ctrl => self.go(self.text.len()),
            KeyCode::Char('u') if ctrl => self.delete(0, self.at),
            KeyCode::Char('k') if ctrl => self.delete(self.at, self.text.len()),
            KeyCode::Char('w') if ctrl => self.delete(self.word_before(), self.at),
            KeyCode::Char('b') if ctrl => self.go(self.left()),
            KeyCode::Char('f') if ctrl => self.go(self.right()),
            KeyCode::Char('b') if alt => self.go(self.word_before()),
            KeyCode::Char('f') if alt => self.go(self.word_after()),
            KeyCode::Char(c) if !ctrl && !alt => match self.insert(c.encode_utf8(&mut [0; 4])) {
                0 => Edit::Changed,
                _ => Edit::Full,
            },
            KeyCode::Backspace if alt => self.delete(self.word_before(), self.at),
            KeyCode::Backspace => self.delete(self.left(), self.at),
            KeyCode::Delete => self.delete(self.at, self.right()),
            KeyCode::Left => self.go(self.left()),
            KeyCode::Right => self.go(self.right()),
            KeyCode::Home => self.go(0),
            KeyCode::End => self.go(self.text.len()),
            _ => Edit::None,
        }
    }

    fn go(&mut self, at: usize) -> Edit {
        self.at = at;
        Edit::Moved
    }

    fn delete(&mut self, from: usize, to: usize) -> Edit {
        if from >= to {
            return Edit::Moved;
        }
        self.text.replace_range(from..to, "");
        self.at = from;
        Edit::Changed
    }

    fn left(&self) -> usize {
        let before = self.text[..self.at].char_indices().next_back();
        before.map_or(0, |(at, _)| at)
    }

    fn right(&self) -> usize {
        let next = self.text[self.at..].chars().next();
        self.at + next.map_or(0, char::len_utf8)
    }

    fn word_before(&self) -> usize {
        let before = self.text[..self.at].trim_end();
        let space = before.char_indices().rfind(|(_, c)| c.is_whitespace());
        space.map_or(0, |(at, c)| at + c.len_utf8())
    }

    fn word_after(&self) -> usize {
        let rest = &self.text[self.at..];
        let start = rest.len() - rest.trim_start().len();
        let end = rest[start..].find(char::is_whitespace);
        self.at + end.map_or(rest.len(), |end| start + end)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[(KeyCode, KeyModifiers)]) -> String {
        let mut line = Line::new("one two", 9);
        for (code, modifiers) in keys {
            line.key(KeyEvent::new(*code, *modifiers));
        }
        line.text().to_owned()
    }

    #[test]
    fn keys_edit_a_line_as_shells_do() {
        let ctrl = |c| (KeyCode::Char(c), KeyModifiers::CONTROL);
        let plain = |c| (KeyCode::Char(c), KeyModifiers::NONE);
        let alt = |c| (KeyCode::Char(c), KeyModifiers::ALT);
        let code = |code| (code, KeyModifiers::NONE);
        for (keys, text) in [
            (vec![ctrl('w')], "one "),
            (vec![ctrl('u')], ""),
            (vec![ctrl('a'), ctrl('k')], ""),
            (vec![ctrl('a'), plain('é'), plain('b')], "ébone two"),
            (vec![alt('b'), plain('x')], "one xtwo"),
            (vec![ctrl('a'), alt('f'), plain('x')], "onex two"),
            (
                vec![code(KeyCode::Backspace), code(KeyCode::Backspace)],
                "one t",
            ),
            (vec![code(KeyCode::Home), code(KeyCode::Delete)], "ne two"),
            // The limit of nine characters.
            (vec![plain('1'), plain('2'), plain('3')], "one two12"),
        ] {
            assert_eq!(typed(&keys), text, "{keys:?}");
        }
    }
}
