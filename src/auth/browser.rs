//! Opening an address in the user's browser.

use std::process::{Command, Stdio};

use crate::env;

/// Starts the browser without waiting; a failure is of no matter, since the address is shown too.
/// Without a display there is nothing to start: a text browser would take the terminal.
pub fn open(url: &str) {
    let has_display = env::DISPLAY.get().is_some() || env::WAYLAND_DISPLAY.get().is_some();
    if !cfg!(any(target_os = "macos", windows)) && !has_display {
        return;
    }
    let mut command = if cfg!(target_os = "macos") {
        Command::new("open")
    } else if cfg!(windows) {
        let mut command = Command::new("rundll32");
        command.arg("url.dll,FileProtocolHandler");
        command
    } else {
        Command::new("xdg-open")
    };
    command.arg(url);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let _ = command.spawn();
}
