//! An open form: the values of its fields, and the one that is edited.

use jiff::Timestamp;

use super::drafts::Draft;
use super::effect::{Effect, List, Send};
use super::input::Line;
use super::naming::Names;
use super::scope::Scope;
use super::view::{Answers, Field, Form, Input};
use crate::resources::Record;

/// The most characters of a field.
const LONGEST: usize = 100_000;

/// A form that the user fills.
pub(super) struct OpenForm {
    pub number: u64,
    pub page: u64,
    pub form: &'static Form,
    pub scope: Scope,
    /// The rows that it is for, with a request for each; none for a form that needs no row.
    rows: Vec<Record>,
    /// Names the objects that it is for.
    pub names: Names,
    /// What was typed for the same purpose before, with which it begins.
    draft: Draft,
    pub values: Vec<Value>,
    pub focus: usize,
    pub error: String,
}

/// The value of a field.
pub(super) enum Value {
    Text(Line),
    Choice(Choice),
}

/// The choice among words or objects.
#[derive(Default)]
pub(super) struct Choice {
    /// Each with the value that is sent and the text that is shown.
    pub offers: Vec<(String, String)>,
    pub at: usize,
    /// The path of the list that the offers are from.
    pub from: String,
    pub is_loading: bool,
    pub error: String,
    /// The value to choose when the offers come.
    wanted: String,
}

impl OpenForm {
    #[must_use]
    pub(super) fn new(
        form: &'static Form,
        (number, page): (u64, u64),
        scope: Scope,
        rows: Vec<Record>,
        names: Names,
        draft: Draft,
    ) -> Self {
        let value = |field: &Field| {
            let before = draft.text(field.name).map(str::to_owned);
            let start = before.unwrap_or_else(|| (field.start)(&scope, rows.first()));
            match field.input {
                Input::Text | Input::Secret => Value::Text(Line::new(&start, LONGEST)),
                Input::Words(words) => Value::Choice(Choice {
                    offers: words
                        .iter()
                        .map(|it| ((*it).to_owned(), (*it).to_owned()))
                        .collect(),
                    at: words.iter().position(|it| *it == start).unwrap_or_default(),
                    wanted: start,
                    ..Choice::default()
                }),
                Input::Offer { .. } => Value::Choice(Choice {
                    wanted: start,
                    ..Choice::default()
                }),
            }
        };
        Self {
            number,
            page,
            form,
            values: form.fields.iter().map(value).collect(),
            scope,
            rows,
            names,
            draft,
            focus: 0,
            error: String::new(),
        }
    }

