//! Reads DER as strictly as Kubernetes' client does in certificates: tags below 31, definite and minimal lengths,
//! minimal integers. `None` means malformed.

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// Returns the tag `[number]` of a primitive element.
pub(super) const fn context(number: u8) -> u8 {
    0x80 | number
}

/// Returns the tag `[number]` of an element that holds others.
pub(super) const fn context_constructed(number: u8) -> u8 {
    0xA0 | number
}

/// The rest of a text in DER, which is still to be read.
#[derive(Clone, Copy)]
pub(super) struct Der<'a>(pub(super) &'a [u8]);

/// One element.
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// The content with tag and length.
    pub(super) whole: &'a [u8],
}

impl<'a> Der<'a> {
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn is_next(self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    pub(super) fn any(&mut self) -> Option<Element<'a>> {
        let (&[tag, first], mut rest) = self.0.split_first_chunk::<2>()?;
        if tag & 0x1F == 0x1F {
            return None;
        }
        let mut length = usize::from(first);
        if first >= 0x80 {
            let (bytes, after) = rest.split_at_checked(usize::from(first & 0x7F))?;
            let is_minimal = bytes.first().is_some_and(|b| *b != 0) && bytes != [bytes[0] & 0x7F];
            if bytes.len() > 4 || !is_minimal {
                return None;
            }
            length = bytes.iter().fold(0, |sum, b| sum << 8 | usize::from(*b));
            rest = after;
        }
        let (content, after) = rest.split_at_checked(length)?;
        let whole = &self.0[..self.0.len() - after.len()];
        self.0 = after;
        Some(Element {
            tag,
            content,
            whole,
        })
    }

    /// Reads the next element, which must have this tag, and returns its content.
    pub(super) fn take(&mut self, tag: u8) -> Option<Der<'a>> {
        let element = self.any()?;
        (element.tag == tag).then_some(Der(element.content))
    }

    /// Like [`Der::take`], but returns `Some(None)` if another element or nothing follows.
    #[allow(clippy::option_option)] // malformed, absent and present are three answers
    pub(super) fn take_if(&mut self, tag: u8) -> Option<Option<Der<'a>>> {
        if self.is_next(tag) {
            self.take(tag).map(Some)
        } else {
            Some(None)
        }
    }

    pub(super) fn boolean(&mut self) -> Option<bool> {
        match self.take(BOOLEAN)?.0 {
            [0] => Some(false),
            [0xFF] => Some(true),
            _ => None,
        }
    }

    pub(super) fn integer(&mut self) -> Option<Integer<'a>> {
        Integer::new(self.take(INTEGER)?.0)
    }

    pub(super) fn oid(&mut self) -> Option<Oid<'a>> {
        Oid::new(self.take(OBJECT_IDENTIFIER)?.0)
    }

    pub(super) fn bits(&mut self) -> Option<Bits<'a>> {
        Bits::new(self.take(BIT_STRING)?.0)
    }
}

/// An integer of any size, in its shortest form.
#[derive(Clone, Copy)]
pub(super) struct Integer<'a>(&'a [u8]);

impl<'a> Integer<'a> {
    pub(super) fn new(content: &'a [u8]) -> Option<Self> {
        match content {
            [] | [0, 0..=0x7F, ..] | [0xFF, 0x80..=0xFF, ..] => None,
            _ => Some(Self(content)),
        }
    }

    pub(super) fn is_negative(self) -> bool {
        self.0[0] >= 0x80
    }

    pub(super) fn is_positive(self) -> bool {
        !self.is_negative() && self.0 != [0]
    }

    /// Returns the bytes of an integer that is not negative, without leading zeros.
    pub(super) fn magnitude(self) -> &'a [u8] {
        self.0.strip_prefix(&[0]).unwrap_or(self.0)
    }

    /// Returns `None` if the value does not fit.
    pub(super) fn to_i64(self) -> Option<i64> {
        let sign = if self.is_negative() { 0xFF } else { 0 };
        let mut bytes = [sign; 8];
        let start = bytes.len().checked_sub(self.0.len())?;
        bytes[start..].copy_from_slice(self.0);
        Some(i64::from_be_bytes(bytes))
    }
}

/// An object identifier: each part is in its shortest form and below 2^31.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Oid<'a>(pub(super) &'a [u8]);

