//! The limits of an answer: its size as it arrives, its size unpacked, and what it costs in memory.

use std::io::{self, Write as _};

use flate2::write::MultiGzDecoder;

use super::error::Error;

/// The size of the longest answer, in bytes. Tokens may be large (docs/interface/api.md section 7.5).
pub(super) const MAX_BODY: usize = 64 << 20;
/// The size of the longest answer that reports an error, in bytes.
const MAX_ERROR: usize = 1 << 20;
/// The factor by which an answer may grow when it is unpacked; lists of similar objects grow by less than half of it.
const MAX_RATIO: usize = 100;
/// Up to this size an answer may grow by any factor.
const FREE: usize = 8 << 20;
/// The number of values that JSON may hold. Each takes some hundred bytes of memory, however short it is in the answer.
/// The largest page of a server holds half as many.
const MAX_WEIGHT: usize = 4_000_000;
/// The cost of an object or an array, in values.
const CONTAINER: usize = 4;

/// Reads a body piece by piece.
pub(super) struct Reader {
    unpacked: Unpacked,
    wire: usize,
    most: usize,
}

enum Unpacked {
    Plain(Limited),
    Gzip(Box<MultiGzDecoder<Limited>>),
}

/// Accepts a limited number of bytes.
struct Limited {
    bytes: Vec<u8>,
    limit: usize,
}

impl Reader {
    /// Returns a reader for an answer with this status and `Content-Encoding`.
    #[must_use]
    pub(super) fn new(status: u16, encoding: &str) -> Self {
        let most = if (200..300).contains(&status) {
            MAX_BODY
        } else {
            MAX_ERROR
        };
        let limited = Limited {
            bytes: Vec::new(),
            limit: most,
        };
        Self {
            unpacked: if encoding.eq_ignore_ascii_case("gzip") {
                Unpacked::Gzip(Box::new(MultiGzDecoder::new(limited)))
            } else {
                Unpacked::Plain(limited)
            },
            wire: 0,
            most,
        }
    }

    /// Reads the next bytes as they arrive.
    ///
    /// # Errors
    /// The body is too large or can't be unpacked.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.wire += bytes.len();
        let limit = self.most.min(FREE.max(self.wire.saturating_mul(MAX_RATIO)));
        let written = match &mut self.unpacked {
            Unpacked::Plain(limited) => limited.write_all(bytes),
            Unpacked::Gzip(decoder) => {
                decoder.get_mut().limit = limit;
                decoder.write_all(bytes)
            }
        };
        written.map_err(|error| self.failed(&error))
    }

    /// Returns the whole body.
    ///
    /// # Errors
    /// As [`Reader::push`], or the packed data ends early.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, Error> {
        if let Unpacked::Gzip(decoder) = &mut self.unpacked
            && self.wire > 0
            && let Err(error) = decoder.try_finish()
        {
            return Err(match error.kind() {
                io::ErrorKind::StorageFull => self.failed(&error),
                _ => Error::Body("unexpected EOF".to_owned()),
            });
        }
        Ok(match &mut self.unpacked {
            Unpacked::Plain(limited) => std::mem::take(&mut limited.bytes),
            Unpacked::Gzip(decoder) => std::mem::take(&mut decoder.get_mut().bytes),
        })
    }

    fn failed(&self, error: &io::Error) -> Error {
        if error.kind() != io::ErrorKind::StorageFull {
            return Error::Body("the answer is not valid gzip".to_owned());
        }
        let size = match &self.unpacked {
            Unpacked::Plain(limited) => limited.bytes.len(),
            Unpacked::Gzip(decoder) => decoder.get_ref().bytes.len(),
        };
        Error::Body(if size.saturating_mul(2) > self.most {
            format!("the answer is larger than {} MiB", self.most >> 20)
        } else {
            format!("the answer grows more than {MAX_RATIO}-fold by unpacking")
        })
    }
}

impl io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.limit {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Checks what JSON would cost in memory, before it is parsed.
///
/// # Errors
/// It holds too many values.
pub(crate) fn check_weight(json: &[u8]) -> Result<(), Error> {
    // Each byte is one value at most.
    if json.len() <= MAX_WEIGHT / CONTAINER {
        return Ok(());
    }
    let (mut weight, mut in_string, mut escaped) = (0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b',' => weight += 1,
            b'[' | b'{' => weight += CONTAINER,
            _ => {}
        }
    }
    if weight > MAX_WEIGHT {
        return Err(Error::Body("the answer holds too many values".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn read(status: u16, encoding: &str, body: &[u8]) -> Result<Vec<u8>, Error> {
        let mut reader = Reader::new(status, encoding);
        for piece in body.chunks(1000) {
            reader.push(piece)?;
        }
        reader.finish()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn bodies_are_unpacked_within_limits() {
        let text = b"{\"a\": 1}".repeat(1000);
        assert_eq!(read(200, "", &text).unwrap(), text);
        assert_eq!(read(200, "gzip", &gzip(&text)).unwrap(), text);
        assert_eq!(read(200, "gzip", b"").unwrap(), b"");
        // Two packed parts, one behind the other, are one body.
        let twice = [gzip(b"a"), gzip(b"b")].concat();
        assert_eq!(read(200, "gzip", &twice).unwrap(), b"ab");
        let cut = &gzip(&text)[..20];
        assert!(read(200, "gzip", cut).is_err());
        assert!(read(200, "gzip", b"no gzip").is_err());
        let zeros = vec![b' '; FREE + 1];
        let error = read(200, "gzip", &gzip(&zeros)).unwrap_err();
        assert!(error.to_string().contains("100-fold"), "{error}");
        assert_eq!(read(200, "", &zeros).unwrap().len(), zeros.len());
        let error = read(500, "", &zeros).unwrap_err();
        assert!(error.to_string().contains("1 MiB"), "{error}");
    }

    #[test]
    fn values_are_counted_outside_strings() {
        let commas = format!(
            "[\"{}\\\"{}\"]",
            ",".repeat(MAX_WEIGHT),
            "[".repeat(MAX_WEIGHT)
        );
        assert!(check_weight(commas.as_bytes()).is_ok());
        assert!(check_weight("{},".repeat(MAX_WEIGHT / 4).as_bytes()).is_err());
        assert!(check_weight(b"{},{}").is_ok());
    }
}
