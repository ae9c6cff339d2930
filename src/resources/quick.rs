//! Reads a list of objects straight from its text: a long list becomes records without a document in between.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::description::Resource;
use super::record::{List, Record};
use crate::compat::json_tree::{Name, Tree};

/// Reads a list that is as it should be. Returns `None` for any other text, about which [`List::read`] knows more: Go's
/// words for a wrong type, and texts that only Go accepts.
pub(crate) fn list(resource: &'static Resource, text: &[u8]) -> Option<List> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let list = ListOf(resource).deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    Some(list)
}

/// Reads an array of objects that is as it should be. Returns `None` for any other text.
pub(crate) fn array(resource: &'static Resource, text: &[u8]) -> Option<Vec<Record>> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let records = Items(resource).deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    Some(records)
}

struct ListOf(&'static Resource);

impl<'de> DeserializeSeed<'de> for ListOf {
    type Value = List;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<List, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ListOf {
    type Value = List;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<List, A::Error> {
        let mut list = List::empty(self.0);
        while let Some(Name(name)) = pairs.next_key()? {
            match name.as_ref() {
                "kind" => list.kind = pairs.next_value()?,
                "page" => list.page = pairs.next_value()?,
                "size" => list.size = pairs.next_value()?,
                "total" => list.total = pairs.next_value()?,
                "items" => list.items = Some(pairs.next_value_seed(Items(self.0))?),
                // Go reads names in any case.
                _ if name
                    .bytes()
                    .any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()) =>
                {
                    return Err(A::Error::custom("a name in another case"));
                }
                _ => {
                    pairs.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(list)
    }
}

struct Items(&'static Resource);

impl<'de> DeserializeSeed<'de> for Items {
    type Value = Vec<Record>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Record>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items {
    type Value = Vec<Record>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<Record>, A::Error> {
        let mut all: Vec<Record> = Vec::new();
        let mut count = 0;
        while let Some(record) = items.next_element_seed(Object {
            resource: self.0,
            count,
        })? {
            count = record.values().len();
            all.push(record);
        }
        Ok(all)
    }
}

struct Object {
    resource: &'static Resource,
    /// The number of values of the object before this one, which has probably as many.
    count: usize,
}

impl<'de> DeserializeSeed<'de> for Object {
    type Value = Record;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Record, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object {
    type Value = Record;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Record, A::Error> {
        let mut record = Record::with_room(self.resource, self.count);
        while let Some(Name(name)) = pairs.next_key()? {
            match self.resource.field(&name) {
                Some(field) => {
                    let value: Tree<'de> = pairs.next_value()?;
                    let set = record.set(field, value, "items.");
                    set.map_err(A::Error::custom)?;
                }
                None => {
                    pairs.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use super::super::CREDENTIAL;
    use super::*;

    fn both(text: &str) -> (Option<String>, Option<String>) {
        let tree = Tree::parse(text.as_bytes()).ok();
        let slow = tree.and_then(|tree| List::read(&CREDENTIAL, tree).ok());
        let quick = list(&CREDENTIAL, text.as_bytes());
        let shown = |list: Option<List>| list.map(|list| list.json().to_string());
        (shown(quick), shown(slow))
    }

    #[test]
    fn it_reads_the_same_as_the_thorough_reader() {
        for text in [
            r#"{"kind":"CredentialList","page":1,"size":2,"total":7,"items":[]}"#,
            r#"{"items":[{"id":"1","NAME":"a","name":"b","name":null,"unknown":{"x":[1,2]}},{}],"more":[1e999]}"#,
            r#"{"items":[{"id":"a\nb","created_at":"2026-01-01T00:00:00.500000Z","updated_at":null}]}"#,
            r#"{"total":1,"total":2}"#,
        ] {
            let (quick, slow) = both(text);
            assert!(quick.is_some(), "{text}");
            if let Some(slow) = slow {
                assert_eq!(quick, Some(slow), "{text}");
            }
        }
    }

    #[test]
    fn an_array_is_read_as_the_items_of_a_list_are() {
        let items = r#"[{"id":"1","name":"a"},{"name":"b","more":[{}]}]"#;
        let records = array(&CREDENTIAL, items.as_bytes());
        let listed = list(&CREDENTIAL, format!(r#"{{"items":{items}}}"#).as_bytes());
        let shown = |records: &[Record]| records.iter().map(Record::json).collect::<Vec<_>>();
        assert_eq!(shown(&records.unwrap()), shown(listed.unwrap().items()));
        for text in ["", "{}", "null", "[1]", "[{}] x", r#"[{"id":7}]"#] {
            assert!(array(&CREDENTIAL, text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn it_leaves_everything_else_to_the_thorough_reader() {
        for text in [
            "",
            "[]",
            "{} x",
            r#"{"Items":[{"id":"1"}]}"#,
            r#"{"items":null}"#,
            r#"{"items":[null]}"#,
            r#"{"page":1.5}"#,
            r#"{"items":[{"id":7}]}"#,
            r#"{"items":[{"created_at":"soon"}]}"#,
            "{\"kind\":\"\\ud800\"}",
        ] {
            assert_eq!(both(text).0, None, "{text}");
        }
    }
}
