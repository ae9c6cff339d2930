//! `-o custom-columns=TITLE:PATH,...`: columns that the user chose, in kubectl's form.

use serde_json::Value;

use super::jsonpath;
use crate::failure::Failure;
use crate::text::quote;

/// The cell of an object that lacks the field, in kubectl's word.
const NONE: &str = "<none>";

/// Reads the columns.
///
/// # Errors
/// A usage failure if a part is not TITLE:PATH, or a path can't be read.
pub(super) fn read(text: &str) -> Result<Vec<(String, String)>, Failure> {
    text.split(',').map(column).collect()
}

fn column(part: &str) -> Result<(String, String), Failure> {
    let column = part
        .split_once(':')
        .filter(|(title, path)| !title.is_empty() && !path.is_empty());
    let Some((title, path)) = column else {
        return Err(
            Failure::usage(format!("custom-columns: {} is not TITLE:PATH", quote(part)))
                .hint("for example: -o custom-columns=NAME:.name,CREATED:.created_at"),
        );
    };
    let path = template(path);
    jsonpath::evaluate(&path, &Value::Null).map_err(|why| Failure::usage(why.to_string()))?;
    Ok((title.to_owned(), path))
}

/// Returns the template for a path, which may lack the braces and the dot.
pub(crate) fn template(path: &str) -> String {
    if path.starts_with('{') {
        path.to_owned()
    } else if path.starts_with(['.', '[', '$', '@']) {
        format!("{{{path}}}")
    } else {
        format!("{{.{path}}}")
    }
}

/// Returns the cells of each object: those of `items` if the value is a list, else of the value itself.
pub(super) fn rows(columns: &[(String, String)], value: &Value) -> Vec<Vec<String>> {
    let objects: Vec<&Value> = match (value.get("items"), value) {
        (Some(Value::Array(items)), _) | (None, Value::Array(items)) => items.iter().collect(),
        (Some(Value::Null), _) => Vec::new(),
        _ => vec![value],
    };
    let cell = |object: &Value, path: &str| match jsonpath::evaluate(path, object) {
        Ok(text) if !text.is_empty() => text,
        _ => NONE.to_owned(),
    };
    let row = |object: &&Value| columns.iter().map(|(_, path)| cell(object, path)).collect();
    objects.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::{read, rows};
    use serde_json::json;

    #[test]
    fn columns_of_lists_and_of_one_object() {
        let columns = read("NAME:.name,N:{.n},SHORT:id").unwrap();
        let titles: Vec<&str> = columns.iter().map(|(title, _)| title.as_str()).collect();
        assert_eq!(titles, ["NAME", "N", "SHORT"]);
        let one = json!({"id": "1", "name": "a", "n": 3});
        assert_eq!(rows(&columns, &one), [["a", "3", "1"]]);
        let list = json!({"items": [one, {"id": "2"}]});
        assert_eq!(
            rows(&columns, &list),
            [["a", "3", "1"], ["<none>", "<none>", "2"]]
        );
        assert!(rows(&columns, &json!({"items": null})).is_empty());
        for wrong in [
            "",
            "NAME",
            "NAME:",
            ":.name",
            "A:.a,,B:.b",
            "A:{.a",
            "A:.a[x]",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
