//! The screen survives all keys, sizes and answers, and no frame controls the terminal.

pub(crate) fn run(bytes: &[u8]) {
    let _ = acpctl::testing::screen::play(bytes);
}
