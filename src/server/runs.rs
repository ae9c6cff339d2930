//! The interface for the process that runs sessions: it takes the sessions that wait, stores their messages, and ends
//! them (docs/interface/api.md section 9.4). The platform's control plane uses the same phases.

use std::fs::{File, TryLockError};
use std::time::Duration;

use rusqlite::Transaction;
use serde_json::json;
use tokio::sync::watch;

use super::kinds::SESSION;
use super::record::{FieldValue, ServerRecord};
use super::state::AppState;
use super::store::StoreError;
use super::store::messages::{self, Message};
use super::store::records::{self, Condition};
use super::time;
use crate::secret_file;

/// The type of the message with which a run begins.
pub const STARTED: &str = "RUN_STARTED";
/// The types of the message with which a run ends.
pub const FINISHED: &str = "RUN_FINISHED";
pub const FAILED: &str = "RUN_ERROR";

/// The lock file beside the database: only one process runs the sessions of a store.
const LOCK: &str = "runner.lock";

/// How often a lock that is held is tried again.
const LOOKS: u32 = 5;

/// Finds the session that has waited longest.
const LONGEST_WAITING: &str =
    "SELECT id FROM sessions WHERE deleted_at IS NULL AND phase = 'Pending'
     ORDER BY updated_at LIMIT 1";

/// A session that is to be run.
#[derive(Debug, Clone)]
pub struct SessionRun {
    pub session: String,
    pub name: String,
    /// Empty if the session has no project; the same holds for the agent and the model.
    pub project: String,
    pub agent: String,
    /// The messages of the user that no run has answered.
    pub prompt: String,
    pub model: String,
    /// How long it may run.
    pub limit: Option<Duration>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Completed,
    /// The run failed, for this reason.
    Failed(String),
    Stopped(&'static str),
}

impl End {
    /// That of a session which was stopped while it waited.
    pub(super) const UNSTARTED: Self = Self::Stopped("stopped before it ran");
}

/// The right to run the sessions of a store. The system releases its lock when the process ends.
pub struct Runner {
    state: AppState,
    _lock: File,
}

impl AppState {
    /// Makes this process the one that runs sessions, and ends the runs that an earlier process left unfinished.
    ///
    /// # Errors
    /// [`StoreError::Runs`] if another process runs them.
    pub fn run_sessions(&self) -> Result<Runner, StoreError> {
        let path = self.store().directory().join(LOCK);
        let failed = |error| StoreError::Open {
            path: path.clone(),
            error,
        };
        let lock = secret_file::lock_file(&path).map_err(failed)?;
        let mut looks = 0;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                // A start that looks for a runner holds the lock for a moment.
                Err(TryLockError::WouldBlock) if looks < LOOKS => {
                    looks += 1;
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreError::Runs(self.store().directory().to_owned()));
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        self.set_has_runner();
        let runner = Runner {
            state: self.clone(),
            _lock: lock,
        };
        runner.end_leftovers()?;
        Ok(runner)
    }

    /// True if this process or another one runs the sessions of the store.
    pub(super) fn are_sessions_run(&self) -> bool {
        if self.has_runner() {
            return true;
        }
        let path = self.store().directory().join(LOCK);
        let is_there = path.symlink_metadata().is_ok_and(|about| about.is_file());
        let is_held = |lock: &File| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock));
        is_there && secret_file::lock_file(&path).is_ok_and(|lock| is_held(&lock))
    }
}

