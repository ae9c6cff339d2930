//! The grammar of searches: `or` over `and` over `not` over comparisons and parentheses.

use super::token::Token;

/// The deepest nesting of parentheses and `not`.
const MAX_DEPTH: usize = 50;
/// The most comparisons; `SQLite` accepts at most 1000 in a row.
const MAX_COMPARISONS: usize = 500;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Compare(Operand, &'static str, Literal),
    In(Operand, Vec<Literal>),
    Like(Operand, Case, Literal),
    Between(Operand, Literal, Literal),
    IsNull(Operand),
    /// `~=` and `~!`, which the language has but the platform refuses.
    Regex,
}

/// Whether a pattern distinguishes upper and lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Sensitive,
    Insensitive,
}

/// The left side of a comparison: a column and the arithmetic on it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Operand {
    pub column: String,
    pub arithmetic: Vec<(&'static str, f64)>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Text(String),
    Number(f64),
}

/// Parses a whole search; returns `None` if it does not follow the grammar.
pub(super) fn parse(tokens: &[Token]) -> Option<Node> {
    let mut parser = Parser {
        tokens,
        at: 0,
        comparisons: 0,
    };
    let node = parser.any_of(0)?;
    (parser.at == tokens.len()).then_some(node)
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    comparisons: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<&'a Token> {
        let token = self.peek();
        self.at += 1;
        token
    }

    /// Takes the next token if it is this key word.
    fn word(&mut self, expected: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(word)) if word == expected);
        self.at += usize::from(found);
        found
    }

    /// Takes the next token if it is this sign.
    fn sign(&mut self, expected: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(sign)) if *sign == expected);
        self.at += usize::from(found);
        found
    }

    fn any_of(&mut self, depth: usize) -> Option<Node> {
        let mut nodes = vec![self.all_of(depth)?];
        while self.word("or") {
            nodes.push(self.all_of(depth)?);
        }
        Some(single_or(nodes, Node::Or))
    }

    fn all_of(&mut self, depth: usize) -> Option<Node> {
        let mut nodes = vec![self.term(depth)?];
        while self.word("and") {
            nodes.push(self.term(depth)?);
        }
        Some(single_or(nodes, Node::And))
    }

    fn term(&mut self, depth: usize) -> Option<Node> {
        if depth == MAX_DEPTH {
            return None;
        }
        if self.word("not") {
            return Some(Node::Not(Box::new(self.term(depth + 1)?)));
        }
        if self.sign("(") {
            let node = self.any_of(depth + 1)?;
            return self.sign(")").then_some(node);
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Option<Node> {
        self.comparisons += 1;
        if self.comparisons > MAX_COMPARISONS {
            return None;
        }
        let operand = self.operand()?;
        if self.word("is") {
            return self.is(operand);
        }
        let negated = self.word("not");
        let node = match self.next()? {
            Token::Sign(sign) if !negated => return self.compare(operand, sign),
            Token::Word(word) => match word.as_str() {
                "in" => Node::In(operand, self.set()?),
                "like" => Node::Like(operand, Case::Sensitive, self.text()?),
                "ilike" => Node::Like(operand, Case::Insensitive, self.text()?),
                "between" => {
                    let low = self.literal()?;
                    self.word("and").then_some(())?;
                    Node::Between(operand, low, self.literal()?)
                }
                _ => return None,
            },
            _ => return None,
        };
        Some(negate(negated, node))
    }

    /// `is null`, `is not null`, and `is 'x'` as equality.
    fn is(&mut self, operand: Operand) -> Option<Node> {
        let negated = self.word("not");
        let node = if self.word("null") {
            Node::IsNull(operand)
        } else {
            Node::Compare(operand, "=", self.literal()?)
        };
        Some(negate(negated, node))
    }

    fn compare(&mut self, operand: Operand, sign: &'static str) -> Option<Node> {
        let literal = self.literal()?;
        match sign {
            "=" | "!=" | "<" | "<=" | ">" | ">=" => Some(Node::Compare(operand, sign, literal)),
            "~=" | "~!" => Some(Node::Regex),
            _ => None,
        }
    }

    fn operand(&mut self) -> Option<Operand> {
        let column = match self.next()? {
            Token::Word(word) if !is_key_word(word) => word.clone(),
            Token::Quoted(name) => name.clone(),
            _ => return None,
        };
        let mut arithmetic = Vec::new();
        while let Some(Token::Sign(sign @ ("+" | "-" | "*" | "/" | "%"))) = self.peek() {
            self.at += 1;
            match self.next()? {
                Token::Number(number) => arithmetic.push((*sign, *number)),
                _ => return None,
            }
        }
        Some(Operand { column, arithmetic })
    }

    fn set(&mut self) -> Option<Vec<Literal>> {
        self.sign("(").then_some(())?;
        let mut literals = Vec::new();
        if self.sign(")") {
            return Some(literals);
        }
        loop {
            literals.push(self.literal()?);
            if self.sign(")") {
                return Some(literals);
            }
            self.sign(",").then_some(())?;
        }
    }

    fn literal(&mut self) -> Option<Literal> {
        let negative = self.sign("-");
        match self.next()? {
            Token::Number(number) => {
                Some(Literal::Number(if negative { -number } else { *number }))
            }
            Token::Text(text) if !negative => Some(Literal::Text(text.clone())),
            _ => None,
        }
    }

    fn text(&mut self) -> Option<Literal> {
        match self.next()? {
            Token::Text(text) => Some(Literal::Text(text.clone())),
            _ => None,
        }
    }
}

fn is_key_word(word: &str) -> bool {
    [
        "and", "or", "not", "in", "like", "ilike", "between", "is", "null",
    ]
    .contains(&word)
}

fn single_or(mut nodes: Vec<Node>, join: fn(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(only) if nodes.is_empty() => only,
        Some(last) => {
            nodes.push(last);
            join(nodes)
        }
        None => join(nodes),
    }
}

fn negate(negated: bool, node: Node) -> Node {
    if negated {
        Node::Not(Box::new(node))
    } else {
        node
    }
}
