//! Views that only list a kind of object, and those that change little: roles, bindings, applications, settings,
//! providers, policies, users, clusters.

use super::common::{PROJECT_FIELD, all, delete_question, deletion, describe, of_project, plain};
use crate::api::{Method, equals, path};
use crate::resources::{
    APPLICATION, CLUSTER, POLICY, PROJECT_SETTINGS, PROVIDER, ROLE, ROLE_BINDING, Record, USER,
};
use crate::screen::effect::{Join, List, Load, Send};
use crate::screen::naming::{asked_of, brief};
use crate::screen::scope::{Kind, Scope};
use crate::screen::view::{
    Action, Call, Col, Editing, Field, Form, Input, Needs, Place, Run, View, for_any, tone_of,
};

const DESCRIBE: Action = Action::new('d', "Describe", Run::Describe);
const YAML: Action = Action::new('y', "YAML", Run::Yaml);

pub(super) static ROLES: View = View {
    kind: Kind::Roles,
    name: "roles",
    aliases: &["role"],
    about: "Roles",
    needs: Needs::Nothing,
    columns: &[
        Col::field("NAME", 26, "name"),
        Col::field("BUILT-IN", 8, "built_in"),
        Col::field("DESCRIPTION", 44, "description").at(Place::Room(2)),
        Col::age("AGE", 5, "created_at").at(Place::Room(3)),
        Col::field("PERMISSIONS", 40, "permissions").at(Place::Wide),
        Col::field("ID", 27, "id").at(Place::Wide),
    ],
    order: ("NAME", false),
    load: |_| all(&ROLE),
    tone: plain,
    enter: describe,
    enter_label: "Describe",
    actions: &[DESCRIBE, YAML],
};

pub(super) static ROLE_BINDINGS: View = View {
    kind: Kind::RoleBindings,
    name: "rolebindings",
    aliases: &["rolebinding", "rb"],
    about: "Who has which role on what",
    needs: Needs::Nothing,
    columns: &[
        Col::computed("ROLE", 24, |it, _| (role(it).to_owned(), None)),
        Col::field("SCOPE", 11, "scope"),
        Col::computed("TARGET", 28, |it, _| {
            (target(it, |name, _| name.to_owned()), None)
        }),
        Col::field("USER", 20, "user_id").at(Place::Room(1)),
        Col::age("AGE", 5, "created_at").at(Place::Room(2)),
        Col::field("ID", 27, "id").at(Place::Wide),
    ],
    order: ("ROLE", false),
    load: |scope| {
        let mut list = List::new(&ROLE_BINDING, path(&["role_bindings"]));
        if let Some(project) = &scope.project {
            list = list.search(equals("project_id", &project.id));
        }
        Load::List(list, Join::BindingNames)
    },
    tone: plain,
    enter: describe,
    enter_label: "Describe",
    actions: &[
        Action::new('n', "Grant", Run::New(&GRANT)),
        DESCRIBE,
        YAML,
        Action::ctrl('d', "Delete", Run::Call(&DELETE_BINDING)),
    ],
};

/// Returns the name of a role, or its ID as long as the name is not known.
fn role(binding: &Record) -> &str {
    match binding.text("role_name") {
        "" => binding.text("role_id"),
        name => name,
    }
}

/// Returns what a binding grants its role on: for a credential, with those whose sessions may use it. `show` is given
/// names and IDs; a name that is not known is the ID.
fn target(binding: &Record, show: fn(&str, &str) -> String) -> String {
    let part = |(id, name): (&str, &str)| match (binding.text(id), binding.text(name)) {
        ("", _) => None,
        (id, "") => Some(show(id, id)),
        (id, name) => Some(show(name, id)),
    };
    let places = [
        ("agent_id", "agent_name"),
        ("session_id", ""),
        ("project_id", "project_name"),
    ];
    let place: Vec<String> = places.into_iter().filter_map(part).collect();
    let place = place.join(" in ");
    let is_for_all = binding.text("user_id").is_empty();
    match part(("credential_id", "credential_name")) {
        None => place,
        Some(credential) if !place.is_empty() => format!("{credential} for {place}"),
        Some(credential) if is_for_all => format!("{credential} for all projects"),
        Some(credential) => credential,
    }
}

/// Asks whether a binding is to be deleted. What it does not name is left out.
fn delete_binding(binding: &Record) -> String {
    let user = match binding.text("user_id") {
        "" => String::new(),
        user => format!(" of {}", brief(user)),
    };
    let on = match target(binding, asked_of).as_str() {
        "" => String::new(),
        target => format!(" on {target}"),
    };
    let (id, role) = (binding.id(), brief(role(binding)));
    format!("Delete role binding {id} ({role}{user}{on})?")
}

