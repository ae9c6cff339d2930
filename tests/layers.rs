//! Checks that imports run one way.
//!
//! docs/architecture.md draws the layers below "Layers"; this test reads the order from there, so the drawing and the
//! code cannot differ. It checks two things:
//!
//! - a module at the top level uses only modules of lower layers;
//! - no two files import each other, directly or through others. An import through a `pub use` of a `mod.rs` counts as
//!   an import of the file that defines the name; a `mod` line alone is not an import.
//!
//! Unit tests at the end of a file may import what they like.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn modules_use_lower_layers_only() {
    let tree = Tree::read();
    let layers = layers();
    let mut upward = BTreeSet::new();
    for (file, targets) in &tree.imports {
        let from = top(file);
        for to in targets.iter().map(|target| top(target)) {
            if to != from && rank(&layers, to) >= rank(&layers, from) {
                upward.insert((file.as_str(), to));
            }
        }
    }
    assert!(upward.is_empty(), "against the layers: {upward:#?}");
}

#[test]
fn no_files_import_each_other() {
    let tree = Tree::read();
    let mut found = BTreeSet::new();
    for (file, targets) in &tree.imports {
        let ring: Vec<&String> = targets
            .iter()
            .filter(|target| tree.reachable(target).contains(file))
            .collect();
        if !ring.is_empty() {
            println!("{file} uses, and is used by, {ring:?}");
            found.insert(file.as_str());
        }
    }
    assert!(found.is_empty(), "in a ring: {found:#?}");
}

#[test]
fn nouns_use_no_other_noun() {
    // A noun is a folder whose `mod.rs` has an enum of verbs; `apply`, `get` and `serve` are verbs with several files.
    let is_noun = |folder: &str| {
        let path = root().join(format!("src/commands/{folder}/mod.rs"));
        fs::read_to_string(path).is_ok_and(|text| text.contains("enum Command"))
    };
    let noun = |file: &str| -> Option<String> {
        let (folder, _) = file.strip_prefix("commands/")?.split_once('/')?;
        is_noun(folder).then(|| folder.to_owned())
    };
    let tree = Tree::read();
    let mut across = BTreeSet::new();
    for (file, targets) in &tree.imports {
        let Some(own) = noun(file) else { continue };
        let others = targets.iter().filter_map(|target| noun(target));
        across.extend(
            others
                .filter(|other| *other != own)
                .map(|other| (file.clone(), other)),
        );
    }
    assert!(across.is_empty(), "one noun uses another: {across:#?}");
}

#[test]
fn every_module_has_one_layer() {
    let layers = layers();
    let drawn: Vec<&String> = layers.iter().flatten().collect();
    let unique: BTreeSet<&String> = drawn.iter().copied().collect();
    assert_eq!(drawn.len(), unique.len(), "a module is drawn twice");
    let modules: BTreeSet<String> = sources().iter().map(|file| top(file).to_owned()).collect();
    let drawn: BTreeSet<String> = unique.into_iter().cloned().collect();
    assert_eq!(
        drawn, modules,
        "docs/architecture.md and src/ name other modules"
    );
}

#[test]
fn only_one_module_asks_for_the_system() {
    const SYSTEMS: [&str; 8] = [
        "std::os::",
        "rustix::",
        "cfg(unix",
        "cfg(windows",
        "cfg(not(",
        "cfg!(",
        "target_os",
        "tokio::signal::unix",
    ];
    let mut found = Vec::new();
    for file in sources().iter().filter(|file| top(file) != "system") {
        let text = fs::read_to_string(root().join("src").join(file)).unwrap();
        let code = code_of(&text);
        let asks = SYSTEMS.iter().filter(|words| code.contains(**words));
        found.extend(asks.map(|words| format!("{file}: {words}")));
    }
    assert!(found.is_empty(), "src/system/ is for this: {found:#?}");
}

/// The layers of docs/architecture.md, lowest first.
fn layers() -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let drawing = text
        .split("## Layers")
        .nth(1)
        .and_then(|rest| rest.split("```").nth(1))
        .expect("docs/architecture.md has a block below \"Layers\"");
    let lines = drawing.lines().skip(1);
    let mut layers: Vec<Vec<String>> = lines
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.split("  ").next().unwrap_or_default())
        .map(|names| names.split_whitespace().map(str::to_owned).collect())
        .collect();
    layers.reverse();
    layers
}

