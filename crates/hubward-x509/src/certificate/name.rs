//! Distinguished names, borrowed, and their comparison (RFC 5280 7.1).

use alloc::borrow::Cow;
use core::fmt;

use super::directory_string::decode;
use crate::tlv::{Cursor, Malformed, Tag, Tlv};

/// `commonName` (2.5.4.3).
pub(crate) const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// `emailAddress` (1.2.840.113549.1.9.1).
pub(crate) const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01];

/// Longest name that is compared in any way other than byte by byte. X.520 limits each attribute to far less, and an
/// unauthenticated peer must not be able to cause longer comparisons.
const MAX_LENGTH: usize = 4096;
/// Largest number of attributes of one RDN that are compared in any way other than byte by byte.
const MAX_ATTRIBUTES: usize = 16;

/// A distinguished name: the contents of its SEQUENCE, as received.
#[derive(Clone, Copy)]
pub struct Name<'a> {
    der: &'a [u8],
}

/// One attribute of a name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attribute<'a> {
    pub(crate) oid: &'a [u8],
    pub(crate) value: Tlv<'a>,
}

impl<'a> Name<'a> {
    /// Wraps the contents of a SEQUENCE.
    pub(crate) const fn new(der: &'a [u8]) -> Self {
        Self { der }
    }

    /// Returns the contents of the SEQUENCE, as received.
    #[must_use]
    pub const fn as_der(&self) -> &'a [u8] {
        self.der
    }

    /// Returns `true` if the name has no RDN.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.der.is_empty()
    }

    /// Returns `true` if both names are equal: RDN by RDN, strings compared with case and white space folded
    /// (RFC 5280 7.1). A name that cannot be parsed or exceeds the length limit equals only its own bytes.
    #[must_use]
    pub fn same(&self, other: &Name<'_>) -> bool {
        self.der == other.der || (self.contains(other) && self.rdns().count() == other.rdns().count())
    }

    /// Returns `true` if this name extended by `rdn` (the contents of its set) equals `other`, itself extended by
    /// `others` if present (RFC 5280 4.2.1.13: `nameRelativeToCRLIssuer`).
    pub(crate) fn same_with_rdn(
        &self,
        rdn: Cursor<'_>,
        other: &Name<'_>,
        others: Option<Cursor<'_>>,
    ) -> bool {
        let long = |name: &Name<'_>, rdn: Cursor<'_>| {
            name.der.len() > MAX_LENGTH || attributes(rdn).nth(MAX_ATTRIBUTES).is_some()
        };
        if long(self, rdn) || long(other, others.unwrap_or(rdn)) {
            return false;
        }
        let mut theirs = other.rdns().chain(others.map(Ok));
        self.rdns().chain([Ok(rdn)]).all(|rdn| match (rdn, theirs.next()) {
            (Ok(mine), Some(Ok(theirs))) => same_rdn(mine, theirs),
            _ => false,
        }) && theirs.next().is_none()
    }

    /// Returns `true` if `other` is in the subtree of this name: it starts with all RDNs of this name
    /// (RFC 5280 4.2.1.10).
    #[must_use]
    pub fn contains(&self, other: &Name<'_>) -> bool {
        if self.der.len() > MAX_LENGTH || other.der.len() > MAX_LENGTH {
            return false;
        }
        let mut below = other.rdns();
        self.rdns().all(|rdn| match (rdn, below.next()) {
            (Ok(mine), Some(Ok(theirs))) => same_rdn(mine, theirs),
            _ => false,
        })
    }

    /// Returns `true` unless it is certain that `other` is outside the subtree of this name. For excluded subtrees,
    /// where another verifier may consider more spellings equal than [`contains`](Self::contains) does.
    pub(crate) fn might_contain(&self, other: &Name<'_>) -> bool {
        let mut below = other.rdns();
        self.rdns().all(|rdn| match (rdn, below.next()) {
            (Ok(mine), Some(Ok(theirs))) => attributes_match(mine, theirs, might_be_same),
            _ => false,
        })
    }

    /// Returns the RDNs, each as a cursor over its set.
    pub(crate) fn rdns(&self) -> impl Iterator<Item = Result<Cursor<'a>, Malformed>> + use<'a> {
        let mut rest = Cursor::new(self.der);
        core::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let rdn = rest
                .expect(Tag::SET)
                .and_then(|set| if set.value.is_empty() { Err(set.malformed()) } else { Ok(set.open()) });
            if rdn.is_err() {
                rest = Cursor::new(&[]);
            }
            Some(rdn)
        })
    }

    /// Returns `true` if the bytes are a Name (RFC 5280 4.1.2.4): sets that are not empty, of pairs of a type and a value.
    pub(crate) fn is_name(&self) -> bool {
        self.rdns().all(|rdn| rdn.is_ok_and(|set| attributes(set).all(|attribute| attribute.is_ok())))
    }

    /// Returns `true` if the name is within the limits and can be parsed, so that it can be compared.
    pub(crate) fn is_comparable(&self) -> bool {
        self.der.len() <= MAX_LENGTH
            && self.rdns().all(|rdn| {
                rdn.is_ok_and(|set| {
                    attributes(set).count() <= MAX_ATTRIBUTES
                        && attributes(set).all(|attribute| attribute.is_ok())
                })
            })
    }

    /// Returns every attribute of every RDN.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = Result<Attribute<'a>, Malformed>> + use<'a> {
        self.rdns().flat_map(|rdn| {
            let (set, error) = match rdn {
                Ok(set) => (set, None),
                Err(error) => (Cursor::new(&[]), Some(Err(error))),
            };
            error.into_iter().chain(attributes(set))
        })
    }
}

