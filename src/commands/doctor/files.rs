//! Checks files and folders: the configuration, the runtime folder, the kubeconfig, the store.

use std::fs;
use std::path::{Path, PathBuf};

use super::check::{Check, fail, ok, warn};
use crate::api::{self, Client, Request};
use crate::commands::local::store as own_store;
use crate::config::paths::Unknown;
use crate::config::settings::unread_variables;
use crate::config::{Settings, paths};
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::output::style::Tone;
use crate::server::StoreError;
use crate::system::files;
use crate::text::command::shell_word;
use crate::text::tokens::is_content;

/// The bits of a file mode that give access to anybody but the owner.
const OTHERS: u32 = 0o077;
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

pub(super) fn config(ctx: &Ctx) -> Check {
    let name = "config";
    let path = match paths::config_file() {
        Ok(path) => path,
        Err(Unknown::Unset(_)) if env::TOKEN.get().is_some() => {
            return ok(name, "HOME is not set; AMBIENT_TOKEN needs no file");
        }
        Err(Unknown::Unset(_)) => {
            return warn(
                name,
                "HOME is not set, so there is no place for a login",
                "export AMBIENT_CONFIG=/path/of/a/file, or set HOME",
            );
        }
        Err(why) => return fail(name, why, "unset XDG_CONFIG_HOME"),
    };
    let shown = path.display();
    if let Err(error) = ctx.config() {
        if error.kind == Kind::NotFound {
            return fail(name, error.message, error.hint.unwrap_or_default());
        }
        let why = without_context(&error.message);
        if ctx.config_if_any().is_err() {
            return fail(name, why, set_aside(&path));
        }
        // A file that this user can't reach counts as missing.
        return if ctx.settings().is_ok() {
            ok(name, format!("{why}; the file is not needed here"))
        } else {
            fail(name, why, error.hint.unwrap_or_default())
        };
    }
    if let Some(error) = ctx.unfit_value() {
        let why = without_context(&error.message);
        return fail(name, why, error.hint.unwrap_or_default());
    }
    match fs::metadata(&path) {
        Err(_) => ok(name, format!("{shown} does not exist; it is not needed")),
        Ok(about) if !about.is_file() => ok(name, format!("{shown}: no file is used")),
        Ok(about) => private(name, &path, &about, FILE_MODE),
    }
}

fn without_context(message: &str) -> &str {
    message.strip_prefix("load config: ").unwrap_or(message)
}

/// Returns the command that moves a damaged file or folder away, so that nothing is lost.
fn set_aside(path: &Path) -> String {
    let shown = path.to_string_lossy();
    let aside = format!("{shown}.damaged");
    format!("mv {} {}", shell_word(&shown), shell_word(&aside))
}

/// Checks that only its owner can read a file or folder.
fn private(name: &'static str, path: &Path, about: &fs::Metadata, wanted: u32) -> Check {
    let (shown, mode) = (path.display(), files::mode(about) & 0o777);
    if !files::HAS_MODES {
        return ok(name, shown.to_string());
    }
    if mode & OTHERS == 0 {
        return ok(name, format!("{shown}, mode {mode:04o}"));
    }
    let fix = format!("chmod {wanted:o} {}", shell_word(&path.to_string_lossy()));
    let found = warn(
        name,
        format!("{shown}, mode {mode:04o}: others may read it"),
        fix,
    );
    let is_ours = files::is_ours(about);
    if is_ours {
        found.mended_by_mode(path, wanted)
    } else {
        found
    }
}

/// Checks the variables that hold numbers. One that can't be read stops commands, or does not count.
pub(super) fn variables() -> Vec<Check> {
    let checks = unread_variables().map(|unread| {
        let Failure { message, hint, .. } = unread.failure;
        let judge = if unread.is_tolerated { warn } else { fail };
        judge("variables", message, hint.unwrap_or_default())
    });
    checks.collect()
}

pub(super) fn runtime_dir() -> Check {
    let name = "runtime-dir";
    let instead = "a session's files go to a private folder in the folder for temporary files";
    let Some(path) = env::XDG_RUNTIME_DIR.path() else {
        return ok(name, format!("XDG_RUNTIME_DIR is not set; {instead}"));
    };
    let shown = path.display();
    let fix = "unset XDG_RUNTIME_DIR";
    match fs::metadata(&path) {
        Ok(about) if about.is_dir() && !files::is_ours(&about) => warn(
            name,
            format!("{shown} belongs to another user; {instead}"),
            fix,
        ),
        Ok(about) if about.is_dir() => private(name, &path, &about, FOLDER_MODE),
        _ => warn(name, format!("{shown} is not a folder; {instead}"), fix),
    }
}

