//! What the state asks for: requests, streams, the clipboard, the editor, the end. The state itself does none of it.

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::naming::brief;
use super::scope::Scope;
use crate::api::Method;
use crate::binding::Grantee;
use crate::resources::{Record, Resource};

/// One wish of the state.
pub(super) enum Effect {
    /// Reads the rows of a page.
    Load {
        page: u64,
        load: Load,
    },
    /// Sends requests one after the other, and reports each.
    Send {
        page: u64,
        sends: Vec<Send>,
    },
    /// Finds out which credentials are shadowed by the bindings that a form results in.
    Plan {
        form: u64,
        sends: Vec<Send>,
    },
    /// Follows the messages of a session, until the page is gone.
    Watch {
        page: u64,
        session: String,
        project: String,
        /// The number behind which the messages are read.
        after: i64,
    },
    /// Reads the messages that a page follows at once, in place of a pause or of a read that has no answer yet.
    Hurry {
        page: u64,
    },
    /// Ends all work for a page.
    Cancel {
        page: u64,
    },
    /// Reads the objects that a field of a form offers.
    Offer {
        form: u64,
        field: usize,
        list: List,
    },
    /// Reads one object again.
    Fetch {
        page: u64,
        fetch: Fetch,
    },
    Copy(String),
    /// Writes a text to a new file.
    Write {
        path: String,
        text: String,
    },
    /// Opens the editor on a text.
    Edit(String),
    /// Runs a command of this program, with the terminal to itself.
    Outside(Rerun),
    /// Makes the connection of this number: to another context, or to the same server with the login that is stored
    /// now.
    Connect {
        number: u64,
        to: Option<String>,
    },
    Suspend,
    Quit,
}

/// A command of this program for the server that the screen showed when it was chosen.
#[derive(Debug, Clone)]
pub(super) struct Rerun {
    pub words: Vec<String>,
    /// The context for `AMBIENT_CONTEXT`.
    pub context: Option<String>,
}

/// A list of the server.
#[derive(Debug, Clone)]
pub(super) struct List {
    pub resource: &'static Resource,
    pub path: String,
    /// The project in `X-Ambient-Project`; empty for none.
    pub project: String,
    pub search: Option<String>,
}

impl List {
    #[must_use]
    pub(super) fn new(resource: &'static Resource, path: String) -> Self {
        Self {
            resource,
            path,
            project: String::new(),
            search: None,
        }
    }

    /// Names a project in `X-Ambient-Project`.
    #[must_use]
    pub(super) fn in_project(mut self, project: &str) -> Self {
        project.clone_into(&mut self.project);
        self
    }

    /// Adds a search expression.
    #[must_use]
    pub(super) fn search(mut self, search: String) -> Self {
        self.search = Some(search);
        self
    }
}

/// One object of the server.
#[derive(Debug, Clone)]
pub(super) struct Fetch {
    pub resource: &'static Resource,
    pub path: String,
    pub project: String,
}

/// The rows of a table.
#[derive(Debug, Clone)]
pub(super) enum Load {
    List(List, Join),
    /// A kind in each project.
    EachProject(&'static Resource),
    /// Who may use a credential.
    Bindings(String),
    /// The credentials that a session of a project and an agent would get.
    Preview {
        project: String,
        agent: String,
    },
    /// Counts of sessions by project and phase.
    Pulses,
    /// Projects with their agents, and these with their sessions.
    Tree,
    /// The contexts, of which this one is active.
    Contexts(String),
}

/// What is asked for after a list and added to its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    None,
    /// Numbers of agents and sessions of each project.
    Projects,
    /// Numbers and phases of the sessions of each agent.
    Agents,
    /// The names of the sessions' agents.
    AgentNames,
    /// Numbers of bindings of each credential.
    Credentials,
    /// The names of the roles of bindings, and of what these are for.
    BindingNames,
}

