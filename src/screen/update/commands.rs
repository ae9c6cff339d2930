//! Commands behind the colon, and their completion.

use super::{connecting, pages};
use crate::compat::near::distance;
use crate::screen::detail::Detail;
use crate::screen::effect::Effect;
use crate::screen::event::Extent;
use crate::screen::scope::{Kind, Named, Scope};
use crate::screen::state::{Body, Mode, State};
use crate::screen::view::Needs;
use crate::screen::views;

/// The commands that are not the name of a view, each with what it does.
const OWN: &[(&str, &str)] = &[
    ("aliases", "list the commands"),
    ("context <name>", "switch to another server"),
    ("dump <file>", "write the page to a file"),
    ("help", "show the keys of the page"),
    ("project <name>", "work in another project"),
    ("quit", "leave"),
    ("refresh", "read the page again"),
];

/// Runs a command.
pub(super) fn run(state: &mut State, text: &str, effects: &mut Vec<Effect>) {
    let mut words = text.split_whitespace();
    let name = words.next().unwrap_or_default().to_lowercase();
    let argument = words.next().unwrap_or_default().to_owned();
    // The name of a file may have blanks.
    let rest = text.trim_start().split_once(char::is_whitespace);
    let file = rest.map_or("", |(_, rest)| rest.trim());
    if let Some(extra) = words.next().filter(|_| name != "dump") {
        let extra = crate::screen::shown::line(extra);
        return state.complain(format!(":{name} takes one word; {extra} is one too many"));
    }
    match (name.as_str(), argument.as_str()) {
        ("", _) => {}
        ("q" | "q!" | "quit", _) => pages::quit(state, effects),
        ("aliases", _) => aliases(state),
        ("help", _) => help(state),
        ("refresh", _) => pages::refresh(state, effects),
        ("dump", _) => dump(state, file, effects),
        ("messages" | "msg", _) => state.say("Use Enter from sessions view to open messages"),
        ("context" | "ctx", "") => contexts(state, effects),
        ("context" | "ctx", name) => connecting::switch(state, name, effects),
        ("project" | "proj" | "ns", name) if !name.is_empty() => project(state, name, effects),
        (word, argument) => match views::named(word) {
            Some(view) if view.kind == Kind::Contexts => contexts(state, effects),
            Some(view) => open(state, view.kind, argument, effects),
            None => unknown(state, text.trim()),
        },
    }
}

/// Opens a view in the scope that is set, or in the project that is named.
fn open(state: &mut State, kind: Kind, argument: &str, effects: &mut Vec<Effect>) {
    let current = state.scope();
    let project = match argument {
        "" => state.project(),
        name => match find_project(state, name) {
            Ok(project) => Some(project),
            Err(why) => return state.complain(why),
        },
    };
    let is_same = current.project == project;
    let agent = current.agent.clone().filter(|_| is_same);
    let scope = match (views::of(kind).needs, kind) {
        (Needs::All, _) => Scope::default(),
        (_, Kind::Sessions | Kind::Preview) => Scope {
            // Without a project of the view, all sessions are meant.
            project: if argument.is_empty() && kind == Kind::Sessions {
                current.project.clone()
            } else {
                project
            },
            agent,
            ..Scope::default()
        },
        (Needs::Agent, _) => Scope {
            project,
            agent,
            ..Scope::default()
        },
        (Needs::Project, _) => Scope {
            project,
            ..Scope::default()
        },
        (Needs::Credential, _) => Scope {
            credential: current.credential.clone(),
            ..Scope::default()
        },
        (Needs::Schedule, _) => Scope {
            project,
            schedule: current.schedule.clone(),
            ..Scope::default()
        },
        (Needs::Nothing, _) => Scope {
            project: current.project.clone(),
            ..Scope::default()
        },
    };
    pages::jump(state, kind, scope, effects);
    doubt_project(state, argument);
}

/// Finds a project among those that the server has listed.
fn find_project(state: &State, name: &str) -> Result<Named, String> {
    let projects = state.projects.iter();
    let mut named: Vec<&Named> = projects.clone().filter(|it| it.name == name).collect();
    // An ID means one project; a name may mean several.
    if let Some(project) = projects.clone().find(|it| it.id == name) {
        named = vec![project];
    }
    match named.as_slice() {
        [project] => Ok((*project).clone()),
        [_, _, ..] => {
            let ids: Vec<&str> = named.iter().map(|it| it.id.as_str()).collect();
            let ids = ids.join(", ");
            Err(format!(
                "{} projects are called {name} ({ids}): use the ID",
                named.len()
            ))
        }
        [] if state.extent_of_projects == Extent::Whole && !state.projects.is_empty() => {
            let again = "the list may be old, :projects reads it again";
            Err(format!("project {name} not found: {again}"))
        }
        [] => Ok(Named::new(name, name)),
    }
}

/// Says that the page is that of a project which is not in the list: it may not exist. A list that could not be read is
/// a failure; one that was not read yet is none.
fn doubt_project(state: &mut State, name: &str) {
    let is_shown = state.scope().project.is_some_and(|it| it.id == name);
    let is_known = |it: &Named| it.id == name || it.name == name;
    if !is_shown || state.projects.iter().any(is_known) {
        return;
    }
    match state.extent_of_projects {
        Extent::Whole | Extent::Part => state.complain(format!(
            "{name} is not among the projects that were read: it may not exist"
        )),
        Extent::Nothing => match failure_of_projects(state) {
            Some(why) => state.complain(format!(
                "{name} may not exist: the projects could not be read: {why}"
            )),
            None => state.say(format!(
                "{name} is not checked: the projects are not read yet"
            )),
        },
    }
}

