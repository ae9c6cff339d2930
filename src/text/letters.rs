//! Recognizes a secret by its letters and digits alone, whatever stands between them, in either case, forwards and
//! backwards: a server that quotes a secret may put blanks, quotes or unseen characters into it.

use std::collections::HashSet;
use std::ops::Range;

/// How many letters and digits of a secret recognize it.
const WIDTH: usize = 16;

/// The letters and digits of secrets, in each place that is [`WIDTH`] long.
#[derive(Default)]
pub(super) struct Letters(HashSet<[u8; WIDTH]>);

impl Letters {
    pub(super) fn of<'s>(secrets: impl Iterator<Item = &'s str>) -> Self {
        let mut places = HashSet::new();
        for secret in secrets {
            let mut bytes: Vec<u8> = letters(secret).map(|(byte, _)| byte).collect();
            for _ in 0..2 {
                places.extend(
                    bytes
                        .windows(WIDTH)
                        .filter_map(|it| <[u8; WIDTH]>::try_from(it).ok()),
                );
                bytes.reverse();
            }
        }
        Self(places)
    }

    /// Returns the parts of a text that have these letters.
    pub(super) fn found(&self, text: &str) -> Vec<Range<usize>> {
        let (bytes, places): (Vec<u8>, Vec<Range<usize>>) = letters(text).unzip();
        let windows = bytes.windows(WIDTH).zip(places.windows(WIDTH));
        let found = windows.filter(|(window, _)| self.0.contains(*window));
        found
            .map(|(_, places)| places[0].start..places[WIDTH - 1].end)
            .collect()
    }
}

/// Returns the letters and digits of a text in lower case, with their places. Full-width ones count as plain ones.
fn letters(text: &str) -> impl Iterator<Item = (u8, Range<usize>)> {
    text.char_indices().filter_map(|(at, c)| {
        let plain = match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0)?,
            c => c,
        };
        let byte = u8::try_from(plain).ok().filter(u8::is_ascii_alphanumeric)?;
        Some((byte.to_ascii_lowercase(), at..at + c.len_utf8()))
    })
}
