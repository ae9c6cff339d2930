//! Links of the documents: each leads to a file or a heading of this project, and the documentation site, whose pages
//! docs/SUMMARY.md lists, has every document of docs/.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_link_leads_somewhere() {
    let mut dead = Vec::new();
    let mut count = 0;
    for document in documents() {
        for link in links(&fs::read_to_string(&document).unwrap()) {
            count += 1;
            if !is_alive(&document, &link) {
                dead.push(format!("{}: {link}", shown(&document)));
            }
        }
    }
    assert!(dead.is_empty(), "dead links:\n{}", dead.join("\n"));
    assert!(count > 200, "{count} links were found");
}

#[test]
fn the_site_has_every_document() {
    let summary = root().join("docs/SUMMARY.md");
    let listed: BTreeSet<_> = links(&fs::read_to_string(&summary).unwrap())
        .iter()
        .map(|link| summary.with_file_name(link).canonicalize().unwrap())
        .collect();
    let missing: Vec<_> = files(&root().join("docs"))
        .into_iter()
        .filter(|path| *path != summary && !listed.contains(&path.canonicalize().unwrap()))
        .map(|path| shown(&path))
        .collect();
    assert!(missing.is_empty(), "not in docs/SUMMARY.md: {missing:?}");
}

#[test]
fn dead_links_are_found() {
    let document = root().join("docs/install.md");
    let text = "[a](gone.md) `[b](code.md)` [c](lint.md#no-such-heading) [d](../README.md#exit-codes)\n\
                ```\n[e](in-a-block.md)\n```\n![f](pictures/start.svg) [g](https://example.org)\n";
    let dead: Vec<_> = links(text)
        .into_iter()
        .filter(|link| !is_alive(&document, link))
        .collect();
    assert_eq!(dead, ["gone.md", "lint.md#no-such-heading"]);
}

/// Whether a link of this document leads to a file, and to a heading in it. Addresses elsewhere are not tried.
fn is_alive(document: &Path, link: &str) -> bool {
    if link.contains("://") || link.starts_with("mailto:") {
        return true;
    }
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let target = match file {
        "" => document.to_owned(),
        file => document.parent().unwrap().join(file),
    };
    // The site has no page for a folder.
    target.is_file() && (heading.is_empty() || headings(&target).contains(heading))
}

/// The names under which a document's headings can be reached.
fn headings(document: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(document).unwrap();
    let of_line = |line: &str| {
        let kept = line.trim_start_matches('#').trim().to_lowercase();
        let is_kept = |sign: &char| sign.is_alphanumeric() || matches!(sign, ' ' | '-' | '_');
        kept.chars().filter(is_kept).collect::<String>()
    };
    outside_of_blocks(&text)
        .filter(|line| line.starts_with('#'))
        .map(|line| of_line(line).replace(' ', "-"))
        .collect()
}

/// The targets of the links and pictures of a text, without code.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in outside_of_blocks(text) {
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        for part in prose.split("](").skip(1) {
            let target = part.split([')', ' ']).next().unwrap_or_default();
            found.push(target.to_owned());
        }
    }
    found
}

fn outside_of_blocks(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// Every document; those of the tests and of folders that hold programs are few.
fn documents() -> Vec<PathBuf> {
    let root = root();
    let folders = ["docs", "examples", ".github", ".ci/tools", "tests/oracle"];
    let mut found: Vec<_> = folders
        .iter()
        .flat_map(|folder| files(&root.join(folder)))
        .collect();
    let at_the_root = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    found.extend(at_the_root.filter(|path| path.extension().is_some_and(|end| end == "md")));
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|end| end == "md") {
            found.push(path);
        }
    }
    found
}

fn shown(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap_or(path);
    path.display().to_string()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
