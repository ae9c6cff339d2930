//! Turns a parsed search into a condition over known columns.

use rusqlite::types::Value as Sql;

use super::parse::{Case, Literal, Node, Operand};
use crate::server::fields::{Kind, Type};
use crate::server::order::{Column, column};
use crate::server::refusal::Refusal;
use crate::server::store::records::Condition;
use crate::server::time;

/// The longest pattern; the time for matching grows fast with its length.
const MAX_PATTERN: usize = 1000;

/// Turns a search into a condition.
pub(super) fn condition(kind: &'static Kind, node: &Node) -> Result<Condition, Refusal> {
    let mut writer = Writer {
        kind,
        condition: Condition::default(),
    };
    writer.node(node)?;
    Ok(writer.condition)
}

struct Writer {
    kind: &'static Kind,
    condition: Condition,
}

impl Writer {
    fn push(&mut self, sql: &str) {
        self.condition.sql.push_str(sql);
    }

    fn value(&mut self, value: Sql) {
        self.push("?");
        self.condition.values.push(value);
    }

    fn node(&mut self, node: &Node) -> Result<(), Refusal> {
        match node {
            Node::And(nodes) => self.joined(nodes, " AND "),
            Node::Or(nodes) => self.joined(nodes, " OR "),
            Node::Not(node) => {
                self.push("NOT (");
                self.node(node)?;
                self.push(")");
                Ok(())
            }
            Node::Compare(operand, sign, literal) => {
                let column = self.operand(operand)?;
                self.push(sign);
                self.literal(column, literal)
            }
            Node::In(operand, literals) => self.set(operand, literals),
            Node::Like(operand, case, literal) => self.like(operand, *case, literal),
            Node::Between(operand, low, high) => {
                let column = self.operand(operand)?;
                self.push(" BETWEEN ");
                self.literal(column, low)?;
                self.push(" AND ");
                self.literal(column, high)
            }
            Node::IsNull(operand) => {
                self.operand(operand)?;
                self.push(" IS NULL");
                Ok(())
            }
            Node::Regex => Err(Refusal::Request("unexpected literal: $regex".to_owned())),
        }
    }

    fn joined(&mut self, nodes: &[Node], join: &str) -> Result<(), Refusal> {
        self.push("(");
        for (index, node) in nodes.iter().enumerate() {
            if index > 0 {
                self.push(join);
            }
            self.node(node)?;
        }
        self.push(")");
        Ok(())
    }

    fn operand(&mut self, operand: &Operand) -> Result<Column, Refusal> {
        let column = self.column(&operand.column)?;
        if operand.arithmetic.is_empty() {
            self.push(column.name);
            return Ok(column);
        }
        let Some((first, _)) = operand.arithmetic.first() else {
            return Ok(column);
        };
        if !matches!(column.kind, Type::Int | Type::Number) {
            let kind = database_type(column.kind);
            return Err(Refusal::Database(format!(
                "operator does not exist: {kind} {first} unknown"
            )));
        }
        self.push(&"(".repeat(operand.arithmetic.len()));
        self.push(column.name);
        for (sign, number) in &operand.arithmetic {
            self.push(sign);
            self.value(Sql::Real(*number));
            self.push(")");
        }
        Ok(Column {
            kind: Type::Number,
            ..column
        })
    }

    fn column(&self, name: &str) -> Result<Column, Refusal> {
        let (table, column_name) = name.split_once('.').unwrap_or((self.kind.table, name));
        if table != self.kind.table {
            return Err(Refusal::Request(format!(
                "{table} is not a related resource of {}",
                self.kind.name
            )));
        }
        if column_name.contains('.') {
            return Err(Refusal::Request(format!(
                "{name} is not a valid field name"
            )));
        }
        column(self.kind, column_name).ok_or_else(|| {
            Refusal::Database(format!("column {table}.{column_name} does not exist"))
        })
    }

