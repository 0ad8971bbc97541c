//! Decodes the string types of a DirectoryString (RFC 5280 4.1.2.4), strictly: what cannot be decoded with certainty is
//! not a text.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::tlv::{Tag, Tlv};

/// Decodes a DirectoryString. New certificates have UTF8String or PrintableString; Windows writes BMPString for what
/// PrintableString lacks.
pub(crate) fn decode<'a>(value: &Tlv<'a>) -> Option<Cow<'a, str>> {
    match value.tag {
        Tag::UTF8_STRING => Some(Cow::Borrowed(core::str::from_utf8(value.value).ok()?)),
        Tag::PRINTABLE_STRING => ascii(value.value, is_printable),
        // T.61, but writers mean Latin-1: both agree on these characters only
        Tag::TELETEX_STRING => ascii(value.value, |byte| matches!(byte, b' '..=b'~')),
        Tag::BMP_STRING => {
            let (units, rest) = value.value.as_chunks::<2>();
            let text = units.iter().map(|unit| char::from_u32(u16::from_be_bytes(*unit).into()));
            rest.is_empty().then(|| text.collect::<Option<String>>().map(Cow::Owned))?
        }
        Tag::UNIVERSAL_STRING => {
            let (units, rest) = value.value.as_chunks::<4>();
            let text = units.iter().map(|unit| char::from_u32(u32::from_be_bytes(*unit)));
            rest.is_empty().then(|| text.collect::<Option<String>>().map(Cow::Owned))?
        }
        _ => None,
    }
}

fn ascii(bytes: &[u8], fits: impl Fn(u8) -> bool) -> Option<Cow<'_, str>> {
    let text = core::str::from_utf8(bytes).ok()?;
    text.bytes().all(fits).then_some(Cow::Borrowed(text))
}

/// Returns `true` for the characters of a PrintableString (X.680 41.4), and for those that writers use there although it
/// forbids them: `*`, `@`, `_` and `&` of CAs, and `#`, `%`, `!`, `;` and `$`, which ids of devices may have.
fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()+,-./:=?*@_&#%!;$".contains(&byte)
}
