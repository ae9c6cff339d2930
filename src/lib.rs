//! `acpctl`: the command line of the Ambient Code Platform.
//!
//! - [`cli`]: the list of commands; [`globals`]: the flags for all of them; [`version`]: the version
//! - [`commands`]: one folder per noun, one file per verb
//! - [`kubeconfig`]: the rules about a kubeconfig: reads bytes, returns findings and a carved document
//! - [`cluster`]: the client of a Kubernetes API server, for one carved kubeconfig
//! - [`api`]: the client; [`resources`]: a description of each kind of object
//! - [`lookup`]: finds one object by its id or its name
//! - [`holders`]: who may use a credential; [`binding`]: lets sessions use one
//! - [`starting`]: the prompt of a start on its way to the session
//! - [`running`]: what the present run of a session does not do
//! - [`runner`]: what a session does with credentials; [`session_helper`]: a private folder and a child process
//! - [`server`]: the embedded API behind `--local` and `acpctl serve`
//! - [`config`]: the configuration file and the effective settings; [`env`]: the environment
//! - [`output`]: everything that is printed; [`failure`]: failures and exit codes; [`exit`]: reports them
//! - [`help`]: help texts; [`complete`]: candidates for the next word of a command line
//! - [`intake`]: reads a secret: decodes, cuts, judges and describes it
//! - [`input`]: bytes from files and pipes; [`secret_file`]: the one writer of files with secrets;
//!   [`plain_file`]: opens files that other users may have created
//! - [`keyring`]: the system's keyring
//! - [`digest`]: digests that recognize a stored secret; [`scan`]: finds pieces of stored secrets in other bytes
//! - [`system`]: what the operating systems do differently
//! - [`shorthand`]: words that stand for other words of a command line
//! - [`line_checks`]: refuses a line or a variable, a part of which would be ignored silently
//! - [`text`]: text for people: escapes, names, commands, addresses and secrets in it
//! - [`compat`]: the Go tool's behavior that scripts rely on

mod agent_once;
mod api;
mod auth;
mod binding;
mod cli;
mod cluster;
mod commands;
mod compat;
mod complete;
mod config;
mod cron;
mod ctx;
mod digest;
mod editor;
mod env;
mod exit;
mod failure;
mod globals;
mod help;
mod holders;
mod input;
mod intake;
mod keyring;
pub mod kubeconfig;
mod line_checks;
mod lookup;
mod output;
mod plain_file;
mod renaming;
mod resources;
mod runner;
mod running;
mod scan;
mod screen;
mod secret_file;
pub mod server;
mod session_helper;
mod shorthand;
mod starting;
mod system;
mod text;
mod version;
mod yaml;

use std::ffi::OsString;
use std::panic;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use cli::Cli;
use commands::empty_values::EmptyValues;
use compat::grammar::{self, Request};
use ctx::Ctx;
use globals::Globals;
use output::{Color, Out};

/// Runs a command line (without the program's name) and returns its exit status. A panic becomes an error like any
/// other.
pub fn run(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words: Vec<OsString> = words.into_iter().collect();
    panic::set_hook(Box::new(exit::on_panic));
    panic::catch_unwind(|| run_words(&words)).unwrap_or(ExitCode::from(failure::Kind::Other as u8))
}

fn run_words(words: &[OsString]) -> ExitCode {
    text::contents::know(words);
    let out = Out::new(Color::Auto);
    // Thousands of small parts: freeing them would take longer than to end the process.
    let root = Box::leak(Box::new(Cli::command()));
    let mut expand = |words: &[OsString]| shorthand::expand(root, words);
    if let Some(done) = complete::requested(&out, words, cli::tree, &mut expand) {
        return match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => exit::report(&out, &error, false),
        };
    }
    let words = &expand(words);
    let flags = grammar::flags(root, words);
    globals::carry(&flags);
    let (cli, ignored) = match read(&out, root, words) {
        Ok(Some(read)) => read,
        Ok(None) => return ExitCode::SUCCESS,
        Err(error) => {
            shorthand::warn_of_unfit_alias(root, words);
            let error = shorthand::misspelled_kind(root, words).map_or(error, Into::into);
            return exit::report(&out, &error, asks_for_json(words));
        }
    };
    let checked = line_checks::check(root, words, &flags, &cli.globals);
    let (command, flags) = grammar::empty_values(root, words);
    let empty = EmptyValues { command, flags };
    let checked = checked.and_then(|()| empty.check());
    if let Err(failure) = checked {
        return exit::report(&out, &failure.into(), grammar::asks_for_json(root, words));
    }
    allow_progress_and_pager(&cli.globals);
    run_command(&out, cli, ignored, words, &empty)
}