pub(super) fn kubeconfig() -> Check {
    let name = "kubeconfig";
    let list = env::KUBECONFIG.os();
    let paths: Vec<PathBuf> = match &list {
        Some(list) => std::env::split_paths(list).collect(),
        None => env::HOME
            .path()
            .map(|home| home.join(".kube/config"))
            .into_iter()
            .collect(),
    };
    let found = paths.iter().filter_map(|path| {
        let about = fs::metadata(path).ok()?;
        Some(private(name, path, &about, FILE_MODE))
    });
    // The first file with a problem says more than the first file.
    let worst = found.reduce(|first, next| match first.tone {
        Tone::Good => next,
        _ => first,
    });
    worst.unwrap_or_else(|| match list {
        Some(list) if is_content(&list.to_string_lossy()) => warn(
            name,
            "KUBECONFIG is the content of a file, and not its path",
            "write it to a private file, and set KUBECONFIG to the path of that",
        ),
        Some(list) => warn(
            name,
            format!(
                "KUBECONFIG names no file that exists: {}",
                list.to_string_lossy()
            ),
            "unset KUBECONFIG, or set it to the path of your kubeconfig",
        ),
        None => ok(
            name,
            "there is no ~/.kube/config; --from-file names another file",
        ),
    })
}

/// Checks the modes in the embedded API's folder, and opens its store.
pub(super) fn store(ctx: &Ctx, is_needed: bool) -> Vec<Check> {
    let name = "store";
    let dir = match paths::data_dir() {
        Ok(dir) => dir,
        Err(_) if !is_needed => return Vec::new(),
        Err(why) => {
            let fix = "export XDG_DATA_HOME=/path/of/a/folder, or set HOME";
            return vec![fail(name, why.message, fix)];
        }
    };
    let Ok(entries) = fs::read_dir(&dir) else {
        return vec![ok(name, "nothing is stored on this machine yet")];
    };
    let mut found: Vec<Check> = Vec::new();
    let folder = fs::metadata(&dir).ok().map(|about| (dir.clone(), about));
    let inside = entries.flatten().filter_map(|entry| {
        let about = fs::symlink_metadata(entry.path()).ok()?;
        about.is_file().then(|| (entry.path(), about))
    });
    for (path, about) in folder.into_iter().chain(inside) {
        if files::mode(&about) & OTHERS != 0 {
            let wanted = if about.is_dir() {
                FOLDER_MODE
            } else {
                FILE_MODE
            };
            found.push(private(name, &path, &about, wanted));
        }
    }
    let Ok(config) = ctx.config_if_any() else {
        found.push(warn(
            name,
            "not checked: the configuration can't be read",
            "fix the configuration, see above",
        ));
        return found;
    };
    let mut globals = ctx.globals.clone();
    globals.local = true;
    let opened = || -> anyhow::Result<()> {
        let settings = Settings::new(&globals, config);
        let client = Client::connect(&settings, None)?;
        let request = Request::get("/projects?page=1&size=1");
        ctx.block_on(async { Ok(client.send(&request).await.map(drop)?) })?;
        own_store::open()?.check_key()?;
        Ok(())
    };
    match opened() {
        Ok(()) if found.is_empty() => found.push(ok(name, format!("{} opens", dir.display()))),
        Ok(()) => {}
        Err(error) => found.push(fail(
            name,
            format!("{}: {error:#}", dir.display()),
            fix_of_store(&error, &dir),
        )),
    }
    found
}

/// Returns the fix for a store that does not open. Only a damaged one is moved away: a store that is whole may be out
/// of reach for many reasons, and nobody should lose it for one of them.
fn fix_of_store(error: &anyhow::Error, dir: &Path) -> String {
    let of_store = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<StoreError>());
    match of_store {
        Some(why) if why.is_damage() => {}
        // SQLite's words for damage that shows only when the store is read.
        None if format!("{error:#}").contains("disk image is malformed") => {}
        Some(StoreError::Busy(_)) => {
            return "try again when the other process has ended".to_owned();
        }
        Some(StoreError::Newer { .. }) => {
            return "use the acpctl that wrote it, or a newer one".to_owned();
        }
        _ => {
            let key = of_store.and_then(|why| own_store::way_to_key(why, dir));
            if let Some(way) = key {
                return way;
            }
            let hint = api::failure_in(error).and_then(|failure| failure.hint);
            let look = || format!("ls -la {}", shell_word(&dir.to_string_lossy()));
            return hint.unwrap_or_else(look);
        }
    }
    format!(
        "acpctl local restore BACKUP, or start over: {}",
        set_aside(dir)
    )
}
