//! The agents of a project.

use super::common::{delete_question, deletion, named, of_project};
use crate::api::{Method, path};
use crate::resources::{AGENT, FINAL_PHASES, Record, is_usable_id};
use crate::screen::effect::{After, Join, Send};
use crate::screen::naming::asked;
use crate::screen::scope::{Kind, Named, Scope};
use crate::screen::view::{
    Action, Call, Col, Editing, Field, Form, Go, Needs, Place, Run, UNKNOWN, View, for_any, joined,
    tone_of,
};

pub(super) static VIEW: View = View {
    kind: Kind::Agents,
    name: "agents",
    aliases: &["agent", "ag"],
    about: "The agents of a project",
    needs: Needs::Project,
    columns: &[
        Col::field("NAME", 20, "name"),
        Col::field("PROMPT", 50, "prompt").at(Place::Room(3)),
        Col::computed("SESSIONS", 8, |agent, _| joined(agent, "sessions")).at(Place::Room(2)),
        Col::computed("PHASE", 10, |agent, _| (phase(agent).to_owned(), None)),
        Col::age("AGE", 5, "created_at"),
        Col::field("MODEL", 24, "llm_model").at(Place::Wide),
        Col::field("OWNER", 16, "owner_user_id").at(Place::Wide),
        Col::field("SESSION", 27, "current_session_id").at(Place::Wide),
        Col::field("ID", 27, "id").at(Place::Wide),
    ],
    order: ("NAME", false),
    load: |scope| of_project(&AGENT, scope, Join::Agents),
    tone: |agent| tone_of(phase(agent)),
    enter: |scope, agent| Go::View(Kind::Sessions, scope.with_agent(named(agent))),
    enter_label: "Sessions",
    actions: &[
        Action::new('s', "Start", Run::Form(&START)),
        Action::new('x', "Stop", Run::Call(&STOP)),
        Action::new(
            'i',
            "Inbox",
            Run::Go(|scope, agent| Go::View(Kind::Inbox, scope.with_agent(named(agent)))),
        ),
        Action::new('l', "Messages", Run::Go(messages)),
        Action::new('m', "Send", Run::Form(&SEND)),
        Action::new('d', "Describe", Run::Describe),
        Action::new('y', "YAML", Run::Yaml),
        Action::new('e', "Edit", Run::Edit(&EDITING)),
        Action::new('n', "New", Run::New(&NEW)),
        Action::new(
            'p',
            "Credentials",
            Run::Go(|scope, agent| Go::View(Kind::Preview, scope.with_agent(named(agent)))),
        ),
        Action::ctrl('d', "Delete", Run::Call(&DELETE)),
    ],
};

/// Returns the phase of the agent's current session; `?` until it is known, or if the phase that was read is that of
/// another session.
fn phase(agent: &Record) -> &str {
    let current = agent.text("current_session_id");
    match agent.text("phase_of_session") {
        _ if current.is_empty() => "idle",
        phase if !phase.is_empty() && agent.text("session_of_phase") == current => phase,
        _ => UNKNOWN,
    }
}

fn messages(scope: &Scope, agent: &Record) -> Go {
    match agent.text("current_session_id") {
        "" => Go::Stay(format!("Agent {} has no active session", agent.name())),
        id => {
            let mut scope = scope.with_agent(named(agent));
            // Its name is known when it was read.
            scope.session = Some(Named::new(id, ""));
            Go::Messages(scope)
        }
    }
}

/// Returns the path of something below an agent.
fn below(scope: &Scope, agent: &Record, rest: &[&str]) -> String {
    let start = path(&["projects", scope.project_id(), "agents", agent.id()]);
    start + &path(rest)
}

static START: Form = Form {
    title: "Start Agent",
    opens: for_any,
    fields: &[Field::text(
        "prompt",
        "Prompt",
        "(optional) the task of this session",
    )],
    submit: |scope, agent, form| {
        let agent = agent.ok_or("No agent selected")?;
        let prompt = form.text("prompt");
        let after = match prompt {
            "" => After::Nothing,
            prompt => After::Prompt(prompt.to_owned()),
        };
        Ok(
            Send::new(Method::Post, below(scope, agent, &["start"]), scope)
                .with_filled("prompt", prompt)
                .then(after)
                .says("Agent started", "Start agent failed"),
        )
    },
};

static STOP: Call = Call {
    question: Some(|_, agent| format!("Stop the session of agent {}?", asked(agent))),
    title: "Stop",
    types_id: false,
    bulk: true,
    doing: "Stopping agent",
    make: |scope, agent| match agent.text("current_session_id") {
        "" => Err(format!("Agent {} has no active session", agent.name())),
        id if !is_usable_id(id) => Err(format!(
            "The session of agent {} has no usable ID: nothing can be done with it",
            agent.name()
        )),
        _ if FINAL_PHASES.contains(&phase(agent)) => Err(format!(
            "The session of agent {} is already {}",
            agent.name(),
            phase(agent)
        )),
        id => Ok(
            Send::new(Method::Post, path(&["sessions", id, "stop"]), scope)
                .then(After::SessionOf {
                    get: path(&["sessions", id]),
                    agent: agent.id().to_owned(),
                })
                .says("Agent stopped", "Stop agent failed"),
        ),
    },
};

static SEND: Form = Form {
    title: "Send to Inbox",
    opens: for_any,
    fields: &[Field::text(
        "body",
        "Message",
        "what the agent reads when it starts next",
    )
    .required()],
    submit: |scope, agent, form| {
        let agent = agent.ok_or("No agent selected")?;
        Ok(
            Send::new(Method::Post, below(scope, agent, &["inbox"]), scope)
                .with("agent_id", agent.id())
                .with("body", form.text("body"))
                .says("Message sent", "Send message failed"),
        )
    },
};

static EDITING: Editing = Editing {
    fields: &[
        "name",
        "display_name",
        "description",
        "prompt",
        "llm_model",
        "llm_max_tokens",
        "llm_temperature",
        "repo_url",
        "labels",
        "annotations",
        "environment_variables",
        "resource_overrides",
        "providers",
        "sandbox_policy",
    ],
    path: |scope, agent| below(scope, agent, &[]),
};

static NEW: Form = Form {
    title: "New Agent",
    opens: for_any,
    fields: &[
        Field::text("name", "Name", "my-agent").required(),
        Field::text("prompt", "Prompt", "(optional)"),
    ],
    submit: |scope, _, form| {
        let name = form.text("name");
        let project = scope.project_id();
        Ok(
            Send::new(Method::Post, path(&["projects", project, "agents"]), scope)
                .with("name", name)
                .with("project_id", project)
                .with_filled("prompt", form.text("prompt"))
                .then(After::AgentOnce(name.to_owned()))
                .says(format!("Agent created: {name}"), "Create agent failed"),
        )
    },
};

static DELETE: Call = Call {
    question: Some(|_, agent| delete_question("agent", agent)),
    title: "Delete",
    types_id: false,
    bulk: true,
    doing: "Deleting agent",
    make: |scope, agent| {
        Ok(deletion(
            scope,
            "agent",
            &["projects", scope.project_id(), "agents", agent.id()],
        ))
    },
};
