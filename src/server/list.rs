//! Answers lists: pages, search, order and the envelope (docs/interface/api.md section 5).

use rusqlite::Connection;
use serde_json::{Value as Json, json};

use super::error::ServerFailure;
use super::fields::Kind;
use super::query::Query;
use super::refusal::Refusal;
use super::reply::Reply;
use super::row_text::RowText;
use super::state::Fidelity;
use super::store::records::{self, Condition, Window};
use super::{order, search, store};
use crate::compat::json;

const DEFAULT_SIZE: i64 = 100;
const MAX_SIZE: i64 = 65_500;

/// Lists the records of a kind that meet `within` and the conditions of the query.
///
/// # Errors
/// 400 or 500 for a search or an order that is refused.
pub(super) fn list(
    connection: &Connection,
    kind: &'static Kind,
    within: Condition,
    query: &Query,
    fidelity: Fidelity,
) -> Result<Reply, ServerFailure> {
    let page = whole_number(query.get("page"), 1);
    let size = size(query);
    let text = query.get("search").unwrap_or_default();
    let condition = within
        .and(search::condition(kind, text).map_err(|refusal| refused(refusal, fidelity, text))?);
    let order = order::clause(kind, query.get("orderBy").unwrap_or_default())
        .map_err(|refusal| refused(refusal, fidelity, text))?;
    let fields = wanted_fields(kind, query, fidelity)?;
    let failed = |error: rusqlite::Error| {
        if store::is_too_long(&error) {
            return ServerFailure::bad_request("the search took too long");
        }
        ServerFailure::general(format!("Unable to list resources: {error}"))
    };
    let total = records::count(connection, kind, &condition).map_err(failed)?;
    let window = Window {
        order,
        limit: size,
        offset: page.saturating_sub(1).max(0).saturating_mul(size),
    };
    let mut text = String::from(r#"{"items":["#);
    let mut rows = RowText::new(kind, |name| is_wanted(name, fields.as_deref()));
    let mut count = 0;
    if size > 0 {
        records::each(connection, kind, &condition, &window, |row| {
            if count > 0 {
                text.push(',');
            }
            count += 1;
            rows.push(&mut text, row)
        })
        .map_err(failed)?;
    }
    text.push(']');
    push_rest(&mut text, &envelope(kind, page, total, count));
    Ok(Reply::JsonText(text))
}

/// Appends the other keys of an object, and its end.
fn push_rest(text: &mut String, rest: &Json) {
    text.push(',');
    text.push_str(json::compact(rest).trim_start_matches('{'));
}

/// Returns the list of these items.
pub(super) fn whole(kind: &Kind, items: &[Json]) -> Json {
    let total = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let mut list = json!({"items": items});
    if let (Json::Object(list), Json::Object(rest)) =
        (&mut list, envelope(kind, 1, total, items.len()))
    {
        list.extend(rest);
    }
    list
}

/// Returns the keys that follow the items of a list; `page` is echoed in 32 bits, as on the platform.
fn envelope(kind: &Kind, page: i64, total: i64, size: usize) -> Json {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a page beyond 64 bits is echoed as -1"
    )]
    let page = page as i32;
    json!({
        "kind": format!("{}List", kind.name),
        "page": page,
        "size": size,
        "total": total,
    })
}

/// Reads a number as Go does: 0 if it is not a number, the nearest limit if it is out of range.
fn whole_number(text: Option<&str>, default: i64) -> i64 {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return default;
    };
    text.parse()
        .unwrap_or_else(|error: std::num::ParseIntError| match error.kind() {
            std::num::IntErrorKind::PosOverflow => i64::MAX,
            std::num::IntErrorKind::NegOverflow => i64::MIN,
            _ => 0,
        })
}

fn size(query: &Query) -> i64 {
    let size = whole_number(query.get("size"), DEFAULT_SIZE);
    if (0..=MAX_SIZE).contains(&size) {
        size
    } else {
        MAX_SIZE
    }
}

/// Turns a refused search or order into the failure that is answered.
fn refused(refusal: Refusal, fidelity: Fidelity, search: &str) -> ServerFailure {
    match refusal {
        Refusal::Grammar => ServerFailure::bad_request(format!(
            "Failed to parse search query: {}",
            search.trim_matches(' ')
        )),
        Refusal::Request(reason) => ServerFailure::bad_request(reason),
        Refusal::Database(reason) => match fidelity {
            Fidelity::Recorded => {
                ServerFailure::general(format!("Unable to list resources: pq: {reason}"))
            }
            Fidelity::Corrected => ServerFailure::bad_request(reason),
        },
    }
}

/// Returns the fields to keep in each item. The platform breaks the connection if any is named.
fn wanted_fields(
    kind: &'static Kind,
    query: &Query,
    fidelity: Fidelity,
) -> Result<Option<Vec<String>>, ServerFailure> {
    let Some(text) = query.get("fields").filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    if fidelity == Fidelity::Recorded {
        return Err(ServerFailure::bad_request("fields is not supported"));
    }
    let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    let known = |name: &String| {
        ["kind", "href"].contains(&name.as_str())
            || order::column(kind, name)
                .is_some_and(|column| column.name == name && name != "deleted_at")
    };
    match names.iter().find(|name| !known(name)) {
        Some(name) => Err(ServerFailure::bad_request(format!(
            "{name} is not a valid field name"
        ))),
        None => Ok(Some(names)),
    }
}

/// Whether items show a key; with `fields`, they show only these and the keys that identify the item.
fn is_wanted(name: &str, fields: Option<&[String]>) -> bool {
    let Some(fields) = fields else { return true };
    ["id", "kind", "href"].contains(&name) || fields.iter().any(|field| field == name)
}
