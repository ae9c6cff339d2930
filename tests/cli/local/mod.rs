//! `--local` and `local`: the embedded API with no platform, its store, and its copies.

mod disk;
mod store;
mod transfer;
