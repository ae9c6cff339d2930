//! `LIKE` and `GLOB` that can be stopped: `SQLite`'s own functions can't be interrupted and may take minutes on a long
//! text. Both patterns become the same steps. As in `SQLite`, only ASCII letters match without regard to case.

use std::sync::Arc;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error};

use super::limit::{self, Limit};

/// After how many steps the clock is checked.
const STEPS: u32 = 1 << 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Any bytes, or none.
    Any,
    /// One character.
    One,
    Byte(u8),
}

/// Replaces `SQLite`'s own functions on a connection.
pub(super) fn install(connection: &Connection, clock: &Arc<Limit>) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let own = Arc::clone(clock);
    connection.create_scalar_function("like", 3, flags, move |context| {
        evaluate(context, &own, like_steps, true)
    })?;
    let own = Arc::clone(clock);
    connection.create_scalar_function("glob", 2, flags, move |context| {
        evaluate(context, &own, glob_steps, false)
    })
}

fn evaluate(
    context: &Context<'_>,
    clock: &Limit,
    steps: fn(&[u8]) -> Vec<Step>,
    ignores_case: bool,
) -> rusqlite::Result<Option<bool>> {
    let (ValueRef::Text(pattern), ValueRef::Text(text)) = (context.get_raw(0), context.get_raw(1))
    else {
        return Ok(None);
    };
    let is_over = || clock.is_over();
    fits(&steps(pattern), text, ignores_case, is_over)
        .map(Some)
        .ok_or_else(|| Error::UserFunctionError(limit::TOO_LONG.into()))
}

/// Reads a pattern of LIKE whose escape character is the backslash.
fn like_steps(pattern: &[u8]) -> Vec<Step> {
    let mut steps = Vec::with_capacity(pattern.len());
    let mut bytes = pattern.iter();
    while let Some(byte) = bytes.next() {
        steps.push(match byte {
            b'%' => Step::Any,
            b'_' => Step::One,
            b'\\' => match bytes.next() {
                Some(byte) => Step::Byte(*byte),
                None => break,
            },
            byte => Step::Byte(*byte),
        });
    }
    steps
}

/// Reads a pattern of GLOB; a bracket holds one literal character.
fn glob_steps(pattern: &[u8]) -> Vec<Step> {
    let mut steps = Vec::with_capacity(pattern.len());
    let mut rest = pattern;
    while let [first, after @ ..] = rest {
        let (step, after) = match (first, after) {
            (b'*', after) => (Step::Any, after),
            (b'?', after) => (Step::One, after),
            (b'[', [plain, b']', after @ ..]) => (Step::Byte(*plain), after),
            (byte, after) => (Step::Byte(*byte), after),
        };
        steps.push(step);
        rest = after;
    }
    steps
}

/// Whether the whole text fits; returns `None` if that takes too long.
fn fits(
    steps: &[Step],
    text: &[u8],
    ignores_case: bool,
    is_over: impl Fn() -> bool,
) -> Option<bool> {
    let same = |a: u8, b: u8| a == b || ignores_case && a.eq_ignore_ascii_case(&b);
    let (mut step, mut at) = (0, 0);
    // Where to continue if the steps after the last `Any` do not fit: at the same step, one character later.
    let mut again: Option<(usize, usize)> = None;
    let mut count = 0_u32;
    loop {
        count = count.wrapping_add(1);
        if count.is_multiple_of(STEPS) && is_over() {
            return None;
        }
        let fitted = match (steps.get(step), text.get(at)) {
            (None, None) => return Some(true),
            (Some(Step::Any), _) => {
                again = Some((step + 1, at));
                step += 1;
                continue;
            }
            (Some(Step::One), Some(_)) => Some(character_end(text, at)),
            (Some(Step::Byte(wanted)), Some(byte)) if same(*wanted, *byte) => Some(at + 1),
            _ => None,
        };
        match (fitted, &mut again) {
            (Some(next), _) => {
                step += 1;
                at = next;
            }
            (None, Some((after_any, from))) if *from < text.len() => {
                *from = character_end(text, *from);
                (step, at) = (*after_any, *from);
            }
            _ => return Some(false),
        }
    }
}

/// Returns the end of the character that begins here.
fn character_end(text: &[u8], at: usize) -> usize {
    let is_inside = |byte: &&u8| **byte & 0xc0 == 0x80;
    let rest = text.get(at + 1..).unwrap_or_default();
    at + 1 + rest.iter().take_while(is_inside).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_in_sqlite() {
        let plain = Connection::open_in_memory().unwrap();
        let ours = Connection::open_in_memory().unwrap();
        install(&ours, &Arc::default()).unwrap();
        let patterns = [
            "", "%", "a%", "%b", "a%b%c", "_", "a_c", "%é", "_é%", "A%C", "\\%%", "%%", "%_%",
            "a\\_c", "%aab", "ü",
        ];
        let texts = [
            "", "a", "abc", "ABC", "aébc", "é", "%x", "a_c", "aaab", "aabaab", "Ü", "日本",
        ];
        for pattern in patterns {
            for text in texts {
                let like = |connection: &Connection| -> bool {
                    connection
                        .query_row("SELECT ?1 LIKE ?2 ESCAPE '\\'", [text, pattern], |row| {
                            row.get(0)
                        })
                        .unwrap()
                };
                assert_eq!(like(&ours), like(&plain), "{text:?} LIKE {pattern:?}");
                let pattern = pattern
                    .replace('%', "*")
                    .replace('_', "?")
                    .replace('\\', "[*]");
                let glob = |connection: &Connection| -> bool {
                    connection
                        .query_row("SELECT ?1 GLOB ?2", [text, pattern.as_str()], |row| {
                            row.get(0)
                        })
                        .unwrap()
                };
                assert_eq!(glob(&ours), glob(&plain), "{text:?} GLOB {pattern:?}");
            }
        }
    }

    #[test]
    fn a_long_look_is_given_up() {
        let steps = like_steps(&[b"%".as_slice(), &b"a".repeat(900), b"b"].concat());
        let text = b"a".repeat(100_000);
        assert_eq!(fits(&steps, &text, true, || true), None);
    }
}
