//! The transport to the embedded API: calls its router in this process.

use std::path::Path;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use http_body_util::{BodyExt as _, Limited};
use tower::ServiceExt as _;

use super::bounds::MAX_BODY;
use super::error::{Cause, Error};
use super::notice;
use super::request::{Answer, BASE_PATH, Request};
use super::stream;
use crate::config::paths;
use crate::env;
use crate::failure::Failure;
use crate::server::{self, AppState, Fidelity, KeyPolicy, Options};

pub(crate) struct Local {
    router: Router,
    state: AppState,
}

/// Returns where the key of the embedded API's store may be kept.
///
/// # Errors
/// `AMBIENT_LOCAL_KEYRING` has an unknown value: a typo must not decide about the key.
pub(crate) fn key_policy() -> Result<KeyPolicy, Failure> {
    match env::LOCAL_KEYRING.get().as_deref() {
        None => Ok(KeyPolicy::Auto),
        Some("on") => Ok(KeyPolicy::Keyring),
        Some("off") => Ok(KeyPolicy::File),
        Some(_) => Err(
            Failure::usage("AMBIENT_LOCAL_KEYRING is neither on nor off")
                .hint("unset AMBIENT_LOCAL_KEYRING"),
        ),
    }
}

impl Local {
    /// Opens the store in the user's data folder; the first call creates it.
    ///
    /// # Errors
    /// No folder is known, or the store can't be opened.
    pub(crate) fn open() -> anyhow::Result<Self> {
        let directory = paths::data_dir()?;
        Self::open_in(&directory)
    }

    /// Opens the store in a folder.
    ///
    /// # Errors
    /// The store can't be opened.
    pub(crate) fn open_in(directory: &Path) -> anyhow::Result<Self> {
        let options = Options {
            key: key_policy()?,
            // On this machine nobody depends on the platform's mistakes, so an unknown id is reported as not found.
            fidelity: Fidelity::Corrected,
            ..Options::default()
        };
        let state = AppState::open(directory, options).context("open the embedded API's store")?;
        Ok(Self {
            router: server::router(state.clone()),
            state,
        })
    }

    /// Calls the router.
    ///
    /// # Errors
    /// [`Error::Body`] if the answer is too large or breaks off.
    pub(crate) async fn send(
        &self,
        request: &Request,
        project: Option<&str>,
    ) -> Result<Answer, Error> {
        let response = self.call(request, project, "application/json").await?;
        let mut answer = Answer::of(response.status().as_u16(), response.headers());
        let body = Limited::new(response.into_body(), MAX_BODY)
            .collect()
            .await
            .map_err(|_| Error::Body("the answer is too large or broke off".to_owned()))?;
        answer.body = body.to_bytes().to_vec();
        notice::report_key(&self.state);
        Ok(answer)
    }

    /// Opens an event stream.
    ///
    /// # Errors
    /// [`Error::Status`] for every status but 200, or [`Error::Unrelated`] for something else than a stream.
    pub(crate) async fn open_stream(
        &self,
        request: &Request,
        project: Option<&str>,
    ) -> Result<Body, Error> {
        let response = self.call(request, project, "text/event-stream").await?;
        match response.status().as_u16() {
            200 => {
                stream::refuse_other(response.headers())?;
                Ok(response.into_body())
            }
            status => Err(Error::from_answer(status, b"", None, None)),
        }
    }

    async fn call(
        &self,
        request: &Request,
        project: Option<&str>,
        accept: &str,
    ) -> Result<axum::http::Response<Body>, Error> {
        let path = format!("{BASE_PATH}{}", request.path);
        let mut builder = axum::http::Request::builder()
            .method(request.method.wire())
            .uri(&path)
            .header("Accept", accept);
        if let Some(project) = project {
            builder = builder.header("X-Ambient-Project", project);
        }
        if let Some(id) = &request.last_event_id {
            builder = builder.header("Last-Event-ID", id);
        }
        let body = request.body.as_ref();
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_send()));
        let call = builder.body(body).map_err(|_| {
            let url = format!("local:{path}");
            let why = "the request is not valid";
            Error::transport(request.method.title(), &url, Cause::Other, why)
        })?;
        let answered = self.router.clone().oneshot(call).await;
        Ok(answered.unwrap_or_else(|never| match never {}))
    }
}
