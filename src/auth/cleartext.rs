//! Plain http: a token that goes that way beyond this machine and its cluster can be read by others.

use url::{Host, Url};

use crate::config::file::{self, WARNED_HTTP};
use crate::config::{Config, Settings};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};

/// True for this machine, and for names that only a cluster's own network knows.
#[must_use]
pub fn is_near(url: &Url) -> bool {
    match url.host() {
        // The parser has made it lower case.
        Some(Host::Domain(name)) => {
            name == "localhost"
                || [".localhost", ".svc", ".svc.cluster.local"]
                    .iter()
                    .any(|end| name.ends_with(end))
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The origin of an address that is plain http and not near.
#[must_use]
pub fn exposed(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    (url.scheme() == "http" && !is_near(&url)).then(|| url.origin().ascii_serialization())
}

/// What is wrong with such an address.
#[must_use]
pub fn words(origin: &str) -> String {
    format!(
        "{origin} is not encrypted: the token and every secret can be read on the way; use https, or a tunnel to this machine"
    )
}

/// Warns where the token is about to go over plain http, once for each address that the configuration
/// remembers. Without a file there is nowhere to remember it.
pub fn warn_once(ctx: &Ctx, settings: &Settings) {
    let Some(origin) = exposed(&settings.api_url) else {
        return;
    };
    let config = ctx.config_if_any().ok();
    if config.is_some_and(|config| config.text(WARNED_HTTP) == Some(origin.as_str())) {
        return;
    }
    ctx.out.warn(&words(&origin));
    let path = config.map(Config::path).filter(|path| path.is_file());
    if let Some(path) = path
        && file::check_place(path).is_ok()
    {
        // A file that can't be written is warned about again by the next run.
        let _ = Config::update(path, |config| remember(config, &origin));
    }
}

/// Notes that it was said of this address.
pub fn remember(config: &mut Config, origin: &str) {
    config.set(WARNED_HTTP, Some(origin.into()));
}

/// Refuses to send a client secret, a code or a refresh token, and to receive tokens, over plain http.
///
/// # Errors
/// For an issuer beyond this machine and its cluster.
pub fn check_issuer(address: &str) -> Result<(), Failure> {
    match exposed(address) {
        None => Ok(()),
        Some(origin) => Err(Failure::new(
            Kind::Other,
            format!("the issuer {origin} is not encrypted: no secret is sent there"),
        )
        .hint("use its https address: --issuer-url https://...")),
    }
}
