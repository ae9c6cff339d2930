//! `--target`: the kind of session that `preview`, `exec` and `probe` are about.

use std::path::PathBuf;

use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::intake;
use crate::runner::table::Target;

/// The flags that name the kind of session.
#[derive(Debug, Default, clap::Args)]
pub(super) struct TargetArgs {
    /// Kind of session: pod, sandbox or managed (default: what the server runs; pod for a file)
    #[arg(
        long,
        alias = "server-mode",
        value_enum,
        value_name = "TARGET",
        hide_possible_values = true
    )]
    pub target: Option<Target>,
    /// For managed sessions: the certificate authorities that the installation trusts, as a PEM file
    #[arg(long, value_name = "PATH")]
    trust_bundle: Option<PathBuf>,
}

impl TargetArgs {
    /// Reads `--trust-bundle`.
    ///
    /// # Errors
    /// The file can't be read, or holds no certificate.
    pub(super) fn trust_bundle(&self) -> Result<Option<Vec<u8>>, Failure> {
        intake::trust_bundle(self.trust_bundle.as_deref())
    }

    /// Tells that the kind of session is not known, so that pods are assumed.
    pub(super) fn say_unknown(ctx: &Ctx) {
        ctx.out.note(
            "The server does not tell how it runs sessions; a pod is assumed. --target names the kind of session",
        );
    }
}
