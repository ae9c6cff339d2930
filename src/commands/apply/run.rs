//! One run of `apply`: what its documents share.

use std::collections::BTreeMap;

use serde_json::Value;

use super::document::{Document, Pairs};
use crate::api::{Body, Client, Method, Request};
use crate::compat::json;
use crate::ctx::Ctx;
use crate::exit::{Failure, Kind};
use crate::resources::{Record, Resource};

/// What became of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Created,
    Configured,
    Unchanged,
}

impl Outcome {
    pub fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Configured => "configured",
            Self::Unchanged => "unchanged",
        }
    }
}

pub struct Run<'a> {
    pub ctx: &'a Ctx,
    pub client: &'a Client,
    pub project: String,
}

impl Run<'_> {
    /// Sets a text that the manifest gives and the server has otherwise; empty means "leave alone".
    pub fn set_changed(&self, body: &mut Body, key: &'static str, text: &str, found: &Record) {
        if !text.is_empty() && text != found.text(key) {
            body.set(key, text);
        }
    }

    /// Sets labels and annotations that the manifest gives and the server has otherwise, compared as maps.
    pub fn set_pairs(&self, body: &mut Body, document: &Document, found: Option<&Record>) {
        for (key, pairs) in [
            ("labels", &document.labels),
            ("annotations", &document.annotations),
        ] {
            if let Some(pairs) = pairs
                && found.is_none_or(|found| pairs_of(found.text(key)) != *pairs)
                && !(found.is_none() && pairs.is_empty())
            {
                body.set(key, as_json(pairs));
            }
        }
    }

    /// Sends what has changed; nothing to send is no change.
    pub async fn patch(
        &self,
        resource: &'static Resource,
        place: &str,
        body: Body,
        project: Option<&str>,
    ) -> anyhow::Result<Outcome> {
        if body.is_empty() {
            return Ok(Outcome::Unchanged);
        }
        let mut request = Request::new(Method::Patch, place).body(body);
        request.project = project.map(str::to_owned);
        self.client.fetch(resource, &request).await?;
        Ok(Outcome::Configured)
    }
}

/// Refuses a document without a name.
pub fn need_name(document: &Document) -> Result<(), Failure> {
    if document.name.is_empty() {
        return Err(Failure::new(
            Kind::Data,
            "validation failed: name is required",
        ));
    }
    Ok(())
}

/// Labels or annotations as the server keeps them: a text that holds JSON.
pub fn as_json(pairs: &Pairs) -> String {
    let value: Value = pairs
        .iter()
        .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
        .collect::<serde_json::Map<_, _>>()
        .into();
    json::compact(&value)
}

/// The reverse; a text that holds anything else equals no pairs.
pub fn pairs_of(text: &str) -> Pairs {
    serde_json::from_str::<BTreeMap<String, String>>(text).unwrap_or_default()
}
