//! A cursor over DER that returns borrowed values together with their original bytes.
//!
//! It parses headers itself: with the reader of the `der` crate, parsing a certificate took four times as long as with
//! rustls-webpki, and X.509 has only one-byte tags.

use core::ops::Range;

/// Not DER, or not the expected DER value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unexpected DER at byte {offset}")]
#[non_exhaustive]
pub struct Malformed {
    /// The position in the bytes that were parsed.
    pub offset: usize,
}

/// An identifier octet (X.690 8.1.2). Tags above 30 take more octets, and do not occur in certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag(pub(crate) u8);

impl Tag {
    pub(crate) const BOOLEAN: Self = Self(0x01);
    pub(crate) const INTEGER: Self = Self(0x02);
    pub(crate) const BIT_STRING: Self = Self(0x03);
    pub(crate) const OCTET_STRING: Self = Self(0x04);
    pub(crate) const OBJECT_IDENTIFIER: Self = Self(0x06);
    pub(crate) const UTF8_STRING: Self = Self(0x0c);
    pub(crate) const PRINTABLE_STRING: Self = Self(0x13);
    pub(crate) const TELETEX_STRING: Self = Self(0x14);
    pub(crate) const IA5_STRING: Self = Self(0x16);
    pub(crate) const UTC_TIME: Self = Self(0x17);
    pub(crate) const GENERALIZED_TIME: Self = Self(0x18);
    pub(crate) const UNIVERSAL_STRING: Self = Self(0x1c);
    pub(crate) const BMP_STRING: Self = Self(0x1e);
    pub(crate) const SEQUENCE: Self = Self(0x30);
    pub(crate) const SET: Self = Self(0x31);
}

/// Returns the context-specific tag `[number]`, constructed or primitive.
pub(crate) const fn context(number: u8, constructed: bool) -> Tag {
    Tag(0x80 | number | if constructed { 0x20 } else { 0 })
}

/// Parses a header: the tag and the lengths of header and contents. The length must be definite and minimal (X.690
/// 10.1), in at most four octets.
#[inline]
fn header(input: &[u8]) -> Option<(Tag, usize, usize)> {
    let (tag, rest) = input.split_first()?;
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (head, length) = match *rest {
        [short @ 0..=0x7f, ..] => (2, usize::from(short)),
        [0x81, a @ 0x80..=0xff, ..] => (3, usize::from(a)),
        [0x82, a @ 1..=0xff, b, ..] => (4, usize::from(u16::from_be_bytes([a, b]))),
        [0x83, a @ 1..=0xff, b, c, ..] => (5, usize::try_from(u32::from_be_bytes([0, a, b, c])).ok()?),
        [0x84, a @ 1..=0xff, b, c, d, ..] => (6, usize::try_from(u32::from_be_bytes([a, b, c, d])).ok()?),
        _ => return None,
    };
    Some((Tag(*tag), head, length))
}

/// One value with its tag.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tlv<'a> {
    pub(crate) tag: Tag,
    /// Header and contents.
    pub(crate) raw: &'a [u8],
    /// Contents.
    pub(crate) value: &'a [u8],
    /// The position of the contents.
    at: usize,
}

impl<'a> Tlv<'a> {
    /// Returns the range of header and contents in the bytes that were parsed.
    pub(crate) fn range(&self) -> Range<usize> {
        let end = self.at.saturating_add(self.value.len());
        end.saturating_sub(self.raw.len())..end
    }

    /// Returns a cursor over the contents.
    pub(crate) const fn open(&self) -> Cursor<'a> {
        Cursor { input: self.value, at: self.at }
    }

    pub(crate) const fn malformed(&self) -> Malformed {
        Malformed { offset: self.at }
    }
}

