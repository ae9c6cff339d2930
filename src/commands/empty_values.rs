//! Empty values of flags, which come from variables that are not set: an update would take away what sessions work
//! with, and a new object would be without it.

use super::edit;
use crate::ctx::Ctx;
use crate::failure::{EMPTY_VALUE, Failure};
use crate::text::acpctl;

/// The verbs that write what their flags say, and the one whose flags say where a secret goes.
const VERBS: [&str; 4] = ["create", "update", "start", "login"];

/// The fields for people. An update clears them, and says so.
const FOR_PEOPLE: [&str; 3] = ["description", "labels", "annotations"];

/// The flags that say in words of their own what an empty value is.
const OTHERWISE: [&str; 5] = ["client-secret", "name", "output", "provider", "token"];

/// The command of a line, by the names of its path, and those of its flags that have an empty value.
pub(crate) struct EmptyValues {
    pub command: Vec<String>,
    pub flags: Vec<String>,
}

impl EmptyValues {
    /// Refuses the empty value of a field that is not for people.
    ///
    /// # Errors
    /// A usage failure. For an update, its hint says how the field is cleared.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let writes = self.verb().is_some_and(|verb| VERBS.contains(&verb));
        let is_known = |flag: &str| FOR_PEOPLE.contains(&flag) || OTHERWISE.contains(&flag);
        let mut refused = self.flags.iter().filter(|flag| !is_known(flag));
        let Some(flag) = refused.next().filter(|_| writes) else {
            return Ok(());
        };
        let failure = Failure::usage(format!("--{flag} is given without a value"));
        Err(match self.command.as_slice() {
            [noun, verb] if verb == "update" && edit::is_for(noun) => {
                let edit = acpctl(&["edit", noun, "NAME"]);
                failure.hint(format!("{EMPTY_VALUE}; to clear the field: {edit}"))
            }
            _ => failure.hint(EMPTY_VALUE),
        })
    }

    /// Says which fields an update clears.
    pub(crate) fn tell(&self, ctx: &Ctx) {
        if self.verb() != Some("update") {
            return;
        }
        for flag in self
            .flags
            .iter()
            .filter(|it| FOR_PEOPLE.contains(&it.as_str()))
        {
            ctx.out
                .warn(&format!("--{flag} is empty, which clears the field"));
        }
    }

    fn verb(&self) -> Option<&str> {
        self.command.last().map(String::as_str)
    }
}
