//! Checks that each section of docs/interface/ that a comment or document cites exists.
//!
//! A citation names a file and one or more numbers: "docs/interface/api.md section 5.1", "sections 4, 6 and 7",
//! "sections 5 to 7", "row 20", "field.md, idea 9". A line break and comment signs within it are ignored.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The names of the files in docs/compatibility.md.
const SHORT: &[(&str, &str)] = &[
    ("cli", "cli-core.md"),
    ("res", "cli-resources.md"),
    ("api", "api.md"),
    ("field", "field.md"),
];
/// Words that stand before the number of a section.
const INTRODUCTIONS: &[&str] = &["section", "sections", "row", "rows"];

#[test]
fn each_cited_section_exists() {
    let sections = sections();
    let mut wrong = Vec::new();
    let mut count = 0;
    for path in sources() {
        let words = words(&fs::read_to_string(&path).unwrap());
        for (at, word) in words.iter().enumerate() {
            let Some(known) = cited_file(word).and_then(|name| sections.get(name)) else {
                continue;
            };
            for number in numbers(&words[at + 1..]) {
                count += 1;
                if !known.contains(&number) {
                    wrong.push(format!(
                        "{}: {word} has no section {number}",
                        path.display()
                    ));
                }
            }
        }
    }
    assert!(count > 0, "no citation was found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// docs/compatibility.md shortens the names of the files.
#[test]
fn each_section_in_the_list_of_differences_exists() {
    let sections = sections();
    let words = words(&fs::read_to_string(root().join("docs/compatibility.md")).unwrap());
    let mut wrong = Vec::new();
    let mut count = 0;
    for (at, word) in words.iter().enumerate() {
        let word = word.trim_start_matches('(');
        let Some((_, file)) = SHORT.iter().find(|(short, _)| *short == word) else {
            continue;
        };
        for number in list(&words[at + 1..]) {
            count += 1;
            if !sections[*file].contains(&number) {
                wrong.push(format!("{file} has no section {number}"));
            }
        }
    }
    assert!(count > 0, "no citation was found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_comment_cites_a_document_from_outside() {
    let wrong: Vec<_> = sources()
        .into_iter()
        .filter(|path| {
            let words = words(&fs::read_to_string(path).unwrap());
            words.windows(2).any(|pair| {
                pair[0].trim_start_matches('(') == "contract" && pair[1].contains(".md")
            })
        })
        .collect();
    assert!(wrong.is_empty(), "cite docs/interface/: {wrong:?}");
}

/// The numbers of the sections of each file in docs/interface/.
fn sections() -> BTreeMap<String, Vec<String>> {
    let files = files(&root().join("docs/interface"), &["md"]);
    files
        .iter()
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(path).unwrap();
            let numbers = text
                .lines()
                .filter(|line| line.starts_with('#'))
                .filter_map(|line| line.split(' ').nth(1))
                .filter(|word| word.starts_with(|first: char| first.is_ascii_digit()))
                .map(|word| word.trim_end_matches('.').to_owned())
                .collect();
            (name, numbers)
        })
        .collect()
}

/// The numbers that follow a file's name and "section" or the like.
fn numbers(words: &[String]) -> Vec<String> {
    match words.split_first() {
        Some((first, rest)) if INTRODUCTIONS.contains(&first.as_str()) => list(rest),
        _ => Vec::new(),
    }
}

/// The numbers at the beginning of some words, up to the end of the list: "4, 6 and 7.".
fn list(words: &[String]) -> Vec<String> {
    let mut numbers = Vec::new();
    for word in words {
        let number = word.trim_end_matches(|last: char| !last.is_ascii_digit());
        if number.starts_with(|first: char| first.is_ascii_digit()) {
            numbers.push(number.to_owned());
            // More than a comma after the number ends the list.
            if !matches!(&word[number.len()..], "" | ",") {
                break;
            }
        } else if !matches!(word.as_str(), "and" | "to") {
            break;
        }
    }
    numbers
}

/// The file of docs/interface/ that a word names.
fn cited_file(word: &str) -> Option<&str> {
    let word = word.trim_start_matches(|first: char| !first.is_ascii_alphanumeric());
    let name = word.strip_prefix("docs/interface/").unwrap_or(word);
    let is_document = Path::new(name).extension().is_some_and(|end| end == "md");
    is_document.then_some(name)
}

/// The words of a file, without the signs that begin a line of comment.
fn words(text: &str) -> Vec<String> {
    text.lines()
        .flat_map(|line| {
            let line = line.trim_start().trim_start_matches(['/', '!', '#']);
            line.split_whitespace().map(str::to_owned)
        })
        .collect()
}

/// Everything that may cite: the program, its tests, examples, fuzz targets, documents and settings.
fn sources() -> Vec<PathBuf> {
    let root = root();
    let mut found: Vec<_> = ["src", "tests", "examples", "fuzz/targets", "docs"]
        .iter()
        .flat_map(|folder| files(&root.join(folder), &["rs", "md"]))
        .filter(|path| !path.ends_with("tests/citations.rs"))
        .collect();
    found.extend(["Cargo.toml", "README.md", "CONTRIBUTING.md"].map(|name| root.join(name)));
    found
}

fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, endings));
        } else if path
            .extension()
            .is_some_and(|end| endings.iter().any(|known| end == *known))
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
