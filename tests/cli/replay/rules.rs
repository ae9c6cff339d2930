//! Deliberate differences from the Go tool that many runs show. A rule evens out a recorded run and the run here in
//! what it allows, and in nothing else: a run that is the same then needs no listing.

use serde_json::{Value, json};

use super::Run;

pub struct Rule {
    /// The first column of its row in docs/compatibility.md.
    pub row: &'static str,
    pub even: fn(recorded: &mut Run, here: &mut Run),
}

pub const RULES: &[Rule] = &[
    Rule {
        row: "lines after an error",
        even: |_, here| here.stderr = without_explanation(&here.stderr),
    },
    Rule {
        row: "creates",
        even: looked_up_first,
    },
    Rule {
        row: "project header",
        even: project_header,
    },
    Rule {
        row: "look-ups",
        even: look_ups,
    },
    Rule {
        row: "a project that the server finds by its name",
        even: read_again,
    },
    Rule {
        row: "deletes",
        even: found_first,
    },
    Rule {
        row: "questions",
        even: questions,
    },
    Rule {
        row: "flags that a resource does not use",
        even: |recorded, here| {
            without_new_lines(recorded, here, |line| {
                line.starts_with("Warning: --")
                    && line
                        .ends_with(" is not applicable to this resource type and will be ignored\n")
            });
        },
    },
    Rule {
        row: "arguments of commands that take none",
        even: |recorded, here| {
            without_new_lines(recorded, here, |line| {
                line.starts_with("Warning: ")
                    && line.ends_with(" is ignored: this command takes no argument\n")
            });
        },
    },
    Rule {
        row: "a literal after `--token`",
        even: |recorded, here| {
            without_new_lines(recorded, here, |line| {
                line.starts_with("Warning: a secret on the command line can be seen")
            });
        },
    },
    Rule {
        row: "labels and annotations",
        even: |recorded, here| {
            without_new_lines(recorded, here, |line| {
                line.starts_with("Warning: --") && line.contains(" is not a JSON object; write --")
            });
        },
    },
    Rule {
        row: "an empty value of a flag",
        even: |recorded, here| {
            without_new_lines(recorded, here, |line| {
                line.starts_with("Warning: --")
                    && line.contains(" is empty, which clears the field")
            });
        },
    },
    Rule {
        row: "a zero that is given",
        even: zeros,
    },
];

/// Lines behind an error: what the server said, and one thing to do.
fn without_explanation(stderr: &str) -> String {
    let is_ours = |line: &str| line.starts_with("Hint: ") || line.starts_with("Server: ");
    let mut shown = String::new();
    let mut after_error = false;
    let mut skipping = false;
    for line in stderr.split_inclusive('\n') {
        skipping = after_error && (is_ours(line) || skipping && line.starts_with("  "));
        after_error |= line.starts_with("Error: ");
        if !skipping {
            shown.push_str(line);
        }
    }
    shown
}

/// Drops lines of standard error that only the run here has, where they are of one kind.
fn without_new_lines(recorded: &Run, here: &mut Run, is_of_kind: fn(&str) -> bool) {
    let lines = here.stderr.split_inclusive('\n');
    here.stderr = lines
        .filter(|line| !is_of_kind(line) || recorded.stderr.contains(line))
        .collect();
}

/// Pairs of requests to the same place.
fn pairs<'r>(
    recorded: &'r [Value],
    here: &'r mut [Value],
) -> impl Iterator<Item = (&'r Value, &'r mut Value)> {
    let is_same =
        |(a, b): &(&Value, &mut Value)| a["method"] == b["method"] && a["path"] == b["path"];
    recorded.iter().zip(here).filter(is_same)
}

/// The header names the project of the path.
fn project_header(recorded: &mut Run, here: &mut Run) {
    for (recorded, here) in pairs(&recorded.requests, &mut here.requests) {
        let path = here["path"].as_str().unwrap_or_default();
        let of_path = path
            .split_once("/projects/")
            .map(|(_, rest)| rest.split('/').next().unwrap_or_default());
        if of_path.is_some() && here["project"].as_str() == of_path {
            here["project"] = recorded["project"].clone();
        }
    }
}

