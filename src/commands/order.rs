//! `--sort-by`: the order of a list.

use std::cmp::{Ordering, Reverse};

use jiff::Timestamp;
use serde_json::Value;

use crate::failure::Failure;
use crate::output::{custom, jsonpath};
use crate::resources::{Cell, Column, List, Record, Resource};
use crate::text::quote;

/// Sorts a list by a column's title, by a field, or by a path. Objects without a value come last; equal ones keep their
/// order.
///
/// # Errors
/// A usage failure if the list has no such column or field, or the path is wrong.
pub(super) fn sort(list: &mut List, by: &str) -> Result<(), Failure> {
    let key = Key::read(list.resource, by)?;
    if let Some(items) = &mut list.items {
        items.sort_by_cached_key(|record| key.of(record));
    }
    Ok(())
}

/// Where the text to compare comes from.
enum Key {
    Column(&'static Column),
    Path(String),
}

/// A value in its order: times and numbers by their size, texts without regard to case, and nothing at the end.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Youngest(Reverse<Timestamp>),
    Time(Timestamp),
    Number(Number),
    Text(String, String),
    Missing,
}

#[derive(PartialEq)]
struct Number(f64);

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl Key {
    fn read(resource: &'static Resource, by: &str) -> Result<Self, Failure> {
        if by.starts_with(['.', '{', '[', '$']) {
            let path = custom::template(by);
            jsonpath::evaluate(&path, &Value::Null)
                .map_err(|why| Failure::usage(why.to_string()))?;
            return Ok(Self::Path(path));
        }
        let word = by.to_lowercase().replace([' ', '_'], "-");
        let columns = resource.screen_wide();
        if let Some(column) = columns.iter().find(|column| column.word() == word) {
            return Ok(Self::Column(column));
        }
        if let Some(field) = resource.all_fields().find(|field| field.name == by) {
            return Ok(Self::Path(format!("{{.{}}}", field.name)));
        }
        let titles: Vec<String> = columns.into_iter().map(Column::word).collect();
        Err(Failure::usage(format!(
            "--sort-by: {} have no column or field {}",
            resource.plural(),
            quote(by)
        ))
        .hint(format!(
            "one of {}, a field of the JSON, or a path such as .created_at",
            titles.join(", ")
        )))
    }

    fn of(&self, record: &Record) -> Rank {
        match self {
            Self::Path(path) => rank(&jsonpath::evaluate(path, &record.json()).unwrap_or_default()),
            Self::Column(column) => match column.cell {
                Cell::Field(name) => match record.value(name) {
                    Some(Value::String(text)) => rank(text),
                    Some(other) => rank(&other.to_string()),
                    None => Rank::Missing,
                },
                Cell::Age(name) => match record.text(name).parse() {
                    Ok(time) => Rank::Youngest(Reverse(time)),
                    Err(_) => Rank::Missing,
                },
                Cell::Derived(derive) | Cell::Until(derive) => rank(&derive(record.values())),
                Cell::Joined(name) => rank(record.text(name)),
            },
        }
    }
}

fn rank(text: &str) -> Rank {
    if text.is_empty() {
        Rank::Missing
    } else if let Ok(number) = text.parse::<f64>() {
        Rank::Number(Number(number))
    } else if let Ok(time) = text.parse::<Timestamp>() {
        Rank::Time(time)
    } else {
        Rank::Text(text.to_lowercase(), text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{Rank, rank, sort};
    use crate::compat::json_tree::Tree;
    use crate::resources::{CREDENTIAL, List};
    use serde_json::json;

    fn sorted(by: &str) -> String {
        let expiring = |when: &str| format!("{{\"acpctl/expires-at\":\"{when}\"}}");
        let list = json!({"items": [
            {"id": "3", "name": "b", "created_at": "2026-01-03T00:00:00Z"},
            {"id": "10", "name": "C", "created_at": "2026-01-01T00:00:00Z", "annotations": expiring("2027-01-01T00:00:00Z")},
            {"id": "2", "name": "a", "created_at": "2026-01-02T00:00:00Z", "annotations": expiring("2026-12-31T23:00:00Z")},
        ]});
        let mut list = List::read(&CREDENTIAL, Tree::from(list)).unwrap();
        sort(&mut list, by).unwrap();
        let ids: Vec<&str> = list
            .items()
            .iter()
            .map(crate::resources::Record::id)
            .collect();
        ids.join(" ")
    }

    #[test]
    fn columns_fields_and_paths() {
        for (by, ids) in [
            ("name", "2 3 10"),
            ("NAME", "2 3 10"),
            ("id", "2 3 10"),
            ("age", "3 2 10"),
            ("created_at", "10 2 3"),
            (".created_at", "10 2 3"),
            ("{.created_at}", "10 2 3"),
            ("expires", "2 10 3"),
            (".none", "3 10 2"),
        ] {
            assert_eq!(sorted(by), ids, "{by}");
        }
        let mut none = List::read(&CREDENTIAL, Tree::from(json!({}))).unwrap();
        assert!(sort(&mut none, "nonsense").is_err() && sort(&mut none, "{.a").is_err());
    }

    #[test]
    fn numbers_times_and_texts() {
        assert!(rank("9") < rank("10"));
        assert!(rank("2026-01-01T00:00:00.5Z") > rank("2026-01-01T00:00:00Z"));
        assert!(rank("B") > rank("a") && rank("zzz") < Rank::Missing);
    }
}
