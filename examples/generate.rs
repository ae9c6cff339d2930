//! Writes the manual pages in `man/` from the definitions that `--help` is made of:
//!
//! ```sh
//! cargo run --example generate
//! ```
//!
//! `tests/generated.rs` fails while they are not current. The scripts in `completions/` need no
//! generating: the program embeds them, and they ask it for everything else.

use std::fs;
use std::io;
use std::path::Path;

use acpctl::testing::{cli, env, failure, help};
use clap::{Arg, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

const MANUAL: &str = "acpctl manual";
/// Day of the version in Cargo.toml.
const DATE: &str = "2026-11-24";
const GLOBAL_FLAGS: &str = "Global Flags";

/// Files that the program reads or writes, with what they are for.
const FILES: &[(&str, &str)] = &[
    (
        "$XDG_CONFIG_HOME/ambient/config.json",
        "Settings and login, shared with the Go tool; AMBIENT_CONFIG names another file. Mode 0600.",
    ),
    (
        "~/.kube/config",
        "The kubeconfig that is read for --context where neither --from-file nor KUBECONFIG names one.",
    ),
    (
        "$XDG_DATA_HOME/ambient/",
        "Database of the embedded API (--local). Secrets in it are encrypted.",
    ),
    (
        "$XDG_CACHE_HOME/ambient/complete-*.json",
        "Names for completion, for one minute. No secrets.",
    ),
    (
        "$XDG_RUNTIME_DIR/ambient/",
        "Private folders of session exec, removed at its end.",
    ),
];

#[allow(dead_code, reason = "a test uses the rest of this file")]
fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    fs::create_dir_all(&folder)?;
    for entry in fs::read_dir(&folder)? {
        fs::remove_file(entry?.path())?;
    }
    for (name, text) in pages()? {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// Every page: file name and text.
pub(crate) fn pages() -> io::Result<Vec<(String, String)>> {
    let mut pages = Vec::new();
    add_pages(&cli::tree(), "acpctl", &mut pages)?;
    Ok(pages)
}

/// The page of a command, `acpctl-credential-create.1`, and those of the commands below it.
fn add_pages(command: &Command, name: &str, pages: &mut Vec<(String, String)>) -> io::Result<()> {
    pages.push((format!("{name}.1"), page(command, name)?));
    let visible = |sub: &&Command| !sub.is_hide_set();
    for sub in command.get_subcommands().filter(visible) {
        add_pages(sub, &format!("{name}-{}", sub.get_name()), pages)?;
    }
    Ok(())
}

fn page(command: &Command, name: &str) -> io::Result<String> {
    let is_root = name == "acpctl";
    let command = command
        .clone()
        .display_name(name.to_owned())
        .mut_args(|arg| match arg.get_help_heading() {
            None => arg.help_heading("Arguments"),
            // One page has the flags that every command takes.
            Some(GLOBAL_FLAGS) if !is_root => arg.hide(true),
            Some(_) => arg,
        });
    let has_commands = command.has_subcommands();
    let global = |arg: &Arg| arg.get_help_heading() == Some(GLOBAL_FLAGS);
    let has_globals = !is_root && command.get_arguments().any(global);
    let examples = help::page_examples(&command);
    let man = Man::new(command)
        .title(name.to_uppercase())
        .section("1")
        .date(DATE)
        .source(concat!("acpctl ", env!("CARGO_PKG_VERSION")))
        .manual(MANUAL);
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    examples_section(&examples).to_writer(&mut text)?;
    if has_commands {
        man.render_subcommands_section(&mut text)?;
    }
    man.render_options_section(&mut text)?;
    let mut end = Roff::new();
    if has_globals {
        end.control("SH", ["GLOBAL FLAGS"]);
        end.text([
            roman("The flags that every command takes are listed in "),
            bold("acpctl"),
            roman("(1)."),
        ]);
    }
    if is_root {
        pairs(
            &mut end,
            "ENVIRONMENT",
            env::ALL.iter().map(|var| (var.name.to_owned(), var.help)),
        );
    }
    if is_root {
        end.control("SH", ["OUTPUT"]);
        for (n, line) in help::OUTPUT.iter().enumerate() {
            if n > 0 {
                end.control("PP", []);
            }
            end.text([roman(*line)]);
        }
    }
    pairs(
        &mut end,
        "FILES",
        FILES.iter().map(|(path, help)| ((*path).to_owned(), *help)),
    );
    pairs(
        &mut end,
        "EXIT STATUS",
        failure::CODES
            .iter()
            .map(|(code, help)| (code.to_string(), *help)),
    );
    see_also(&mut end, name);
    end.to_writer(&mut text)?;
    let text = String::from_utf8(text).map_err(io::Error::other)?;
    Ok(tidied(&text))
}

/// Command lines set as they are typed, with the comments above them.
fn examples_section(lines: &[String]) -> Roff {
    let mut roff = Roff::new();
    if lines.is_empty() {
        return roff;
    }
    roff.control("SH", ["EXAMPLES"]);
    let mut open = false;
    for line in lines {
        if let Some(comment) = line.strip_prefix('#') {
            if open {
                roff.control("fi", []).control("RE", []);
                open = false;
            }
            roff.control("PP", []);
            roff.text([roman(format!("{}:", comment.trim()))]);
            continue;
        }
        if !open {
            roff.control("RS", ["4"]).control("nf", []);
            open = true;
        }
        roff.text([roman(line.as_str())]);
    }
    if open {
        roff.control("fi", []).control("RE", []);
    }
    roff
}

fn pairs<'a>(roff: &mut Roff, title: &str, pairs: impl Iterator<Item = (String, &'a str)>) {
    roff.control("SH", [title]);
    for (term, text) in pairs {
        roff.control("TP", []);
        roff.text([bold(term)]);
        roff.text([roman(text)]);
    }
}

/// The commands above this one.
fn see_also(roff: &mut Roff, name: &str) {
    let Some((above, _)) = name.rsplit_once('-') else {
        return;
    };
    roff.control("SH", ["SEE ALSO"]);
    let mut line = vec![bold("acpctl"), roman("(1)")];
    if above != "acpctl" {
        line.extend([roman(", "), bold(above), roman("(1)")]);
    }
    roff.text(line);
}

/// Each section is rendered with the definition of the apostrophe before it; one is enough. A paragraph
/// right after a heading says nothing.
fn tidied(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for line in text.lines() {
        let is_preamble = line.starts_with(".ie \\n(.g") || line.starts_with(".el .ds Aq");
        let after_heading = kept.last().is_some_and(|last| last.starts_with(".SH"));
        if !(is_preamble && kept.contains(&line) || line == ".PP" && after_heading) {
            kept.push(line);
        }
    }
    kept.join("\n") + "\n"
}
