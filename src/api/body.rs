//! Request bodies: compact JSON with sorted keys. They may hold secrets.

use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::compat::json;
use crate::text::secrets;

/// The fields of a request. No `Debug`: a token may be among them.
#[derive(Default, Clone)]
pub struct Body {
    fields: Vec<(&'static str, Value)>,
    secrets: Vec<(&'static str, SecretString)>,
    /// A whole document in place of fields.
    document: Option<SecretString>,
}

impl Body {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the body that is this JSON document. It may hold secrets.
    #[must_use]
    pub fn document(json: SecretString) -> Self {
        Self {
            document: Some(json),
            ..Self::default()
        }
    }

    /// Sets a field, whatever its value.
    pub fn set(&mut self, key: &'static str, value: impl Into<Value>) {
        self.fields.push((key, value.into()));
    }

    /// Sets a text unless it is missing or empty: a create leaves empty values out.
    pub fn set_filled(&mut self, key: &'static str, value: Option<&str>) {
        if let Some(text) = value.filter(|text| !text.is_empty()) {
            self.set(key, text);
        }
    }

    /// Sets a text unless it is missing: an update sends what the user passed, also an empty text.
    pub fn set_given(&mut self, key: &'static str, value: Option<&str>) {
        if let Some(text) = value {
            self.set(key, text);
        }
    }

    /// Sets a secret. From now on the program hides it in everything that it prints.
    pub fn set_secret(&mut self, key: &'static str, value: SecretString) {
        secrets::know(&value);
        self.secrets.push((key, value));
    }

    #[must_use]
    pub fn secret(&self, key: &str) -> Option<&SecretString> {
        let field = self.secrets.iter().find(|(name, _)| *name == key);
        field.map(|(_, secret)| secret)
    }

    /// Returns the fields that are not secret.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.fields.iter().map(|(key, value)| (*key, value))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.secrets.is_empty() && self.document.is_none()
    }

    /// Returns the body with masked secrets, for traces and dry runs.
    #[must_use]
    pub fn masked(&self) -> Value {
        if let Some(document) = &self.document {
            let length = document.expose_secret().len();
            return Value::from(format!("<document of {length} bytes>"));
        }
        let mut map: Vec<(&str, Value)> = self
            .fields
            .iter()
            .map(|(key, value)| (*key, value.clone()))
            .collect();
        for (key, secret) in &self.secrets {
            map.push((
                key,
                Value::from(format!(
                    "<secret of {} bytes>",
                    secret.expose_secret().len()
                )),
            ));
        }
        sorted(map)
    }

    /// Returns the bytes to send, which are wiped after use.
    ///
    /// Each secret is encoded straight into the result, which never grows: no copy of it is left behind.
    #[must_use]
    pub fn bytes(&self) -> Zeroizing<Vec<u8>> {
        if let Some(document) = &self.document {
            return Zeroizing::new(document.expose_secret().as_bytes().to_vec());
        }
        let mut fields: Vec<(&str, Zeroizing<String>)> = Vec::new();
        for (key, value) in &self.fields {
            fields.push((key, Zeroizing::new(json::compact(value))));
        }
        for (key, secret) in &self.secrets {
            fields.push((key, json::compact_secret(secret.expose_secret())));
        }
        // Of fields with one key, the last one counts.
        fields.sort_by_key(|(key, _)| *key);
        fields.reverse();
        fields.dedup_by_key(|(key, _)| *key);
        fields.reverse();
        let length = |(key, value): &(&str, Zeroizing<String>)| key.len() + value.len() + 4;
        let total = fields.iter().map(length).sum::<usize>() + 2;
        let mut bytes = Zeroizing::new(Vec::with_capacity(total));
        bytes.push(b'{');
        for (at, (key, value)) in fields.iter().enumerate() {
            if at > 0 {
                bytes.push(b',');
            }
            bytes.extend_from_slice(format!("\"{key}\":").as_bytes());
            bytes.extend_from_slice(value.as_bytes());
        }
        bytes.push(b'}');
        bytes
    }

    /// Returns the same bytes for a transport, which wipes them when it has sent them.
    #[must_use]
    pub fn to_send(&self) -> Bytes {
        Bytes::from_owner(self.bytes())
    }
}

fn sorted(mut fields: Vec<(&str, Value)>) -> Value {
    fields.sort_by_key(|(key, _)| *key);
    Value::Object(
        fields
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect::<Map<_, _>>(),
    )
}
