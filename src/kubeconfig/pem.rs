//! Finds PEM blocks as Kubernetes' client does (docs/interface/kubeconfig.md section 8): broken blocks and the text
//! around blocks are skipped, header lines are recognized.

use zeroize::Zeroizing;

use super::base64;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"\n-----END ";
const DASHES: &[u8] = b"-----";

/// One decoded block.
pub(super) struct Block<'a> {
    pub(super) kind: &'a [u8],
    pub(super) has_headers: bool,
    pub(super) der: Zeroizing<Vec<u8>>,
}

impl Block<'_> {
    pub(super) fn is_certificate(&self) -> bool {
        self.kind == b"CERTIFICATE"
    }

    pub(super) fn is_private_key(&self) -> bool {
        self.kind == b"PRIVATE KEY" || self.kind.ends_with(b" PRIVATE KEY")
    }
}

/// Returns the blocks of a text, in order.
pub(super) fn blocks(text: &[u8]) -> Blocks<'_> {
    Blocks { rest: text }
}

pub(super) struct Blocks<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        let mut from = 0;
        loop {
            let end = from + find(self.rest.get(from..)?, END)?;
            let label = end + END.len();
            match self.block(from, end, label) {
                Step::Block(block, next) => {
                    self.rest = &self.rest[next..];
                    return Some(block);
                }
                Step::Skip => from = label,
                Step::Stop => return None,
            }
        }
    }
}

enum Step<'a> {
    /// A block, and the offset of the text after it.
    Block(Block<'a>, usize),
    Skip,
    Stop,
}

impl<'a> Blocks<'a> {
    /// Reads the text between `from` and the END mark at `end`, whose label starts at `label`.
    fn block(&self, from: usize, end: usize, label: usize) -> Step<'a> {
        let text = self.rest;
        // The last BEGIN before an END counts: earlier ones have no END.
        let Some(begin) = rfind(&text[from..end], BEGIN) else {
            return Step::Skip;
        };
        if begin > 0 && text[from + begin - 1] != b'\n' {
            return Step::Skip;
        }
        let begin = from + begin + BEGIN.len();
        let (kind_line, mut body) = line(text, begin);
        let Some(kind) = kind_line.strip_suffix(DASHES) else {
            return Step::Skip;
        };
        let mut has_headers = false;
        loop {
            // If the END line itself looks like a header, the client stops.
            if body >= text.len() || body > label {
                return Step::Stop;
            }
            let (header, next) = line(text, body);
            if !header.contains(&b':') {
                break;
            }
            has_headers = true;
            body = next;
        }
        if has_headers && body > end {
            return Step::Skip;
        }
        let Some(after_kind) = text[label..].strip_prefix(kind) else {
            return Step::Skip;
        };
        if !after_kind.starts_with(DASHES) {
            return Step::Skip;
        }
        let (trailing, next) = line(text, label + kind.len() + DASHES.len());
        if !trailing.is_empty() {
            return Step::Skip;
        }
        let encoded = text.get(body..end).unwrap_or_default();
        let mut compact = Zeroizing::new(Vec::with_capacity(encoded.len()));
        compact.extend(encoded.iter().filter(|b| !matches!(b, b' ' | b'\t')));
        match base64::decode(&compact) {
            Some(der) => {
                let block = Block {
                    kind,
                    has_headers,
                    der,
                };
                Step::Block(block, next)
            }
            None => Step::Skip,
        }
    }
}

/// Returns the line at `from` without its line end and trailing blanks, and the offset of the next line.
fn line(text: &[u8], from: usize) -> (&[u8], usize) {
    let rest = text.get(from..).unwrap_or_default();
    let (line, next) = match rest.iter().position(|b| *b == b'\n') {
        Some(at) => {
            let line = &rest[..at];
            (line.strip_suffix(b"\r").unwrap_or(line), from + at + 1)
        }
        None => (rest, text.len()),
    };
    let blanks = line
        .iter()
        .rev()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count();
    (&line[..line.len() - blanks], next)
}

fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len()).position(|w| w == needle)
}

fn rfind(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len()).rposition(|w| w == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(String, Vec<u8>)> {
        blocks(text.as_bytes())
            .map(|b| (String::from_utf8_lossy(b.kind).into(), b.der.to_vec()))
            .collect()
    }

    #[test]
    fn finds_blocks_between_other_text() {
        let text = "junk\n-----BEGIN A-----\nAAAA\n-----END A-----\nmore\r\n-----BEGIN B-----\r\nAAAA\r\n-----END B-----";
        assert_eq!(
            kinds(text),
            [("A".into(), vec![0; 3]), ("B".into(), vec![0; 3])]
        );
    }

    #[test]
    fn skips_broken_blocks() {
        for text in [
            "-----BEGIN A-----\nA!AA\n-----END A-----\n",
            "-----BEGIN A-----\nAAAA\n-----END B-----\n",
            "x-----BEGIN A-----\nAAAA\n-----END A-----\n",
            "-----BEGIN A-----\nAAAA\n-----END A----- x\n",
            "-----BEGIN A\nAAAA\n-----END A-----\n",
            "-----BEGIN A-----\nAAAA\n",
            "",
        ] {
            assert_eq!(kinds(text), [], "{text:?}");
        }
        let good =
            "-----BEGIN A-----\nA!AA\n-----END A-----\n-----BEGIN B-----\nAAAA\n-----END B-----\n";
        assert_eq!(kinds(good), [("B".into(), vec![0; 3])]);
    }

    #[test]
    fn an_end_that_looks_like_a_header_ends_it_all() {
        let good = "-----BEGIN B-----\nAAAA\n-----END B-----\n";
        let headers = "-----BEGIN A-----\na: b\n-----END A-----\n";
        assert_eq!(
            kinds(&format!("{headers}{good}")),
            [("B".into(), vec![0; 3])]
        );
        let headers = "-----BEGIN A:-----\na: b\n-----END A:-----\n";
        assert_eq!(kinds(&format!("{headers}{good}")), []);
    }

    #[test]
    fn notices_headers_and_empty_blocks() {
        let text = "-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END A-----\n";
        let block = blocks(text.as_bytes()).next().unwrap();
        assert!(block.has_headers);
        assert_eq!(
            kinds("-----BEGIN A-----\n-----END A-----\n"),
            [("A".into(), vec![])]
        );
    }
}
