//! Plain http: others can read a token that travels over it beyond this machine and its cluster.

use url::{Host, Url};

use crate::config::file::{self, WARNED_HTTP};
use crate::config::server_url::origin_of;
use crate::config::{Config, Settings};
use crate::failure::Failure;
use crate::output::Out;

/// True for this machine, and for names that are known only inside a cluster.
#[must_use]
pub(crate) fn is_near(url: &Url) -> bool {
    match url.host() {
        // `Url` makes the name lower case.
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

/// Returns the origin of an address that is plain http and not near.
#[must_use]
pub(crate) fn exposed(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    (url.scheme() == "http" && !is_near(&url)).then(|| origin_of(address))
}

/// Returns the warning about such an address.
#[must_use]
pub(crate) fn words(origin: &str) -> String {
    format!(
        "{origin} is not encrypted: the token and every secret can be read on the way; use https, or a tunnel to this machine"
    )
}

/// Warns if the token is about to travel over plain http. The configuration remembers the address, so that the warning
/// appears once; without a configuration file it appears every time.
pub(crate) fn warn_once(out: &Out, config: Option<&Config>, settings: &Settings) {
    let Some(origin) = exposed(&settings.api_url.value) else {
        return;
    };
    if config.is_some_and(|config| config.text(WARNED_HTTP) == Some(origin.as_str())) {
        return;
    }
    out.warn(&words(&origin));
    let place = config
        .map(Config::place)
        .filter(|place| place.path.is_file());
    if let Some(place) = place
        && file::check_place(&place.path).is_ok()
    {
        // If the file can't be written, the next run warns again.
        let _ = Config::update(&place, |config| remember(config, &origin));
    }
}

/// Records that the user has been warned about this address.
pub(crate) fn remember(config: &mut Config, origin: &str) {
    config.set(WARNED_HTTP, Some(origin.into()));
}

/// Refuses an issuer with plain http: it would get a client secret, a code or a refresh token, and would return tokens.
///
/// # Errors
/// The issuer is beyond this machine and its cluster.
pub(crate) fn check_issuer(address: &str) -> Result<(), Failure> {
    match exposed(address) {
        None => Ok(()),
        Some(origin) => Err(Failure::usage(format!(
            "the issuer {origin} is not encrypted: no secret is sent there"
        ))
        .hint("use its https address: --issuer-url https://...")),
    }
}
