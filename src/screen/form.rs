//! An open form: the values of its fields, and the one that is edited.

use jiff::Timestamp;

use super::drafts::Draft;
use super::effect::{Effect, List, Send};
use super::input::Line;
use super::naming::{Names, brief};
use super::scope::Scope;
use super::view::{Answers, Field, Form, Input};
use crate::resources::Record;
use crate::text::quote;

/// Why nothing can be chosen yet.
pub(super) const LOADING: &str = "the list is not read yet";
/// The most characters of a field.
const LONGEST: usize = 100_000;

/// A form that the user fills.
pub(super) struct OpenForm {
    pub number: u64,
    pub page: u64,
    pub form: &'static Form,
    pub scope: Scope,
    /// The scope from which the fields begin: that of the page, with the project that the header names.
    start: Scope,
    /// The rows that it is for, with a request for each; none for a form that needs no row.
    rows: Vec<Record>,
    /// Names the objects that it is for.
    pub names: Names,
    /// What was typed for the same purpose before, with which it begins.
    draft: Draft,
    pub values: Vec<Value>,
    pub focus: usize,
    pub error: String,
    /// True while the server is asked what the requests would shadow.
    pub is_waiting: bool,
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
    /// True if keys were ignored because the offers are not read yet: they may have meant another one.
    pub has_ignored: bool,
    pub error: String,
    /// The value to choose when the offers come.
    wanted: String,
    /// The beginning of an offer, as far as it was typed.
    pub typed: String,
    /// True if no offer begins with what was typed, or is the one that is wanted: then nothing is chosen.
    pub is_lost: bool,
}

