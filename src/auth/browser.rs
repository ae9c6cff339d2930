//! Opens an address in the user's browser.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::html::escape;
use crate::env;
use crate::secret_file;
use crate::system::BROWSER;

/// The start and the end of the names of our pages.
const PAGE: (&str, &str) = ("acpctl-login-", ".html");

/// A page that leads the browser to the address; it is removed when this value is dropped.
pub(crate) struct Page(Option<(PathBuf, File)>);

impl Drop for Page {
    fn drop(&mut self) {
        if let Some((path, _)) = &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// True if there is a display. Without one no browser is started: a text browser would take over the terminal.
#[must_use]
pub(crate) fn has_display() -> bool {
    BROWSER.has_display || env::DISPLAY.os().is_some() || env::WAYLAND_DISPLAY.os().is_some()
}

/// Starts the browser without waiting for it; `None` if that is not possible.
///
/// Every user of the machine can read a program's command line. With the address they could log this user in as
/// somebody else, so the browser gets the path of a private page that leads to the address, where that is possible and
/// necessary ([`Browser::is_overheard`](crate::system::Browser)).
pub(crate) fn open(url: &str) -> Option<Page> {
    if !has_display() {
        return None;
    }
    let (program, arguments) = BROWSER.opener.split_first()?;
    let mut command = Command::new(program);
    command.args(arguments);
    let page = if BROWSER.is_overheard {
        Some(write(url)?)
    } else {
        None
    };
    match &page {
        Some((path, _)) => match url::Url::from_file_path(path) {
            Ok(address) => command.arg(address.as_str()),
            Err(()) => return None,
        },
        None => command.arg(url),
    };
    // A browser runs for days, and other programs can read its environment.
    for secret in env::JOB_SECRETS.iter().chain([&env::TOKEN]) {
        command.env_remove(secret.name);
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let page = Page(page);
    command.spawn().ok()?;
    Some(page)
}

/// Writes the page, and removes the pages of logins that were canceled. The lock marks this page as in use.
fn write(url: &str) -> Option<(PathBuf, File)> {
    let folder = folder();
    secret_file::sweep_where(&folder, |name| {
        name.to_str()
            .is_some_and(|name| name.starts_with(PAGE.0) && name.ends_with(PAGE.1))
    });
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).ok()?;
    let name = format!("{}{:032x}{}", PAGE.0, u128::from_ne_bytes(random), PAGE.1);
    let (path, url) = (std::path::absolute(folder.join(name)).ok()?, escape(url));
    let text = format!(
        "<!doctype html><html><head><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\">\
         <meta http-equiv=\"refresh\" content=\"0;url={url}\"><title>acpctl login</title></head>\
         <body><a href=\"{url}\">Log in</a></body></html>\n"
    );
    secret_file::write_new(&path, text.as_bytes()).ok()?;
    let file = File::open(&path).ok()?;
    let _ = file.try_lock();
    Some((path, file))
}

/// Returns the folder of the page. A browser from a snap can read only the home folder.
fn folder() -> PathBuf {
    let has_snaps = std::path::Path::new("/snap/bin").exists();
    let home = env::HOME.path().filter(|home| has_snaps && home.is_dir());
    home.or_else(|| env::XDG_RUNTIME_DIR.path().filter(|dir| dir.is_dir()))
        .unwrap_or_else(std::env::temp_dir)
}