impl<'a> Oid<'a> {
    pub(super) fn new(content: &'a [u8]) -> Option<Self> {
        let is_small = |part: &[u8]| part.len() < 5 || part.len() == 5 && part[0] <= 0x87;
        let sound =
            is_base_128(content) && content.split_inclusive(|byte| *byte < 0x80).all(is_small);
        sound.then_some(Self(content))
    }
}

/// Returns true for complete numbers of any size, each in its shortest form.
pub(super) fn is_base_128(content: &[u8]) -> bool {
    content.last().is_some_and(|byte| *byte < 0x80)
        && content
            .split_inclusive(|byte| *byte < 0x80)
            .all(|part| part[0] != 0x80)
}

/// A string of bits. The unused bits at its end are zero.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    unused: u8,
}

impl<'a> Bits<'a> {
    pub(super) fn new(content: &'a [u8]) -> Option<Self> {
        let (&unused, bytes) = content.split_first()?;
        let sound = match bytes.last() {
            None => unused == 0,
            Some(last) => unused < 8 && last & ((1 << unused) - 1) == 0,
        };
        sound.then_some(Self { bytes, unused })
    }

    pub(super) fn is_set(self, bit: usize) -> bool {
        let byte = self.bytes.get(bit / 8).copied().unwrap_or_default();
        byte & (0x80 >> (bit % 8)) != 0
    }

    /// Returns the bits as a number: shifted right, so that the unused bits are in front.
    pub(super) fn right_aligned(self) -> std::borrow::Cow<'a, [u8]> {
        if self.unused == 0 {
            return self.bytes.into();
        }
        let mut carry = 0;
        let shifted = self.bytes.iter().map(|byte| {
            let aligned = carry | byte >> self.unused;
            carry = byte << (8 - self.unused);
            aligned
        });
        shifted.collect::<Vec<_>>().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_read_in_one_form_only() {
        for (bytes, content) in [
            (&[4, 1, 7][..], Some(&[7][..])),
            (&[4, 0], Some(&[])),
            (&[4, 2, 7], None),
            (&[4, 0x80], None),
            (&[4, 0x81, 1, 7], None),
            (&[4, 0x82, 0, 1, 7], None),
            (&[4, 0x85, 0, 0, 0, 0, 1, 7], None),
            (&[0x1F, 1, 7], None),
            (&[4], None),
            (&[], None),
        ] {
            assert_eq!(
                Der(bytes).any().map(|found| found.content),
                content,
                "{bytes:?}"
            );
        }
        let long = [&[4, 0x81, 0x80][..], &[7; 0x80]].concat();
        assert_eq!(Der(&long).any().unwrap().content.len(), 0x80);
    }

    #[test]
    fn integers_are_minimal() {
        for (content, value) in [
            (&[0][..], Some(0)),
            (&[0x7F], Some(127)),
            (&[0, 0x80], Some(128)),
            (&[0xFF], Some(-1)),
            (&[0xFF, 0x7F], Some(-129)),
            (&[0x7F, 255, 255, 255, 255, 255, 255, 255], Some(i64::MAX)),
            (&[0, 0x80, 0, 0, 0, 0, 0, 0, 0], None),
            (&[], None),
            (&[0, 1], None),
            (&[0xFF, 0x80], None),
        ] {
            let found = Integer::new(content).and_then(Integer::to_i64);
            assert_eq!(found, value, "{content:?}");
        }
    }

    #[test]
    fn identifiers_have_small_parts() {
        for (content, sound) in [
            (&[0x2A][..], true),
            (&[0x87, 0xFF, 0xFF, 0xFF, 0x7F], true),
            (&[0x88, 0x80, 0x80, 0x80, 0], false),
            (&[0x2A, 0x80, 1], false),
            (&[0x2A, 0x81], false),
            (&[], false),
        ] {
            assert_eq!(Oid::new(content).is_some(), sound, "{content:?}");
        }
        assert!(Oid::new(&[7; 300]).is_some());
    }

    #[test]
    fn unused_bits_are_zero() {
        assert!(Bits::new(&[1, 1]).is_none());
        assert!(Bits::new(&[8, 0]).is_none());
        assert!(Bits::new(&[1]).is_none());
        assert!(Bits::new(&[]).is_none());
        let bits = Bits::new(&[4, 0xAB, 0xC0]).unwrap();
        assert_eq!(*bits.right_aligned(), [0x0A, 0xBC]);
        assert!(bits.is_set(0) && !bits.is_set(1) && !bits.is_set(99));
    }
}
