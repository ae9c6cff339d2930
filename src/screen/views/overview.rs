//! Views over several kinds: counts of sessions, the tree of projects, agents and sessions, and the contexts.

use super::common::plain;
use crate::resources::Record;
use crate::screen::effect::Load;
use crate::screen::scope::{Kind, Named, Scope};
use crate::screen::view::{Col, Go, Needs, Place, Tone, View, joined, number, tone_of};

pub(super) static PULSES: View = View {
    kind: Kind::Pulses,
    name: "pulses",
    aliases: &["pulse", "pu"],
    about: "Numbers of sessions by project and phase",
    needs: Needs::All,
    columns: &[
        Col::field("PROJECT", 24, "name"),
        Col::computed("SESSIONS", 8, |it, _| joined(it, "sessions")),
        Col::computed("PENDING", 8, |it, _| joined(it, "Pending")).at(Place::Room(2)),
        Col::computed("CREATING", 8, |it, _| joined(it, "Creating")).at(Place::Room(4)),
        Col::computed("RUNNING", 8, |it, _| joined(it, "Running")),
        Col::computed("STOPPING", 8, |it, _| joined(it, "Stopping")).at(Place::Room(4)),
        Col::computed("STOPPED", 8, |it, _| joined(it, "Stopped")).at(Place::Room(3)),
        Col::computed("COMPLETED", 9, |it, _| joined(it, "Completed")).at(Place::Room(2)),
        Col::computed("FAILED", 8, |it, _| joined(it, "Failed")),
        Col::computed("OTHER", 8, |it, _| joined(it, "other")).at(Place::Room(4)),
    ],
    order: ("PROJECT", false),
    load: |_| Load::Pulses,
    tone: |it| {
        let has = |phase| number(it.text(phase)).is_some_and(|count| count > 0);
        match (has("Failed"), has("Running")) {
            (true, _) => Tone::Bad,
            (false, true) => Tone::Good,
            (false, false) => Tone::Plain,
        }
    },
    enter: |_, it| {
        let of = Some(project(it)).filter(|project| !project.id.is_empty());
        Go::View(
            Kind::Sessions,
            of.map(Scope::of_project).unwrap_or_default(),
        )
    },
    enter_label: "Sessions",
    actions: &[],
};

pub(super) static TREE: View = View {
    kind: Kind::Tree,
    name: "tree",
    aliases: &["xray"],
    about: "Projects, their agents, and the sessions of these",
    needs: Needs::All,
    columns: &[
        Col::field("NAME", 50, "shown"),
        Col::field("KIND", 8, "type"),
        Col::field("PHASE", 10, "phase"),
        Col::age("AGE", 5, "created_at"),
        Col::field("ID", 27, "object_id").at(Place::Wide),
    ],
    order: ("", false),
    load: |_| Load::Tree,
    tone: |it| tone_of(it.text("phase")),
    enter: |_, it| {
        let mut scope = Scope::of_project(project(it));
        let own = Named::new(it.text("object_id"), it.name());
        match it.text("type") {
            "agent" => {
                scope.agent = Some(own);
                Go::View(Kind::Sessions, scope)
            }
            "session" => {
                scope.session = Some(own);
                Go::Messages(scope)
            }
            _ => Go::View(Kind::Agents, scope),
        }
    },
    enter_label: "Open",
    actions: &[],
};

fn project(it: &Record) -> Named {
    Named::new(it.text("project_id"), it.text("project_name"))
}

pub(super) static CONTEXTS: View = View {
    kind: Kind::Contexts,
    name: "contexts",
    aliases: &["context", "ctx"],
    about: "The servers of the configuration",
    needs: Needs::Nothing,
    columns: &[
        Col::field("ACTIVE", 6, "active"),
        Col::field("NAME", 24, "name"),
        Col::field("SERVER", 44, "server"),
        Col::field("PROJECT", 20, "project").at(Place::Room(1)),
    ],
    order: ("NAME", false),
    load: |_| Load::Contexts(String::new()),
    tone: plain,
    enter: |_, it| Go::Context(it.name().to_owned()),
    enter_label: "Switch",
    actions: &[],
};
