//! Holds the mechanical part of docs/style.md: turns that are nearly always wrong here, American spelling, and the
//! width of documents and comments.
//!
//! The words are those of the comments of `src/` (help texts are among them) and of every document but the changelog
//! and the generated ones. Text in backquotes and in blocks of code is left out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// Whether comments of `src/` may still contain what is banned here.
const COMMENTS_MAY_DIFFER: bool = false;
/// The most columns of a comment, and of a line in a document, tables and code excepted.
const WIDTH: usize = 120;
/// Documents that a program writes, from texts that are checked where they stand.
const GENERATED: &[&str] = &["docs/lint.md", "docs/faults.md"];

/// A turn that is banned.
struct Turn {
    words: &'static str,
    instead: &'static str,
    /// Longer turns that contain the words and are right.
    except: &'static [&'static str],
}

const fn turn(words: &'static str, instead: &'static str) -> Turn {
    let except: &[&str] = &[];
    Turn {
        words,
        instead,
        except,
    }
}

/// Negated nouns, riddles, and passives that hide who does what.
const TURNS: &[Turn] = &[
    Turn {
        words: "is no ",
        instead: "\"is not a …\"",
        except: &[
            "there is no ",
            "is no longer ",
            "is no more ",
            "is no need ",
            "is no way ",
        ],
    },
    Turn {
        words: "are no ",
        instead: "\"are not …\"",
        except: &["there are no ", "are no longer ", "are no more "],
    },
    turn("what is no ", "a noun: \"malformed escapes\""),
    turn("in force", "\"effective\""),
    turn(
        "nothing is asked",
        "\"without a prompt\" or \"sends no request\"",
    ),
    turn("nobody is asked", "\"without a prompt\""),
    turn("all the same", "\"still\" or \"nevertheless\""),
    turn("can't be told", "\"cannot be distinguished\""),
    turn("cannot be told", "\"cannot be distinguished\""),
    turn("can't be had", "\"is not available\""),
    turn("cannot be had", "\"is not available\""),
    turn("said aloud", "\"with a notice\""),
    turn("in so many words", "\"explicitly\""),
    turn("closed to others", "\"readable by the owner only\""),
    turn("in the place of", "\"instead of\" or \"replaces\""),
    turn("in whatever way", "\"however it ends\""),
    turn("is of no use", "\"cannot be used\""),
    turn("where nothing else", "\"unless\" or \"by default\""),
    turn("gives to think", "say what the reader should check"),
    turn("wants no ", "\"does not need\" or \"accepts no\""),
    turn("to begin anew", "\"to start again\""),
    turn("write it anew", "\"regenerate it\""),
];

/// Beginnings of words in British spelling, and the American ones.
const SPELLING: &[(&str, &str)] = &[
    ("analyse", "analyze"),
    ("authoris", "authoriz"),
    ("behaviour", "behavior"),
    ("cancelled", "canceled"),
    ("cancelling", "canceling"),
    ("centre", "center"),
    ("colour", "color"),
    ("deserialis", "deserializ"),
    ("favour", "favor"),
    ("honour", "honor"),
    ("initialis", "initializ"),
    ("labelled", "labeled"),
    ("labelling", "labeling"),
    ("licence", "license"),
    ("materialis", "materializ"),
    ("minimis", "minimiz"),
    ("misspelt", "misspelled"),
    ("modelled", "modeled"),
    ("neighbour", "neighbor"),
    ("normalis", "normaliz"),
    ("optimis", "optimiz"),
    ("organis", "organiz"),
    ("prioritis", "prioritiz"),
    ("recognis", "recogniz"),
    ("serialis", "serializ"),
    ("signalled", "signaled"),
    ("signalling", "signaling"),
    ("summaris", "summariz"),
    ("synchronis", "synchroniz"),
    ("travelled", "traveled"),
    ("travelling", "traveling"),
    ("whilst", "while"),
];

#[test]
fn documents_use_plain_words() {
    let wrong: Vec<_> = documents()
        .iter()
        .flat_map(|path| faults(path, prose))
        .collect();
    assert!(wrong.is_empty(), "see docs/style.md\n{}", wrong.join("\n"));
}

#[test]
fn comments_and_help_use_plain_words() {
    let sources = files(&root().join("src"), "rs");
    assert!(sources.len() > 100, "the sources are read");
    let wrong: Vec<_> = sources
        .iter()
        .flat_map(|path| faults(path, comments))
        .collect();
    assert!(
        wrong.is_empty() || COMMENTS_MAY_DIFFER,
        "see docs/style.md\n{}",
        wrong.join("\n")
    );
}