impl Runner {
    /// Returns a receiver of the changes that may start or end a run.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.state.session_changes()
    }

    /// Ends the runs that were active when the earlier process ended.
    fn end_leftovers(&self) -> Result<(), StoreError> {
        for session in self.in_phases("'Creating', 'Running'")? {
            let why = "the server that ran it ended".to_owned();
            self.end(&session.id, &End::Failed(why))?;
        }
        Ok(())
    }

    fn in_phases(&self, phases: &'static str) -> Result<Vec<ServerRecord>, StoreError> {
        self.state
            .store()
            .read(|transaction| Ok(records::all(transaction, &SESSION, &in_phases(phases))?))
    }

    /// Takes the session that has waited longest; returns `None` if none waits.
    ///
    /// # Errors
    /// When the store fails.
    pub fn next(&self) -> Result<Option<SessionRun>, StoreError> {
        let taken = self.state.store().write(|transaction| {
            let waiting = transaction
                .prepare_cached(LONGEST_WAITING)?
                .query_map([], |row| row.get::<_, String>(0))?
                .next()
                .transpose()?;
            let Some(mut session) = waiting
                .map(|id| records::get(transaction, &SESSION, &id))
                .transpose()?
                .flatten()
            else {
                return Ok::<_, StoreError>(None);
            };
            let prompt = unanswered(transaction, &session)?;
            session.set("completion_time", FieldValue::Null);
            set_phase(transaction, &mut session, "Creating")?;
            messages::push(transaction, &session.id, STARTED, &json!({}).to_string())?;
            Ok(Some(run(&session, prompt)))
        })?;
        if taken.is_some() {
            self.state.announce_messages();
        }
        Ok(taken)
    }

    /// Notes that the command of a run was started.
    ///
    /// # Errors
    /// When the store fails.
    pub fn started(&self, session: &str) -> Result<(), StoreError> {
        self.change(session, |transaction, session| {
            // A request to stop the session that came meanwhile stays in effect.
            if session.text("phase") == "Creating" {
                session.set("start_time", FieldValue::Time(time::now()));
                set_phase(transaction, session, "Running")?;
            }
            Ok(())
        })
    }

    /// Adds messages of a run, each with its type.
    ///
    /// # Errors
    /// When the store fails.
    pub fn say(&self, session: &str, said: &[(&str, &str)]) -> Result<(), StoreError> {
        self.state.store().write(|transaction| {
            for (event_type, payload) in said {
                messages::push(transaction, session, event_type, payload)?;
            }
            Ok::<_, StoreError>(())
        })?;
        self.state.announce_messages();
        Ok(())
    }

    /// Notes that a run has ended.
    ///
    /// # Errors
    /// When the store fails.
    pub fn end(&self, session: &str, end: &End) -> Result<(), StoreError> {
        self.change(session, |transaction, session| {
            note_end(transaction, session, end)?;
            session.updated_at = time::now();
            Ok(records::update(transaction, session)?)
        })?;
        self.state.announce_messages();
        Ok(())
    }

    /// Returns those of these runs whose session was stopped or deleted. A session that is to stop and is not running
    /// is ended at once.
    ///
    /// # Errors
    /// When the store fails.
    pub fn to_stop(&self, running: &[String]) -> Result<Vec<String>, StoreError> {
        for session in self.in_phases("'Stopping'")? {
            if !running.contains(&session.id) {
                self.end(&session.id, &End::UNSTARTED)?;
            }
        }
        self.state.store().read(|transaction| {
            let mut unwanted = Vec::new();
            for id in running {
                let session = records::get(transaction, &SESSION, id)?;
                if session.is_none_or(|session| session.text("phase") == "Stopping") {
                    unwanted.push(id.clone());
                }
            }
            Ok(unwanted)
        })
    }

    /// Changes a session; does nothing if it was deleted.
    fn change(
        &self,
        id: &str,
        change: impl FnOnce(&Transaction<'_>, &mut ServerRecord) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.state.store().write(
            |transaction| match records::get(transaction, &SESSION, id)? {
                Some(mut session) => change(transaction, &mut session),
                None => Ok(()),
            },
        )
    }
}

/// Notes in a session how its run ended, and adds the message that says so. The caller saves the session.
///
/// # Errors
/// When the store fails.
pub(super) fn note_end(
    transaction: &Transaction<'_>,
    session: &mut ServerRecord,
    end: &End,
) -> Result<(), StoreError> {
    let (phase, event_type, payload) = match end {
        End::Completed => ("Completed", FINISHED, json!({})),
        End::Failed(why) => ("Failed", FAILED, json!({"message": why})),
        End::Stopped(why) => ("Stopped", FAILED, json!({"message": why})),
    };
    messages::push(transaction, &session.id, event_type, &payload.to_string())?;
    session.set("completion_time", FieldValue::Time(time::now()));
    session.set_text("phase", phase);
    Ok(())
}

fn in_phases(phases: &'static str) -> Condition {
    Condition {
        sql: format!("phase IN ({phases})"),
        values: Vec::new(),
    }
}

fn set_phase(
    transaction: &Transaction<'_>,
    session: &mut ServerRecord,
    phase: &str,
) -> Result<(), StoreError> {
    session.set_text("phase", phase);
    session.updated_at = time::now();
    Ok(records::update(transaction, session)?)
}

fn run(session: &ServerRecord, prompt: String) -> SessionRun {
    let text = |name| session.text(name).to_owned();
    let limit = match session.get("timeout") {
        FieldValue::Int(seconds) => u64::try_from(*seconds).ok().filter(|seconds| *seconds > 0),
        _ => None,
    };
    SessionRun {
        session: session.id.clone(),
        name: text("name"),
        project: text("project_id"),
        agent: text("agent_id"),
        model: text("llm_model"),
        limit: limit.map(Duration::from_secs),
        prompt,
    }
}

/// Returns the messages of the user that no run has answered; without any, the session's prompt.
fn unanswered(transaction: &Transaction<'_>, session: &ServerRecord) -> Result<String, StoreError> {
    let said: Vec<Message> = messages::unanswered(transaction, &session.id)?;
    if said.is_empty() {
        return Ok(session.text("prompt").to_owned());
    }
    let texts: Vec<&str> = said
        .iter()
        .map(|message| message.payload.as_str())
        .collect();
    Ok(texts.join("\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::store::records::plans;

    #[test]
    fn only_a_regular_file_is_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("pipe"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RWXU,
            0,
        )
        .unwrap();
        std::os::unix::fs::symlink(at("elsewhere"), at("link")).unwrap();
        assert!(secret_file::lock_file(&at("pipe")).is_err());
        assert!(secret_file::lock_file(&at("link")).is_err());
        assert!(!at("elsewhere").exists());
        assert!(secret_file::lock_file(&at("lock")).is_ok());
    }

    /// The process that runs sessions looks every second.
    #[test]
    fn looking_for_work_uses_an_index() {
        let plan = plans::explain(LONGEST_WAITING, [].iter());
        assert!(
            plan.starts_with("SEARCH sessions USING INDEX sessions_phase (phase=?)"),
            "{plan}"
        );
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        let plan = plans::list(&SESSION, &in_phases("'Creating', 'Running'"));
        assert!(plan.contains("sessions_phase (phase=?)"), "{plan}");
    }
}