static GRANT: Form = Form {
    title: "Grant Role on Project",
    opens: for_any,
    fields: &[
        Field::text("role_id", "Role", "")
            .required()
            .input(Input::Offer {
                none: None,
                list: |_, _| Some(List::new(&ROLE, path(&["roles"]))),
            }),
        Field::text("user_id", "User", "user name").required(),
        PROJECT_FIELD,
    ],
    submit: |scope, _, form| {
        Ok(Send::new(Method::Post, path(&["role_bindings"]), scope)
            .with("role_id", form.text("role_id"))
            .with("user_id", form.text("user_id"))
            .with("project_id", form.text("project_id"))
            .with("scope", "project")
            .says("Role granted", "Grant role failed"))
    },
};

static DELETE_BINDING: Call = Call {
    question: Some(|_, it| delete_binding(it)),
    title: "Delete",
    types_id: false,
    bulk: true,
    doing: "Deleting role binding",
    make: |scope, it| Ok(deletion(scope, "role binding", &["role_bindings", it.id()])),
};

pub(super) static APPLICATIONS: View = View {
    kind: Kind::Applications,
    name: "applications",
    aliases: &["application", "apps", "app"],
    about: "GitOps applications",
    needs: Needs::Nothing,
    columns: &[
        Col::field("NAME", 22, "name"),
        Col::field("PROJECT", 16, "destination_project"),
        Col::field("SYNC", 10, "sync_status"),
        Col::field("HEALTH", 10, "health_status"),
        Col::field("REPO", 36, "source_repo_url").at(Place::Room(3)),
        Col::age("AGE", 5, "created_at"),
        Col::field("PATH", 24, "source_path").at(Place::Wide),
        Col::field("REVISION", 16, "source_target_revision").at(Place::Wide),
        Col::field("ID", 27, "id").at(Place::Wide),
    ],
    order: ("NAME", false),
    load: |_| all(&APPLICATION),
    tone: |it| match it.text("health_status") {
        "" => tone_of(it.text("sync_status")),
        health => tone_of(health),
    },
    enter: describe,
    enter_label: "Describe",
    actions: &[
        Action::new('s', "Sync", Run::Call(&SYNC)),
        Action::new('r', "Refresh", Run::Call(&REFRESH)),
        DESCRIBE,
        YAML,
        Action::new('e', "Edit", Run::Edit(&EDIT_APPLICATION)),
        Action::ctrl('d', "Delete", Run::Call(&DELETE_APPLICATION)),
    ],
};

static SYNC: Call = Call {
    question: None,
    title: "Sync",
    types_id: false,
    bulk: true,
    doing: "Syncing application",
    make: |scope, it| {
        Ok(Send::new(
            Method::Post,
            path(&["applications", it.id(), "sync"]),
            scope,
        )
        .says("Application sync started", "Sync failed"))
    },
};

static REFRESH: Call = Call {
    question: None,
    title: "Refresh",
    types_id: false,
    bulk: true,
    doing: "Refreshing application",
    make: |scope, it| {
        let target = path(&["applications", it.id(), "refresh"]);
        Ok(Send::new(Method::Post, target, scope).says("Application refreshed", "Refresh failed"))
    },
};

static EDIT_APPLICATION: Editing = Editing {
    fields: &[
        "name",
        "source_repo_url",
        "source_path",
        "source_target_revision",
        "auto_sync",
        "auto_prune",
        "self_heal",
        "labels",
        "annotations",
    ],
    path: |_, it| path(&["applications", it.id()]),
};

static DELETE_APPLICATION: Call = Call {
    question: Some(|_, it| delete_question("application", it)),
    title: "Delete",
    types_id: false,
    bulk: true,
    doing: "Deleting application",
    make: |scope, it| Ok(deletion(scope, "application", &["applications", it.id()])),
};

pub(super) static SETTINGS: View = View {
    kind: Kind::ProjectSettings,
    name: "projectsettings",
    aliases: &["settings", "ps"],
    about: "Settings of projects",
    needs: Needs::Nothing,
    columns: &[
        Col::field("PROJECT", 24, "project_id"),
        Col::field("GROUP ACCESS", 34, "group_access").at(Place::Room(2)),
        Col::field("REPOSITORIES", 34, "repositories").at(Place::Room(3)),
        Col::age("AGE", 5, "created_at"),
        Col::field("ID", 27, "id").at(Place::Wide),
    ],
    order: ("PROJECT", false),
    load: |scope| {
        let list = List::new(&PROJECT_SETTINGS, path(&["project_settings"]));
        Load::List(list.in_project(scope.project_id()), Join::None)
    },
    tone: plain,
    enter: describe,
    enter_label: "Describe",
    actions: &[
        DESCRIBE,
        YAML,
        Action::new('e', "Edit", Run::Edit(&EDIT_SETTINGS)),
        Action::new('n', "New", Run::New(&NEW_SETTINGS)),
        Action::ctrl('d', "Delete", Run::Call(&DELETE_SETTINGS)),
    ],
};

static EDIT_SETTINGS: Editing = Editing {
    fields: &["group_access", "repositories"],
    path: |_, it| path(&["project_settings", it.id()]),
};

