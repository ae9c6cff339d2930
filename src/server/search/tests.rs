use proptest::prelude::*;
use rusqlite::types::Value as Sql;

use super::condition;
use crate::server::kinds::{CREDENTIAL, SESSION};
use crate::server::refusal::Refusal;

fn sql(text: &str) -> String {
    condition(&CREDENTIAL, text).unwrap().sql
}

#[test]
fn every_element_of_the_language_becomes_sql() {
    for (text, expected) in [
        ("name = 'x'", "name=?"),
        ("NAME <> 'x'", "name!=?"),
        ("credentials.name >= 'x'", "name>=?"),
        ("\"name\" = 5", "name=?"),
        ("name in ('a','b')", "name IN (?, ?)"),
        ("name not in ('a')", "NOT (name IN (?))"),
        ("name in ()", "0"),
        ("name like 'a%'", "name GLOB ?"),
        ("name not ilike 'a%'", "NOT (name LIKE ? ESCAPE '\\')"),
        (
            "created_at between '2001-01-01' and '2001-12-31'",
            "created_at BETWEEN ? AND ?",
        ),
        ("url is null", "url IS NULL"),
        ("url is not null", "NOT (url IS NULL)"),
        ("url is 'x'", "url=?"),
        ("not name = 'x'", "NOT (name=?)"),
        (
            "name = 'a' OR name = 'b' and (url is null or email = 'c')",
            "(name=? OR (name=? AND (url IS NULL OR email=?)))",
        ),
        ("  ", ""),
    ] {
        assert_eq!(sql(text), expected, "{text}");
    }
}

#[test]
fn values_are_parameters_of_the_columns_type() {
    let values = |text| condition(&CREDENTIAL, text).unwrap().values;
    let text = |text: &str| Sql::Text(text.to_owned());
    assert_eq!(values("name = 'it''s'"), [text("it's")]);
    assert_eq!(values("name = -1.5e3"), [text("-1500")]);
    assert_eq!(values("name like 'a*[b\\%_%'"), [text("a[*][[]b%?*")]);
    assert_eq!(
        values("created_at > '1970-01-01T00:00:01Z'"),
        [Sql::Integer(1_000_000)]
    );
    let session = condition(&SESSION, "timeout * 2 + 1 >= 7 and llm_temperature < 0.5").unwrap();
    assert_eq!(session.sql, "(((timeout*?)+?)>=? AND llm_temperature<?)");
}

#[test]
fn text_outside_the_language_is_refused() {
    for text in [
        "kube",
        "name = kube",
        "name = \"kube\"",
        "name = 'x' or 1=1",
        "name = 'x' --",
        "name = 'x",
        "name = 'x' /* */",
        "name = 'x';",
        "lower(name) = 'x'",
        "labels ->> 'a' = 'b'",
        "name = 'a' name = 'b'",
        "(name = 'a'",
        "name = 'a')",
        "name = null",
        "name in 'a'",
        "name not = 'a'",
        "5 = name",
        "'a' = 'a'",
    ] {
        assert_eq!(
            condition(&CREDENTIAL, text),
            Err(Refusal::Grammar),
            "{text}"
        );
    }
}

#[test]
fn foreign_unknown_and_secret_columns_are_refused() {
    let refused = |text| condition(&CREDENTIAL, text).unwrap_err();
    assert_eq!(
        refused("roles.name = 'x'"),
        Refusal::Request("roles is not a related resource of Credential".to_owned())
    );
    assert_eq!(
        refused("name ~= 'x'"),
        Refusal::Request("unexpected literal: $regex".to_owned())
    );
    for text in [
        "nosuch = 'x'",
        "kind = 'Credential'",
        "token like '%'",
        "credentials.token is null",
    ] {
        assert!(matches!(refused(text), Refusal::Database(_)), "{text}");
    }
    for text in [
        "created_at > 5",
        "created_at = 'soon'",
        "created_at like '2%'",
        "name + 1 = 2",
        "name like 'a\\'",
    ] {
        assert!(matches!(refused(text), Refusal::Database(_)), "{text}");
    }
}

#[test]
fn long_and_deep_searches_have_a_limit() {
    let deep = format!("{}name = 'x'{}", "(".repeat(5000), ")".repeat(5000));
    assert_eq!(condition(&CREDENTIAL, &deep), Err(Refusal::Grammar));
    let wide = vec!["name = 'x'"; 501].join(" and ");
    assert_eq!(condition(&CREDENTIAL, &wide), Err(Refusal::Grammar));
    let pattern = format!("name like '{}'", "%a".repeat(600));
    assert!(condition(&CREDENTIAL, &pattern).is_err());
}

fn comparison() -> impl Strategy<Value = String> {
    let column = prop::sample::select(vec!["name", "provider", "credentials.url", "\"email\""]);
    let text = "[a-z'%_\\\\\u{e9}]{0,6}".prop_map(|text| format!("'{}'", text.replace('\'', "''")));
    (column, text, 0..6).prop_map(|(column, text, form)| match form {
        0 => format!("{column} = {text}"),
        1 => format!("{column} != {text}"),
        2 => format!("{column} in ({text}, {text})"),
        3 => format!("{column} is not null"),
        4 => format!("{column} between {text} and {text}"),
        _ => format!("{column} < {text}"),
    })
}

fn search() -> impl Strategy<Value = String> {
    comparison().prop_recursive(5, 30, 2, |inner| {
        (inner.clone(), inner, 0..3).prop_map(|(left, right, form)| match form {
            0 => format!("({left}) and ({right})"),
            1 => format!("({left}) or ({right})"),
            _ => format!("not ({left})"),
        })
    })
}

proptest! {
    /// The database accepts every search that the parser accepts: as many parameters as places, and valid SQL.
    #[test]
    fn what_is_accepted_is_sql(text in search()) {
        let condition = condition(&CREDENTIAL, &text).unwrap();
        prop_assert_eq!(condition.sql.matches('?').count(), condition.values.len());
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../store/schema_1.sql")).unwrap();
        let sql = format!("SELECT id FROM credentials WHERE {}", condition.sql);
        connection.prepare(&sql).unwrap().exists(rusqlite::params_from_iter(condition.values)).unwrap();
    }

    /// No text of the caller's gets into the SQL.
    #[test]
    fn anything_else_is_refused_or_harmless(text in ".{0,60}") {
        if let Ok(condition) = condition(&CREDENTIAL, &text) {
            prop_assert!(condition.sql.is_ascii());
            prop_assert!(!condition.sql.contains(';') && !condition.sql.contains("--"));
        }
    }
}