    fn set(&mut self, operand: &Operand, literals: &[Literal]) -> Result<(), Refusal> {
        if literals.is_empty() {
            self.column(&operand.column)?;
            self.push("0");
            return Ok(());
        }
        let column = self.operand(operand)?;
        self.push(" IN (");
        for (index, literal) in literals.iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.literal(column, literal)?;
        }
        self.push(")");
        Ok(())
    }

    fn like(&mut self, operand: &Operand, case: Case, literal: &Literal) -> Result<(), Refusal> {
        let column = self.operand(operand)?;
        let Literal::Text(pattern) = literal else {
            return Err(Refusal::Grammar);
        };
        if !matches!(column.kind, Type::Text | Type::Nested(_)) {
            let kind = database_type(column.kind);
            return Err(Refusal::Database(format!(
                "operator does not exist: {kind} ~~ unknown"
            )));
        }
        if pattern.len() > MAX_PATTERN {
            return Err(Refusal::Request("the pattern is too long".to_owned()));
        }
        let sql = match case {
            // SQLite can't make LIKE distinguish case for one statement only; GLOB always does.
            Case::Sensitive => {
                self.push(" GLOB ");
                glob(pattern)
            }
            Case::Insensitive => {
                self.push(" LIKE ");
                ends_whole(pattern).then(|| pattern.clone())
            }
        };
        let sql = sql.ok_or_else(|| {
            Refusal::Database("LIKE pattern must not end with escape character".to_owned())
        })?;
        self.value(Sql::Text(sql));
        if case == Case::Insensitive {
            self.push(" ESCAPE '\\'");
        }
        Ok(())
    }

    /// Converts a literal to the type of its column.
    fn literal(&mut self, column: Column, literal: &Literal) -> Result<(), Refusal> {
        let text = match literal {
            Literal::Text(text) => text.clone(),
            Literal::Number(number) => number.to_string(),
        };
        if text.contains('\0') {
            return Err(Refusal::Database(
                "invalid byte sequence for encoding \"UTF8\": 0x00".to_owned(),
            ));
        }
        let value = match column.kind {
            Type::Text | Type::Nested(_) => Some(Sql::Text(text.clone())),
            Type::Bool => boolean(&text).map(|flag| Sql::Integer(i64::from(flag))),
            Type::Int => text.trim().parse().ok().map(Sql::Integer),
            Type::Number => text.trim().parse().ok().map(Sql::Real),
            Type::Time => match literal {
                Literal::Text(text) => {
                    time::parse_loosely(text).map(|time| Sql::Integer(time::to_micros(time)))
                }
                Literal::Number(_) => None,
            },
        };
        let value = value.ok_or_else(|| {
            Refusal::Database(format!(
                "invalid input syntax for type {}: {text:?}",
                database_type(column.kind)
            ))
        })?;
        self.value(value);
        Ok(())
    }
}

fn database_type(kind: Type) -> &'static str {
    match kind {
        Type::Text => "text",
        Type::Nested(_) => "jsonb",
        Type::Bool => "boolean",
        Type::Int => "integer",
        Type::Number => "double precision",
        Type::Time => "timestamp with time zone",
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "t" | "true" | "y" | "yes" | "on" | "1" => Some(true),
        "f" | "false" | "n" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// Whether the pattern does not end with a backslash that escapes nothing.
fn ends_whole(pattern: &str) -> bool {
    let slashes = pattern
        .bytes()
        .rev()
        .take_while(|byte| *byte == b'\\')
        .count();
    slashes % 2 == 0
}

/// Converts a pattern of LIKE to one of GLOB.
fn glob(pattern: &str) -> Option<String> {
    let mut glob = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' => glob.push('*'),
            '_' => glob.push('?'),
            '\\' => push_plain(&mut glob, chars.next()?),
            c => push_plain(&mut glob, c),
        }
    }
    Some(glob)
}

fn push_plain(glob: &mut String, c: char) {
    if matches!(c, '*' | '?' | '[') {
        glob.push('[');
        glob.push(c);
        glob.push(']');
    } else {
        glob.push(c);
    }
}
