//! Finishes or undoes the work of runs that were killed, by the notes that they have left.

use super::ended;
use super::minted::{Ends, Minted};
use crate::cluster::journal::{Journal, Note, Work};
use crate::cluster::objects::{Account, is_name};
use crate::ctx::Ctx;
use crate::resources::{KUBECONFIG, Record};
use crate::session_helper::fetch;
use crate::text::{acpctl_for, visible};

impl Ends<'_> {
    /// Finishes or undoes what killed runs have left in this cluster. What is not settled is told, and is left to the
    /// next run.
    ///
    /// # Errors
    /// The work on the account that this run is about, `ours`, is not settled. The runtime can't be started.
    pub(super) fn settle_left(&self, ctx: &Ctx, ours: Option<&Account>) -> anyhow::Result<()> {
        for journal in Journal::left(&self.server(), &self.address) {
            let note = journal.note.clone();
            let name = visible(&note.credential);
            match ctx.block_on(self.finish_or_undo(ctx, &note)) {
                Ok(what) => {
                    journal.end();
                    ctx.out.note(&format!(
                        "An interrupted run for the credential {name} was {what}"
                    ));
                }
                Err(error) if ours == Some(&note.account()) => {
                    return Err(error.context(format!(
                        "an interrupted run for the credential {name} is not settled"
                    )));
                }
                Err(error) => self.tell_unsettled(ctx, &note, &error),
            }
        }
        Ok(())
    }

    fn tell_unsettled(&self, ctx: &Ctx, note: &Note, error: &anyhow::Error) {
        ctx.out.warn(&format!(
            "an interrupted run for the credential {} is not settled: {error:#}",
            visible(&note.credential)
        ));
        let by_hand = match note.work {
            // Which of its tokens is in use is not known.
            Work::Renew => acpctl_for(&["credential", "renew"], &note.credential, &[]),
            Work::Mint => self.remove_by_hand(&note.account()),
            // The objects may be gone already, and the cluster goes on to accept the token.
            Work::Revoke => format!(
                "{}; then: {}",
                self.remove_by_hand(&note.account()),
                acpctl_for(&["credential", "revoke"], &note.credential, &["--yes"])
            ),
        };
        ctx.out.note_as_is(&format!("By hand: {by_hand}"));
    }

    async fn finish_or_undo(&self, ctx: &Ctx, note: &Note) -> anyhow::Result<&'static str> {
        let named = [&note.new_anchor, &note.old_anchor];
        let anchors = named.into_iter().flatten();
        if !is_name(&note.id)
            || !is_name(&note.namespace)
            || !anchors.clone().all(|anchor| is_name(anchor))
        {
            anyhow::bail!("its note can't be read");
        }
        let account = note.account();
        let stored = self.stored(note).await?;
        let anchors: Vec<&str> = anchors.map(String::as_str).collect();
        match (note.work, stored) {
            (Work::Mint, Some((record, _))) => {
                self.name_new_owner(ctx, note, &record).await;
                Ok("complete: the credential is stored")
            }
            (Work::Mint, None) => {
                let kept = self.remove_all(&account.to_remove(&anchors)).await?;
                self.tell_kept(ctx, &kept);
                Ok("undone")
            }
            (Work::Renew, stored) => {
                let has_new = stored
                    .is_some_and(|(_, minted)| Some(&minted.anchor) == note.new_anchor.as_ref());
                let (unused, what) = if has_new {
                    (&note.old_anchor, "finished")
                } else {
                    (&note.new_anchor, "undone")
                };
                let unused = unused.iter().map(|name| account.anchor(name));
                let kept = self.remove_all(&unused.collect::<Vec<_>>()).await?;
                self.tell_kept(ctx, &kept);
                Ok(what)
            }
            (Work::Revoke, stored) => {
                let kept = self.remove_all(&account.to_remove(&anchors)).await?;
                self.tell_kept(ctx, &kept);
                // Somebody has deleted the record, or the run was killed after that, as its last step.
                let Some((record, _)) = stored else {
                    return Ok(
                        "finished; its record was gone already, so the cluster was not asked whether it refuses the token",
                    );
                };
                let text = fetch::token(self.platform, record.id(), KUBECONFIG).await;
                let text = text.ok();
                ended::until_refused(ctx, self, &account, text.as_ref(), &kept, &|| false).await?;
                ended::delete(self, &record).await?;
                Ok("finished")
            }
        }
    }

    /// Returns the credential that a note is about, if the platform has it, whatever it is called now.
    ///
    /// # Errors
    /// The platform does not say, or the note does not name the record and several name the account.
    pub(super) async fn stored(&self, note: &Note) -> anyhow::Result<Option<(Record, Minted)>> {
        let mut found = self.records_of(&note.account()).await?;
        if let Some(id) = &note.record {
            found.retain(|(record, _)| record.id() == id);
        }
        match found.as_slice() {
            [] | [_] => Ok(found.pop()),
            [(first, _), (second, _), ..] => anyhow::bail!(
                "two records name the account {}: {} and {}",
                note.account().name(),
                visible(first.id()),
                visible(second.id())
            ),
        }
    }
}
