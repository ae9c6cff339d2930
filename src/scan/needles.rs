//! Keyed digests of the pieces of all secrets. The key is made for one run and kept nowhere.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::parts::{self, Encoding, WIDTH};
use crate::kubeconfig::Part;

/// The bytes that are kept of a digest.
const DIGEST: usize = 16;
/// The filter has so many bits for each piece, so that few other places of a text pass it.
const BITS: usize = 16;
const SMALLEST_FILTER: usize = 1 << 16;
const LARGEST_FILTER: usize = 1 << 26;

/// A piece of a known secret: whose it is, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Secret {
    /// The number that the caller gave to the secret's owner.
    pub owner: u32,
    /// The name of the part: `token`, `client key`.
    pub part: &'static str,
    pub encoding: Encoding,
}

/// The reason why a secret can't be recognized.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsought {
    Short,
    /// It has too few different characters.
    Uniform,
}

struct Needle {
    rolling: u64,
    digest: [u8; DIGEST],
    secret: Secret,
}

/// The pieces to search for. They contain no secret.
pub(crate) struct Needles {
    key: Zeroizing<[u8; 32]>,
    pub(super) roll: Roll,
    /// Sorted by the rolling digest.
    sorted: Vec<Needle>,
    /// One bit for each value of the low bits of a rolling digest that a needle has.
    filter: Vec<u64>,
    mask: u64,
}

impl Needles {
    /// Makes an empty set with a key of its own.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut key[..])?;
        Ok(Self {
            roll: Roll::new()?,
            key,
            sorted: Vec::new(),
            filter: Vec::new(),
            mask: 0,
        })
    }

    /// Adds the parts of an owner's secret.
    ///
    /// # Errors
    /// No part can be recognized as it is.
    pub(crate) fn add(&mut self, owner: u32, secret_parts: &[Part]) -> Result<(), Unsought> {
        let before = self.sorted.len();
        for part in secret_parts {
            parts::pieces(part, &mut |piece, encoding| {
                let needle = Needle {
                    rolling: self.roll.of(piece),
                    digest: digest(&self.key, piece),
                    secret: Secret {
                        owner,
                        part: part.what(),
                        encoding,
                    },
                };
                self.sorted.push(needle);
            });
        }
        // A secret that shows in base64 alone would be taken for one that is nowhere.
        let is_as_it_is =
            |needle: &Needle| matches!(needle.secret.encoding, Encoding::Plain | Encoding::Decoded);
        if self.sorted[before..].iter().any(is_as_it_is) {
            Ok(())
        } else if secret_parts.iter().any(parts::is_long) {
            Err(Unsought::Uniform)
        } else {
            Err(Unsought::Short)
        }
    }

    /// Prepares the search, once everything is added.
    pub(crate) fn finish(&mut self) {
        self.sorted
            .sort_by_key(|needle| (needle.rolling, needle.secret));
        self.sorted
            .dedup_by_key(|needle| (needle.rolling, needle.digest, needle.secret.owner));
        let bits = (self.sorted.len() * BITS)
            .next_power_of_two()
            .clamp(SMALLEST_FILTER, LARGEST_FILTER);
        self.filter = vec![0; bits / 64];
        self.mask = bits as u64 - 1;
        for needle in &self.sorted {
            let bit = needle.rolling & self.mask;
            let word = (bit / 64) as usize;
            self.filter[word] |= 1 << (bit % 64);
        }
    }

    /// True if a piece with this rolling digest may be a needle.
    #[inline]
    pub(super) fn may_hold(&self, rolling: u64) -> bool {
        let bit = rolling & self.mask;
        let word = (bit / 64) as usize;
        self.filter
            .get(word)
            .is_some_and(|bits| bits >> (bit % 64) & 1 == 1)
    }

    /// Returns the secrets that a piece belongs to.
    pub(super) fn find(&self, rolling: u64, piece: impl FnOnce() -> [u8; WIDTH]) -> Vec<Secret> {
        let from = self
            .sorted
            .partition_point(|needle| needle.rolling < rolling);
        let same = self.sorted[from..]
            .iter()
            .take_while(|needle| needle.rolling == rolling);
        let mut same = same.peekable();
        if same.peek().is_none() {
            return Vec::new();
        }
        let digest = digest(&self.key, &Zeroizing::new(piece())[..]);
        same.filter(|needle| needle.digest == digest)
            .map(|needle| needle.secret)
            .collect()
    }
}

fn digest(key: &[u8; 32], piece: &[u8]) -> [u8; DIGEST] {
    let mut kept = [0; DIGEST];
    // A key of any length is accepted.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) {
        mac.update(piece);
        kept.copy_from_slice(&mac.finalize().into_bytes()[..DIGEST]);
    }
    kept
}

/// A digest of the last [`WIDTH`] bytes that follows a text byte by byte. Its numbers are random in each run.
pub(super) struct Roll {
    factor: u64,
    enter: [u64; 256],
    leave: [u64; 256],
}

impl Roll {
    fn new() -> Result<Self, getrandom::Error> {
        let mut roll = Self {
            // Only an odd factor keeps all bits.
            factor: getrandom::u64()? | 1,
            enter: [0; 256],
            leave: [0; 256],
        };
        let power = (0..WIDTH).fold(1_u64, |power, _| power.wrapping_mul(roll.factor));
        for (enter, leave) in roll.enter.iter_mut().zip(&mut roll.leave) {
            *enter = getrandom::u64()?;
            *leave = enter.wrapping_mul(power);
        }
        Ok(roll)
    }

    /// Returns the digest after one more byte; `out` is the byte that leaves.
    #[inline]
    pub(super) fn next(&self, digest: u64, out: Option<u8>, byte: u8) -> u64 {
        let digest = digest
            .wrapping_mul(self.factor)
            .wrapping_add(self.enter[usize::from(byte)]);
        match out {
            Some(out) => digest.wrapping_sub(self.leave[usize::from(out)]),
            None => digest,
        }
    }

    fn of(&self, piece: &[u8]) -> u64 {
        piece
            .iter()
            .fold(0, |digest, byte| self.next(digest, None, *byte))
    }
}
