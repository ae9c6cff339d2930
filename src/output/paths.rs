//! The files that fit the beginning of a path, for Tab at a question.

use std::fs;

use super::editor::Completion;
use crate::env;

/// The most entries of a folder that are looked at, and the most that are listed.
const MOST_ENTRIES: usize = 10_000;
const MOST_LISTED: usize = 60;

/// Finds how a path goes on. A folder ends in a slash; hidden files fit only if the name begins with a dot.
pub(super) fn complete(path: &str) -> Completion {
    if path == "~" {
        return Completion {
            insert: "/".to_owned(),
            choices: Vec::new(),
        };
    }
    let (folder, begun) = path
        .rsplit_once('/')
        .map_or((".", path), |(folder, name)| (&path[..=folder.len()], name));
    let mut names = names(folder, begun);
    names.sort_unstable();
    let insert = common(&names).get(begun.len()..).unwrap_or_default();
    let insert = insert.to_owned();
    if names.len() > MOST_LISTED {
        let more = names.len() - MOST_LISTED;
        names.truncate(MOST_LISTED);
        names.push(format!("and {more} more"));
    }
    Completion {
        insert,
        choices: names,
    }
}

/// Returns the names in a folder that have a beginning. Names that can't be typed are left out.
fn names(folder: &str, begun: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(env::in_home(folder)) else {
        return Vec::new();
    };
    let entries = entries.take(MOST_ENTRIES).filter_map(Result::ok);
    let fitting = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let is_offered = name.starts_with(begun)
            && (!name.starts_with('.') || begun.starts_with('.'))
            && !name.chars().any(char::is_control);
        let is_folder = || fs::metadata(entry.path()).is_ok_and(|about| about.is_dir());
        is_offered.then(|| if is_folder() { name + "/" } else { name })
    });
    fitting.collect()
}

/// Returns the text with which all names begin. Without a name, it is empty.
fn common(names: &[String]) -> &str {
    let Some((first, others)) = names.split_first() else {
        return "";
    };
    let shared = |name: &String| {
        let pairs = first.char_indices().zip(name.chars());
        pairs
            .take_while(|((_, a), b)| a == b)
            .last()
            .map_or(0, |((at, a), _)| at + a.len_utf8())
    };
    let length = others.iter().map(shared).min().unwrap_or(first.len());
    &first[..length]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_goes_on_as_its_folder_says() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().to_str().unwrap();
        for name in ["kube-a.yaml", "kube-ä.yaml", ".hidden", "other", "ku\x1bx"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join("sub")).unwrap();
        let found = |begun: &str| complete(&format!("{base}/{begun}"));
        let both = ["kube-a.yaml", "kube-ä.yaml"].map(str::to_owned);
        assert_eq!(found("k").insert, "ube-");
        assert_eq!(found("kube-").choices, both);
        assert_eq!(found("kube-").insert, "");
        assert_eq!(found("o").insert, "ther");
        assert_eq!(found("s").insert, "ub/");
        assert_eq!(found(".").insert, "hidden");
        assert_eq!(found("").choices.len(), 4);
        assert_eq!(found("none"), Completion::default());
        assert_eq!(complete("/no/such/folder/x"), Completion::default());
        assert_eq!(complete("~").insert, "/");
    }

    #[test]
    fn a_large_folder_is_not_listed_whole() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..MOST_LISTED + 2 {
            fs::write(folder.path().join(format!("f{n:03}")), "").unwrap();
        }
        let found = complete(&format!("{}/f0", folder.path().to_str().unwrap()));
        assert_eq!(found.choices.len(), MOST_LISTED + 1);
        assert_eq!(found.choices.last().unwrap(), "and 2 more");
    }
}
