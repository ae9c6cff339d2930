//! Credentials, who may use one, and what a session would get.

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::common::{PROJECT_FIELD, all, delete_question, deletion, describe, named};
use crate::api::{Method, path};
use crate::binding::Grantee;
use crate::resources::{
    AGENT, CONTEXT, CREDENTIAL, Cell, EXPIRES_AT, GRADE, KUBECONFIG, MINT_ID, Record, SERVER,
    annotation, is_minted, remove_own_annotations,
};
use crate::screen::effect::{After, Join, List, Load, Send};
use crate::screen::naming::{asked, quoted};
use crate::screen::scope::{Kind, Scope};
use crate::screen::view::{
    Action, Answers, Call, Col, Editing, Field, Form, Go, Input, Needs, Outside, Place, Run, Show,
    Tone, View, for_any, joined, tone_of,
};
use crate::text::{acpctl, acpctl_for};

pub(super) static VIEW: View = View {
    kind: Kind::Credentials,
    name: "credentials",
    aliases: &["credential", "cred", "creds"],
    about: "Credentials with their expiry and bindings",
    needs: Needs::Nothing,
    columns: &[
        Col::field("NAME", 20, "name"),
        Col::field("PROVIDER", 11, "provider"),
        Col::computed("CONTEXT", 16, |it, _| (annotation(it, CONTEXT), None)).at(Place::Room(4)),
        Col::computed("SERVER", 30, |it, _| (annotation(it, SERVER), None)).at(Place::Room(6)),
        Col::computed("GRADE", 12, |it, _| (annotation(it, GRADE), None)).at(Place::Room(3)),
        Col {
            title: "EXPIRES",
            show: Show::Cell(Cell::Until(|values| {
                let text = values.text("annotations");
                let map: Value = serde_json::from_str(text).unwrap_or_default();
                let end = map.get(EXPIRES_AT).and_then(Value::as_str);
                end.unwrap_or_default().to_owned()
            })),
            width: 15,
            place: Place::Room(1),
        },
        Col::computed("BINDINGS", 8, |it, _| joined(it, "bindings")).at(Place::Room(2)),
        Col::field("DESCRIPTION", 24, "description").at(Place::Room(5)),
        Col::age("AGE", 5, "created_at").at(Place::Room(2)),
        Col::field("URL", 30, "url").at(Place::Wide),
        Col::field("ID", 27, "id").at(Place::Wide),
    ],
    order: ("NAME", false),
    load: |_| match all(&CREDENTIAL) {
        Load::List(list, _) => Load::List(list, Join::Credentials),
        other => other,
    },
    tone: |it| {
        let end: Option<jiff::Timestamp> = annotation(it, EXPIRES_AT).parse().ok();
        let left = end.map(|end| end.as_second() - jiff::Timestamp::now().as_second());
        match left {
            Some(..=0) => Tone::Bad,
            Some(1..1_209_600) => Tone::Waiting,
            _ => Tone::Plain,
        }
    },
    enter: |scope, it| Go::View(Kind::Bindings, of_credential(scope, it)),
    enter_label: "Bindings",
    actions: &[
        Action::new('b', "Bind Project", Run::Form(&BIND_PROJECT)),
        Action::new('a', "Bind Agent", Run::Form(&BIND_AGENT)),
        Action::new('t', "Rotate", Run::Form(&ROTATE)),
        Action::new('i', "Inspect", Run::Outside(&INSPECT)),
        Action::new('r', "Renew", Run::Outside(&RENEW)),
        Action::new('d', "Describe", Run::Describe),
        Action::new('y', "YAML", Run::Yaml),
        Action::new('e', "Edit", Run::Edit(&EDITING)),
        Action::new('n', "New", Run::New(&NEW)),
        Action::ctrl('d', "Delete", Run::Call(&DELETE)),
    ],
};

/// Shows what a kubeconfig can do in its cluster.
static INSPECT: Outside = Outside {
    words: &["credential", "inspect"],
    flags: &["--access"],
    title: "Inspect",
    question: None,
    check: |credential| match credential.text("provider") {
        KUBECONFIG => Ok(()),
        _ => Err("Only a kubeconfig leads to a cluster".to_owned()),
    },
};

static RENEW: Outside = Outside {
    words: &["credential", "renew"],
    flags: &[],
    title: "Renew",
    question: Some(|credential| {
        let name = asked(credential);
        format!("Make a new token for credential {name} and end the one before?")
    }),
    check: |credential| {
        if annotation(credential, MINT_ID).is_empty() {
            let name = quoted(credential.name_or_id());
            return Err(format!(
                "{name} was not minted by acpctl: t stores a new secret"
            ));
        }
        Ok(())
    },
};