static NEW_SETTINGS: Form = Form {
    title: "New Project Settings",
    opens: for_any,
    fields: &[
        PROJECT_FIELD,
        Field::text("group_access", "Group Access", "(optional) JSON"),
        Field::text("repositories", "Repositories", "(optional) JSON"),
    ],
    submit: |scope, _, form| {
        let project = form.text("project_id");
        Ok(Send::new(Method::Post, path(&["project_settings"]), scope)
            .in_project(project)
            .with("project_id", project)
            .with_filled("group_access", form.text("group_access"))
            .with_filled("repositories", form.text("repositories"))
            .says("Project settings created", "Create project settings failed"))
    },
};

static DELETE_SETTINGS: Call = Call {
    question: Some(|_, it| {
        let project = brief(it.text("project_id"));
        format!("Delete the settings {} of project {project}?", it.id())
    }),
    title: "Delete",
    types_id: false,
    bulk: false,
    doing: "Deleting project settings",
    make: |scope, it| {
        Ok(deletion(
            scope,
            "project settings",
            &["project_settings", it.id()],
        ))
    },
};

pub(super) static PROVIDERS: View = View {
    kind: Kind::Providers,
    name: "providers",
    aliases: &["provider"],
    about: "The providers of a project",
    needs: Needs::Project,
    columns: &[
        Col::field("NAME", 22, "name"),
        Col::field("TYPE", 14, "type"),
        Col::field("SECRET", 24, "secret").at(Place::Room(2)),
        Col::field("NAMESPACE", 18, "namespace").at(Place::Room(3)),
        Col::age("AGE", 5, "created_at"),
        Col::field("ID", 27, "id").at(Place::Wide),
    ],
    order: ("NAME", false),
    load: |scope| of_project(&PROVIDER, scope, Join::None),
    tone: plain,
    enter: describe,
    enter_label: "Describe",
    actions: &[
        DESCRIBE,
        YAML,
        Action::ctrl('d', "Delete", Run::Call(&DELETE_PROVIDER)),
    ],
};

/// Returns the deletion of an object that is part of a project.
fn deletion_in(scope: &Scope, kind: &str, collection: &str, it: &Record) -> Send {
    let project = scope.project_id();
    deletion(scope, kind, &["projects", project, collection, it.id()])
}

static DELETE_PROVIDER: Call = Call {
    question: Some(|_, it| delete_question("provider", it)),
    title: "Delete",
    types_id: false,
    bulk: true,
    doing: "Deleting provider",
    make: |scope, it| Ok(deletion_in(scope, "provider", "providers", it)),
};

pub(super) static POLICIES: View = View {
    kind: Kind::Policies,
    name: "policies",
    aliases: &["policy"],
    about: "The policies of a project",
    needs: Needs::Project,
    columns: &[
        Col::field("NAME", 24, "name"),
        Col::field("NAMESPACE", 20, "namespace").at(Place::Room(2)),
        Col::age("AGE", 5, "created_at"),
        Col::field("ID", 27, "id").at(Place::Wide),
    ],
    order: ("NAME", false),
    load: |scope| of_project(&POLICY, scope, Join::None),
    tone: plain,
    enter: describe,
    enter_label: "Describe",
    actions: &[
        DESCRIBE,
        YAML,
        Action::ctrl('d', "Delete", Run::Call(&DELETE_POLICY)),
    ],
};

static DELETE_POLICY: Call = Call {
    question: Some(|_, it| delete_question("policy", it)),
    title: "Delete",
    types_id: false,
    bulk: true,
    doing: "Deleting policy",
    make: |scope, it| Ok(deletion_in(scope, "policy", "policies", it)),
};

pub(super) static USERS: View = View {
    kind: Kind::Users,
    name: "users",
    aliases: &["user"],
    about: "Users",
    needs: Needs::Nothing,
    columns: &[
        Col::field("USERNAME", 24, "username"),
        Col::field("NAME", 26, "name"),
        Col::field("EMAIL", 34, "email").at(Place::Room(2)),
        Col::age("AGE", 5, "created_at"),
        Col::field("ID", 27, "id").at(Place::Wide),
    ],
    order: ("USERNAME", false),
    load: |_| all(&USER),
    tone: plain,
    enter: describe,
    enter_label: "Describe",
    actions: &[DESCRIBE, YAML],
};

pub(super) static CLUSTERS: View = View {
    kind: Kind::Clusters,
    name: "clusters",
    aliases: &["cluster", "cl"],
    about: "Clusters",
    needs: Needs::Nothing,
    columns: &[
        Col::field("NAME", 24, "name"),
        Col::field("ROLE", 10, "role"),
        Col::field("API SERVER", 36, "api_server_url").at(Place::Room(2)),
        Col::field("STATUS", 12, "status"),
        Col::age("AGE", 5, "created_at"),
        Col::field("ID", 27, "id").at(Place::Wide),
    ],
    order: ("NAME", false),
    load: |_| all(&CLUSTER),
    tone: |it| tone_of(it.text("status")),
    enter: describe,
    enter_label: "Describe",
    actions: &[DESCRIBE, YAML],
};
