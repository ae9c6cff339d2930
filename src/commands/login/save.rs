//! Saves a login: the tokens in their place, the address and the other settings in the configuration.

use serde_json::Value;

use super::args::{Args, Mode};
use super::greet::Greeting;
use super::issuer::Provider;
use crate::auth::refresh::CLIENT_CREDENTIALS;
use crate::auth::revoke::{Held, Revocable};
use crate::auth::store::{self, Login, Saved, Store};
use crate::auth::{cleartext, job, login};
use crate::config::file::{self, Error, Lock};
use crate::config::settings::Origin;
use crate::config::{Config, Place, Settings, contexts};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::keyring::KeyringError;
use crate::text::command::{acpctl_elsewhere, shell_word};
use crate::text::{quote, url_for_people};

/// Where a login will be kept.
pub(super) struct Chosen {
    store: Store,
    /// True if later logins go there too.
    is_remembered: bool,
    notes: Vec<String>,
}

/// Chooses the place of the login and tries it out, before the user logs in: the one that a flag or the last login
/// names, or else the keyring if one takes it, or else the file. The choice never changes silently.
///
/// # Errors
/// The place does not take a login.
pub(super) fn choose(
    ctx: &Ctx,
    args: &Args,
    wanted: Option<Store>,
    place: &Place,
) -> Result<Chosen, Failure> {
    const FILE: &str = "The login is in the configuration file, mode 0600";
    const KEYRING: &str = "The login is in the system's keyring";
    if ctx.rehearses() {
        return Ok(Chosen {
            store: Store::None,
            is_remembered: false,
            notes: Vec::new(),
        });
    }
    file::try_place(&place.path).map_err(|why| cannot_save(&why))?;
    // Another run that holds the file is waited for now, and not once the user has logged in.
    drop(Lock::take(&place.path).map_err(|why| cannot_save(&why))?);
    if let Some(store) = wanted {
        store::try_out(store).map_err(|why| cannot_keep(&why))?;
        let words = match store {
            Store::Keyring => KEYRING,
            Store::File => FILE,
            Store::None => "The token was not saved; set AMBIENT_TOKEN to use it",
        };
        let is_remembered = args.store.is_some();
        return Ok(Chosen {
            store,
            is_remembered,
            notes: (is_remembered || store == Store::None)
                .then(|| words.to_owned())
                .into_iter()
                .collect(),
        });
    }
    let tried = store::has_keyring().then(|| store::try_out(Store::Keyring));
    let (store, note) = match tried {
        Some(Ok(())) => (Store::Keyring, Some(KEYRING.to_owned())),
        Some(Err(why)) => (
            Store::File,
            Some(format!("{FILE}: no keyring accepted it ({why})")),
        ),
        None => (Store::File, ctx.may_ask().then(|| FILE.to_owned())),
    };
    Ok(Chosen {
        store,
        is_remembered: store == Store::Keyring,
        notes: note.into_iter().collect(),
    })
}

/// A login that has been made.
pub(super) struct Made<'a> {
    pub mode: Mode,
    pub login: &'a Login,
    pub provider: &'a Provider,
    /// The address to save with it.
    pub url: Option<&'a str>,
}

impl Made<'_> {
    /// Returns the login as one that its issuer can end.
    pub(super) fn revocable(&self) -> Option<Revocable> {
        let Provider {
            issuer_url,
            client_id,
            secret,
            ..
        } = self.provider;
        Revocable::new(self.login, issuer_url, client_id, secret.as_ref())
    }
}

/// A login that has been saved.
#[derive(Default)]
pub(super) struct Done {
    /// What the user has to know about its place.
    pub notes: Vec<String>,
    /// The logins that it replaces.
    pub replaced: Held,
}

/// Saves the login and the other settings in one step. If that fails, the login before it stays.
///
/// # Errors
/// The configuration or the keyring can't be written, or the server rejects the token and it would replace a login,
/// which another run may have made in the meantime.
pub(super) fn save(
    ctx: &Ctx,
    place: &Place,
    made: &Made,
    chosen: Chosen,
    greeting: Option<&Greeting>,
) -> Result<Done, Failure> {
    let mode = made.mode;
    let provider = Some(made.provider).filter(|_| mode != Mode::Token);
    let lock = Lock::take(&place.path).map_err(|why| cannot_save(&why))?;
    let mut config = Config::load(place)
        .map_err(|why| Failure::new(Kind::Other, format!("load config: {why}")))?;
    if let Some(greeting) = greeting {
        greeting.refuse_loss(&config)?;
    }
    let mut notes = Vec::new();
    let replaced = Held::of(&config).unwrap_or_else(|why| Held {
        left: Some(why),
        ..Held::default()
    });
    let announced = announce(&mut config, &lock, chosen.store).map_err(|why| cannot_save(&why))?;
    if let (Err(_), Some(name)) = (config.check_context(), &place.context) {
        notes.push(add_context(&mut config, name)?);
    }
    // Server, issuer and client first: an entry of the keyring names them.
    notes.extend(change(ctx, &mut config, ctx.settings()?, made.url));
    let issuer = provider.map(|provider| Value::from(provider.issuer_url.as_str()));
    let client = provider.map(|provider| Value::from(provider.client_id.as_str()));
    let grant = (mode == Mode::ClientCredentials).then(|| CLIENT_CREDENTIALS.into());
    let digest = provider.and_then(|provider| {
        let secret = provider.secret.as_ref()?;
        job::digest(&provider.issuer_url, &provider.client_id, secret)
    });
    config.set(file::ISSUER_URL, issuer);
    config.set(file::CLIENT_ID, client);
    config.set(file::LOGIN_GRANT, grant);
    config.set(file::CLIENT_SECRET_DIGEST, digest.map(Into::into));
    let saved = store::save(&mut config, chosen.store, announced, made.login).map_err(|why| {
        unannounce(place, &lock, announced, &why);
        cannot_keep(&why)
    })?;
    if chosen.is_remembered {
        store::remember(&mut config, chosen.store);
    }
    if let Err(why) = config.write(&lock) {
        saved.take_back();
        return Err(cannot_save(&why));
    }
    if let Err(why) = remove_old(&replaced, &saved, &mut config, &lock) {
        notes.push(format!(
            "Warning: the previous login is still in the keyring ({why})"
        ));
    }
    if made.url.is_none() && ctx.settings()?.api_url.origin == Origin::Flag {
        notes.extend(config.text(file::LOGIN_URL).map(|url| {
            let url = url_for_people(url);
            let save = acpctl_elsewhere(&["login", &url]);
            format!("The address {url} is not saved: later commands need --api-url too, or log in with it: {save}")
        }));
    }
    notes.extend(chosen.notes);
    Ok(Done { notes, replaced })
}

