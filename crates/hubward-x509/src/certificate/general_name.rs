//! GeneralName, the type of alternative names and of other names in extensions (RFC 5280 4.2.1.6).

use super::name::Name;
use crate::tlv::{Cursor, Malformed, Tag, only};

/// One name, as received.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum GeneralName<'a> {
    /// `rfc822Name`: a mailbox in ASCII.
    Email(&'a str),
    /// `dNSName`, of ASCII.
    Dns(&'a str),
    /// `uniformResourceIdentifier`, of ASCII.
    Uri(&'a str),
    /// `iPAddress`: 4 or 16 bytes; twice as many in a name constraint.
    Ip(&'a [u8]),
    /// `directoryName`.
    Directory(Name<'a>),
    /// Another form, by its tag number: `otherName` 0, `x400Address` 3, `ediPartyName` 5,
    /// `registeredID` 8.
    Other(u8),
}

impl<'a> GeneralName<'a> {
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, Malformed> {
        let tlv = cursor.any()?;
        let ascii = || {
            let text = core::str::from_utf8(tlv.value).map_err(|_| tlv.malformed())?;
            if text.is_ascii() { Ok(text) } else { Err(tlv.malformed()) }
        };
        let Tag(tag) = tlv.tag;
        if tag & 0xc0 != 0x80 {
            return Err(tlv.malformed());
        }
        let (number, constructed) = (tag & 0x1f, tag & 0x20 != 0);
        match (number, constructed) {
            (1, false) => ascii().map(Self::Email),
            (2, false) => ascii().map(Self::Dns),
            (6, false) => ascii().map(Self::Uri),
            (7, false) => Ok(Self::Ip(tlv.value)),
            // `Name` is a CHOICE, so its tag is explicit
            (4, true) => {
                let mut inner = tlv.open();
                let name = inner.expect(Tag::SEQUENCE)?;
                inner.finish()?;
                Ok(Self::Directory(Name::new(name.value)))
            }
            (0 | 3 | 5, true) | (8, false) => Ok(Self::Other(number)),
            _ => Err(tlv.malformed()),
        }
    }
}

/// The names of a subject alternative name. The iterator ends after the first name that cannot be decoded.
#[derive(Debug, Clone)]
pub struct SubjectAltNames<'a> {
    rest: Cursor<'a>,
}

impl<'a> SubjectAltNames<'a> {
    pub(crate) const fn none() -> Self {
        Self { rest: Cursor::new(&[]) }
    }

    pub(crate) fn read(value: &'a [u8]) -> Result<Self, Malformed> {
        let rest = only(value, Tag::SEQUENCE)?.open();
        // SIZE (1..MAX)
        if rest.is_empty() { Err(rest.malformed()) } else { Ok(Self { rest }) }
    }
}

impl<'a> Iterator for SubjectAltNames<'a> {
    type Item = Result<GeneralName<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let name = GeneralName::read(&mut self.rest);
        if name.is_err() {
            self.rest = Cursor::new(&[]);
        }
        Some(name)
    }
}
