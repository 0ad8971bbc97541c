//! A cursor over DER, on `der`'s reader: what is read stays borrowed, with its own bytes at hand.

use der::{Decode, Header, Reader, SliceReader};

pub(crate) use der::{Tag, TagNumber};

/// Something is not DER, or not what its place calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the DER expected at byte {offset}")]
#[non_exhaustive]
pub struct Malformed {
    /// Where, in what was being read.
    pub offset: usize,
}

/// `[number]`, constructed or primitive.
pub(crate) const fn context(number: u32, constructed: bool) -> Tag {
    Tag::ContextSpecific { constructed, number: TagNumber(number) }
}

/// One value with its tag.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tlv<'a> {
    pub(crate) tag: Tag,
    /// Header and contents.
    pub(crate) raw: &'a [u8],
    /// Contents.
    pub(crate) value: &'a [u8],
    /// Where the contents start.
    at: usize,
}

impl<'a> Tlv<'a> {
    /// Reads the contents as values themselves.
    pub(crate) const fn open(&self) -> Cursor<'a> {
        Cursor { input: self.value, at: self.at }
    }

    pub(crate) const fn malformed(&self) -> Malformed {
        Malformed { offset: self.at }
    }
}

/// Reads values one after another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    input: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(input: &'a [u8]) -> Self {
        Self { input, at: 0 }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.input.is_empty()
    }

    pub(crate) const fn malformed(&self) -> Malformed {
        Malformed { offset: self.at }
    }

    /// The next value, whatever it is.
    pub(crate) fn any(&mut self) -> Result<Tlv<'a>, Malformed> {
        let malformed = self.malformed();
        self.read().ok_or(malformed)
    }

    fn read(&mut self) -> Option<Tlv<'a>> {
        let mut reader = SliceReader::new(self.input).ok()?;
        let header = Header::decode(&mut reader).ok()?;
        let head = usize::try_from(reader.position()).ok()?;
        let value = reader.read_slice(header.length()).ok()?;
        let (raw, rest) = self.input.split_at_checked(head.checked_add(value.len())?)?;
        let tlv = Tlv { tag: header.tag(), raw, value, at: self.at.checked_add(head)? };
        self.at = self.at.checked_add(raw.len())?;
        self.input = rest;
        Some(tlv)
    }

    /// The next value, which must have `tag`.
    pub(crate) fn expect(&mut self, tag: Tag) -> Result<Tlv<'a>, Malformed> {
        let malformed = self.malformed();
        let tlv = self.any()?;
        if tlv.tag == tag { Ok(tlv) } else { Err(malformed) }
    }

    /// The next value if it has `tag`.
    pub(crate) fn optional(&mut self, tag: Tag) -> Result<Option<Tlv<'a>>, Malformed> {
        if self.input.is_empty() {
            return Ok(None);
        }
        let mut ahead = *self;
        let tlv = ahead.any()?;
        if tlv.tag != tag {
            return Ok(None);
        }
        *self = ahead;
        Ok(Some(tlv))
    }

    /// Nothing may be left.
    pub(crate) const fn finish(&self) -> Result<(), Malformed> {
        if self.input.is_empty() { Ok(()) } else { Err(self.malformed()) }
    }

    /// `BOOLEAN DEFAULT FALSE`, which DER leaves out where it is false (X.690 11.5).
    pub(crate) fn default_false(&mut self) -> Result<bool, Malformed> {
        match self.optional(Tag::Boolean)? {
            None => Ok(false),
            Some(tlv) if tlv.value == [0xff] => Ok(true),
            Some(tlv) => Err(tlv.malformed()),
        }
    }

    /// An INTEGER that is not negative and not above `u32::MAX`, in its shortest form.
    pub(crate) fn small(&mut self) -> Result<u32, Malformed> {
        let tlv = self.expect(Tag::Integer)?;
        integer(&tlv)?;
        small(tlv.value).ok_or(tlv.malformed())
    }
}

/// The one value that `input` is.
pub(crate) fn only(input: &[u8], tag: Tag) -> Result<Tlv<'_>, Malformed> {
    let mut cursor = Cursor::new(input);
    let tlv = cursor.expect(tag)?;
    cursor.finish()?;
    Ok(tlv)
}

/// The contents of an INTEGER are in their shortest form (X.690 8.3.2).
pub(crate) fn integer(tlv: &Tlv<'_>) -> Result<(), Malformed> {
    match tlv.value {
        [] | [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..] => Err(tlv.malformed()),
        _ => Ok(()),
    }
}

/// The number that these contents of an INTEGER are.
pub(crate) fn small(value: &[u8]) -> Option<u32> {
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

/// A BIT STRING of whole bytes.
pub(crate) fn whole_bits<'a>(tlv: &Tlv<'a>) -> Result<&'a [u8], Malformed> {
    match tlv.value {
        [0, bytes @ ..] => Ok(bytes),
        _ => Err(tlv.malformed()),
    }
}

/// A BIT STRING that names bits, the first bit of the first byte first: at most sixteen are kept.
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