/// Writes the number of the keyring's new entry into the configuration before the entry is made.
fn announce(config: &mut Config, lock: &Lock, store: Store) -> Result<Option<u64>, Error> {
    if store != Store::Keyring {
        return Ok(None);
    }
    let number = store::announce(config).map_err(|error| Error::Write {
        path: config.path().to_owned(),
        error,
    })?;
    config.write(lock)?;
    Ok(Some(number))
}

/// Takes the number out of the configuration again, if nothing of its entry is left. A keyring that is only late may
/// still make the entry.
fn unannounce(place: &Place, lock: &Lock, announced: Option<u64>, why: &KeyringError) {
    if let (Some(number), Ok(mut config)) = (announced, Config::load(place))
        && !matches!(why, KeyringError::Late(_))
        && store::is_gone(number)
    {
        config.leave_in_keyring(number, false);
        // The failure of the keyring is the one to tell.
        let _ = config.write(lock);
    }
}

/// Removes the login before this one from the keyring. If that fails, the file keeps its number, so that the next
/// login or logout removes it.
fn remove_old(
    replaced: &Held,
    saved: &Saved,
    config: &mut Config,
    lock: &Lock,
) -> Result<(), String> {
    if let Some(why) = &replaced.left {
        return Err(why.to_string());
    }
    if saved.replace_old(config).map_err(|why| why.to_string())? {
        config.write(lock).map_err(|why| why.to_string())?;
    }
    Ok(())
}

/// Creates the context that the login is for. It is the current one only if it is the first: a login must not make
/// other commands use another server.
fn add_context(config: &mut Config, name: &str) -> Result<String, Failure> {
    let note = if contexts::create(config, name)? {
        format!("Context {} created; it is the current one", quote(name))
    } else {
        let choose = shell_word(name);
        format!(
            "Context {} created; to make it the current one: acpctl config use-context {choose}",
            quote(name)
        )
    };
    Ok(note)
}

/// Returns the failure of a configuration that can't be written, or is held by another run.
fn cannot_save(why: &Error) -> Failure {
    let failure = Failure::new(Kind::Other, format!("save config: {why}"));
    match why {
        Error::Locked { .. } => {
            failure.hint("nothing was saved; wait for that run or end it, then log in again")
        }
        _ => failure,
    }
}

fn cannot_keep(why: &KeyringError) -> Failure {
    Failure::new(Kind::Other, format!("keep the login: {why}"))
        .hint("use --store file to keep it in config.json, mode 0600")
}

/// Changes the settings that a login saves beside the tokens. Returns notes about those that are not as the user may
/// think.
fn change(ctx: &Ctx, config: &mut Config, settings: &Settings, url: Option<&str>) -> Vec<String> {
    let note = login::made_for(config, url, settings);
    let is_elsewhere = config.text(file::LOGIN_URL).is_some();
    let mut notes = Vec::new();
    if let Some(origin) = cleartext::exposed(url.unwrap_or(&settings.api_url.value)) {
        cleartext::remember(config, &origin);
    }
    if let Some(project) = ctx
        .globals
        .project
        .as_deref()
        .filter(|project| !project.is_empty())
    {
        if is_elsewhere && config.text(file::API_URL).is_some() {
            notes.push(not_saved("--project"));
        } else {
            config.set(file::PROJECT, Some(project.into()));
        }
    }
    let note = match ctx.globals.insecure_skip_tls_verify {
        Some(true) if is_elsewhere => Some(not_saved("--insecure-skip-tls-verify")),
        Some(on) => {
            config.set(file::INSECURE, on.then(|| true.into()));
            None
        }
        None => note,
    };
    notes.extend(note);
    notes
}

fn not_saved(flag: &str) -> String {
    format!("{flag} is not saved: the configuration has the address of another server")
}
