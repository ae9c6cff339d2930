//! Unpacks what gzip compressed, so that a search sees the bytes inside.

use std::io::{self, BufReader, Read};

use flate2::read::MultiGzDecoder;

/// The most bytes that one compressed file may grow to.
const MOST_UNPACKED: u64 = 4 << 30;
/// The first bytes of what gzip compressed.
const GZIP: &[u8] = &[0x1f, 0x8b, 8];
/// How often something may be compressed.
const LAYERS: usize = 3;

/// Returns the bytes of a reader, without the layers of gzip around them.
///
/// # Errors
/// The first bytes can't be read or unpacked, or there are more layers.
pub(super) fn unpacked<'r>(reader: impl Read + 'r) -> io::Result<Box<dyn Read + 'r>> {
    let mut reader: Box<dyn Read + 'r> = Box::new(reader);
    for _ in 0..=LAYERS {
        let mut buffered = BufReader::with_capacity(64 << 10, reader);
        if !is_packed(&mut buffered)? {
            return Ok(Box::new(buffered));
        }
        reader = Box::new(Limited {
            reader: MultiGzDecoder::new(buffered),
            left: MOST_UNPACKED,
        });
    }
    Err(io::Error::other(format!(
        "it is compressed more than {LAYERS} times"
    )))
}

fn is_packed(reader: &mut impl io::BufRead) -> io::Result<bool> {
    loop {
        match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            first => return Ok(first?.starts_with(GZIP)),
        }
    }
}

/// Fails once more than `left` bytes were read, so that a small file can't keep the search busy for days.
struct Limited<R> {
    reader: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other("it unpacks to more than 4 GiB"))?;
        Ok(read)
    }
}
