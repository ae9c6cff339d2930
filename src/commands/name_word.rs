//! The name of a new object as an argument, beside the Go tool's `--name`.

use crate::failure::Failure;

/// The argument of verbs that create an object.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct NameWord {
    /// Name; --name does the same
    #[arg(id = "name-word", value_name = "NAME")]
    word: Option<String>,
}

impl NameWord {
    /// Returns the name: the argument, or else the value of the flag.
    ///
    /// # Errors
    /// A usage failure if both are given.
    pub(crate) fn or<'n>(&'n self, flag: Option<&'n str>) -> Result<Option<&'n str>, Failure> {
        match (self.word.as_deref(), flag) {
            (Some(_), Some(_)) => Err(Failure::usage("the name is given twice")
                .hint("write it either as an argument or with --name")),
            (word, flag) => Ok(word.or(flag)),
        }
    }
}
