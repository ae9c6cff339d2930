//! Request bodies: compact JSON with sorted keys, which may hold secrets.

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
}

impl Body {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a field, whatever its value.
    pub fn set(&mut self, key: &'static str, value: impl Into<Value>) {
        self.fields.push((key, value.into()));
    }

    /// Sets a text that is neither missing nor empty: creates leave empty values out.
    pub fn set_filled(&mut self, key: &'static str, value: Option<&str>) {
        if let Some(text) = value.filter(|text| !text.is_empty()) {
            self.set(key, text);
        }
    }

    /// Sets a text that was given, empty or not: updates send exactly what was given.
    pub fn set_given(&mut self, key: &'static str, value: Option<&str>) {
        if let Some(text) = value {
            self.set(key, text);
        }
    }

    /// Sets a secret, which is hidden from now on in whatever comes back.
    pub fn set_secret(&mut self, key: &'static str, value: SecretString) {
        secrets::know(&value);
        self.secrets.push((key, value));
    }

    #[must_use]
    pub fn secret(&self, key: &str) -> Option<&SecretString> {
        let field = self.secrets.iter().find(|(name, _)| *name == key);
        field.map(|(_, secret)| secret)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.secrets.is_empty()
    }

    /// The body with secrets masked, for traces and dry runs.
    #[must_use]
    pub fn masked(&self) -> Value {
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

    /// The bytes on the wire; wiped after use.
    #[must_use]
    pub fn bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut map: Vec<(&str, Value)> = self
            .fields
            .iter()
            .map(|(key, value)| (*key, value.clone()))
            .collect();
        for (key, secret) in &self.secrets {
            map.push((key, Value::from(secret.expose_secret())));
        }
        Zeroizing::new(json::compact(&sorted(map)).into_bytes())
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
