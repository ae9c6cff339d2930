//! Searches bytes that come in blocks. Memory does not depend on their number.

use std::collections::BTreeSet;

use super::needles::{Needles, Secret};
use super::parts::{WIDTH, is_space};

/// The search in one file, or in one object of a history.
pub(crate) struct Search<'n> {
    needles: &'n Needles,
    /// The last bytes without white space, as a ring.
    last: [u8; WIDTH],
    count: usize,
    rolling: u64,
    offset: u64,
    line: u64,
    /// The parts that were found, so that each is reported once.
    found: BTreeSet<(u32, &'static str)>,
}

/// A place where a piece of a secret ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hit {
    pub secret: Secret,
    /// From 1.
    pub line: u64,
    /// The position in bytes, from 0.
    pub offset: u64,
}

impl<'n> Search<'n> {
    pub(crate) fn new(needles: &'n Needles) -> Self {
        Self {
            needles,
            last: [0; WIDTH],
            count: 0,
            rolling: 0,
            offset: 0,
            line: 1,
            found: BTreeSet::new(),
        }
    }

    /// Reads the next block. Returns the first place of each part that was not found before.
    pub(crate) fn feed(&mut self, block: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::new();
        for byte in block {
            let offset = self.offset;
            self.offset += 1;
            if is_space(*byte) {
                self.line += u64::from(*byte == b'\n');
                continue;
            }
            let at = self.count % WIDTH;
            let out = (self.count >= WIDTH).then_some(self.last[at]);
            self.rolling = self.needles.roll.next(self.rolling, out, *byte);
            self.last[at] = *byte;
            self.count += 1;
            if self.count >= WIDTH && self.needles.may_hold(self.rolling) {
                self.look(offset, &mut hits);
            }
        }
        hits
    }

    /// Adds the secrets that the last bytes belong to.
    fn look(&mut self, offset: u64, hits: &mut Vec<Hit>) {
        let piece = || {
            let mut piece = self.last;
            piece.rotate_left(self.count % WIDTH);
            piece
        };
        for secret in self.needles.find(self.rolling, piece) {
            if self.found.insert((secret.owner, secret.part)) {
                hits.push(Hit {
                    secret,
                    line: self.line,
                    offset,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubeconfig::Part;
    use crate::scan::needles::Unsought;

    const TOKEN: &str = "sha256~Q7f3kZ9x1mW2aB4cD5eF6gH7iJ8kL9mN0pR1sT2uV3";

    fn needles() -> Needles {
        let mut needles = Needles::new().unwrap();
        assert_eq!(
            needles.add(7, &[Part::of("token", TOKEN.as_bytes())]),
            Ok(())
        );
        for (text, why) in [
            ("short", Unsought::Short),
            ("glpat-xyzxyzxyzxyzxyzxyzxy", Unsought::Uniform),
            ("deadbeefdeadbeefdeadbeefdeadbeef", Unsought::Uniform),
            ("aaaaaaaaaaaaaaaa", Unsought::Uniform),
        ] {
            assert_eq!(
                needles.add(8, &[Part::of("token", text.as_bytes())]),
                Err(why)
            );
        }
        needles.finish();
        needles
    }

    fn hits(needles: &Needles, blocks: &[&[u8]]) -> Vec<Hit> {
        let mut search = Search::new(needles);
        blocks.iter().flat_map(|block| search.feed(block)).collect()
    }

    #[test]
    fn a_token_is_found_whole_cut_wrapped_and_across_blocks() {
        let needles = needles();
        let text = format!("first line\nAuthorization: Bearer {TOKEN}\n");
        for at in 0..text.len() {
            let (left, right) = text.as_bytes().split_at(at);
            let found = hits(&needles, &[left, right]);
            assert_eq!(found.len(), 1, "{at}");
            assert_eq!((found[0].line, found[0].secret.owner), (2, 7));
        }
        let wrapped = format!("{}\n    {}", &TOKEN[..20], &TOKEN[20..]);
        assert_eq!(hits(&needles, &[wrapped.as_bytes()]).len(), 1);
        for from in 7..TOKEN.len() - 2 * WIDTH {
            let cut = &TOKEN[from..from + 2 * WIDTH - 1];
            assert_eq!(hits(&needles, &[cut.as_bytes()]).len(), 1, "{cut}");
        }
        assert!(hits(&needles, &[&TOKEN.as_bytes()[..15]]).is_empty());
        assert!(
            hits(
                &needles,
                &[b"sha256~Q7f3kZ9x1mW2aB4cD5eF6gH7iJ8kL9mX0pR1sT2uV4"]
            )
            .len()
                <= 1
        );
    }
}