/// A request that changes something.
#[derive(Clone)]
pub(super) struct Send {
    /// Its answer carries the number.
    pub number: u64,
    pub method: Method,
    pub path: String,
    /// The project in `X-Ambient-Project`; empty for none.
    pub project: String,
    pub fields: Vec<(&'static str, Value)>,
    pub secret: Option<(&'static str, SecretString)>,
    /// The sentence after success, and the beginning of that after failure.
    pub done: String,
    pub failed: String,
    /// What it does, if the request is one of several.
    pub doing: Option<String>,
    /// The ID of the row that it is for; empty if it is for none.
    pub row: String,
    pub after: After,
}

/// What follows a request that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum After {
    Nothing,
    /// Delivers the prompt of a start as a message, if the server's answer does not repeat it.
    Prompt(String),
    /// First checks that the object was not changed since it was read.
    Unchanged {
        get: String,
        updated_at: String,
        /// The fields as they were read, for an object that does not tell when it was changed.
        fields: Map<String, Value>,
    },
    /// First looks whether the project has an agent of this name: the platform would store a second one.
    AgentOnce(String),
    /// Lets sessions use the credential of this ID; `to` names them.
    Bind {
        credential: String,
        grantee: Grantee,
        to: String,
    },
    /// First checks that the session at this path is one of this agent.
    SessionOf {
        get: String,
        agent: String,
    },
    /// Echoes the stored message in the page.
    Echo,
}

impl Send {
    #[must_use]
    pub(super) fn new(method: Method, path: String, scope: &Scope) -> Self {
        Self {
            number: 0,
            method,
            path,
            project: scope.project_id().to_owned(),
            fields: Vec::new(),
            secret: None,
            done: String::new(),
            failed: String::new(),
            doing: None,
            row: String::new(),
            after: After::Nothing,
        }
    }

    /// Names another project in `X-Ambient-Project`.
    #[must_use]
    pub(super) fn in_project(mut self, project: &str) -> Self {
        project.clone_into(&mut self.project);
        self
    }

    /// Sets a field.
    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// Sets a field unless the text is empty.
    #[must_use]
    pub(super) fn with_filled(self, name: &'static str, text: &str) -> Self {
        if text.is_empty() {
            self
        } else {
            self.with(name, text)
        }
    }

    /// Sets the sentences after success and failure.
    #[must_use]
    pub(super) fn says(mut self, done: impl Into<String>, failed: impl Into<String>) -> Self {
        self.done = done.into();
        self.failed = failed.into();
        self
    }

    #[must_use]
    pub(super) fn then(mut self, after: After) -> Self {
        self.after = after;
        self
    }

    /// True if it lets sessions use a credential.
    #[must_use]
    pub(super) fn binds(&self) -> bool {
        self.bound_to().is_some()
    }

    /// Returns what names the sessions that it lets use a credential.
    #[must_use]
    pub(super) fn bound_to(&self) -> Option<&str> {
        match &self.after {
            After::Bind { to, .. } => Some(to),
            _ => None,
        }
    }

    /// Says for which row it is.
    #[must_use]
    pub(super) fn for_row(mut self, row: &Record) -> Self {
        row.id().clone_into(&mut self.row);
        self
    }

    /// Names the row where something is said.
    #[must_use]
    pub(super) fn naming(mut self, name: &str) -> Self {
        let name = brief(name);
        self.done = format!("{name}: {}", self.done);
        self.failed = format!("{name}: {}", self.failed);
        self
    }

    /// Names the row where something is said: it is one of several. `doing` says what is done to each.
    #[must_use]
    pub(super) fn one_of_several(mut self, row: &Record, doing: &str) -> Self {
        let name = brief(row.name_or_id());
        self.failed = format!("{name}: {}", self.failed);
        self.doing = Some(format!("{doing} {name}"));
        self
    }

    /// Returns method, path and fields as one line, without secrets.
    #[cfg(test)]
    #[must_use]
    pub(super) fn as_line(&self) -> String {
        let mut fields: Vec<String> = self
            .fields
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if let After::Bind {
            credential,
            grantee,
            ..
        } = &self.after
        {
            fields.push(format!("credential_id={credential:?}"));
            fields.push(format!("project_id={:?}", grantee.project));
            fields.extend(grantee.agent.iter().map(|it| format!("agent_id={it:?}")));
        }
        fields.extend(self.secret.iter().map(|(name, _)| format!("{name}=***")));
        let line = format!("{} {} {}", self.method, self.path, fields.join(" "));
        line.trim_end().to_owned()
    }
}
