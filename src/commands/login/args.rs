//! The flags of `acpctl login`.

use std::path::Path;

use crate::auth::store::Store;
use crate::commands::outcome::WriteArgs;
use crate::failure::Failure;
use crate::text::command::acpctl_again;
use crate::text::url_for_people;

/// The issuer if nothing names one, as in the Go tool.
pub(super) const DEFAULT_ISSUER: &str = "https://sso.redhat.com/auth/realms/redhat-external";
/// The client if nothing names one, as in the Go tool.
pub(super) const DEFAULT_CLIENT: &str = "ocm-cli";

const EXAMPLES: &str = "acpctl login https://api.example.org --token @token.txt --project team-a
acpctl login https://api.example.org --use-auth-code
# On a machine without a browser: type a code on your phone
acpctl login https://api.example.org --device --issuer-url https://sso.example.org/realms/acp --client-id acpctl";

/// A way to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Token,
    Browser,
    Device,
    ClientCredentials,
    Password,
}

impl Mode {
    /// Returns the flag that chooses it.
    pub(super) fn flag(self) -> &'static str {
        match self {
            Self::Token => "--token",
            Self::Browser => "--use-auth-code",
            Self::Device => "--device",
            Self::ClientCredentials => "--client-credentials",
            Self::Password => "--password-grant",
        }
    }

    /// True if the login sends the issuer a secret that is good for more than this login.
    pub(super) fn needs_named_issuer(self) -> bool {
        matches!(self, Self::ClientCredentials | Self::Password)
    }
}

/// Log in to the Ambient API server
///
/// Saves a token, or gets one from the identity provider: in the browser with --use-auth-code, with a code that you
/// type on another device with --device, as a service account with --client-credentials. On a terminal without any of
/// these flags, the login is in the browser, or on another device if there is no display, provided that the issuer is
/// known: from --issuer-url, `AMBIENT_ISSUER_URL` or the last login at this server; otherwise acpctl prompts for a
/// token.
///
/// One request asks the API server whether it accepts the token; the login is saved even if the server does not answer.
/// With --dry-run, nothing is saved. This and --store none need --token or --client-credentials.
///
/// A job in a CI system needs no login: with `AMBIENT_ISSUER_URL`, `AMBIENT_CLIENT_ID` and a secret or an ID token in
/// its environment, each command gets a token and keeps it in memory.
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
    /// Log in with a code that you type in a browser on any device (`OAuth2` device authorization)
    #[arg(long)]
    pub device: bool,
    /// Log in as a service account (`OAuth2` client credentials)
    #[arg(long)]
    pub client_credentials: bool,
    /// Log in with a name and a password (`OAuth2` password grant)
    #[arg(long)]
    pub password_grant: bool,
    /// Name for --password-grant
    #[arg(long, value_name = "NAME")]
    pub username: Option<String>,
    /// Password for --password-grant, or - or @PATH; without it acpctl prompts
    #[arg(long, value_name = "PASSWORD|-|@PATH")]
    pub password: Option<String>,
    /// API server URL to save; the argument overrides it
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// OIDC issuer (default: `AMBIENT_ISSUER_URL`, except with --context-name; that of the last login at this server;
    /// or, with the browser or a code and without that variable, `https://sso.redhat.com/auth/realms/redhat-external`)
    #[arg(long, value_name = "URL")]
    pub issuer_url: Option<String>,
    /// `OAuth2` client (default: `AMBIENT_CLIENT_ID`, that of the last login at this issuer, or ocm-cli)
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// Secret of a confidential client, or - or @PATH; saved only together with --store
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
    #[command(flatten)]
    pub output: WriteArgs,
}

impl Args {
    /// Returns a command line for the same login in this way, with this issuer and client instead of those of the line.
    #[must_use]
    pub(super) fn again(&self, mode: Mode, issuer: Option<&str>, client: Option<&str>) -> String {
        let mut words = vec!["login".to_owned()];
        words.extend(self.server().map(|server| url_for_people(&server)));
        words.push(mode.flag().to_owned());
        let mut add = |flag: &str, value: Option<String>| {
            words.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value]));
        };
        if mode == Mode::Password {
            add("--username", filled(self.username.as_ref()));
            add("--password", source(self.password.as_ref()));
        }
        add("--client-secret", source(self.client_secret.as_ref()));
        let issuer = issuer.map(str::to_owned);
        add(
            "--issuer-url",
            issuer.or_else(|| filled(self.issuer_url.as_ref())),
        );
        let own = filled(self.client_id.as_ref());
        add("--client-id", own.or_else(|| client.map(str::to_owned)));
        if mode == Mode::Browser && self.callback_port != 0 {
            add("--callback-port", Some(self.callback_port.to_string()));
        }
        // A login that is not kept is one that nobody repeats.
        add(
            "--store",
            match self.store {
                Some(Store::Keyring) => Some("keyring".to_owned()),
                Some(Store::File) => Some("file".to_owned()),
                Some(Store::None) | None => None,
            },
        );
        if mode == Mode::Browser && self.no_browser {
            words.push("--no-browser".to_owned());
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        acpctl_again(&words)
    }

    /// Returns the address of the server.
    #[must_use]
    pub(super) fn server(&self) -> Option<String> {
        filled(self.server_url.as_ref()).or_else(|| filled(self.url.as_ref()))
    }

    /// Returns a command line for a login with a token that comes from a place.
    #[must_use]
    pub(super) fn with_token(&self, flag: &str, place: &str) -> String {
        let server = self.server();
        let server = server.map_or_else(|| "URL".to_owned(), |server| url_for_people(&server));
        acpctl_again(&["login", &server, flag, place])
    }

    /// Returns the value of `--token`, or the same for `--token-fd`; an empty token counts as absent.
    #[must_use]
    pub fn token(&self) -> Option<String> {
        let descriptor = self.token_fd.map(|number| format!("@/dev/fd/{number}"));
        filled(self.token.as_ref()).or(descriptor)
    }

    /// Refuses a file descriptor that is not open.
    ///
    /// # Errors
    /// A usage failure.
    pub(super) fn check_token_fd(&self) -> Result<(), Failure> {
        match self.token_fd {
            Some(number) if !Path::new(&format!("/dev/fd/{number}")).exists() => {
                Err(Failure::usage(format!(
                    "--token-fd {number}: this file descriptor is not open"
                ))
                .hint(format!(
                    "{} {number}< token.txt",
                    self.with_token("--token-fd", &number.to_string())
                )))
            }
            _ => Ok(()),
        }
    }

    /// Returns the ways to log in that the user chose; more than one is an error.
    #[must_use]
    pub(super) fn modes(&self) -> Vec<Mode> {
        [
            (filled(self.token.as_ref()).is_some(), Mode::Token),
            (self.token_fd.is_some(), Mode::Token),
            (self.use_auth_code, Mode::Browser),
            (self.device, Mode::Device),
            (self.client_credentials, Mode::ClientCredentials),
            (self.password_grant, Mode::Password),
        ]
        .into_iter()
        .filter_map(|(is_chosen, mode)| is_chosen.then_some(mode))
        .collect()
    }
}

/// Returns where a secret comes from, as a word for a command line; a secret itself is not repeated.
fn source(flag: Option<&String>) -> Option<String> {
    let given = filled(flag)?;
    let is_source = given == "-" || given.starts_with('@');
    Some(if is_source { given } else { "@PATH".to_owned() })
}

/// Returns the value of a flag; an empty one counts as absent.
pub(super) fn filled(flag: Option<&String>) -> Option<String> {
    flag.filter(|text| !text.is_empty()).cloned()
}
