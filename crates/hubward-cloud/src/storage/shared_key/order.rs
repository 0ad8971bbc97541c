//! The order of the signed `x-ms-` headers.

use core::cmp::Ordering;

/// The two orders of names. The service sorts by the rules of a language, in which hyphens count last; several signers
/// sort by bytes. The orders differ where one name continues with a hyphen and another with a letter. A signature over
/// either covers the same headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Language,
    Bytes,
}

impl Order {
    /// Compares two names in any case of letters.
    pub(crate) fn compare(self, one: &str, other: &str) -> Ordering {
        match self {
            Self::Bytes => bytes(one).cmp(bytes(other)),
            // equal for the same name only, so that no header is left out
            Self::Language => language(one, other).then_with(|| bytes(one).cmp(bytes(other))),
        }
    }
}

fn bytes(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().map(|b| b.to_ascii_lowercase())
}

/// Compares first by the characters that have a weight, then by the place of the first ignored character.
fn language(one: &str, other: &str) -> Ordering {
    let weights = |text| bytes(text).map(weight).filter(|weight| *weight > 0);
    weights(one).cmp(weights(other)).then_with(|| {
        // the text whose first differing hyphen or apostrophe is earlier comes last
        let mut rest = bytes(one);
        let mut other = bytes(other);
        loop {
            let (one, other) = (rest.next(), other.next());
            match (one.map(late), other.map(late)) {
                (None, None) => return Ordering::Equal,
                (None, Some(_)) => return Ordering::Less,
                (Some(_), None) => return Ordering::Greater,
                (Some(one), Some(other)) if one != other => return one.cmp(&other),
                _ => {}
            }
        }
    })
}

/// Returns the weight of a character of a header's name, or 0 if it is ignored at first: other marks, then digits, then
/// letters.
fn weight(byte: u8) -> u8 {
    const MARKS: [u8; 13] = *b"!#$%&*.^_`|~+";
    match byte {
        b'0'..=b'9' => byte.wrapping_sub(b'0').wrapping_add(100),
        b'a'..=b'z' => byte.wrapping_sub(b'a').wrapping_add(120),
        _ => (1..).zip(MARKS).find(|(_, mark)| *mark == byte).map_or(0, |(at, _)| at),
    }
}

/// Returns the late weight of a character.
const fn late(byte: u8) -> u8 {
    match byte {
        b'\'' => 1,
        b'-' => 2,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hyphens_count_last() {
        let sorted = |names: [&'static str; 4]| {
            let mut names = names;
            names.sort_by(|one, other| Order::Language.compare(one, other));
            names
        };
        assert_eq!(
            sorted(["x-ms-meta-a-b", "x-ms-meta-aa", "x-ms-meta-a_b", "x-ms-meta-ab"]),
            ["x-ms-meta-a_b", "x-ms-meta-aa", "x-ms-meta-ab", "x-ms-meta-a-b"]
        );
        assert_eq!(Order::Language.compare("x-ms-meta-a", "x-ms-meta-a-"), Ordering::Less);
        assert_eq!(Order::Language.compare("x-ms-Date", "x-ms-date"), Ordering::Equal);
        assert_eq!(Order::Bytes.compare("x-ms-a-b", "x-ms-aa"), Ordering::Less);
        assert_eq!(Order::Language.compare("x-ms-a-c", "x-ms-ab"), Ordering::Greater);
    }
}