/// Parses values one after another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    input: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(input: &'a [u8]) -> Self {
        Self { input, at: 0 }
    }

    /// Creates a cursor over a part of the bytes, with its position in them.
    pub(crate) const fn within(input: &'a [u8], at: usize) -> Self {
        Self { input, at }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.input.is_empty()
    }

    /// Returns the bytes that were not yet parsed.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.input
    }

    pub(crate) const fn malformed(&self) -> Malformed {
        Malformed { offset: self.at }
    }

    /// Parses the next value, with any tag.
    #[inline]
    pub(crate) fn any(&mut self) -> Result<Tlv<'a>, Malformed> {
        let malformed = self.malformed();
        self.read().ok_or(malformed)
    }

    #[inline]
    fn read(&mut self) -> Option<Tlv<'a>> {
        let (tag, head, length) = header(self.input)?;
        let (raw, rest) = self.input.split_at_checked(head.checked_add(length)?)?;
        let tlv = Tlv { tag, raw, value: raw.get(head..)?, at: self.at.saturating_add(head) };
        self.at = self.at.saturating_add(raw.len());
        self.input = rest;
        Some(tlv)
    }

    /// Parses the next value, which must have `tag`.
    #[inline]
    pub(crate) fn expect(&mut self, tag: Tag) -> Result<Tlv<'a>, Malformed> {
        let malformed = self.malformed();
        let tlv = self.any()?;
        if tlv.tag == tag { Ok(tlv) } else { Err(malformed) }
    }

    /// Parses the next value if it has `tag`.
    #[inline]
    pub(crate) fn optional(&mut self, tag: Tag) -> Result<Option<Tlv<'a>>, Malformed> {
        if self.input.first() == Some(&tag.0) { self.any().map(Some) } else { Ok(None) }
    }

    /// Checks that the end was reached.
    pub(crate) const fn finish(&self) -> Result<(), Malformed> {
        if self.input.is_empty() { Ok(()) } else { Err(self.malformed()) }
    }

    /// Parses a `BOOLEAN DEFAULT FALSE`. DER omits it if it is false (X.690 11.5), but rcgen, DICE and others write it,
    /// and it means the same; no value other than 00 and FF is a BOOLEAN (X.690 11.1).
    pub(crate) fn default_false(&mut self) -> Result<bool, Malformed> {
        match self.optional(Tag::BOOLEAN)? {
            None => Ok(false),
            Some(tlv) if tlv.value == [0xff] => Ok(true),
            Some(tlv) if tlv.value == [0] => Ok(false),
            Some(tlv) => Err(tlv.malformed()),
        }
    }

    /// Parses an INTEGER from 0 to `u32::MAX` in its shortest form.
    pub(crate) fn read_u32(&mut self) -> Result<u32, Malformed> {
        let tlv = self.expect(Tag::INTEGER)?;
        integer(&tlv)?;
        u32_value(tlv.value).ok_or(tlv.malformed())
    }

    /// Parses an INTEGER from 0 to `most` in its shortest form.
    pub(crate) fn read_up_to(&mut self, most: u64) -> Result<u64, Malformed> {
        let tlv = self.expect(Tag::INTEGER)?;
        integer(&tlv)?;
        let number = match tlv.value {
            [0x80..=0xff, ..] => None,
            digits => {
                digits.iter().try_fold(0_u64, |sum, byte| sum.checked_mul(256)?.checked_add(u64::from(*byte)))
            }
        };
        number.filter(|number| *number <= most).ok_or(tlv.malformed())
    }
}

/// Parses `input` as exactly one value.
pub(crate) fn only(input: &[u8], tag: Tag) -> Result<Tlv<'_>, Malformed> {
    let mut cursor = Cursor::new(input);
    let tlv = cursor.expect(tag)?;
    cursor.finish()?;
    Ok(tlv)
}

/// Checks that the contents of an INTEGER are in their shortest form (X.690 8.3.2).
pub(crate) fn integer(tlv: &Tlv<'_>) -> Result<(), Malformed> {
    match tlv.value {
        [] | [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..] => Err(tlv.malformed()),
        _ => Ok(()),
    }
}

/// Returns the value of an INTEGER with these contents, if it fits.
pub(crate) fn u32_value(value: &[u8]) -> Option<u32> {
    let digits = match value {
        [0, rest @ ..] => rest,
        [0x80..=0xff, ..] => return None,
        all => all,
    };
    if digits.len() > 4 {
        return None;
    }
    Some(digits.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
}

/// Returns the contents of a BIT STRING of whole bytes.
pub(crate) fn whole_bits<'a>(tlv: &Tlv<'a>) -> Result<&'a [u8], Malformed> {
    match tlv.value {
        [0, bytes @ ..] => Ok(bytes),
        _ => Err(tlv.malformed()),
    }
}

/// Returns the bits of a named-bit BIT STRING, the first one as the highest; bits after the sixteenth are ignored.
pub(crate) fn named_bits(tlv: &Tlv<'_>) -> Result<u16, Malformed> {
    let [unused @ 0..=7, bytes @ ..] = tlv.value else { return Err(tlv.malformed()) };
    let padding = (1_u8 << unused).wrapping_sub(1);
    match bytes {
        [] if *unused == 0 => Ok(0),
        [] => Err(tlv.malformed()),
        [.., last] if last & padding != 0 => Err(tlv.malformed()),
        [first] => Ok(u16::from(*first) << 8),
        [first, second, ..] => Ok(u16::from(*first) << 8 | u16::from(*second)),
    }
}
