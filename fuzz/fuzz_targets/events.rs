//! A stream of server-sent events gives the same events in whatever pieces it arrives.
//!
//! `cargo +nightly fuzz run events`

#![no_main]

use acpctl::api::sse::{Event, Parser};
use libfuzzer_sys::fuzz_target;

fn events<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Event> {
    let mut parser = Parser::default();
    let mut events = Vec::new();
    for piece in pieces {
        events.extend(parser.push(piece).expect("shorter than the limit"));
    }
    events.extend(parser.finish());
    events
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let whole = events([bytes].into_iter());
    assert_eq!(whole, events(bytes.chunks(usize::from(size).max(1))));
    assert_eq!(whole, events(bytes.chunks(1)));
});