/// Why a kubeconfig is not pasted into a form.
const CHECKED_FIRST: &str = "A kubeconfig is checked and cut first";

fn of_credential(scope: &Scope, credential: &Record) -> Scope {
    Scope {
        credential: Some(named(credential)),
        ..scope.clone()
    }
}

static NEW: Form = Form {
    title: "New Credential",
    opens: for_any,
    fields: &[
        Field::text("name", "Name", "my-token").required(),
        Field::text("provider", "Provider", "")
            .input(Input::Words(&[
                "github", "gitlab", "jira", "google", "vertex", KUBECONFIG,
            ]))
            .checked(|provider, _| match provider {
                KUBECONFIG => {
                    let words = ["credential", "create", "--name", "NAME", "-f", "FILE"];
                    Err(format!("{CHECKED_FIRST}: {}", acpctl(&words)))
                }
                _ => Ok(String::new()),
            }),
        Field::text("token", "Token", "not shown while you type")
            .required()
            .input(Input::Secret),
        Field::text("url", "URL", "(optional)"),
        Field::text("email", "Email", "(optional)"),
        Field::text("description", "Description", "(optional)"),
    ],
    submit: |scope, _, form| {
        let name = form.text("name");
        let provider = form.text("provider");
        let mut send = Send::new(Method::Post, path(&["credentials"]), scope)
            .with("name", name)
            .with("provider", provider)
            .with_filled("url", form.text("url"))
            .with_filled("email", form.text("email"))
            .with_filled("description", form.text("description"))
            .says(
                format!("Credential created: {name}"),
                "Create credential failed",
            );
        send.secret = Some(("token", SecretString::from(form.text("token").trim())));
        Ok(send)
    },
};

static ROTATE: Form = Form {
    title: "Rotate Token",
    opens: |credential| match credential.text("provider") {
        KUBECONFIG => {
            let name = credential.name_or_id();
            let line = acpctl_for(&["credential", "update"], name, &["-f", "FILE"]);
            Err(format!("{CHECKED_FIRST}: {line}"))
        }
        _ => Ok(()),
    },
    fields: &[
        Field::text("token", "New token", "not shown while you type")
            .required()
            .input(Input::Secret),
    ],
    submit: |scope, credential, form| {
        let credential = credential.ok_or("No credential selected")?;
        let target = path(&["credentials", credential.id()]);
        let mut send = Send::new(Method::Patch, target, scope)
            .with("annotations", without_own(credential))
            .says("Token rotated", "Rotate token failed");
        send.secret = Some(("token", SecretString::from(form.text("token").trim())));
        Ok(send)
    },
};

/// Returns the annotations without those that describe the old secret.
fn without_own(credential: &Record) -> String {
    let text = credential.text("annotations");
    let mut map: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    remove_own_annotations(&mut map);
    Value::Object(map).to_string()
}

static BIND_PROJECT: Form = Form {
    title: "Bind Project",
    opens: for_any,
    fields: &[PROJECT_FIELD],
    submit: binding,
};

static BIND_AGENT: Form = Form {
    title: "Bind Agent",
    opens: for_any,
    fields: &[
        PROJECT_FIELD,
        Field::text("agent_id", "Agent", "")
            .required()
            .input(Input::Offer {
                none: None,
                list: |_, form: &Answers<'_>| {
                    let project = form.text("project_id");
                    let agents = path(&["projects", project, "agents"]);
                    let list = || List::new(&AGENT, agents).in_project(project);
                    (!project.is_empty()).then(list)
                },
            }),
    ],
    submit: binding,
};

/// Returns the binding of the credential that the row or the view names.
fn binding(scope: &Scope, row: Option<&Record>, form: &Answers<'_>) -> Result<Send, String> {
    let of_row = row.filter(|row| row.resource.word == CREDENTIAL.word);
    let credential = match (of_row, &scope.credential) {
        (Some(row), _) => row.id(),
        (None, Some(credential)) => &credential.id,
        _ => return Err("No credential context — drill into a credential first".to_owned()),
    };
    let (project, agent) = (form.text("project_id"), form.text("agent_id"));
    let to = match (form.shown("project_id"), form.shown("agent_id")) {
        (project, "") => format!("project {project}"),
        (project, agent) => format!("agent {agent} of project {project}"),
    };
    let done = format!("Credential bound to {to}");
    let send = Send::new(Method::Post, path(&["role_bindings"]), scope)
        .says(done, "Bind credential failed")
        .then(After::Bind {
            credential: credential.to_owned(),
            grantee: Grantee {
                project: project.to_owned(),
                agent: Some(agent.to_owned()).filter(|agent| !agent.is_empty()),
            },
            to,
        });
    // A form for rows names the row itself.
    Ok(match (row, &scope.credential) {
        (None, Some(credential)) => send.naming(&credential.name),
        _ => send,
    })
}

