//! A word too many on a line, where the value of a flag is meant: the line to write instead.

use std::ffi::OsStr;

use super::words::{Line, Scanned};
use crate::text::acpctl;
use crate::text::command::shell_word;

/// Commands whose objects are those of a project.
const IN_PROJECT: [&str; 5] = ["agent", "inbox", "policy", "provider", "scheduled-session"];

/// Returns the hint that names the flag of the only word too many. A text of several words is a prompt or a
/// description.
pub(super) fn hint(line: &Line<'_>, scanned: &Scanned) -> Option<String> {
    let path = line.path_names();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let most = line.command().get_positionals().count();
    let extra = scanned.arguments.get(most..)?;
    if path == ["login"] && !extra.is_empty() {
        // The word may be a token, so it is not repeated.
        return Some(format!(
            "a token is not an argument: {}, or --token - and a pipe",
            acpctl(&["login", "URL", "--token", "@PATH"])
        ));
    }
    let is_prompt = extra.len() > 1 && line.find_long("prompt").is_some();
    let joined = is_prompt.then(|| extra.join(OsStr::new(" ")));
    let extra = match (&joined, extra) {
        (Some(joined), _) => joined,
        (None, [extra]) => extra,
        _ => return None,
    };
    if scanned.before != scanned.arguments.len() {
        return None;
    }
    let extra = extra.to_str()?;
    let flag = flag_for(line, &path, extra)?;
    if scanned.flags.iter().any(|given| given.name == flag) {
        return None;
    }
    let has_own = |name: &str| {
        let mut globals = line.path[0].get_arguments();
        !globals.any(|arg| arg.is_global_set() && arg.get_long() == Some(name))
    };
    let flag = format!("--{flag}");
    if scanned.flags.iter().any(|given| has_own(&given.name)) {
        let value = shell_word(extra);
        return Some(format!("write {flag} {value} in place of {value}"));
    }
    let arguments = scanned.arguments[..most].iter().map(|word| word.to_str());
    let arguments = arguments.collect::<Option<Vec<&str>>>()?;
    let words = [path, arguments, vec![flag.as_str(), extra]].concat();
    Some(format!("write {}", acpctl(&words)))
}

/// Returns the flag that the word is most likely the value of, if the command has it.
fn flag_for(line: &Line<'_>, path: &[&str], word: &str) -> Option<&'static str> {
    let is_prose = word.chars().any(char::is_whitespace);
    let flag = match path {
        _ if is_prose => {
            let mut prose = ["prompt", "description"].into_iter();
            return prose.find(|flag| line.find_long(flag).is_some());
        }
        ["credential", "bind" | "unbind"] => "project",
        [noun, ..] if IN_PROJECT.contains(noun) => "project",
        _ => return None,
    };
    line.find_long(flag).map(|_| flag)
}
