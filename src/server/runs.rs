//! For whoever runs sessions: which are to run, what they say, and how they end (contract api.md
//! section 9.4). The platform's control plane does this through the same phases.

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

/// The type of the message that a run begins with.
pub const STARTED: &str = "RUN_STARTED";
/// The types of the message that a run ends with.
pub const FINISHED: &str = "RUN_FINISHED";
pub const FAILED: &str = "RUN_ERROR";

/// The lock's file beside the database: one process runs the sessions of a store.
const LOCK: &str = "runner.lock";

/// The session that waits longest.
const LONGEST_WAITING: &str =
    "SELECT id FROM sessions WHERE deleted_at IS NULL AND phase = 'Pending'
     ORDER BY updated_at LIMIT 1";

/// A session that is to be run.
#[derive(Debug, Clone)]
pub struct SessionRun {
    pub session: String,
    pub name: String,
    /// Empty for none, as the next ones.
    pub project: String,
    pub agent: String,
    /// What the user said and nobody has answered yet.
    pub prompt: String,
    pub model: String,
    /// How long it may run.
    pub limit: Option<Duration>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Completed,
    /// With the reason.
    Failed(String),
    Stopped(&'static str),
}

/// The right to run the sessions of a store; the system takes it back when the process ends.
pub struct Runner {
    state: AppState,
    _lock: File,
}

impl AppState {
    /// Becomes the one who runs sessions. What a runner before has left unfinished is ended.
    ///
    /// # Errors
    /// [`StoreError::Runs`] where another process runs them; else what the system says.
    pub fn run_sessions(&self) -> Result<Runner, StoreError> {
        let path = self.store().directory().join(LOCK);
        let failed = |error| StoreError::Open {
            path: path.clone(),
            error,
        };
        let lock = secret_file::lock_file(&path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Runs(self.store().directory().to_owned()));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        self.set_has_runner();
        let runner = Runner {
            state: self.clone(),
            _lock: lock,
        };
        runner.end_leftovers()?;
        Ok(runner)
    }
}

impl Runner {
    /// Told of each change that may concern a run.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.state.session_changes()
    }

    /// The sessions that a runner before was at when it ended.
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

    /// Takes the session that has waited longest; nothing where none waits.
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

    /// The run's command was started.
    ///
    /// # Errors
    /// When the store fails.
    pub fn started(&self, session: &str) -> Result<(), StoreError> {
        self.change(session, |transaction, session| {
            // Who has asked to stop it meanwhile is not overruled.
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

    /// The run is over.
    ///
    /// # Errors
    /// When the store fails.
    pub fn end(&self, session: &str, end: &End) -> Result<(), StoreError> {
        let (phase, event_type, payload) = match end {
            End::Completed => ("Completed", FINISHED, json!({})),
            End::Failed(why) => ("Failed", FAILED, json!({"message": why})),
            End::Stopped(why) => ("Stopped", FAILED, json!({"message": why})),
        };
        self.change(session, |transaction, session| {
            messages::push(transaction, &session.id, event_type, &payload.to_string())?;
            session.set("completion_time", FieldValue::Time(time::now()));
            set_phase(transaction, session, phase)
        })?;
        self.state.announce_messages();
        Ok(())
    }

    /// Which of these runs somebody wants to end, by stopping or deleting the session. A session that
    /// is to stop and isn't among them is stopped at once.
    ///
    /// # Errors
    /// When the store fails.
    pub fn to_stop(&self, running: &[String]) -> Result<Vec<String>, StoreError> {
        for session in self.in_phases("'Stopping'")? {
            if !running.contains(&session.id) {
                self.end(&session.id, &End::Stopped("stopped before it ran"))?;
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

    /// Changes a session; one that is gone needs no change.
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

/// The user's messages since the last other one; the session's prompt where there are none.
fn unanswered(transaction: &Transaction<'_>, session: &ServerRecord) -> Result<String, StoreError> {
    let said: Vec<Message> = messages::since_answer(transaction, &session.id)?;
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

    /// Whoever runs sessions looks every second.
    #[test]
    fn looking_for_work_reads_no_whole_table() {
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
