//! The transport to the embedded API: its router, called in this process.

use super::client::{Answer, Request};
use super::error::Error;
use crate::cli::Globals;

pub struct Local {}

impl Local {
    /// Opens the store.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn open(_globals: &Globals) -> anyhow::Result<Self> {
        anyhow::bail!("the embedded API is not part of this build yet")
    }

    /// Calls the router.
    ///
    /// # Errors
    /// As for a server, where the answer is too large.
    #[expect(clippy::unused_async, reason = "to come")]
    pub async fn send(&self, _request: &Request, _project: Option<&str>) -> Result<Answer, Error> {
        Err(Error::Body("no answer".to_owned()))
    }
}
