//! Sets of bytes, for the loops that look at each byte of a large text.

pub(super) struct ByteSet([bool; 256]);

impl ByteSet {
    pub(super) const fn of(bytes: &[u8]) -> Self {
        let mut set = [false; 256];
        let mut at = 0;
        while at < bytes.len() {
            set[bytes[at] as usize] = true;
            at += 1;
        }
        Self(set)
    }

    /// Adds the bytes from one to another, both included.
    pub(super) const fn and_range(mut self, from: u8, to: u8) -> Self {
        let mut byte = from;
        while byte <= to {
            self.0[byte as usize] = true;
            byte += 1;
        }
        self
    }

    fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte)]
    }

    /// Returns the position of the first byte that is in the set.
    pub(super) fn first_in(&self, text: &[u8]) -> Option<usize> {
        text.iter().position(|b| self.has(*b))
    }

    /// Returns how many bytes from the start on are in the set.
    pub(super) fn run(&self, text: &[u8]) -> usize {
        text.iter()
            .position(|b| !self.has(*b))
            .unwrap_or(text.len())
    }
}
