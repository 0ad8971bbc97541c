//! Texts that may be shown: detection of texts that are shaped like secrets.
//!
//! People paste a key where a file name or a device id was expected. A program that repeats the text puts the key in a
//! terminal, a log, or a ticket. A base64 key is also a valid device id, so the type of the text does not decide.

mod byte_list;
#[cfg(test)]
mod tests;

use core::fmt::{self, Write};

use byte_list::byte_list;

/// Characters of a hexadecimal key of 16 bytes. A GUID without hyphens has as many, and is not shown either.
const HEX: usize = 32;
/// Characters of the hexadecimal ids of common chips, of 12 bytes.
const CHIP: usize = 24;
/// Characters of base64 before the padding: 16 bytes have 22, and fewer are no key.
const PADDED: usize = 20;
/// Minimum number of characters in segments without words: 16 random bytes have at least these in 93 of 100 cases, 32
/// bytes in 9,997 of 10,000. A 64-bit number in hexadecimal has 16 characters and is a common part of a file name.
const RANDOM: usize = 17;
/// In random base64 every second character begins a new run of letters of one case or of digits; in names every sixth.
const BREAKS: usize = 5;
/// `8-4-4-4-12` hexadecimal digits: a common device id.
const GUID: [usize; 5] = [8, 4, 4, 4, 12];

/// The kind of secret that a text looks like.
///
/// The decision uses the text alone. A name without words, such as a long serial number, can look like a key; a
/// password of a few words is not recognised.
///
/// Hexadecimal of 32 digits or more is judged a key, also a GUID without hyphens. A GUID with hyphens is not, and 24
/// digits in one case, as ids of chips have, are not. Sixteen or more bytes that are written one by one (`53:45:43:..`,
/// `53 45 43 ..`, `83, 69, 67, ..`) are judged a key, also if they are a thumbprint.
///
/// ```
/// use hubward_core::SecretShape;
///
/// assert_eq!(SecretShape::of("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="), Some(SecretShape::Key));
/// assert_eq!(SecretShape::of("/etc/hubward/devices.jsonl"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretShape {
    /// A PEM block, or a part of one.
    Pem,
    /// A shared access signature, a JSON Web Token, or a bearer's header.
    Token,
    /// A connection string.
    ConnectionString,
    /// JSON, or a part of it that names a key.
    Json,
    /// Base64, hexadecimal or a list of 16 bytes or more.
    Key,
}

impl SecretShape {
    /// Classifies a text; returns `None` if it does not look like a secret.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let has = |word: &str| find(bytes, word).next().is_some();
        if has("-----") || has("PRIVATE KEY") {
            Some(Self::Pem)
        } else if has("SharedAccessSignature") || has("Bearer ") || is_assigned(bytes, "sig") || is_jwt(text)
        {
            Some(Self::Token)
        } else if is_assigned(bytes, "SharedAccessKey") || is_assigned(bytes, "AccountKey") {
            Some(Self::ConnectionString)
        } else if text.trim_start().starts_with('{') || has("Key\":") || has("Key\\\":") || has("\"k\":") {
            Some(Self::Json)
        } else if text.split_ascii_whitespace().any(is_key) || byte_list(text).is_some() {
            Some(Self::Key)
        } else {
            None
        }
    }
}

impl fmt::Display for SecretShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pem => "a PEM block",
            Self::Token => "a token",
            Self::ConnectionString => "a connection string",
            Self::Json => "JSON with a key",
            Self::Key => "a key",
        })
    }
}

/// A name as it may be shown: without parts that look like a secret, and with control characters escaped.
///
/// In a sentence only the words that look like a key are replaced.
///
/// ```
/// use hubward_core::Shown;
///
/// assert_eq!(Shown::new("pump-7").to_string(), "pump-7");
/// let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
/// assert_eq!(Shown::new(format!("device {key}")).to_string(), "device [looks like a key, not shown]");
/// ```
#[derive(Clone, Copy)]
pub struct Shown<T>(T);

impl<T: AsRef<str>> Shown<T> {
    /// Wraps a text that was typed, read from a file, or sent by a peer.
    pub const fn new(text: T) -> Self {
        Self(text)
    }
}

impl<T: AsRef<str>> fmt::Display for Shown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.as_ref();
        match SecretShape::of(text) {
            None => escaped(text, f),
            Some(SecretShape::Key) => {
                let mut rest = text;
                while let Some((before, after)) = byte_list(rest) {
                    words(before, f)?;
                    hidden(SecretShape::Key, f)?;
                    rest = after;
                }
                words(rest, f)
            }
            Some(shape) => hidden(shape, f),
        }
    }
}

