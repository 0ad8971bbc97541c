//! Distinguished names, borrowed, and how they compare (RFC 5280 7.1).

use core::fmt;

use crate::tlv::{Cursor, Malformed, Tag, Tlv};

/// `commonName` (2.5.4.3).
pub(crate) const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// `emailAddress` (1.2.840.113549.1.9.1).
pub(crate) const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01];

/// Longest name that is compared otherwise than by its bytes. X.520 bounds each attribute far below, and a stranger
/// pays for none of the comparisons.
const LONGEST: usize = 4096;
/// Most attributes of one RDN that are compared otherwise than by its bytes.
const MOST: usize = 16;

/// A distinguished name: the contents of its SEQUENCE, as they came.
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
    /// A name from the contents of its SEQUENCE.
    pub(crate) const fn new(der: &'a [u8]) -> Self {
        Self { der }
    }

    /// The contents of the SEQUENCE, as they came.
    #[must_use]
    pub const fn as_der(&self) -> &'a [u8] {
        self.der
    }

    /// Whether it names nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.der.is_empty()
    }

    /// Whether both are one name: RDN by RDN, case and white space folded in strings (RFC 5280 7.1). A name
    /// that cannot be read, or is too long to be one, equals nothing but its own bytes.
    #[must_use]
    pub fn same(&self, other: &Name<'_>) -> bool {
        self.der == other.der || (self.contains(other) && self.rdns().count() == other.rdns().count())
    }

    /// Whether this name with one more RDN, the contents of its set, is `other` with one more or none
    /// (RFC 5280 4.2.1.13: `nameRelativeToCRLIssuer`).
    pub(crate) fn same_with(&self, rdn: Cursor<'_>, other: &Name<'_>, others: Option<Cursor<'_>>) -> bool {
        let long = |name: &Name<'_>, rdn: Cursor<'_>| {
            name.der.len() > LONGEST || attributes(rdn).nth(MOST).is_some()
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

    /// Whether `other` lies in the subtree of this name: it starts with all of this one's RDNs
    /// (RFC 5280 4.2.1.10).
    #[must_use]
    pub fn contains(&self, other: &Name<'_>) -> bool {
        if self.der.len() > LONGEST || other.der.len() > LONGEST {
            return false;
        }
        let mut below = other.rdns();
        self.rdns().all(|rdn| match (rdn, below.next()) {
            (Ok(mine), Some(Ok(theirs))) => same_rdn(mine, theirs),
            _ => false,
        })
    }

    /// Whether `other` might be found in the subtree of this name by whoever reads more ways of writing than are
    /// compared here: for what shall be kept out.
    pub(crate) fn might_contain(&self, other: &Name<'_>) -> bool {
        let mut below = other.rdns();
        self.rdns().all(|rdn| match (rdn, below.next()) {
            (Ok(mine), Some(Ok(theirs))) => pair_up(mine, theirs, might_be_same),
            _ => false,
        })
    }

    /// The RDNs, each as a cursor over its set.
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

    /// Whether it can be compared with others as a name.
    pub(crate) fn is_comparable(&self) -> bool {
        self.der.len() <= LONGEST
            && self.rdns().all(|rdn| {
                rdn.is_ok_and(|set| {
                    attributes(set).count() <= MOST && attributes(set).all(|attribute| attribute.is_ok())
                })
            })
    }

    /// Every attribute of every RDN.
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

/// The attributes of one RDN.
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
    let oid = pair.expect(Tag::OBJECT_IDENTIFIER)?.value;
    let value = pair.any()?;
    pair.finish()?;
    Ok(Attribute { oid, value })
}

/// As many attributes in each, and each of one in the other.
fn same_rdn(mine: Cursor<'_>, theirs: Cursor<'_>) -> bool {
    // both ways: an RDN may have an attribute twice
    pair_up(mine, theirs, same_attribute)
        && (attributes(mine).nth(1).is_none() || pair_up(theirs, mine, same_attribute))
}

/// As many attributes in each, and a partner in the other for each of one.
fn pair_up(
    mine: Cursor<'_>,
    theirs: Cursor<'_>,
    fits: impl Fn(&Attribute<'_>, &Attribute<'_>) -> bool,
) -> bool {
    let count = attributes(mine).count();
    count <= MOST
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
    match (text(&a.value), text(&b.value)) {
        (Some(a), Some(b)) if is_plain(a) && is_plain(b) => a.eq_ignore_ascii_case(b),
        (Some(a), Some(b)) => folded(a).eq(folded(b)),
        _ => false,
    }
}

/// Of the same type, and equal or written in a way that leaves it open.
fn might_be_same(a: &Attribute<'_>, b: &Attribute<'_>) -> bool {
    a.oid == b.oid && (same_attribute(a, b) || !is_settled(&a.value) || !is_settled(&b.value))
}

/// Whether a value that differs from another means something else: it is no text, or text of visible ASCII and of
/// letters and digits that have one form. RFC 4518 2.2, 2.3 drops and replaces most of the others.
fn is_settled(value: &Tlv<'_>) -> bool {
    match (text(value), value.tag) {
        (Some(text), _) => text.chars().all(|c| {
            matches!(c, ' '..='~')
                || (c.is_alphanumeric()
                    && matches!(c, '\u{c0}'..='\u{1fff}' | '\u{3040}'..='\u{31ff}' | '\u{3400}'..='\u{d7ff}'))
        }),
        // the string types of X.680 41, with the times between them
        (None, Tag(0x0c | 0x12..=0x16 | 0x19..=0x1e)) => false,
        (None, _) => true,
    }
}

/// The string types whose values compare as text, whichever of them each side has. The others compare as
/// bytes, as RFC 5280 7.1 allows.
pub(crate) fn text<'a>(value: &Tlv<'a>) -> Option<&'a str> {
    match value.tag {
        Tag::UTF8_STRING | Tag::PRINTABLE_STRING | Tag::IA5_STRING => core::str::from_utf8(value.value).ok(),
        _ => None,
    }
}

/// Visible ASCII with single spaces inside: nothing to fold but its case.
fn is_plain(text: &str) -> bool {
    let mut after_space = true;
    text.bytes().all(|b| {
        let fine = b.is_ascii_graphic() || (b == b' ' && !after_space);
        after_space = b == b' ';
        fine
    }) && !after_space
}

/// Case folded, white space trimmed at the ends and one space elsewhere (RFC 4518 2.2, 2.6.1).
fn folded(text: &str) -> impl Iterator<Item = char> {
    let words = text.split_whitespace();
    words
        .enumerate()
        .flat_map(|(at, word)| (at > 0).then_some(' ').into_iter().chain(word.chars()))
        .flat_map(char::to_lowercase)
}

/// `CN=..,O=..`, for a log: the last RDN first (RFC 4514), unknown attributes by their bytes, whatever is not
/// visible ASCII escaped. Never to be parsed.
impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // at most this many RDNs are told: a log line has an end
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
    for byte in attribute.value.value.iter().take(64) {
        match byte {
            b',' | b'+' | b'"' | b'\\' | b'<' | b'>' | b';' | b'=' => write!(f, "\\{}", char::from(*byte))?,
            b' '..=b'~' => write!(f, "{}", char::from(*byte))?,
            other => write!(f, "\\{other:02x}")?,
        }
    }
    Ok(())
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
    fn an_rdn_with_an_attribute_twice_is_not_one_with_two() {
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
