//! A stream of server-sent events gives the same events in whatever pieces it arrives.

use acpctl::testing::sse::{Event, Parser};

fn events<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Event> {
    let mut parser = Parser::default();
    let mut events = Vec::new();
    for piece in pieces {
        events.extend(parser.push(piece).expect("shorter than the limit"));
    }
    events.extend(parser.finish());
    events
}

/// The first byte is the size of the pieces.
pub(crate) fn run(bytes: &[u8]) {
    let Some((size, bytes)) = bytes.split_first() else {
        return;
    };
    let whole = events([bytes].into_iter());
    assert_eq!(whole, events(bytes.chunks(usize::from(*size).max(1))));
    assert_eq!(whole, events(bytes.chunks(1)));
}