/// Writes the same text as [`Display`](fmt::Display).
impl<T: AsRef<str>> fmt::Debug for Shown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text without the words that look like a key.
fn words(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (count, word) in text.split(|c: char| c.is_ascii_whitespace()).enumerate() {
        if count > 0 {
            f.write_char(' ')?;
        }
        if is_key(word) {
            hidden(SecretShape::Key, f)?;
        } else {
            escaped(word, f)?;
        }
    }
    Ok(())
}

fn hidden(shape: SecretShape, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "[looks like {shape}, not shown]")
}

fn escaped(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    text.chars()
        .try_for_each(|c| if c.is_control() { write!(f, "{}", c.escape_default()) } else { f.write_char(c) })
}

/// Iterates over the occurrences of `word`: the byte before and the text after each. Case is ignored.
fn find<'t>(text: &'t [u8], word: &str) -> impl Iterator<Item = (Option<u8>, &'t [u8])> {
    let word = word.as_bytes();
    text.windows(word.len()).enumerate().filter(|(_, window)| window.eq_ignore_ascii_case(word)).map(
        |(at, _)| {
            let before = at.checked_sub(1).and_then(|before| text.get(before)).copied();
            (before, text.get(at.saturating_add(word.len())..).unwrap_or_default())
        },
    )
}

/// Returns whether the text assigns a value to a field of that name.
fn is_assigned(text: &[u8], name: &str) -> bool {
    find(text, name).any(|(before, after)| {
        let after = after.trim_ascii_start();
        !before.is_some_and(|b| b.is_ascii_alphanumeric()) && after.starts_with(b"=")
    })
}

/// Returns whether the text contains a part that starts with base64 of `{"`, followed by two more parts.
fn is_jwt(text: &str) -> bool {
    text.match_indices("eyJ").any(|(at, _)| {
        text.get(at..)
            .is_some_and(|token| token.split('.').take(3).filter(|part| part.len() >= 8).count() == 3)
    })
}

/// Returns whether a word looks like base64 or hexadecimal of 16 bytes or more.
fn is_key(word: &str) -> bool {
    let mut rest = word.as_bytes();
    let (mut random, mut base64) = (0_usize, 0_usize);
    while let Some((first, behind)) = rest.split_first() {
        if !first.is_ascii_alphanumeric() {
            // an `=` before a value belongs to a field and is not padding; the value is judged by itself
            let padding = *first == b'=' && behind.first().is_none_or(|next| !next.is_ascii_alphanumeric());
            if padding && base64 >= PADDED {
                return true;
            }
            base64 = if matches!(first, b'+' | b'/' | b'-' | b'_') { base64.saturating_add(1) } else { 0 };
            rest = behind;
            continue;
        }
        if let Some(behind) = behind_guid(rest) {
            (rest, base64) = (behind, 0);
            continue;
        }
        let len = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let (segment, behind) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        if len >= HEX && segment.iter().all(u8::is_ascii_hexdigit) {
            return true;
        }
        let breaks = breaks(segment);
        if !is_chip_id(segment) && breaks >= 2 && breaks.saturating_mul(BREAKS) >= len {
            random = random.saturating_add(len);
        }
        base64 = base64.saturating_add(len);
        rest = behind;
    }
    random >= RANDOM
}

/// Returns `true` if a segment is 24 hexadecimal digits in one case.
fn is_chip_id(segment: &[u8]) -> bool {
    let in_case =
        |is_other: fn(&u8) -> bool| segment.iter().all(|byte| byte.is_ascii_hexdigit() && !is_other(byte));
    segment.len() == CHIP && (in_case(u8::is_ascii_uppercase) || in_case(u8::is_ascii_lowercase))
}

/// Strips a GUID from the start.
fn behind_guid(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text;
    for (count, len) in GUID.into_iter().enumerate() {
        if count > 0 {
            rest = rest.strip_prefix(b"-")?;
        }
        let (digits, behind) = rest.split_at_checked(len)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        rest = behind;
    }
    (!rest.first().is_some_and(u8::is_ascii_alphanumeric)).then_some(rest)
}

/// Counts the ends of runs of digits or of letters of one case. A capital and the small letters after it are one run.
fn breaks(segment: &[u8]) -> usize {
    #[derive(Clone, Copy, PartialEq)]
    enum Class {
        Upper,
        Lower,
        Digit,
    }
    let class = |byte: u8| match byte {
        b'0'..=b'9' => Class::Digit,
        b'A'..=b'Z' => Class::Upper,
        _ => Class::Lower,
    };
    let (mut count, mut before, mut last) = (0_usize, None, None);
    for now in segment.iter().copied().map(class) {
        let new = match (before, last, now) {
            (_, None, _) => false,
            (before, Some(Class::Upper), Class::Lower) => before == Some(Class::Upper),
            (_, Some(last), now) => last != now,
        };
        count = count.saturating_add(usize::from(new));
        (before, last) = (last, Some(now));
    }
    count
}
