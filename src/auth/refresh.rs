//! Renews a login that ends, silently, and only once if many runs start at the same time (docs/interface/cli-core.md
//! section 3.2): shortly before its end, and after the server has refused it.

use std::fmt::Display;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::job::{self, Wanted};
use super::oidc::Issuer;
use super::store::{self, Login, Store};
use super::token;
use crate::config::file::{self, CLIENT_ID, CLIENT_SECRET_DIGEST, ISSUER_URL, LOGIN_GRANT, Lock};
use crate::config::server_url::same_origin;
use crate::config::settings::{Origin, login_url};
use crate::config::{Config, Place, Settings};
use crate::failure::{Failure, Kind};
use crate::keyring::KeyringError;
use crate::output::signals::Errand;
use crate::output::{self, progress};
use crate::text::{acpctl, quote};

/// A login is renewed so long before its end: a request takes time, and clocks differ.
const AHEAD: SignedDuration = SignedDuration::from_secs(30);
/// How long an issuer may take to log a service account in again, everything included.
const LIMIT: Duration = Duration::from_secs(10);
/// How long another run that renews the login is waited for without a word.
const SILENCE: Duration = Duration::from_secs(10);
/// What the user reads if a signal comes once the refresh token has been sent, and at a second one.
const INTERRUPTED: [&str; 2] = [
    "Interrupted while the login is renewed: the new token is saved first; a second signal ends acpctl at once",
    "Ended at once: the login may be lost, since its refresh token has been sent; log in again",
];
/// The value of [`LOGIN_GRANT`] for a service account.
pub(crate) const CLIENT_CREDENTIALS: &str = "client_credentials";

/// Why no second run tries what has just failed: the waits would add up.
const ANOTHER_FAILED: &str = "another run has just tried";

/// The token of a stored login.
#[derive(Default)]
pub(crate) struct Fresh {
    pub token: Option<SecretString>,
    /// True if the login can be renewed once the server refuses the token. After a renewal that failed it can't, unless
    /// the token was still good then: a long run tries again at its end.
    pub may_renew: bool,
}

/// Returns the token to use: the stored one, renewed if it ends soon and can be renewed. `renew` makes the exchange
/// with the issuer, as [`renew`] does. If renewing fails, a warning says so and the old token is used: the server
/// decides.
///
/// # Errors
/// The keyring that holds the login does not answer.
pub(crate) fn fresh(
    before: &Config,
    now: Timestamp,
    renew: impl FnOnce(&Config, &Login) -> anyhow::Result<Renewed>,
) -> Result<Fresh, KeyringError> {
    let login = store::load(before)?;
    let may_renew = is_renewable(before, &login);
    let old = |token, may_renew| Ok(Fresh { token, may_renew });
    if !may_renew || !is_due(&login, now) {
        return old(login.access, may_renew);
    }
    let failed = |why: &dyn Display| warn(&login, now, why);
    let is_good = end_of(&login).is_some_and(|end| end > now);
    // The first of several runs renews the login; the others wait here and then find the new token.
    let locked = Lock::take_in_silence(before.path(), SILENCE)
        .and_then(|lock| Config::load(&before.place()).map(|config| (lock, config)));
    let (lock, mut config) = match locked {
        Ok(locked) => locked,
        // A new login would wait for the same run.
        Err(why @ file::Error::Locked { .. }) => {
            output::note(&format!(
                "Warning: the login could not be renewed ({why}); wait for that run, or end it"
            ));
            return old(login.access, is_good);
        }
        Err(why) => {
            failed(&why);
            return old(login.access, is_good);
        }
    };
    if !same_origin(login_url(&config), login_url(before)) {
        return old(login.access, false);
    }
    let _entry = match lock_entry(keyring_entry(&config)) {
        Ok(entry) => entry,
        Err(why) => {
            failed(&why);
            return old(login.access, is_good);
        }
    };
    let current = store::load(&config)?;
    let may_renew = is_renewable(&config, &current);
    if !may_renew || !is_due(&current, now) {
        return old(current.access, may_renew);
    }
    if lock.saw_a_failure(&config.place()) && is_same_token(&current, &login) {
        failed(&ANOTHER_FAILED);
        return old(current.access, is_good);
    }
    if !can_be_kept(&config, &current) {
        return old(current.access, is_good);
    }
    match renew(&config, &current) {
        Ok(Renewed { login, saving }) => {
            save(&mut config, &lock, &login);
            drop(saving);
            old(login.access, true)
        }
        Err(why) => {
            lock.mark_failure(&config.place());
            failed(&why);
            old(current.access, is_good)
        }
    }
}

/// Returns the number of the keyring's entry that holds the login.
fn keyring_entry(config: &Config) -> Option<u64> {
    let is_there = store::chosen(config) == Store::Keyring;
    config.keyring_entry().filter(|_| is_there)
}

