//! `sync` and `refresh`, which ask the server for an operation.
//!
//! Every platform has a route for each operation. A server without them, such as a stand-in, is asked as the Go tool
//! asks: by setting a field of the application.

use anyhow::Context as _;

use crate::api::{Body, Client, Error, Method};
use crate::commands::outcome::WriteArgs;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::resources::{APPLICATION, Candidates, Record};

/// The arguments of both verbs.
#[derive(Debug, clap::Args)]
pub(super) struct TriggerArgs {
    /// Name or ID
    #[arg(add = Candidates::APPLICATIONS)]
    application: String,
    #[command(flatten)]
    pub output: WriteArgs,
}

/// An operation of an application.
pub(super) struct Operation {
    /// The verb, which is the last part of the path too.
    pub verb: &'static str,
    /// The field that the Go tool sets, and its value.
    pub field: (&'static str, &'static str),
}

impl Operation {
    /// Requests the operation; returns the application as the server answers it.
    pub(super) fn request(
        &self,
        ctx: &Ctx,
        args: &TriggerArgs,
        body: &Body,
    ) -> anyhow::Result<Record> {
        let applications = Collection::applications();
        applications.check(&args.application)?;
        let client = ctx.client()?;
        ctx.block_on(async {
            lookup::act(client, &applications, &args.application, async |id| {
                self.send(client, &applications, id, body).await
            })
            .await
            .with_context(|| format!("{} application", self.verb))
        })
    }

    async fn send(
        &self,
        client: &Client,
        applications: &Collection,
        id: &str,
        body: &Body,
    ) -> Result<Record, Error> {
        let mut request = applications.request_below(Method::Post, id, &[self.verb]);
        if !body.is_empty() {
            request = request.body(body.clone());
        }
        match client.fetch(&APPLICATION, &request).await {
            Err(error) if is_unknown_route(&error) => {
                let (field, value) = self.field;
                let mut body = Body::new();
                body.set(field, value);
                let request = applications.request(Method::Patch, id).body(body);
                client.fetch(&APPLICATION, &request).await
            }
            answered => answered,
        }
    }
}

/// True if the server does not know the route. A 404 about the application has the platform's code for a missing
/// object.
fn is_unknown_route(error: &Error) -> bool {
    match error.status() {
        Some(405) => true,
        Some(404) => !error.code().is_some_and(|code| code.ends_with("-7")),
        _ => false,
    }
}
