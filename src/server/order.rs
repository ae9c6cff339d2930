//! The columns by which lists may be searched and ordered, and the parameter `orderBy` (docs/interface/api.md section
//! 5.2).

use super::fields::{Kind, Type};
use super::refusal::Refusal;

/// A column that callers may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    pub name: &'static str,
    pub kind: Type,
}

const COMMON: [Column; 4] = [
    Column {
        name: "id",
        kind: Type::Text,
    },
    Column {
        name: "created_at",
        kind: Type::Time,
    },
    Column {
        name: "updated_at",
        kind: Type::Time,
    },
    Column {
        name: "deleted_at",
        kind: Type::Time,
    },
];

/// Returns the column of this name, without regard to case. The token of a credential is not a column.
pub(super) fn column(kind: &'static Kind, name: &str) -> Option<Column> {
    let fields = kind
        .fields
        .iter()
        .filter(|field| !field.secret)
        .map(|field| Column {
            name: field.name,
            kind: field.kind,
        });
    COMMON
        .into_iter()
        .chain(fields)
        .find(|column| column.name.eq_ignore_ascii_case(name))
}

/// Returns the SQL after `ORDER BY`: the requested columns and finally the id, so that pages never overlap.
///
/// # Errors
/// When a part is refused.
pub(super) fn clause(kind: &'static Kind, order_by: &str) -> Result<String, Refusal> {
    let parts: Vec<&str> = match order_by {
        "" => Vec::new(),
        parts => parts.split(',').collect(),
    };
    let mut terms = parts
        .into_iter()
        .map(|part| term(kind, part))
        .collect::<Result<Vec<String>, Refusal>>()?;
    // Columns after the id have no effect.
    match terms.iter().position(|term| term.starts_with("id ")) {
        Some(at) => terms.truncate(at + 1),
        None => terms.push("id".to_owned()),
    }
    Ok(terms.join(", "))
}

fn term(kind: &'static Kind, part: &str) -> Result<String, Refusal> {
    let bad = || Refusal::Request(format!("bad order value '{part}'"));
    let words: Vec<&str> = part.trim_matches(' ').split(' ').collect();
    let (name, direction) = match words.as_slice() {
        [name] => (*name, "asc"),
        [name, direction @ ("asc" | "desc")] => (*name, *direction),
        _ => return Err(bad()),
    };
    if name.matches('.').count() > 1 {
        return Err(bad());
    }
    let found = named(kind, name).ok_or_else(|| unknown(kind, name).unwrap_or_else(bad))?;
    if found.name == "id" {
        return Ok(format!("id {direction}"));
    }
    // The platform's database sorts rows without a value so.
    let nulls = if direction == "asc" { "LAST" } else { "FIRST" };
    Ok(format!("{} {direction} NULLS {nulls}", found.name))
}

fn named(kind: &'static Kind, name: &str) -> Option<Column> {
    match name.split_once('.') {
        Some((table, name)) => column(kind, name).filter(|_| table == kind.table),
        None => column(kind, name),
    }
}

/// Returns the words of the platform's database for a name that is not a column; `None` if it is not even a name.
fn unknown(kind: &'static Kind, name: &str) -> Option<Refusal> {
    if name.is_empty() {
        return Some(Refusal::Database(
            "syntax error at or near \"asc\"".to_owned(),
        ));
    }
    if let Some(found) = name.strip_prefix('-').and_then(|name| named(kind, name)) {
        let database_type = match found.kind {
            Type::Text => "text",
            _ => "timestamp with time zone",
        };
        return Some(Refusal::Database(format!(
            "operator does not exist: - {database_type}"
        )));
    }
    let is_name = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
    let shown = match name.split_once('.') {
        Some((table, column)) => format!("{table}.{column}"),
        None => format!("{name:?}"),
    };
    is_name.then(|| Refusal::Database(format!("column {shown} does not exist")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::kinds::CREDENTIAL;

    #[test]
    fn known_columns_become_sql() {
        assert_eq!(clause(&CREDENTIAL, "").unwrap(), "id");
        assert_eq!(
            clause(&CREDENTIAL, "provider, credentials.NAME desc").unwrap(),
            "provider asc NULLS LAST, name desc NULLS FIRST, id"
        );
        assert_eq!(clause(&CREDENTIAL, "id desc,name").unwrap(), "id desc");
    }

    #[test]
    fn all_else_is_refused() {
        for bad in [
            "name DESC",
            "name  desc",
            "a.b.c",
            "length(name)",
            "(select 1)",
            "name;",
            "case when 1=1 then name end",
        ] {
            assert!(
                matches!(clause(&CREDENTIAL, bad), Err(Refusal::Request(_))),
                "{bad}"
            );
        }
        for unknown in ["nosuch", "token", "kind", "-name", "name,", "roles.name"] {
            assert!(
                matches!(clause(&CREDENTIAL, unknown), Err(Refusal::Database(_))),
                "{unknown}"
            );
        }
    }
}