/// Waits for the lock of the keyring's entry: copies of a configuration have locks of their own, and one refresh token.
fn lock_entry(number: Option<u64>) -> Result<Option<Lock>, file::Error> {
    match number {
        Some(number) => Lock::take_entry(number, SILENCE),
        None => Ok(None),
    }
}

/// False if the new refresh token could not be kept, with a warning. The old one is not spent then, because many
/// issuers end a login whose old token comes back. A service account has none.
fn can_be_kept(config: &Config, login: &Login) -> bool {
    if login.refresh.is_none() {
        return true;
    }
    let (tried, mend) = match store::chosen(config) {
        Store::Keyring => (
            store::try_out(Store::Keyring).map_err(|why| why.to_string()),
            "unlock the keyring",
        ),
        _ => (
            file::try_place(config.path()).map_err(|why| why.to_string()),
            "make the file writable",
        ),
    };
    let Err(why) = tried else {
        return true;
    };
    output::note(&format!(
        "Warning: the login was not renewed, because the new token could not be kept ({why}); {mend}, or set AMBIENT_TOKEN"
    ));
    false
}

/// A stored login that the server has refused.
pub(crate) struct Refused {
    pub settings: Settings,
    /// The context of the configuration file.
    pub place: Place,
    /// The address that the login was made for.
    pub made_for: String,
    pub token: SecretString,
}

/// Renews a stored login that the server has refused; `None` if that is not possible. If another run has renewed it in
/// the meantime, returns that token, but never the login of another user or for another server.
pub(crate) async fn after_refusal(refused: Refused) -> Option<SecretString> {
    let Refused {
        settings,
        place,
        made_for,
        token,
    } = refused;
    let renewed = async {
        let path = place.path.clone();
        let lock =
            tokio::task::spawn_blocking(move || Lock::take_in_silence(&path, SILENCE)).await??;
        let mut config = Config::load(&place)?;
        let entry = keyring_entry(&config);
        let _entry = tokio::task::spawn_blocking(move || lock_entry(entry)).await??;
        let login = store::load(&config)?;
        let Some(current) = &login.access else {
            return anyhow::Ok(None);
        };
        if !same_origin(login_url(&config), &made_for) || !is_same_user(current, &token) {
            return Ok(None);
        }
        if current.expose_secret() != token.expose_secret() || !is_renewable(&config, &login) {
            return Ok(login.access);
        }
        if lock.saw_a_failure(&config.place()) {
            return Err(anyhow::anyhow!(ANOTHER_FAILED));
        }
        if !can_be_kept(&config, &login) {
            return Ok(None);
        }
        let renewed = renew(&settings, &config, &login).await;
        let renewed = renewed.inspect_err(|_| lock.mark_failure(&config.place()))?;
        let Renewed { login, saving } = renewed;
        save(&mut config, &lock, &login);
        drop(saving);
        Ok(login.access)
    };
    renewed.await.unwrap_or_else(|why: anyhow::Error| {
        output::note(&format!(
            "Warning: the server refuses the login, which could not be renewed ({why}); run '{}' again",
            acpctl(&["login"])
        ));
        None
    })
}

/// Saves a renewed login. A failure is a warning: the token is good for this run.
fn save(config: &mut Config, lock: &Lock, login: &Login) {
    let saved = match store::renew(config, login) {
        Ok(true) => config.write(lock).map_err(|why| why.to_string()),
        Ok(false) => Ok(()),
        Err(why) => Err(format!("{why}; run '{}' again", acpctl(&["login"]))),
    };
    if let Err(why) = saved {
        output::note(&format!(
            "warning: failed to persist refreshed token: {why}"
        ));
    }
}

/// Says why a login was not renewed, and when it ends or that it has ended.
fn warn(login: &Login, now: Timestamp, why: &dyn Display) {
    let again = acpctl(&["login"]);
    output::note(&match end_of(login).filter(|end| *end > now) {
        Some(end) => format!(
            "Warning: the login ends at {} and could not be renewed ({why}); if that goes on, run '{again}'",
            token::local_time(end)
        ),
        None => format!(
            "Warning: the login has expired and could not be renewed ({why}); run '{again}' again"
        ),
    });
}

fn is_same_token(a: &Login, b: &Login) -> bool {
    let text = |login: &Login| {
        let access = login.access.as_ref();
        access.map(|access| Zeroizing::new(access.expose_secret().to_owned()))
    };
    text(a) == text(b)
}

fn is_same_user(a: &SecretString, b: &SecretString) -> bool {
    user(a) == user(b)
}

/// True if the token is a JWT that has ended or ends soon.
fn is_due(login: &Login, now: Timestamp) -> bool {
    let soon = now.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
    end_of(login).is_some_and(|end| end < soon)
}

fn end_of(login: &Login) -> Option<Timestamp> {
    let access = login.access.as_ref()?;
    token::read(access.expose_secret()).expires_at()
}