impl OpenForm {
    #[must_use]
    pub(super) fn new(
        form: &'static Form,
        (number, page): (u64, u64),
        (scope, start): (Scope, Scope),
        rows: Vec<Record>,
        names: Names,
        draft: Draft,
    ) -> Self {
        let value = |field: &Field| {
            let before = draft.text(field.name).map(str::to_owned);
            let first = before.unwrap_or_else(|| (field.start)(&start, rows.first()));
            match field.input {
                Input::Text | Input::Secret => Value::Text(Line::new(&first, LONGEST)),
                Input::Words(words) => Value::Choice(Choice {
                    offers: words
                        .iter()
                        .map(|it| ((*it).to_owned(), (*it).to_owned()))
                        .collect(),
                    at: words.iter().position(|it| *it == first).unwrap_or_default(),
                    wanted: first,
                    ..Choice::default()
                }),
                Input::Offer { .. } => Value::Choice(Choice {
                    wanted: first,
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
            start,
            rows,
            names,
            draft,
            focus: 0,
            error: String::new(),
            is_waiting: false,
        }
    }

    /// Returns the values by name. An offer that has not come counts as the value that is wanted.
    #[must_use]
    pub(super) fn answers(&self) -> Answers<'_> {
        let fields = self.form.fields.iter().zip(&self.values);
        let pairs = fields.map(|(field, value)| (field.name, text_of(value), shown_of(value)));
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
            is_changed |= text != (field.start)(&self.start, self.rows.first());
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
                // What was chosen from another list is not in this one.
                if !choice.from.is_empty() {
                    choice.wanted.clear();
                }
                choice.from.clone_from(&list.path);
                choice.is_loading = true;
                choice.has_ignored = false;
                choice.offers.clear();
                choice.at = 0;
                choice.clear();
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
        if std::mem::take(&mut choice.has_ignored) {
            self.error.clear();
        }
        match offers {
            Err(why) => choice.error = why,
            Ok(offers) => {
                choice.offers.clear();
                if let Some(Input::Offer {
                    none: Some(none), ..
                }) = input
                {
                    choice.offers.push((String::new(), none.to_owned()));
                }
                choice.offers.extend(offers);
                choice.choose_wanted(gap.is_some());
                choice.error = gap.unwrap_or_default();
            }
        }
    }

    /// Moves to another field, unless the value of this one is refused. A list that is not read yet can wait.
    pub(super) fn step(&mut self, is_forward: bool, now: Timestamp) {
        self.error.clear();
        if is_forward {
            match self.check(self.focus, now) {
                Err(why) if why != LOADING => self.error = why,
                _ => {
                    if let Some(Value::Choice(choice)) = self.values.get_mut(self.focus) {
                        choice.clear();
                    }
                    self.focus = (self.focus + 1).min(self.form.fields.len() - 1);
                }
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
            (_, Value::Choice(choice)) if choice.is_lost => Err(choice.lost()),
            (text, Value::Choice(choice))
                if choice.is_loading && (text.is_empty() || choice.has_ignored) =>
            {
                Err(LOADING.to_owned())
            }
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
            1 => format!("{title} {}...", brief(self.rows[0].name_or_id())),
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

    /// Chooses the offer that is wanted. A list that may lack some lacks it perhaps; a whole one has no other in its
    /// place.
    fn choose_wanted(&mut self, may_lack: bool) {
        let wanted = self.wanted.as_str();
        let place = self.offers.iter().position(|(value, _)| value == wanted);
        self.is_lost = false;
        self.at = match place {
            Some(place) => place,
            None if wanted.is_empty() => 0,
            None if may_lack => {
                self.offers.push((wanted.to_owned(), wanted.to_owned()));
                self.offers.len() - 1
            }
            None => {
                self.is_lost = true;
                0
            }
        };
    }

    /// Says why nothing is chosen.
    fn lost(&self) -> String {
        match self.typed.as_str() {
            "" => format!("{} is not in the list", quote(&self.wanted)),
            typed => format!("nothing here begins with {}", quote(typed)),
        }
    }

    /// Adds to the beginning of an offer, and chooses the one that all of it means.
    pub(super) fn add(&mut self, text: &str) {
        self.typed.push_str(text);
        self.find();
    }

    /// Takes back the last character that was typed.
    pub(super) fn take_back(&mut self) {
        if self.typed.pop().is_some() {
            self.find();
        }
    }

    /// Forgets what was typed; what is chosen stays.
    pub(super) fn clear(&mut self) {
        self.typed.clear();
        self.is_lost = false;
    }

    /// True if an offer begins with a text, in any case.
    pub(super) fn has(&self, text: &str) -> bool {
        self.place_of(text).is_some()
    }

    /// Returns the offer that a text means: the one that is equal, else equal in another case, else the first that
    /// begins with it.
    fn place_of(&self, text: &str) -> Option<usize> {
        let small = text.to_lowercase();
        let place = |means: &dyn Fn(&str) -> bool| self.offers.iter().position(|it| means(&it.1));
        place(&|offer| offer == text)
            .or_else(|| place(&|offer| offer.to_lowercase() == small))
            .or_else(|| place(&|offer| offer.to_lowercase().starts_with(&small)))
    }

    fn find(&mut self) {
        self.is_lost = false;
        if self.typed.is_empty() {
            return;
        }
        match self.place_of(&self.typed) {
            Some(at) => {
                self.at = at;
                self.wanted = self.value().to_owned();
            }
            None => self.is_lost = true,
        }
    }

    pub(super) fn step(&mut self, by: i64) {
        // Nothing was chosen: the first one is the next.
        let by = if self.is_lost && self.typed.is_empty() {
            0
        } else {
            by
        };
        self.clear();
        let last = self.offers.len().saturating_sub(1);
        let at = i64::try_from(self.at).unwrap_or_default() + by;
        self.at = usize::try_from(at.max(0)).unwrap_or_default().min(last);
        self.wanted = self.value().to_owned();
    }
}

/// Returns the text that stands for a value: the name of an object that is chosen.
fn shown_of(value: &Value) -> &str {
    match value {
        Value::Text(line) => line.text(),
        Value::Choice(choice) => match choice.offers.get(choice.at) {
            Some((value, _)) if value.is_empty() => "",
            Some((_, shown)) => shown,
            None => &choice.wanted,
        },
    }
}

fn text_of(value: &Value) -> &str {
    match value {
        Value::Text(line) => line.text(),
        Value::Choice(choice) => choice.value(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_name_wins_over_one_in_another_case_and_over_a_longer_one() {
        let names = ["prod (evil)", "prod", "Team-A", "team-a", "team-a-prod"];
        let offers = names.map(|name| (name.to_owned(), name.to_owned()));
        for (typed, meant) in [
            ("team-a", "team-a"),
            ("Team-A", "Team-A"),
            ("TEAM-A", "Team-A"),
            ("team-a-", "team-a-prod"),
            ("prod", "prod"),
            ("PROD", "prod"),
            ("p", "prod (evil)"),
        ] {
            let mut choice = Choice {
                offers: offers.to_vec(),
                ..Choice::default()
            };
            typed.chars().for_each(|c| choice.add(&c.to_string()));
            assert_eq!(choice.value(), meant, "{typed}");
        }
    }
}
