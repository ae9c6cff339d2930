//! The words that the functions of all systems share.

#![allow(dead_code, reason = "not every system has all of them")]

/// The folder in which the Go tool keeps its configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConfigBase {
    /// `XDG_CONFIG_HOME`, else `.config` in the home directory.
    Xdg,
    /// A folder in the home directory.
    InHome(&'static str),
    /// `APPDATA`.
    AppData,
}

/// What a system does with an address that it is to show.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Browser {
    /// The program that opens an address, and its first arguments.
    pub opener: &'static [&'static str],
    /// True if there always is a display.
    pub has_display: bool,
    /// True if other users can read an address in the command line of the opener, and if the opener shows a page from a
    /// file in the browser.
    pub is_overheard: bool,
}

/// The kind of standard input, and who uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stdin {
    /// A pipe, a file or a socket that this command alone reads.
    Given,
    /// The same, but the calling script has it too: it may be the list that a loop reads.
    Shared,
    /// A terminal, or a device such as `/dev/null`: it holds no data to read.
    Silent,
}

/// What a shell does to a program of its terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Job {
    Stop,
    Continued,
}

/// The way in which the user types an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Typing {
    /// Key by key.
    Keys,
    /// A line that the terminal edits and does not show.
    Hidden,
}
