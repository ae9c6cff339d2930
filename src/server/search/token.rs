//! Splits a search into words and signs.

/// The most tokens that a search may have.
const MAX_TOKENS: usize = 4000;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A column, or a key word in lower case.
    Word(String),
    /// A column in double quotes.
    Quoted(String),
    /// Text in single quotes.
    Text(String),
    /// A number without sign.
    Number(f64),
    /// One of `= != < <= > >= ~= ~! ( ) , + - * / %`; `<>` is `!=`.
    Sign(&'static str),
}

const SIGNS: [&str; 17] = [
    "<=", ">=", "<>", "!=", "~=", "~!", "=", "<", ">", "(", ")", ",", "+", "-", "*", "/", "%",
];

/// Splits a search; returns `None` if a part of it is not a token.
pub(super) fn split(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let Some(first) = rest.chars().next() else {
            return Some(tokens);
        };
        if tokens.len() == MAX_TOKENS {
            return None;
        }
        let (token, after) = match first {
            '\'' => quoted(rest, '\'').map(|(text, after)| (Token::Text(text), after))?,
            '"' => quoted(rest, '"').map(|(text, after)| (Token::Quoted(text), after))?,
            '0'..='9' => number(rest)?,
            'a'..='z' | 'A'..='Z' | '_' => word(rest),
            _ => sign(rest)?,
        };
        tokens.push(token);
        rest = after;
    }
}

/// Reads text up to the closing quote; a doubled quote stands for one.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix(quote)?;
    let mut content = String::new();
    loop {
        let (part, after) = rest.split_once(quote)?;
        content.push_str(part);
        match after.strip_prefix(quote) {
            Some(more) => {
                content.push(quote);
                rest = more;
            }
            None => return Some((content, after)),
        }
    }
}

fn number(text: &str) -> Option<(Token, &str)> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let tail = |at: usize| text.get(at..).unwrap_or_default();
    let mut end = digits(text);
    if let Some(fraction) = tail(end).strip_prefix('.') {
        end += 1 + digits(fraction);
    }
    if tail(end).starts_with(['e', 'E']) {
        let sign = usize::from(tail(end + 1).starts_with(['+', '-']));
        let exponent = digits(tail(end + 1 + sign));
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    // `1x` is neither a number nor a word.
    if tail(end).starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.') {
        return None;
    }
    let value: f64 = text.get(..end)?.parse().ok()?;
    value
        .is_finite()
        .then_some((Token::Number(value), tail(end)))
}

fn word(text: &str) -> (Token, &str) {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'))
        .unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (Token::Word(word.to_ascii_lowercase()), rest)
}

fn sign(text: &str) -> Option<(Token, &str)> {
    SIGNS.iter().find_map(|sign| {
        let rest = text.strip_prefix(sign)?;
        let sign = if *sign == "<>" { "!=" } else { sign };
        Some((Token::Sign(sign), rest))
    })
}