#[test]
fn documents_fit_their_width() {
    let wrong: Vec<_> = documents()
        .iter()
        .flat_map(|path| {
            let mut lines = prose(&fs::read_to_string(path).unwrap());
            lines.retain(|(_, line)| !line.starts_with('|'));
            too_wide(path, lines)
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn comments_fit_their_width() {
    let root = root();
    let folders = ["src", "tests", "examples", "fuzz/targets"];
    let sources = folders.map(|folder| files(&root.join(folder), "rs"));
    let wrong: Vec<_> = sources
        .iter()
        .flatten()
        .flat_map(|path| too_wide(path, comments(&fs::read_to_string(path).unwrap())))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn banned_turns_are_found_and_right_ones_pass() {
    let found = |line: &str| faults_of(line).len();
    assert_eq!(found("A text that is no address."), 1);
    assert_eq!(found("There is no address, and it is no longer needed."), 0);
    assert_eq!(found("There is no address, but a text that is no port."), 1);
    assert_eq!(found("The colour of `colour`."), 1);
    assert_eq!(found("Recognises it."), 1);
    assert_eq!(found("Reinforce the color."), 0);
}

/// The lines that have too many columns.
fn too_wide(path: &Path, lines: Vec<(usize, String)>) -> Vec<String> {
    let wide = lines
        .into_iter()
        .filter(|(_, line)| line.chars().count() > WIDTH);
    wide.map(|(number, _)| format!("{}:{number} has more than {WIDTH} columns", shown(path)))
        .collect()
}

/// Each fault in the text of a file: place, words, what to write instead.
fn faults(path: &Path, part: fn(&str) -> Vec<(usize, String)>) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    part(&text)
        .iter()
        .flat_map(|(number, line)| {
            faults_of(line)
                .into_iter()
                .map(move |fault| format!("{}:{number}: {fault}", shown(path)))
        })
        .collect()
}

fn faults_of(line: &str) -> Vec<String> {
    let line = format!("{} ", without_code(line).to_lowercase());
    let turns = TURNS
        .iter()
        .filter(|turn| {
            let right: usize = turn
                .except
                .iter()
                .map(|right| line.matches(right).count())
                .sum();
            occurrences(&line, turn.words) > right
        })
        .map(|turn| format!("\"{}\": write {}", turn.words.trim(), turn.instead));
    let spelling = SPELLING
        .iter()
        .filter(|(british, _)| occurrences(&line, british) > 0)
        .map(|(british, american)| format!("\"{british}\": write \"{american}\""));
    turns.chain(spelling).collect()
}

/// How often the words stand in a line, each time at the beginning of a word.
fn occurrences(line: &str, words: &str) -> usize {
    line.match_indices(words)
        .filter(|(at, _)| !line[..*at].ends_with(|before: char| before.is_alphanumeric()))
        .count()
}

fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

/// The lines of a document outside its blocks of code, with their numbers.
fn prose(text: &str) -> Vec<(usize, String)> {
    let mut is_code = false;
    let numbered = text.lines().enumerate();
    let outside = numbered.filter(|(_, line)| {
        let fence = line.trim_start().starts_with("```");
        is_code ^= fence;
        !is_code && !fence
    });
    outside
        .map(|(at, line)| (at + 1, line.to_owned()))
        .collect()
}

/// The lines of comment in a source file, with their numbers.
fn comments(text: &str) -> Vec<(usize, String)> {
    let numbered = text.lines().enumerate();
    let comments = numbered.filter(|(_, line)| line.trim_start().starts_with("//"));
    comments
        .map(|(at, line)| (at + 1, line.to_owned()))
        .collect()
}

/// Every document that a person writes, but the changelog, whose older entries stay.
fn documents() -> Vec<PathBuf> {
    let root = root();
    let folders = ["docs", "examples", ".github", ".ci/tools", "tests/oracle"];
    let mut found: Vec<_> = folders
        .iter()
        .flat_map(|folder| files(&root.join(folder), "md"))
        .collect();
    let at_the_root = [
        "README.md",
        "CONTRIBUTING.md",
        "RELEASING.md",
        "SECURITY.md",
    ];
    found.extend(at_the_root.map(|name| root.join(name)));
    found.retain(|path| !GENERATED.contains(&shown(path).as_str()));
    found
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|end| end == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A path as it is shown: from the root of the project.
fn shown(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap_or(path);
    path.display().to_string()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
