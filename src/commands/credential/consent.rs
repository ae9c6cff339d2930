//! Asks before a binding shadows another credential, or is shadowed by one: the rule of `bind`, and of the flag
//! `--bind`.

use anyhow::Context as _;

use crate::api;
use crate::binding::{BindingPlan, Grantee, Kept};
use crate::commands::gateway_credentials;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::{prompt, table};
use crate::resources::{CREDENTIAL, Record};
use crate::text::{acpctl, acpctl_for, quote};

/// A binding that the user wants, in words.
pub(super) struct Wish<'a> {
    /// The name of the credential.
    pub credential: &'a str,
    /// The project or the agent, as results name it: `project/team-a`.
    pub label: &'a str,
    /// The project, as the user named it.
    pub project: &'a str,
    /// The command that shows more.
    pub see: String,
    /// True if the command line gives consent.
    pub is_confirmed: bool,
    /// True if a binding that no session would use is refused.
    pub is_strict: bool,
    /// True if nothing will be bound, so that no consent is needed.
    pub is_rehearsal: bool,
}

impl Wish<'_> {
    /// Decides by the plan whether the binding may be made. If a credential is shadowed, shows the effect, and asks on
    /// a terminal. If the user has agreed already, or the binding exists, warns that sessions keep another credential.
    ///
    /// # Errors
    /// The plan can't be made, the user can't be asked ([`Kind::Input`]), or nobody would get the credential and the
    /// user is strict ([`Kind::Policy`]).
    pub(super) fn may_bind(
        &self,
        ctx: &Ctx,
        plan: anyhow::Result<BindingPlan>,
    ) -> anyhow::Result<bool> {
        let plan = match plan {
            Ok(plan) => plan,
            Err(error) => return doubt(ctx, error).map(|()| true),
        };
        let kept = plan.kept();
        self.refuse_useless(&kept)?;
        let is_settled = !plan.shadows() || self.is_confirmed;
        if self.is_rehearsal || !is_settled {
            self.show(ctx, &plan);
        }
        if is_settled {
            for kept in &kept {
                ctx.out.warn(&format!(
                    "{}; take it away: {}",
                    kept.says(self.credential, self.project),
                    kept.unbind(self.project)
                ));
            }
        }
        if is_settled || self.is_rehearsal {
            return Ok(true);
        }
        let Self {
            credential, label, ..
        } = self;
        if !ctx.may_ask() {
            let message = format!(
                "add --yes to bind credential/{credential} to {label}: a credential is shadowed"
            );
            return Err(Failure::new(Kind::Input, message)
                .hint(self.way_on(&kept))
                .into());
        }
        let agrees = prompt::confirm(&format!(
            "Bind credential/{credential} to {label} nevertheless?"
        ))?;
        if !agrees {
            ctx.out.note("Aborted.");
        }
        Ok(agrees)
    }
}

impl Wish<'_> {
    /// Shows the effect on the sessions of each agent. No question follows in a dry run, so a line names the project.
    fn show(&self, ctx: &Ctx, plan: &BindingPlan) {
        if self.is_rehearsal {
            if ctx.out.is_quiet() {
                return;
            }
            ctx.out.note(&format!(
                "The credentials of sessions of {}, now and then:",
                self.label
            ));
        }
        let cells = plan.cells();
        let effect = table::fitted(&BindingPlan::TITLES, &cells, ctx.out.width_of_talk());
        ctx.out.note_as_is(effect.trim_end());
    }

    /// What to do about a shadow: `--yes` alone does not help a credential that an older binding keeps out.
    fn way_on(&self, kept: &[Kept]) -> String {
        match kept.iter().find(|kept| !kept.is_exception) {
            Some(winner) => format!(
                "with --yes, no session uses it before the older one is taken away: {}",
                winner.unbind(self.project)
            ),
            None => format!("see the effect on each agent: {}", self.see),
        }
    }

    /// With `--strict`, refuses a binding that loses to an older one of the same kind: no session would use it.
    fn refuse_useless(&self, kept: &[Kept]) -> Result<(), Failure> {
        let winner = kept.iter().find(|kept| !kept.is_exception);
        let Some(winner) = winner.filter(|_| self.is_strict) else {
            return Ok(());
        };
        let says = winner.says(self.credential, self.project);
        let hint = format!("take it away first: {}", winner.unbind(self.project));
        Err(Failure::new(Kind::Policy, format!("{says} (--strict)")).hint(hint))
    }
}

/// Binds without a plan if the caller may not read what the plan depends on, and says so.
///
/// # Errors
/// Any other failure: nothing is bound then.
fn doubt(ctx: &Ctx, error: anyhow::Error) -> anyhow::Result<()> {
    let kind = api::failure_in(&error).map(|failure| failure.kind);
    if !matches!(kind, Some(Kind::Forbidden | Kind::NotFound)) {
        return Err(error);
    }
    ctx.out.warn(&format!(
        "cannot check whether another credential is shadowed: {error:#}"
    ));
    Ok(())
}

/// What the command line says about the flag `--bind`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Consent {
    /// `--yes`.
    pub is_confirmed: bool,
    /// `--strict`.
    pub is_strict: bool,
    /// `--dry-run`.
    pub is_rehearsal: bool,
}

/// Decides about the flag `--bind`, before anything is stored: a credential that is refused here is not left behind.
///
/// # Errors
/// As [`Wish::may_bind`], and for a credential of the platform's gateways.
pub(super) fn may_bind_each(
    ctx: &Ctx,
    credential: &Record,
    projects: &[(String, Grantee)],
    consent: Consent,
) -> anyhow::Result<bool> {
    let name = credential.name_or_id();
    if !projects.is_empty() {
        gateway_credentials::refuse_binding(name, credential)?;
    }
    for (project, grantee) in projects {
        let plan = ctx.block_on(async {
            let plan =
                BindingPlan::make(ctx.client()?, credential, grantee, consent.is_rehearsal).await;
            Ok(plan.with_context(|| {
                format!(
                    "bind credential {} to project {}",
                    quote(name),
                    quote(project)
                )
            }))
        })?;
        let see = match credential.id() {
            NOT_STORED => acpctl(&["session", "explain", "--project", project]),
            _ => acpctl_for(
                &["credential", "bind"],
                name,
                &["--project", project, "--plan"],
            ),
        };
        let wish = Wish {
            credential: name,
            label: &format!("project/{project}"),
            project,
            see,
            is_confirmed: consent.is_confirmed,
            is_strict: consent.is_strict,
            is_rehearsal: consent.is_rehearsal,
        };
        if !wish.may_bind(ctx, plan)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The ID of a credential that is not stored yet.
const NOT_STORED: &str = "(new)";

/// Returns a credential that is not stored yet, for a plan.
///
/// # Errors
/// It can't be described.
pub(super) fn not_stored(name: &str, provider: &str) -> anyhow::Result<Record> {
    let fields = serde_json::json!({"id": NOT_STORED, "name": name, "provider": provider});
    Ok(Record::decode(&CREDENTIAL, fields)?)
}
