//! The search language of lists (contract api.md section 5.1).
//!
//! - `token`: words and signs; `parse`: the grammar; `sql`: a condition over known columns
//!
//! Nothing that a caller writes becomes SQL: columns are looked up, values are parameters. The token
//! of a credential is no column.

mod parse;
mod sql;
mod token;

use super::fields::Kind;
use super::refusal::Refusal;
use super::store::records::Condition;

/// Reads a search over the records of a kind; white space only means no condition.
///
/// # Errors
/// Why it is refused.
pub fn condition(kind: &'static Kind, text: &str) -> Result<Condition, Refusal> {
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
