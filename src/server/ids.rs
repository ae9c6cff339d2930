//! Identifiers: 27 characters in base 62 that sort by the second of their creation (a KSUID).
//!
//! They encode four bytes of time since 13 May 2014 and sixteen random bytes (docs/interface/api.md section 4). Here
//! they also rise strictly within one process, so the order of ids is the order of creation.

use std::sync::Mutex;

use zeroize::Zeroizing;

const EPOCH: i64 = 1_400_000_000;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LENGTH: usize = 27;

static LAST: Mutex<(u32, u128)> = Mutex::new((0, 0));

/// Returns a new identifier, higher than every earlier one of this process.
pub(super) fn fresh() -> String {
    let seconds =
        u32::try_from((super::time::now().as_second() - EPOCH).clamp(0, i64::from(u32::MAX)))
            .unwrap_or(u32::MAX);
    let mut last = LAST
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let next = after(*last, (seconds, random()));
    *last = next;
    encode(next.0, next.1)
}

/// Returns the new identifier if it is higher than the last one, otherwise the one just above the last.
fn after(last: (u32, u128), new: (u32, u128)) -> (u32, u128) {
    if new.0 > last.0 {
        return new;
    }
    match last.1.checked_add(1) {
        Some(payload) => (last.0, payload),
        None => (last.0.saturating_add(1), new.1),
    }
}

fn random() -> u128 {
    let mut bytes = Zeroizing::new([0_u8; 16]);
    // Without a source of randomness identifiers still differ: they count up from the last one.
    if getrandom::fill(bytes.as_mut()).is_err() {
        return 0;
    }
    // Clears the top bit, so that there is room to count up within a second.
    u128::from_be_bytes(*bytes) >> 1
}

fn encode(seconds: u32, payload: u128) -> String {
    let mut number = [0_u8; 20];
    number[..4].copy_from_slice(&seconds.to_be_bytes());
    number[4..].copy_from_slice(&payload.to_be_bytes());
    let mut text = [b'0'; LENGTH];
    for digit in text.iter_mut().rev() {
        *digit = ALPHABET[usize::from(divide(&mut number))];
    }
    text.iter().map(|byte| char::from(*byte)).collect()
}

/// Divides a big-endian number by 62 in place and returns the remainder.
fn divide(number: &mut [u8; 20]) -> u8 {
    let mut rest: u16 = 0;
    for byte in number {
        let value = rest * 256 + u16::from(*byte);
        *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
        rest = value % 62;
    }
    u8::try_from(rest).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_and_keep_their_form() {
        let ids: Vec<String> = (0..2000).map(|_| fresh()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(
            ids.iter()
                .all(|id| id.len() == LENGTH && id.bytes().all(|b| ALPHABET.contains(&b)))
        );
    }

    #[test]
    fn the_encoding_is_that_of_ksuid() {
        assert_eq!(encode(0, 0), "0".repeat(LENGTH));
        assert_eq!(encode(u32::MAX, u128::MAX), "aWgEPTl1tmebfsQzFP4bxwgy80V");
    }

    #[test]
    fn a_clock_that_steps_back_does_not_matter() {
        assert_eq!(after((9, 5), (3, 1)), (9, 6));
        assert_eq!(after((9, u128::MAX), (9, 1)), (10, 1));
        assert_eq!(after((9, 5), (10, 1)), (10, 1));
    }
}
