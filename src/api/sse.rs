//! Server-sent events, read piece by piece.
//!
//! Lines end in LF, CR or CRLF and may be split anywhere; a byte order mark may come first; the data lines of one event
//! are joined; comments are skipped (HTML standard, "event stream interpretation"). The Go tool implements only a part
//! of this (docs/interface/cli-resources.md section 3.2).

/// The size of the longest event, in bytes.
pub const MAX_EVENT: usize = 32 << 20;

/// The size of the longest id, in bytes. Every event carries a copy of it, so a long one would multiply.
pub const MAX_ID: usize = 1 << 10;

/// A part of the stream is too long.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooLong {
    #[error("an event is longer than {} MiB", MAX_EVENT >> 20)]
    Event,
    #[error("the id of an event is longer than {} KiB", MAX_ID >> 10)]
    Id,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The last id that the stream named: a new stream can continue behind it.
    pub id: Option<String>,
    pub data: String,
}

/// Turns bytes into events.
#[derive(Default)]
pub struct Parser {
    line: Vec<u8>,
    data: Option<String>,
    id: Option<String>,
    /// True if the last byte was a CR: a LF that follows belongs to it.
    after_cr: bool,
    started: bool,
}

impl Parser {
    /// Reads the next bytes and returns the events that they complete.
    ///
    /// # Errors
    /// An event is longer than [`MAX_EVENT`], or its id than [`MAX_ID`].
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, TooLong> {
        let mut events = Vec::new();
        for &byte in bytes {
            let after_cr = std::mem::take(&mut self.after_cr);
            match byte {
                b'\n' if after_cr => {}
                b'\n' => events.extend(self.end_line()?),
                b'\r' => {
                    self.after_cr = true;
                    events.extend(self.end_line()?);
                }
                byte => self.line.push(byte),
            }
            if self.line.len() + self.data.as_ref().map_or(0, String::len) > MAX_EVENT {
                return Err(TooLong::Event);
            }
        }
        Ok(events)
    }

    /// Returns the event that is incomplete when the stream ends: a server that closes the stream right behind the last
    /// data line has sent this event too. An id that is too long is left out.
    pub fn finish(&mut self) -> Option<Event> {
        if !self.line.is_empty() {
            let _ = self.end_line();
        }
        self.dispatch()
    }

    fn end_line(&mut self) -> Result<Option<Event>, TooLong> {
        let bytes = std::mem::take(&mut self.line);
        let mut line = String::from_utf8_lossy(&bytes).into_owned();
        if !std::mem::replace(&mut self.started, true)
            && let Some(rest) = line.strip_prefix('\u{feff}')
        {
            line = rest.to_owned();
        }
        if line.is_empty() {
            return Ok(self.dispatch());
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            "id" if value.contains('\0') => {}
            "id" if value.len() > MAX_ID => return Err(TooLong::Id),
            "id" => self.id = Some(value.to_owned()),
            _ => {}
        }
        Ok(None)
    }

    fn dispatch(&mut self) -> Option<Event> {
        let data = self.data.take()?;
        Some(Event {
            id: self.id.clone(),
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(pieces: &[&[u8]]) -> Vec<Event> {
        let mut parser = Parser::default();
        let mut events: Vec<Event> = pieces
            .iter()
            .flat_map(|piece| parser.push(piece).unwrap())
            .collect();
        events.extend(parser.finish());
        events
    }

    fn texts(stream: &str) -> Vec<String> {
        let events = read(&[stream.as_bytes()]);
        events.into_iter().map(|event| event.data).collect()
    }

    #[test]
    fn events_are_told_apart() {
        assert_eq!(
            texts("data: a\n\ndata:b\r\rdata: c\r\n\r\n"),
            ["a", "b", "c"]
        );
        assert_eq!(texts("\u{feff}data: a\ndata: b\n\n"), ["a\nb"]);
        assert_eq!(
            texts(": ping\nevent: x\nid: 7\ndata: a\n\n: ping\n\n"),
            ["a"]
        );
        assert_eq!(texts("data: last"), ["last"]);
        assert_eq!(read(&[b"id: 7\ndata: a\n\n"])[0].id.as_deref(), Some("7"));
    }

    #[test]
    fn an_id_that_is_too_long_ends_the_stream_or_is_left_out_at_its_end() {
        let id = |length: usize| "7".repeat(length);
        let ended = |text: &str| Parser::default().push(text.as_bytes());
        assert!(ended(&format!("id: {}\ndata: a\n\n", id(MAX_ID))).is_ok());
        let long = format!("data: a\nid: {}", id(MAX_ID + 1));
        assert_eq!(ended(&format!("{long}\n")), Err(TooLong::Id));
        let last = read(&[long.as_bytes()]);
        assert_eq!((last[0].data.as_str(), &last[0].id), ("a", &None));
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same(stream in "\u{feff}?(data: [a-zé]{0,3}|id: 1|:c|\r|\n|\r\n|data:){0,30}", cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
            let bytes = stream.as_bytes();
            let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            places.extend([0, bytes.len()]);
            places.sort_unstable();
            let pieces: Vec<&[u8]> = places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(read(&pieces), read(&[bytes]));
        }
    }
}