/// Returns the attributes of one RDN.
fn attributes(mut set: Cursor<'_>) -> impl Iterator<Item = Result<Attribute<'_>, Malformed>> {
    core::iter::from_fn(move || {
        if set.is_empty() {
            return None;
        }
        let one = attribute(&mut set);
        if one.is_err() {
            set = Cursor::new(&[]);
        }
        Some(one)
    })
}

fn attribute<'a>(set: &mut Cursor<'a>) -> Result<Attribute<'a>, Malformed> {
    let mut pair = set.expect(Tag::SEQUENCE)?.open();
    let oid = pair.expect(Tag::OBJECT_IDENTIFIER)?;
    if oid.value.is_empty() {
        return Err(oid.malformed());
    }
    let value = pair.any()?;
    pair.finish()?;
    Ok(Attribute { oid: oid.value, value })
}

/// Returns the attribute of an RDN that has one.
fn only_attribute(mut set: Cursor<'_>) -> Option<Attribute<'_>> {
    let only = attribute(&mut set).ok()?;
    set.is_empty().then_some(only)
}

/// Returns `true` if both RDNs have the same attributes.
fn same_rdn(mine: Cursor<'_>, theirs: Cursor<'_>) -> bool {
    // nearly all RDNs have one attribute
    if let (Some(mine), Some(theirs)) = (only_attribute(mine), only_attribute(theirs)) {
        return same_attribute(&mine, &theirs);
    }
    // in both directions: an RDN may contain an attribute twice
    attributes_match(mine, theirs, same_attribute)
        && (attributes(mine).nth(1).is_none() || attributes_match(theirs, mine, same_attribute))
}

/// Returns `true` if both have the same number of attributes and each one of `mine` fits one of `theirs`.
fn attributes_match(
    mine: Cursor<'_>,
    theirs: Cursor<'_>,
    fits: impl Fn(&Attribute<'_>, &Attribute<'_>) -> bool,
) -> bool {
    let count = attributes(mine).count();
    count <= MAX_ATTRIBUTES
        && count == attributes(theirs).count()
        && attributes(mine)
            .all(|a| a.is_ok_and(|a| attributes(theirs).any(|b| b.is_ok_and(|b| fits(&a, &b)))))
}

fn same_attribute(a: &Attribute<'_>, b: &Attribute<'_>) -> bool {
    if a.oid != b.oid {
        return false;
    }
    if a.value.raw == b.value.raw {
        return true;
    }
    if !is_string(a.value.tag) || !is_string(b.value.tag) {
        return false;
    }
    if is_plain(a.value.value) && is_plain(b.value.value) {
        return a.value.value.eq_ignore_ascii_case(b.value.value);
    }
    text(&a.value).zip(text(&b.value)).is_some_and(|(a, b)| folded(a).eq(folded(b)))
}

/// Returns `true` if the types are equal and the values are equal or cannot be compared with certainty.
fn might_be_same(a: &Attribute<'_>, b: &Attribute<'_>) -> bool {
    a.oid == b.oid && (same_attribute(a, b) || !is_unambiguous(&a.value) || !is_unambiguous(&b.value))
}

/// Returns `true` if two different spellings of the value always have different meanings: it is not text, or text of
/// visible ASCII and of letters and digits with one form. RFC 4518 2.2, 2.3 removes or maps most other characters.
fn is_unambiguous(value: &Tlv<'_>) -> bool {
    match (text(value), value.tag) {
        (Some(text), _) => text.chars().all(|c| {
            matches!(c, ' '..='~')
                || (c.is_alphanumeric()
                    && matches!(c, '\u{c0}'..='\u{1fff}' | '\u{3040}'..='\u{31ff}' | '\u{3400}'..='\u{d7ff}'))
        }),
        // the string types of X.680 41, and the time types whose tags lie between them
        (None, Tag(0x0c | 0x12..=0x16 | 0x19..=0x1e)) => false,
        (None, _) => true,
    }
}

/// Returns the value as text if it has a string type that is compared as text, across these types. Other types are
/// compared as bytes, as RFC 5280 7.1 allows.
pub(crate) fn text<'a>(value: &Tlv<'a>) -> Option<&'a str> {
    if is_string(value.tag) { core::str::from_utf8(value.value).ok() } else { None }
}

