//! The Go tool's command-line grammar on top of clap's definitions.
//!
//! clap holds the commands, flags and help texts; this module reads the words as the Go tool does
//! (docs/interface/cli-core.md section 1.3, docs/interface/cli-resources.md section 1.2): the flags of the last command
//! may stand anywhere on the line, switches take a value (`--switch=false`) and can be bundled (`-vh`), the last
//! occurrence of a flag wins, flags can't be abbreviated, and errors are in the Go tool's words. A correct line is
//! handed to clap in one plain form (`--flag=value`, then `--`, then the arguments), so clap only converts values.
//!
//! The Go tool forgets where `--` stood, and so does this module, with one exception. A command that ends in another
//! command line declares its last positional as [`Arg::last`](clap::Arg::last): that one takes exactly the words after
//! `--`.
//!
//! - `parse`: from the words to a request, and the failures on the way
//! - `words`: the words of a line: commands, flags with their values, arguments
//! - `rules`: how many arguments a command takes, and how its usage line reads
//! - `dashes`: what stands on both sides of `--`
//! - `extra`: a word too many where a flag is meant
//! - `suggestions`: the command or flag that a misspelled word was meant for
//! - `habits`: words of other tools, and what they mean here
//! - `later`: commands that are defined when a line or a page needs them

mod dashes;
mod extra;
mod habits;
mod later;
mod parse;
mod rules;
mod suggestions;
mod words;

pub use dashes::{InPlaceOfArgument, NeedsCommandLine};
pub use habits::VERBS;
pub use later::{Later, define, define_all};
pub use parse::{
    IGNORED, IgnoredArgs, Request, asks_for_json, empty_values, flags, ignored, parse,
};
pub use rules::{ends_in_a_command_line, is_optional_switch, usage_line};
pub use suggestions::{did_you_mean, meant, nearest};
pub use words::{Known, Line, is_switch, verbs};