fn rank(layers: &[Vec<String>], module: &str) -> usize {
    layers
        .iter()
        .position(|names| names.iter().any(|name| name == module))
        .unwrap_or_else(|| panic!("docs/architecture.md draws no layer for `{module}`"))
}

/// The files of `src/`, and the files that each of them uses.
struct Tree {
    imports: BTreeMap<String, BTreeSet<String>>,
}

impl Tree {
    fn read() -> Self {
        let files = sources();
        let code: BTreeMap<String, String> = files
            .iter()
            .map(|file| {
                let text = fs::read_to_string(root().join("src").join(file)).unwrap();
                (module_path(file), code_of(&text))
            })
            .collect();
        let names: BTreeMap<String, String> = files
            .into_iter()
            .map(|file| (module_path(&file), file))
            .collect();
        let modules = Modules { code: &code };
        let imports = code
            .keys()
            .map(|module| {
                let targets = modules.used_by(module);
                let targets = targets.iter().map(|target| names[target].clone());
                (names[module].clone(), targets.collect())
            })
            .collect();
        Self { imports }
    }

    /// The files that a file uses, directly or through others.
    fn reachable(&self, start: &String) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut next = vec![start];
        while let Some(file) = next.pop() {
            for target in &self.imports[file] {
                if seen.insert(target.clone()) {
                    next.push(target);
                }
            }
        }
        seen
    }
}

/// The code of each module, by its path (`api::http`; the root is the empty path).
struct Modules<'a> {
    code: &'a BTreeMap<String, String>,
}

impl Modules<'_> {
    /// The modules that a module uses, without itself.
    fn used_by(&self, module: &str) -> BTreeSet<String> {
        let code = &self.code[module];
        let mut used = BTreeSet::new();
        // Names that stand for a module here: its children, and the modules that it imports.
        let mut aliases: BTreeMap<String, String> = self.children(module);
        for import in imports_of(code) {
            if import.is_public {
                continue;
            }
            let Some(path) = self.absolute(module, &import.path) else {
                continue;
            };
            if self.code.contains_key(&path) {
                aliases.insert(import.alias, path);
            } else {
                used.extend(self.home(&path));
            }
        }
        for path in paths_of(code) {
            let first = path.split("::").next().unwrap_or_default();
            let full = match aliases.get(first) {
                Some(alias) => Some(path.replacen(first, alias, 1)),
                None => self.absolute(module, &path),
            };
            used.extend(full.and_then(|path| self.home(&path)));
        }
        used.remove(module);
        used
    }

    fn children(&self, module: &str) -> BTreeMap<String, String> {
        let child = |path: &String| {
            let rest = if module.is_empty() {
                path.as_str()
            } else {
                path.strip_prefix(module)?.strip_prefix("::")?
            };
            (!rest.is_empty() && !rest.contains("::")).then(|| (rest.to_owned(), path.clone()))
        };
        self.code.keys().filter_map(child).collect()
    }

    /// A path from the root of the crate, if it leads into the crate.
    fn absolute(&self, module: &str, path: &str) -> Option<String> {
        if let Some(rest) = path.strip_prefix("crate::") {
            return Some(rest.to_owned());
        }
        let mut base = module;
        let mut rest = path.strip_prefix("self::").unwrap_or(path);
        let mut relative = rest.len() < path.len();
        while let Some(after) = rest.strip_prefix("super::") {
            base = base.rsplit_once("::").map_or("", |(parent, _)| parent);
            rest = after;
            relative = true;
        }
        let child = join(base, rest.split("::").next().unwrap_or_default());
        (relative || self.code.contains_key(&child)).then(|| join(base, rest))
    }

    /// The module that defines what a path names: the longest module in it, or the one that this module re-exports the
    /// name from.
    fn home(&self, path: &str) -> Option<String> {
        let mut module = path;
        let mut name = "";
        while !self.code.contains_key(module) {
            (module, name) = match module.rsplit_once("::") {
                Some((parent, last)) => (parent, last),
                None => ("", module),
            };
        }
        let code = &self.code[module];
        let reexport = imports_of(code)
            .into_iter()
            .find(|import| import.is_public && import.alias == name)
            .and_then(|import| self.absolute(module, &import.path));
        match reexport {
            Some(path) => self.home(&path),
            None => (!module.is_empty()).then(|| module.to_owned()),
        }
    }
}

