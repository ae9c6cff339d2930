//! The flags of `acpctl login`.

use crate::auth::store::Store;

const EXAMPLES: &str = "acpctl login https://api.example.org --token @token.txt --project team-a
acpctl login https://api.example.org --use-auth-code";

/// Log in to the Ambient API server
///
/// Saves a token, or gets one from the identity provider: in the browser with --use-auth-code, as a
/// service account with --client-credentials. One request asks the API server whether it accepts the token; the login
/// is saved even if the server does not answer.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// API server URL to save
    pub server_url: Option<String>,
    /// The token: a literal (visible to other users of this machine), - or @- for stdin, @PATH for a file
    #[arg(long, value_name = "TOKEN|-|@PATH")]
    pub token: Option<String>,
    /// Read the token from this open file descriptor
    #[arg(long, value_name = "N")]
    pub token_fd: Option<u32>,
    /// Log in with the browser (`OAuth2` authorization code with PKCE)
    #[arg(long)]
    pub use_auth_code: bool,
    /// Log in as a service account (`OAuth2` client credentials)
    #[arg(long)]
    pub client_credentials: bool,
    /// API server URL to save; the argument overrides it
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// OIDC issuer
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://sso.redhat.com/auth/realms/redhat-external"
    )]
    pub issuer_url: String,
    /// `OAuth2` client
    #[arg(long, value_name = "ID", default_value = "ocm-cli")]
    pub client_id: String,
    /// Secret of a confidential client, or - or @PATH; never saved
    #[arg(long, value_name = "SECRET|-|@PATH")]
    pub client_secret: Option<String>,
    /// Do not start a browser; only show the address
    #[arg(long)]
    pub no_browser: bool,
    /// Port on 127.0.0.1 that the browser returns to (default: any free port)
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub callback_port: u16,
    /// Where to keep the login: keyring|file|none (default: the keyring if one answers, else the file)
    #[arg(long, value_name = "PLACE", hide_possible_values = true)]
    pub store: Option<Store>,
}

impl Args {
    /// Returns the value of `--token`, or the same for `--token-fd`; an empty token counts as absent.
    #[must_use]
    pub fn token(&self) -> Option<String> {
        let descriptor = self.token_fd.map(|number| format!("@/dev/fd/{number}"));
        let token = self.token.clone().filter(|token| !token.is_empty());
        token.or(descriptor)
    }

    /// Returns the number of ways to log in that the user chose; more than one is an error.
    #[must_use]
    pub fn modes(&self) -> usize {
        let has_token = self.token.as_ref().is_some_and(|token| !token.is_empty());
        [
            has_token,
            self.token_fd.is_some(),
            self.use_auth_code,
            self.client_credentials,
        ]
        .into_iter()
        .filter(|chosen| *chosen)
        .count()
    }
}