/// Returns `true` for the string types that are compared as text.
fn is_string(tag: Tag) -> bool {
    matches!(tag, Tag::UTF8_STRING | Tag::PRINTABLE_STRING | Tag::IA5_STRING)
}

/// Returns `true` for visible ASCII with single inner spaces, where only the case needs folding.
fn is_plain(text: &[u8]) -> bool {
    let mut after_space = true;
    text.iter().all(|b| {
        let fine = b.is_ascii_graphic() || (*b == b' ' && !after_space);
        after_space = *b == b' ';
        fine
    }) && !after_space
}

/// Folds case, trims white space at the ends and reduces it to one space elsewhere (RFC 4518 2.2, 2.6.1).
fn folded(text: &str) -> impl Iterator<Item = char> {
    let words = text.split_whitespace();
    words
        .enumerate()
        .flat_map(|(at, word)| (at > 0).then_some(' ').into_iter().chain(word.chars()))
        .flat_map(char::to_lowercase)
}

/// Formats as `CN=..,O=..` for a log: the last RDN first (RFC 4514), unknown attributes by their OID's bytes,
/// everything outside visible ASCII escaped. Not meant to be parsed.
impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // at most this many RDNs: a log line is bounded
        let count = self.rdns().count().min(16);
        for at in (0..count).rev() {
            if at.checked_add(1) != Some(count) {
                f.write_str(",")?;
            }
            let Some(Ok(set)) = self.rdns().nth(at) else { continue };
            for (nth, attribute) in attributes(set).flatten().take(4).enumerate() {
                if nth > 0 {
                    f.write_str("+")?;
                }
                write_attribute(f, &attribute)?;
            }
        }
        Ok(())
    }
}

fn write_attribute(f: &mut fmt::Formatter<'_>, attribute: &Attribute<'_>) -> fmt::Result {
    match attribute.oid {
        COMMON_NAME => f.write_str("CN=")?,
        [0x55, 0x04, 0x06] => f.write_str("C=")?,
        [0x55, 0x04, 0x07] => f.write_str("L=")?,
        [0x55, 0x04, 0x08] => f.write_str("ST=")?,
        [0x55, 0x04, 0x0a] => f.write_str("O=")?,
        [0x55, 0x04, 0x0b] => f.write_str("OU=")?,
        EMAIL_ADDRESS => f.write_str("emailAddress=")?,
        other => {
            f.write_str("#")?;
            other.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
            f.write_str("=")?;
        }
    }
    match decode(&attribute.value) {
        // BMPString and UniversalString, whose bytes are not readable
        Some(Cow::Owned(text)) => text.chars().take(64).try_for_each(|c| match u8::try_from(c) {
            Ok(byte) => write_byte(f, byte),
            Err(_) => write!(f, "{}", c.escape_unicode()),
        }),
        _ => attribute.value.value.iter().take(64).try_for_each(|byte| write_byte(f, *byte)),
    }
}

fn write_byte(f: &mut fmt::Formatter<'_>, byte: u8) -> fmt::Result {
    match byte {
        b',' | b'+' | b'"' | b'\\' | b'<' | b'>' | b';' | b'=' => write!(f, "\\{}", char::from(byte)),
        b' '..=b'~' => write!(f, "{}", char::from(byte)),
        other => write!(f, "\\{other:02x}"),
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_rdn_with_an_attribute_twice_differs_from_one_with_two_attributes() {
        // O=a + O=A; O=a + OU=b
        let twice = Name::new(&[
            0x31, 20, 0x30, 8, 6, 3, 0x55, 4, 10, 12, 1, b'a', 0x30, 8, 6, 3, 0x55, 4, 10, 12, 1, b'A',
        ]);
        let two = Name::new(&[
            0x31, 20, 0x30, 8, 6, 3, 0x55, 4, 10, 12, 1, b'a', 0x30, 8, 6, 3, 0x55, 4, 11, 12, 1, b'b',
        ]);
        assert!(twice.same(&twice) && two.same(&two));
        assert!(!twice.same(&two) && !two.same(&twice));
        assert!(!twice.contains(&two) && !two.contains(&twice));
    }
}