/// Says that the project of the page is not in the list, which was read after the page was opened.
pub(super) fn doubt_shown(state: &mut State) {
    let project = state.scope().project;
    if let Some(project) = project.filter(|it| it.id == it.name) {
        doubt_project(state, &project.id);
    }
}

/// Returns why the list of projects, which is the first page, could not be read.
fn failure_of_projects(state: &State) -> Option<String> {
    let Body::Table(table) = &state.stack.first()?.body else {
        return None;
    };
    let fault = table.loading.fault.as_ref()?;
    Some(fault.of_list(table.view.name, &state.about.way.refused))
}

/// Works in another project: view and title change together.
fn project(state: &mut State, name: &str, effects: &mut Vec<Effect>) {
    let project = match find_project(state, name) {
        Ok(project) => project,
        Err(why) => return state.complain(why),
    };
    let kind = state.table().map(|table| table.view.kind);
    let kind = match kind {
        Some(kind @ (Kind::Sessions | Kind::Schedules | Kind::Providers | Kind::Policies)) => kind,
        _ => Kind::Agents,
    };
    pages::jump(state, kind, Scope::of_project(project), effects);
    state.say(format!("Switched to project {name}"));
    doubt_project(state, name);
}

fn contexts(state: &mut State, effects: &mut Vec<Effect>) {
    let scope = Scope::default();
    pages::open(state, Kind::Contexts, scope, effects);
}

pub(super) fn aliases(state: &mut State) {
    let mut pairs: Vec<(String, String)> = views::all()
        .map(|view| {
            let words = [&[view.name], view.aliases].concat();
            (words.join(", "), view.about.to_owned())
        })
        .chain(
            OWN.iter()
                .map(|(name, about)| ((*name).to_owned(), (*about).to_owned())),
        )
        .collect();
    pairs.sort();
    state.say(format!("{} commands available", pairs.len()));
    let scope = state.scope();
    state.push(scope, Body::Detail(Detail::of_text("Commands", &pairs)));
}

pub(super) fn help(state: &mut State) {
    if !matches!(state.top().map(|page| &page.body), Some(Body::Help { .. })) {
        let scope = state.scope();
        state.push(scope, Body::Help { offset: 0 });
    }
}

/// Writes the page to a file, or prompts for its name.
pub(super) fn dump(state: &mut State, file: &str, effects: &mut Vec<Effect>) {
    let text = text_of_page(state);
    if text.is_empty() {
        return state.complain("There is nothing to write");
    }
    if file.is_empty() {
        let line = crate::screen::input::Line::new("", 1000);
        state.mode = Mode::Write { line, text };
        return;
    }
    let path = file.to_owned();
    effects.push(Effect::Write { path, text });
}

/// Returns the page as text: the rows of a table with what they may lack, a whole object, or the conversation.
fn text_of_page(state: &State) -> String {
    match state.top().map(|page| &page.body) {
        Some(Body::Table(table)) => {
            let columns = table.view.columns;
            let titles: Vec<&str> = columns.iter().map(|column| column.title).collect();
            let row = |at: &usize| {
                let cells = columns
                    .iter()
                    .map(|it| it.text(&table.rows[*at], state.now));
                cells.collect::<Vec<_>>()
            };
            let rows: Vec<Vec<String>> = table.shown.iter().map(row).collect();
            let gaps = table.gaps().into_iter();
            let gaps = gaps.map(|gap| format!("({})\n", crate::screen::shown::line(gap)));
            std::iter::once(crate::output::table::fitted(&titles, &rows, None))
                .chain(gaps)
                .collect()
        }
        Some(Body::Detail(detail)) => detail.all(),
        Some(Body::Messages(messages)) => messages.transcript(),
        _ => String::new(),
    }
}

fn unknown(state: &mut State, text: &str) {
    let shown = crate::screen::shown::line(text);
    let word = text.to_lowercase();
    let near = words()
        .into_iter()
        .min_by_key(|known| distance(&word, known));
    let near = near.filter(|near| distance(&word, near) <= 2);
    let hint = match near {
        Some(near) => format!("did you mean :{near}?"),
        None => ":aliases lists the commands".to_owned(),
    };
    state.complain(format!("Unknown command :{shown}; {hint}"));
}

/// Returns all words that a command can begin with, in the order of the alphabet.
fn words() -> Vec<String> {
    let own = OWN.iter().filter_map(|(name, _)| name.split(' ').next());
    let views = views::all().map(|view| view.name);
    let mut words: Vec<String> = own.chain(views).map(str::to_owned).collect();
    words.sort();
    words.dedup();
    // The shortest comes first: `credentials` before `credentialbindings`, which is for one credential.
    words.sort_by_key(String::len);
    words
}

/// Returns the lines that complete a line: the last word is completed.
#[must_use]
pub(in crate::screen) fn completions(state: &State, text: &str) -> Vec<String> {
    let text = text.trim_start();
    if text.is_empty() {
        return Vec::new();
    }
    let (start, last) = match text.rsplit_once(' ') {
        Some((start, last)) => (format!("{start} "), last),
        None => (String::new(), text),
    };
    let first = start.split_whitespace().next().unwrap_or_default();
    let candidates: Vec<String> = match first {
        "" => words(),
        "context" | "ctx" => state.contexts.clone(),
        _ => state
            .projects
            .iter()
            .map(|project| project.name.clone())
            .collect(),
    };
    let last = last.to_lowercase();
    let begins = |word: &String| word.to_lowercase().starts_with(&last) && word.len() > last.len();
    let mut found: Vec<String> = candidates.into_iter().filter(begins).collect();
    // A word that begins another one comes before it.
    found.sort_by_key(String::len);
    found.iter().map(|word| format!("{start}{word}")).collect()
}