/// True if the next command renews the effective login by itself once it has ended.
#[must_use]
pub(crate) fn renews_itself(settings: &Settings, config: &Config) -> bool {
    settings.token.origin != Origin::Environment
        && (job::counts(settings)
            || store::load(config).is_ok_and(|login| is_renewable(config, &login)))
}

/// True if the issuer and the client are known, and the refresh token or, of a service account, the client's secret.
#[must_use]
pub(crate) fn is_renewable(config: &Config, login: &Login) -> bool {
    let (Some(issuer), Some(client)) = (config.text(ISSUER_URL), config.text(CLIENT_ID)) else {
        return false;
    };
    let has_secret = || matches!(client_secret(config, login, issuer, client), Ok(Some(_)));
    login.access.is_some()
        && (login.refresh.is_some() || is_service_account(config) && has_secret())
}

fn is_service_account(config: &Config) -> bool {
    config.text(LOGIN_GRANT) == Some(CLIENT_CREDENTIALS)
}

/// Returns the secret of a login's client: the stored one, or else that of the environment if the login was made with
/// it.
///
/// # Errors
/// The file that the environment names can't be read.
pub(crate) fn client_secret(
    config: &Config,
    login: &Login,
    issuer: &str,
    client: &str,
) -> Result<Option<SecretString>, Failure> {
    match &login.client_secret {
        Some(secret) => Ok(Some(secret.clone())),
        None => {
            let known = Wanted::Known(config.text(CLIENT_SECRET_DIGEST));
            job::client_secret(issuer, client, known)
        }
    }
}

/// A renewed login that has to be saved.
pub(crate) struct Renewed {
    login: Login,
    /// Keeps a signal waiting until it is dropped.
    saving: Errand,
}

/// Exchanges the refresh token for a new login; a service account logs in again.
///
/// # Errors
/// The issuer can't be reached in time, or refuses, or returns a token that can't be used.
pub(crate) async fn renew(
    settings: &Settings,
    config: &Config,
    login: &Login,
) -> anyhow::Result<Renewed> {
    let _asking = progress::begin("Renewing the login");
    let issuer = Issuer::new(config.text(ISSUER_URL).unwrap_or_default(), settings)?;
    issuer.prepare().await?;
    let saving = Errand::begin(INTERRUPTED, output::note)?;
    let login = exchange(&issuer, config, login).await?;
    Ok(Renewed { login, saving })
}

async fn exchange(issuer: &Issuer, config: &Config, login: &Login) -> anyhow::Result<Login> {
    let url = config.text(ISSUER_URL).unwrap_or_default();
    let client = config.text(CLIENT_ID).unwrap_or_default();
    let secret = client_secret(config, login, url, client)?;
    let mut form = vec![("client_id", client)];
    if let Some(secret) = &secret {
        form.push(("client_secret", secret.expose_secret()));
    }
    let tokens = match &login.refresh {
        Some(refresh) => {
            form.extend([
                ("grant_type", "refresh_token"),
                ("refresh_token", refresh.expose_secret()),
            ]);
            issuer.tokens_in_full_time(&form).await
        }
        None => {
            form.push(("grant_type", CLIENT_CREDENTIALS));
            let asked = timeout(LIMIT, issuer.tokens(&form)).await;
            asked.unwrap_or_else(|_| {
                let seconds = LIMIT.as_secs();
                let why = format!("the issuer did not answer within {seconds} seconds");
                Err(Failure::new(Kind::Network, why))
            })
        }
    };
    let tokens = tokens.map_err(|why| match &secret {
        None if config.text(CLIENT_SECRET_DIGEST).is_some() => {
            anyhow::anyhow!(
                "{why}; the login was made with a client secret: set AMBIENT_CLIENT_SECRET to the same one, or log in with another"
            )
        }
        _ => why.into(),
    })?;
    check_user(login, &tokens.access)?;
    Ok(Login {
        access: Some(tokens.access),
        refresh: match &login.refresh {
            Some(old) => tokens.refresh.or(Some(old.clone())),
            None => None,
        },
        client_secret: login.client_secret.clone(),
    })
}

/// Refuses a renewed token of another user, as far as the tokens name their users.
fn check_user(login: &Login, renewed: &SecretString) -> Result<(), Failure> {
    let before = login.access.as_ref().and_then(user);
    match (before, user(renewed)) {
        (Some(before), Some(now)) if before != now => Err(Failure::new(
            Kind::Server,
            format!(
                "the issuer's token is for {}, and the login for {}",
                quote(&now),
                quote(&before)
            ),
        )),
        _ => Ok(()),
    }
}

/// Returns the user that a token names.
fn user(token: &SecretString) -> Option<String> {
    let token = token::read(token.expose_secret());
    token.claim("sub").map(str::to_owned)
}
