//! A text that can grow without leaving copies of itself in memory.

use std::ops::Deref;

use zeroize::Zeroizing;

/// Wiped when it is dropped and, unlike `Zeroizing<String>`, also when it moves to a larger buffer.
#[derive(Default)]
pub(super) struct WipedText(Zeroizing<String>);

impl WipedText {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self(Zeroizing::new(String::with_capacity(capacity)))
    }

    pub(super) fn push_str(&mut self, text: &str) {
        if self.0.capacity() - self.0.len() < text.len() {
            let capacity = (self.0.capacity() * 2).max(self.0.len() + text.len());
            let mut larger = Zeroizing::new(String::with_capacity(capacity));
            larger.push_str(&self.0);
            self.0 = larger;
        }
        self.0.push_str(text);
    }

    pub(super) fn pop(&mut self) -> Option<char> {
        self.0.pop()
    }
}

impl Deref for WipedText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}