static EDITING: Editing = Editing {
    fields: &[
        "name",
        "description",
        "url",
        "email",
        "labels",
        "annotations",
    ],
    path: |_, credential| path(&["credentials", credential.id()]),
};

static DELETE: Call = Call {
    question: Some(|_, credential| {
        let access = if is_minted(credential) {
            " It was minted: its access stays in the cluster; 'acpctl credential revoke' takes both away."
        } else {
            ""
        };
        format!(
            "{} Its secret is lost; its bindings stay, without effect.{access}",
            delete_question("credential", credential)
        )
    }),
    title: "Delete",
    types_id: false,
    bulk: true,
    doing: "Deleting credential",
    make: |scope, credential| {
        Ok(deletion(
            scope,
            "credential",
            &["credentials", credential.id()],
        ))
    },
};

pub(super) static BINDINGS: View = View {
    kind: Kind::Bindings,
    name: "credentialbindings",
    aliases: &["cb"],
    about: "Who may use a credential",
    needs: Needs::Credential,
    columns: &[
        Col::field("PROJECT", 20, "project"),
        Col::field("TYPE", 8, "type"),
        Col::field("TARGET", 24, "target"),
        Col::field("STATE", 10, "state"),
        Col::age("AGE", 5, "created_at"),
        Col::field("ID", 27, "id").at(Place::Wide),
    ],
    order: ("PROJECT", false),
    load: |scope| {
        let credential = scope.credential.as_ref().map(|it| it.id.clone());
        Load::Bindings(credential.unwrap_or_default())
    },
    tone: |it| match it.text("state") {
        "inherited" => Tone::Done,
        _ => Tone::Plain,
    },
    enter: describe,
    enter_label: "Describe",
    actions: &[
        Action::new('b', "Bind Project", Run::New(&BIND_PROJECT)),
        Action::new('a', "Bind Agent", Run::New(&BIND_AGENT)),
        Action::new('d', "Describe", Run::Describe),
        Action::ctrl('d', "Unbind", Run::Call(&UNBIND)),
    ],
};

static UNBIND: Call = Call {
    question: Some(|_, it| {
        let (kind, target) = (it.text("type"), quoted(it.text("target")));
        format!("Unbind {kind} {target} (binding {})?", it.id())
    }),
    title: "Unbind",
    types_id: false,
    bulk: true,
    doing: "Unbinding",
    make: |scope, it| match it.text("state") {
        "inherited" => {
            Err("Cannot unbind inherited access — remove the project binding instead".to_owned())
        }
        _ => Ok(
            Send::new(Method::Delete, path(&["role_bindings", it.id()]), scope)
                .says("Credential unbound", "Unbind failed"),
        ),
    },
};

pub(super) static PREVIEW: View = View {
    kind: Kind::Preview,
    name: "preview",
    aliases: &[],
    about: "The credentials that a session would get",
    needs: Needs::Project,
    columns: &[
        Col::field("PROVIDER", 12, "provider"),
        Col::field("CREDENTIAL", 24, "credential"),
        Col::field("CHOSEN", 7, "chosen"),
        Col::field("TIER", 8, "tier").at(Place::Room(2)),
        Col::field("REASON", 44, "reason").at(Place::Room(1)),
        Col::age("BOUND", 5, "created_at").at(Place::Room(4)),
        Col::field("ROLE", 20, "role").at(Place::Wide),
        Col::field("BINDING", 27, "id").at(Place::Wide),
    ],
    order: ("", false),
    load: |scope| Load::Preview {
        project: scope.project_id().to_owned(),
        agent: scope.agent_id().to_owned(),
    },
    tone: |it| match it.text("chosen") {
        "yes" => tone_of("active"),
        _ => Tone::Done,
    },
    enter: describe,
    enter_label: "Describe",
    actions: &[Action::new('d', "Describe", Run::Describe)],
};
