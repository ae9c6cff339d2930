//! The search language of lists (docs/interface/api.md section 5.1).
//!
//! - `token`: words and signs; `parse`: the grammar; `sql`: a condition over known columns
//!
//! No text of a caller becomes SQL: columns are looked up, and values are parameters. The token of a credential is not
//! a column.

mod parse;
mod sql;
mod token;

use super::fields::Kind;
use super::refusal::Refusal;
use super::store::records::Condition;

/// Reads a search over the records of a kind; spaces alone mean no condition.
///
/// # Errors
/// When the search is refused.
pub(super) fn condition(kind: &'static Kind, text: &str) -> Result<Condition, Refusal> {
    let text = text.trim_matches(' ');
    if text.is_empty() {
        return Ok(Condition::default());
    }
    let tokens = token::split(text).ok_or(Refusal::Grammar)?;
    let node = parse::parse(&tokens).ok_or(Refusal::Grammar)?;
    sql::condition(kind, &node)
}

#[cfg(test)]
mod tests;
