//! The candidates that completion offers for an argument.
//!
//! Each argument declares its own, beside its flags: `#[arg(add = Candidates::AGENTS)]`. Possible values and file names
//! need no declaration: completion takes them from the argument's type.

use clap::builder::ArgExt;

use super::agent::AGENT;
use super::application::APPLICATION;
use super::credential::{CREDENTIAL, PROVIDERS};
use super::description::Resource;
use super::policy::POLICY;
use super::project::PROJECT;
use super::provider::PROVIDER;
use super::role::ROLE;
use super::scheduled_session::SCHEDULED_SESSION;
use super::session::SESSION;

/// The candidates for the value of an argument.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Candidates {
    /// Fixed words, each with a description.
    Described(&'static [(&'static str, &'static str)]),
    /// The names of a kind's objects on the server.
    Names(&'static Resource),
    /// The words for kinds of objects; only the first argument of the line is one.
    Kinds,
    /// The names of the objects whose kind is the first argument of the line.
    NamesOfKind,
    /// The names of sessions, and `KIND/NAME` for other objects.
    SessionsOrOthers,
    /// The codes of findings that the user can accept.
    Codes,
    /// The contexts of the configuration file.
    ServerContexts,
    /// The contexts of the kubeconfig on the line.
    Contexts,
    /// The columns of the list that the line asks for.
    Columns,
    /// The values of the setting that is the first argument of the line.
    ValuesOfSetting,
}

impl ArgExt for Candidates {}

impl Candidates {
    pub(crate) const AGENTS: Self = Self::Names(&AGENT);
    pub(crate) const APPLICATIONS: Self = Self::Names(&APPLICATION);
    pub(crate) const CREDENTIALS: Self = Self::Names(&CREDENTIAL);
    pub(crate) const POLICIES: Self = Self::Names(&POLICY);
    pub(crate) const PROJECTS: Self = Self::Names(&PROJECT);
    pub(crate) const PROVIDERS: Self = Self::Described(PROVIDERS);
    pub(crate) const PROVIDER_RECORDS: Self = Self::Names(&PROVIDER);
    pub(crate) const ROLES: Self = Self::Names(&ROLE);
    pub(crate) const SCHEDULED_SESSIONS: Self = Self::Names(&SCHEDULED_SESSION);
    pub(crate) const SESSIONS: Self = Self::Names(&SESSION);
}
