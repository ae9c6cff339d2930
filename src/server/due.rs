//! Starts the sessions of schedules when their time has come, as the platform with sandboxes does
//! (docs/interface/api.md section 9.6).
//!
//! The session and the time of the next run are written in one step, so each time starts one session, whatever is
//! restarted and however many servers share the store. Times that passed while no server ran count as one.

use jiff::Timestamp;
use rusqlite::types::Value as Sql;

use super::handlers::scheduled_sessions;
use super::kinds::SCHEDULED_SESSION;
use super::record::FieldValue;
use super::state::{AppState, Platform};
use super::store::StoreError;
use super::store::records::{self, Condition};
use super::time;

/// How many schedules one call starts at most; the next call starts the others.
const AT_ONCE: usize = 100;

impl AppState {
    /// Whether this server starts the sessions of schedules by itself.
    #[must_use]
    pub fn keeps_schedules(&self) -> bool {
        self.platform() == Platform::Sandbox
    }

    /// Starts the sessions whose time has come at `now`. Returns their IDs.
    ///
    /// # Errors
    /// When the store fails.
    pub fn start_due(&self, now: Timestamp) -> Result<Vec<String>, StoreError> {
        if !self.keeps_schedules() {
            return Ok(Vec::new());
        }
        let due = Condition {
            sql: "enabled = 1 AND (next_run_at IS NULL OR next_run_at <= ?)".to_owned(),
            values: vec![Sql::Integer(time::to_micros(now))],
        };
        let schedules = self.store().read(|transaction| {
            Ok::<_, StoreError>(records::all(transaction, &SCHEDULED_SESSION, &due)?)
        })?;
        let mut started = Vec::new();
        for schedule in schedules.into_iter().take(AT_ONCE) {
            started.extend(self.start_if_due(&schedule.id, now)?);
        }
        if !started.is_empty() {
            self.announce_messages();
            self.announce_sessions();
        }
        Ok(started)
    }

    /// Starts the session of one schedule, unless another process has done it meanwhile. A schedule without a time,
    /// which a server of the other platform has written, gets one.
    fn start_if_due(&self, id: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
        self.store().write(|transaction| {
            let Some(mut schedule) = records::get(transaction, &SCHEDULED_SESSION, id)? else {
                return Ok(None);
            };
            let due = match schedule.get("next_run_at") {
                _ if schedule.get("enabled") != &FieldValue::Bool(true) => return Ok(None),
                FieldValue::Time(due) if *due <= now => *due,
                FieldValue::Null => {
                    scheduled_sessions::plan(transaction, &mut schedule, now)?;
                    return Ok(None);
                }
                _ => return Ok(None),
            };
            scheduled_sessions::advance(&mut schedule, now);
            let session = scheduled_sessions::start(transaction, &mut schedule, due, now)?;
            Ok(session.map(|session| session.id))
        })
    }
}