fn join(base: &str, rest: &str) -> String {
    match (base, rest) {
        ("", rest) => rest.to_owned(),
        (base, rest) => format!("{base}::{rest}"),
    }
}

/// One name that a `use` brings into a module.
struct Import {
    path: String,
    alias: String,
    is_public: bool,
}

/// The names of all `use` declarations.
fn imports_of(code: &str) -> Vec<Import> {
    let mut found = Vec::new();
    for statement in code.split([';', '}']).map(str::trim_start) {
        let start = statement.find("use ").filter(|at| {
            let before = statement[..*at].trim();
            before.is_empty() || before.ends_with(['{', ']', ')']) || before.ends_with("pub")
        });
        let Some(start) = start else { continue };
        let is_public = statement[..start].contains("pub");
        // A group ends with a brace, which ended the statement above: read it from the whole text.
        let offset = statement.as_ptr() as usize - code.as_ptr() as usize + start + 4;
        let tree = code[offset..].split(';').next().unwrap_or_default();
        expand("", tree.trim(), is_public, &mut found);
    }
    found
}

/// Adds the names of a tree like `a::{b, c::d as e}`.
fn expand(prefix: &str, tree: &str, is_public: bool, found: &mut Vec<Import>) {
    let tree = tree.trim();
    if let Some((head, group)) = tree.split_once('{') {
        let prefix = format!("{prefix}{}", head.trim());
        let group = group.rsplit_once('}').map_or(group, |(inner, _)| inner);
        for part in split_group(group) {
            expand(&prefix, part, is_public, found);
        }
        return;
    }
    let (name, alias) = match tree.split_once(" as ") {
        Some((name, alias)) => (name.trim(), Some(alias.trim())),
        None => (tree, None),
    };
    let path = match name {
        "" => return,
        "self" => prefix.trim_end_matches("::").to_owned(),
        name => format!("{prefix}{name}"),
    };
    let last = path.rsplit("::").next().unwrap_or_default().to_owned();
    let alias = alias.map_or(last, str::to_owned);
    found.push(Import {
        path,
        alias,
        is_public,
    });
}

/// The parts of a group, split at the commas outside inner groups.
fn split_group(group: &str) -> Vec<&str> {
    let mut depth = 0;
    let mut start = 0;
    let mut parts = Vec::new();
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&group[start..]);
    parts
}

/// The paths in expressions and types: words joined by `::`, outside `use`.
fn paths_of(code: &str) -> Vec<String> {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    code.lines()
        .flat_map(|line| line.split(|c| !is_path(c)))
        .filter(|word| word.contains("::"))
        .map(|word| word.trim_matches(':').to_owned())
        .filter(|word| word.contains("::"))
        .collect()
}

/// The compiled code: without comments, texts, and the unit tests at the end.
fn code_of(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines = text.lines().map(|line| {
        let line = line.split("//").next().unwrap_or_default();
        let outside: Vec<&str> = line.split('"').step_by(2).collect();
        outside.join("\"\"")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The path of a file's module: `api::http` for `api/http.rs`, nothing for the root.
fn module_path(file: &str) -> String {
    let path = file.trim_end_matches(".rs").replace('/', "::");
    let path = path.trim_end_matches("::mod");
    let is_root = path == "lib";
    if is_root {
        String::new()
    } else {
        path.to_owned()
    }
}

/// The top-level module of a file: `api` for `api/http.rs`, `cli` for `cli.rs`.
fn top(file: &str) -> &str {
    let first = file.split('/').next().unwrap_or_default();
    first.trim_end_matches(".rs")
}

/// Every source file, below `src/`.
fn sources() -> Vec<String> {
    let source = root().join("src");
    let mut folders = vec![source.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let inner = path.strip_prefix(&source).unwrap();
                files.push(inner.to_string_lossy().into_owned());
            }
        }
    }
    files.sort();
    files
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}