    /// Returns the values by name. An offer that has not come counts as the value that is wanted.
    #[must_use]
    pub(super) fn answers(&self) -> Answers<'_> {
        let fields = self.form.fields.iter().zip(&self.values);
        let pairs = fields.map(|(field, value)| (field.name, text_of(value)));
        Answers(pairs.collect())
    }

    /// Returns what was typed or chosen, without secrets; `None` if all is as the form begins.
    #[must_use]
    pub(super) fn typed(&self) -> Option<Draft> {
        let fields = self.form.fields.iter().zip(&self.values);
        let fields = fields.filter(|(field, _)| !matches!(field.input, Input::Secret));
        let mut is_changed = false;
        let mut values = Vec::new();
        for (field, value) in fields {
            let text = match value {
                Value::Text(line) => line.text(),
                Value::Choice(choice) => &choice.wanted,
            };
            is_changed |= text != (field.start)(&self.scope, self.rows.first());
            values.push((field.name, text.into()));
        }
        is_changed.then(|| Draft {
            values,
            ..self.draft.clone()
        })
    }

    /// Asks for the offers of fields whose list is not the one that was read.
    pub(super) fn offers(&mut self) -> Vec<Effect> {
        let lists: Vec<Option<List>> = {
            let answers = self.answers();
            let fields = self.form.fields.iter();
            fields
                .map(|field| match field.input {
                    Input::Offer { list, .. } => list(&self.scope, &answers),
                    _ => None,
                })
                .collect()
        };
        let mut effects = Vec::new();
        for (field, list) in lists.into_iter().enumerate() {
            let (Some(list), Some(Value::Choice(choice))) = (list, self.values.get_mut(field))
            else {
                continue;
            };
            if choice.from != list.path {
                choice.from.clone_from(&list.path);
                choice.is_loading = true;
                choice.offers.clear();
                choice.at = 0;
                let form = self.number;
                effects.push(Effect::Offer { form, field, list });
            }
        }
        effects
    }

    /// Takes the offers of a field, and why there may be more.
    pub(super) fn offered(
        &mut self,
        field: usize,
        offers: Result<Vec<(String, String)>, String>,
        gap: Option<String>,
    ) {
        let input = self.form.fields.get(field).map(|field| field.input);
        let Some(Value::Choice(choice)) = self.values.get_mut(field) else {
            return;
        };
        choice.is_loading = false;
        match offers {
            Err(why) => choice.error = why,
            Ok(offers) => {
                choice.error = gap.unwrap_or_default();
                choice.offers.clear();
                if let Some(Input::Offer {
                    none: Some(none), ..
                }) = input
                {
                    choice.offers.push((String::new(), none.to_owned()));
                }
                choice.offers.extend(offers);
                let wanted = choice.wanted.as_str();
                let place = choice.offers.iter().position(|(value, _)| value == wanted);
                choice.at = place.unwrap_or_default();
            }
        }
    }

    /// Moves to another field, unless the field is required and empty.
    pub(super) fn step(&mut self, is_forward: bool, now: Timestamp) {
        self.error.clear();
        if is_forward {
            match self.check(self.focus, now) {
                Ok(_) => self.focus = (self.focus + 1).min(self.form.fields.len() - 1),
                Err(why) => self.error = why,
            }
        } else {
            self.focus = self.focus.saturating_sub(1);
        }
    }

    /// Checks a field. Returns what there is to say about its value.
    ///
    /// # Errors
    /// The value is refused.
    pub(super) fn check(&self, field: usize, now: Timestamp) -> Result<String, String> {
        let (Some(described), Some(value)) = (self.form.fields.get(field), self.values.get(field))
        else {
            return Ok(String::new());
        };
        let text = text_of(value);
        match (text.trim(), value) {
            ("", Value::Choice(choice)) if described.required && !choice.error.is_empty() => {
                Err(choice.error.clone())
            }
            ("", _) if described.required => Err("input cannot be empty".to_owned()),
            ("", _) => Ok(String::new()),
            (text, _) => (described.check)(text, now),
        }
    }

    /// Returns the requests that the form results in: one for each row.
    ///
    /// # Errors
    /// A value is refused; its field has the focus then.
    pub(super) fn submit(&mut self, now: Timestamp) -> Result<Vec<Send>, String> {
        for field in 0..self.form.fields.len() {
            if let Err(why) = self.check(field, now) {
                self.focus = field;
                return Err(why);
            }
        }
        let answers = self.answers();
        let make = |row| (self.form.submit)(&self.scope, row, &answers);
        if self.rows.is_empty() {
            return Ok(vec![make(None)?]);
        }
        let of_row = |row| {
            let send = make(Some(row))?.for_row(row);
            Ok(match self.rows.len() {
                1 => send.naming(row.name_or_id()),
                _ => send.one_of_several(row, self.form.title),
            })
        };
        self.rows.iter().map(of_row).collect()
    }

    /// Returns what is said while its requests are sent.
    #[must_use]
    pub(super) fn doing(&self) -> String {
        let title = self.form.title;
        match self.rows.len() {
            0 => format!("{title}..."),
            1 => format!("{title} {}...", self.rows[0].name_or_id()),
            several => format!("{title} ({several})..."),
        }
    }

    #[must_use]
    pub(super) fn is_last(&self) -> bool {
        self.focus + 1 == self.form.fields.len()
    }
}

impl Choice {
    fn value(&self) -> &str {
        match self.offers.get(self.at) {
            Some((value, _)) => value,
            None => &self.wanted,
        }
    }

    /// Chooses the next offer that begins with a letter. Returns false if there is none.
    pub(super) fn find(&mut self, letter: char) -> bool {
        let count = self.offers.len();
        let begins = |at: &usize| {
            let first = self
                .offers
                .get(*at)
                .and_then(|(_, text)| text.chars().next());
            first.is_some_and(|first| first.eq_ignore_ascii_case(&letter))
        };
        let found = (1..=count)
            .map(|step| (self.at + step) % count)
            .find(begins);
        if let Some(at) = found {
            self.at = at;
            self.wanted = self.value().to_owned();
        }
        found.is_some()
    }

    pub(super) fn step(&mut self, by: i64) {
        let last = self.offers.len().saturating_sub(1);
        let at = i64::try_from(self.at).unwrap_or_default() + by;
        self.at = usize::try_from(at.max(0)).unwrap_or_default().min(last);
        self.wanted = self.value().to_owned();
    }
}

fn text_of(value: &Value) -> &str {
    match value {
        Value::Text(line) => line.text(),
        Value::Choice(choice) => choice.value(),
    }
}
