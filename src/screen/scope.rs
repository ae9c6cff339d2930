//! The kinds of views, and what a view is limited to: a project, an agent, a session.

/// The kinds of views that show a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Projects,
    Agents,
    Sessions,
    Inbox,
    Schedules,
    Runs,
    Credentials,
    Bindings,
    Preview,
    Roles,
    RoleBindings,
    Applications,
    ProjectSettings,
    Providers,
    Policies,
    Users,
    Clusters,
    Contexts,
    Pulses,
    Tree,
}

/// An object by its ID, with the name that people know it by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Named {
    pub id: String,
    pub name: String,
}

impl Named {
    #[must_use]
    pub(super) fn new(id: &str, name: &str) -> Self {
        let name = if name.is_empty() { id } else { name };
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
        }
    }

    /// Returns the name, with the ID if that is another text.
    #[must_use]
    pub(super) fn in_full(&self) -> String {
        if self.name == self.id {
            return self.id.clone();
        }
        format!("{} ({})", self.name, self.id)
    }
}

/// What a view is limited to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Scope {
    pub project: Option<Named>,
    pub agent: Option<Named>,
    pub session: Option<Named>,
    pub schedule: Option<Named>,
    pub credential: Option<Named>,
}

impl Scope {
    #[must_use]
    pub(super) fn of_project(project: Named) -> Self {
        Self {
            project: Some(project),
            ..Self::default()
        }
    }

    #[must_use]
    pub(super) fn with_agent(&self, agent: Named) -> Self {
        Self {
            agent: Some(agent),
            ..self.clone()
        }
    }

    /// Returns the ID of the project; an empty text if there is none.
    #[must_use]
    pub(super) fn project_id(&self) -> &str {
        self.project.as_ref().map_or("", |it| it.id.as_str())
    }

    #[must_use]
    pub(super) fn agent_id(&self) -> &str {
        self.agent.as_ref().map_or("", |it| it.id.as_str())
    }

    /// Returns the name of the narrowest thing that the scope names, for titles; `all` for none.
    #[must_use]
    pub(super) fn label(&self) -> &str {
        let narrowest = [
            &self.session,
            &self.schedule,
            &self.credential,
            &self.agent,
            &self.project,
        ];
        let named = narrowest.into_iter().flatten().next();
        named.map_or("all", |named| named.name.as_str())
    }
}
