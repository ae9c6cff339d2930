//! Commands that the program suggests: each exists, with its flags.

use std::fs;
use std::path::Path;

use acpctl::testing::cli;

use crate::support::run::{Line as _, Run as _};
use crate::support::{TestEnv, sample};

/// Commands that do not stand in the tree, with the reason.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("project <name>", "the Go tool's words"),
    ("project <project-name>", "the Go tool's words"),
    ("COMMAND", "any command"),
    ("never prompts", "prose"),
    ("#", "a comment in a manifest"),
    ("session start", "words that stand for those of start"),
];

/// The source files of the program, without their tests.
fn sources(folder: &Path, texts: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, texts);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            let is_comment = |line: &&str| !line.trim_start().starts_with("//");
            let lines: Vec<&str> = text.lines().filter(is_comment).collect();
            texts.push(lines.join("\n"));
        }
    }
}

/// The words of each `acpctl(&[…])`; a word that is no literal is `…`.
fn built(text: &str) -> Vec<Vec<String>> {
    let calls = text.split("acpctl(&[").skip(1);
    calls
        .map(|call| {
            let words = call.split(']').next().unwrap_or_default().split(',');
            let words = words.map(str::trim).filter(|word| !word.is_empty());
            words
                .map(|word| match word.strip_prefix('"') {
                    Some(literal) => literal.trim_end_matches('"').to_owned(),
                    None => "…".to_owned(),
                })
                .collect()
        })
        .collect()
}

/// The words of each command that a text quotes, or puts behind a colon.
fn quoted(text: &str) -> Vec<Vec<String>> {
    let marks = ["'acpctl ", "`acpctl ", ": acpctl "];
    let commands = marks.iter().flat_map(|mark| text.split(mark).skip(1));
    commands
        .map(|rest| {
            let end = rest.find(['\'', '`', '"', ';', ',', ')', '{', '\\', '\n']);
            let line = &rest[..end.unwrap_or(rest.len())];
            line.split_whitespace().map(str::to_owned).collect()
        })
        .collect()
}

/// What is wrong with a command line, if anything is.
fn fault(words: &[String]) -> Option<String> {
    let root = cli::tree();
    let (mut command, mut path) = (&root, vec![&root]);
    let mut rest = words.iter();
    while let Some(word) = rest.clone().next()
        && let Some(sub) = command.find_subcommand(word)
    {
        rest.next();
        command = sub;
        path.push(sub);
    }
    let flags: Vec<&str> = rest
        .clone()
        .filter_map(|word| word.strip_prefix("--"))
        .map(|flag| flag.split('=').next().unwrap_or_default())
        .take_while(|flag| !flag.is_empty())
        .collect();
    if path.len() == 1
        && !matches!(
            words.first().map(String::as_str),
            None | Some("…" | "--local")
        )
    {
        return Some("no such command".to_owned());
    }
    let is_verb = |word: &String| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    if command.has_subcommands()
        && path.len() > 1
        && command.get_name() != "help"
        && let Some(word) = rest
            .next()
            .filter(|word| is_verb(word) && !word.starts_with('-'))
    {
        return Some(format!("no such verb: {word}"));
    }
    let is_known = |flag: &&str| {
        let mut arguments = path.iter().flat_map(|command| command.get_arguments());
        arguments.any(|argument| {
            argument.get_long() == Some(flag)
                || argument
                    .get_all_aliases()
                    .unwrap_or_default()
                    .contains(flag)
        })
    };
    let unknown = flags.iter().find(|flag| !is_known(flag))?;
    Some(format!("no such flag: --{unknown}"))
}

#[test]
fn suggested_commands_exist() {
    let mut texts = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut texts,
    );
    let mut count = 0;
    let mut wrong = Vec::new();
    for text in &texts {
        for words in built(text).into_iter().chain(quoted(text)) {
            count += 1;
            let line = words.join(" ");
            let is_excepted = EXCEPTIONS.iter().any(|(start, _)| line.starts_with(start));
            if let Some(why) = fault(&words).filter(|_| !is_excepted) {
                wrong.push(format!("acpctl {line}: {why}"));
            }
        }
    }
    assert!(count > 100, "{count}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_suggested_command_stays_in_the_project_of_the_line() {
    let env = TestEnv::new();
    env.local().line("project create team-b").stdout();
    let (status, _, stderr) = env
        .local()
        .line("--project team-b session exec -- true")
        .told();
    assert_eq!(status, Some(3));
    assert!(
        stderr.contains("'acpctl --local --project=team-b session explain'"),
        "{stderr}"
    );
}

#[test]
fn exec_suggests_no_flag_of_another_command() {
    let env = TestEnv::new();
    env.file("k.yaml", sample());
    env.local()
        .line("credential create -f k.yaml --name c -q")
        .stdout();
    for line in [
        "exec c --target sandbox -- true",
        "session probe --credential c --target sandbox",
    ] {
        let (status, _, stderr) = env.local().line(line).told();
        assert_eq!(status, Some(3), "{line}: {stderr}");
        assert!(
            stderr.contains("add --target pod") && !stderr.contains("--allow-empty"),
            "{line}: {stderr}"
        );
    }
}

#[test]
fn a_name_that_no_project_can_have_leads_to_the_list() {
    let env = TestEnv::new();
    env.file("k.yaml", sample());
    for line in [
        "project set p",
        "credential create --name c -f k.yaml --bind 1p",
    ] {
        let (status, _, stderr) = env.local().line(line).told();
        assert_eq!(status, Some(3), "{line}: {stderr}");
        assert!(
            stderr.contains("acpctl --local project list"),
            "{line}: {stderr}"
        );
        assert!(!stderr.contains("create project"), "{line}: {stderr}");
    }
    let (_, _, stderr) = env.local().line("project set pp").told();
    assert!(stderr.contains("create project --name pp"), "{stderr}");
}

#[test]
fn a_name_of_another_providers_credential_leads_to_another_name() {
    let env = TestEnv::new();
    env.file("k.yaml", sample());
    env.local()
        .line("credential create --provider github --name gh")
        .write_stdin("s3cret")
        .assert()
        .success();
    let (status, _, stderr) = env
        .local()
        .line("credential create --name gh -f k.yaml")
        .told();
    assert_eq!(status, Some(6), "{stderr}");
    assert!(
        stderr.contains("of the provider github: choose another --name"),
        "{stderr}"
    );
    assert!(!stderr.contains("--if-exists"), "{stderr}");
}
