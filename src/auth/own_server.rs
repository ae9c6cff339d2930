//! The token of this user's own `acpctl serve`: the server creates it, the commands find it.
//!
//! One private file in the folder of the store holds the address and the token. The server keeps the file locked while
//! it runs. So the token goes only to a running server with this user's store at this very address.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::config::server_url::same_origin;
use crate::config::settings::Origin;
use crate::config::{Settings, paths};
use crate::plain_file::{self, Links};
use crate::secret_file;
use crate::system::files;
use crate::text::command::shell_word;

/// The bits of a mode that apply to everybody but the owner.
const OTHERS: u32 = 0o077;
/// The largest record, in bytes; real ones are shorter.
const MAX_RECORD: u64 = 4096;
const TOKEN_BYTES: usize = 32;
/// What a user should know who logs in at such a server, or logs out.
pub(crate) const NEEDS_NO_LOGIN: &str =
    "This is your own acpctl serve: your commands find its token without a login";

/// The record of a running server. Dropping it removes the file.
pub(crate) struct Record {
    pub path: PathBuf,
    _held: File,
}

impl Drop for Record {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Creates a token.
///
/// # Errors
/// The system has no random numbers.
pub(crate) fn make_token() -> io::Result<SecretString> {
    let mut random = Zeroizing::new([0_u8; TOKEN_BYTES]);
    getrandom::fill(random.as_mut()).map_err(io::Error::other)?;
    let digits: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(SecretString::from(digits))
}

/// Writes the record of the server of this process. `address` is bound already, so no other server has it.
///
/// # Errors
/// The record can't be written.
pub(crate) fn announce(
    directory: &Path,
    url: &str,
    address: SocketAddr,
    token: &SecretString,
) -> io::Result<Record> {
    let path = directory.join(file_name(address));
    // A killed server leaves its record behind.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = secret_file::open_new(&path)?;
    let held = files::hold(&path, &file).inspect_err(|_| {
        let _ = fs::remove_file(&path);
    })?;
    let record = Record { path, _held: held };
    // The token comes first, where the command of `read_in_shell` finds it.
    let text = json!({"token": token.expose_secret(), "url": url}).to_string();
    file.write_all(Zeroizing::new(text).as_bytes())?;
    Ok(record)
}

/// Returns the command of a shell that prints the token in a record.
#[must_use]
pub(crate) fn read_in_shell(record: &str) -> String {
    format!("cut -d '\"' -f 4 {}", shell_word(record))
}

/// True if a token is that of this user's own server at this address.
#[must_use]
pub(crate) fn is_token_of(url: &str, token: &SecretString) -> bool {
    let own = token_for(url);
    own.is_some_and(|own| own.expose_secret() == token.expose_secret())
}

/// Returns the token of the server at this address, if that is one of this user's own with the current store.
///
/// Only a literal loopback address counts: others decide which address a name has.
#[must_use]
pub(crate) fn token_for(url: &str) -> Option<SecretString> {
    let asked = url::Url::parse(url).ok()?;
    let address = match asked.host()? {
        url::Host::Ipv4(address) => SocketAddr::from((address, asked.port_or_known_default()?)),
        url::Host::Ipv6(address) => SocketAddr::from((address, asked.port_or_known_default()?)),
        url::Host::Domain(_) => return None,
    };
    if !address.ip().is_loopback() {
        return None;
    }
    let directory = paths::data_dir().ok()?;
    let path = directory.join(file_name(address));
    let mut file = plain_file::open(&path, Links::Refuse).ok()?;
    if !is_ours(&file) || !files::is_held(&path, &file) {
        // Nobody holds the lock: the server has ended, and another program may listen at its address now.
        return None;
    }
    let mut text = Zeroizing::new(String::new());
    (&mut file)
        .take(MAX_RECORD)
        .read_to_string(&mut text)
        .ok()?;
    let record: Value = serde_json::from_str(&text).ok()?;
    let made_for = record.get("url")?.as_str()?;
    let token = record.get("token")?.as_str()?;
    same_origin(made_for, url).then(|| SecretString::from(token))
}

/// Replaces `localhost` by the literal address of this user's own server, if that runs there: another user may listen
/// at another address of the name. A token of a variable is for the server that the user named.
pub(crate) fn take_the_place_of_localhost(settings: &mut Settings) {
    if settings.token.origin == Origin::Environment {
        return;
    }
    if let Some(own) = behind_localhost(&settings.api_url.value) {
        settings.api_url.value = own;
    }
}

fn behind_localhost(url: &str) -> Option<String> {
    let mut asked = url::Url::parse(url).ok()?;
    if asked.host_str() != Some("localhost") {
        return None;
    }
    ["127.0.0.1", "[::1]"].into_iter().find_map(|host| {
        asked.set_host(Some(host)).ok()?;
        let literal = asked.as_str().trim_end_matches('/');
        token_for(literal).map(|_| literal.to_owned())
    })
}

fn is_ours(file: &File) -> bool {
    file.metadata()
        .is_ok_and(|found| files::is_ours(&found) && files::mode(&found) & OTHERS == 0)
}

fn file_name(address: SocketAddr) -> String {
    format!(
        "serve-{}-{}.json",
        address.ip().to_string().replace(':', "_"),
        address.port()
    )
}