/// Runs the command of a line that has been checked. `ignored` is the first argument that it ignores.
fn run_command(
    out: &Out,
    cli: Cli,
    ignored: Option<String>,
    words: &[OsString],
    empty: &EmptyValues,
) -> ExitCode {
    let ctx = match Ctx::new(cli.globals).with_filter() {
        Ok(ctx) => ctx,
        Err(failure) => return exit::report(out, &failure.into(), false),
    };
    empty.tell(&ctx);
    if let Some(word) = ignored {
        let word = text::quote(&word);
        ctx.out.warn(&format!(
            "{word} is ignored: this command takes no argument"
        ));
    }
    let checked = line_checks::check_environment().map_err(Into::into);
    match checked.and_then(|()| cli.command.run(&ctx)) {
        Ok(()) => {
            commands::version::drift::warn_once_a_day(&ctx);
            ExitCode::SUCCESS
        }
        Err(error) => {
            // A filter is written for the result; an error would not fit it.
            let as_json = ctx.globals.jq.is_none() && asks_for_json(words);
            exit::report(&ctx.out, &error, as_json)
        }
    }
}

/// True if a line asks for JSON. The tree of a line that was read may be gone.
fn asks_for_json(words: &[OsString]) -> bool {
    grammar::asks_for_json(&mut Cli::command(), words)
}

fn allow_progress_and_pager(globals: &Globals) {
    if !(globals.verbose || globals.trace || globals.print_curl || globals.quiet) {
        output::progress::allow();
    }
    if !globals.no_input {
        output::pager::allow(config::pager);
    }
}

/// Reads the command line. Returns it with the first argument that its command ignores; `None` if it asked for help or
/// the version, which have been printed.
fn read(
    out: &Out,
    root: &mut clap::Command,
    words: &[OsString],
) -> anyhow::Result<Option<(Cli, Option<String>)>> {
    match grammar::parse(root, words)? {
        Request::Help(path) => {
            output::pager::allow(config::pager);
            // The tree has not been built yet, and nobody needs it afterwards.
            let tree = std::mem::take(root);
            out.pages(&help::text(out, tree, &path)).map(|()| None)
        }
        Request::Version => out
            .line(&format!("acpctl version {}", version::VERSION))
            .map(|()| None),
        Request::Run(matches) => {
            let ignored = grammar::ignored(&matches);
            Ok(Some((Cli::from_arg_matches(&matches)?, ignored)))
        }
    }
}

/// The parts that this package's own tests, examples and fuzz targets use. They are not an interface: they change
/// without notice.
#[doc(hidden)]
pub mod testing {
    pub use crate::api::sse;
    pub use crate::auth::token;
    pub use crate::commands::completion::SHELLS;
    pub use crate::compat::{grammar, json_text};
    pub use crate::config::{Config, Place, file};
    pub use crate::exit::on_panic;
    pub use crate::runner::table;

    pub mod cli {
        pub use crate::cli::{Cli, tree};
    }
    pub mod env {
        pub use crate::env::ALL;
    }
    pub mod failure {
        pub use crate::failure::CODES;
    }
    pub mod help {
        pub use crate::help::*;
    }
    pub mod screen {
        pub use crate::screen::play;
    }
    pub mod yaml {
        pub use crate::yaml::{documents, to_string};
    }
}