/// After a request about one object its kind is searched, by the name or for a name that is near.
fn look_ups(recorded: &mut Run, here: &mut Run) {
    let mut kept: Vec<Value> = Vec::new();
    for request in std::mem::take(&mut here.requests) {
        let folder = format!("{}/", request["path"].as_str().unwrap_or_default());
        let is_look_up = request["method"] == "GET"
            && !recorded.requests.contains(&request)
            && kept.iter().any(|earlier| {
                let path = earlier["path"].as_str().unwrap_or_default();
                path.starts_with(&folder)
            });
        if !is_look_up {
            kept.push(request);
        }
    }
    here.requests = kept;
}

/// After a request about one object, another one of its collection is read: the same object by its ID.
fn read_again(recorded: &mut Run, here: &mut Run) {
    let above = |request: &Value| {
        let path = request["path"].as_str().unwrap_or_default();
        path.rsplit_once('/').map(|(above, _)| above.to_owned())
    };
    let mut kept: Vec<Value> = Vec::new();
    for request in std::mem::take(&mut here.requests) {
        let is_again = request["method"] == "GET"
            && !recorded.requests.contains(&request)
            && kept
                .last()
                .is_some_and(|it| it["method"] == "GET" && above(it) == above(&request));
        if !is_again {
            kept.push(request);
        }
    }
    here.requests = kept;
}

/// Before an object is deleted it is looked up.
fn found_first(recorded: &mut Run, here: &mut Run) {
    let deleted: Vec<Value> = here
        .requests
        .iter()
        .filter(|request| request["method"] == "DELETE")
        .map(|request| request["path"].clone())
        .collect();
    here.requests.retain(|request| {
        request["method"] != "GET"
            || recorded.requests.contains(request)
            || !deleted.contains(&request["path"])
    });
}

/// Before an agent is created, its name and its project are looked up.
fn looked_up_first(recorded: &mut Run, here: &mut Run) {
    let created: Vec<Value> = here
        .requests
        .iter()
        .filter(|request| request["method"] == "POST")
        .map(|request| request["path"].clone())
        .collect();
    let is_made = |end: &str| {
        let mut paths = created.iter().filter_map(Value::as_str);
        paths.any(|path| path.ends_with(end))
    };
    let agent = is_made("/agents");
    here.requests.retain(|request| {
        let path = request["path"].as_str().unwrap_or_default();
        let above = path.rsplit_once('/').map_or("", |(above, _)| above);
        let is_list = agent && path.ends_with("/agents");
        let is_project = agent && above.ends_with("/projects");
        request["method"] != "GET"
            || recorded.requests.contains(request)
            || !(is_list || is_project)
    });
}

/// The question and `Aborted.` are on standard error, and the question says what is lost.
fn questions(recorded: &mut Run, here: &mut Run) {
    let (asked, rest) = question(&recorded.stdout);
    let (asked_here, rest_here) = question(&here.stderr);
    if asked.is_some() && asked == asked_here {
        recorded.stdout = rest;
        here.stderr = rest_here;
    }
}

/// The first sentence of a question with the refusal that follows it, and the text without them.
fn question(text: &str) -> (Option<(String, bool)>, String) {
    let Some((asked, rest)) = text.split_once("[y/N]: ") else {
        return (None, text.to_owned());
    };
    let sentence = asked.split_inclusive('?').next().unwrap_or_default();
    let rest = rest.strip_prefix('\n').unwrap_or(rest);
    let (is_refused, rest) = match rest.strip_prefix("Aborted.\n") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    (Some((sentence.to_owned(), is_refused)), rest.to_owned())
}

/// A number that is given is sent, zero too.
fn zeros(recorded: &mut Run, here: &mut Run) {
    for (recorded, here) in pairs(&recorded.requests, &mut here.requests) {
        let known = recorded["body"].clone();
        if let Some(body) = here["body"].as_object_mut() {
            body.retain(|key, value| {
                known.get(key).is_some() || (*value != json!(0) && *value != json!(0.0))
            });
        }
    }
}
