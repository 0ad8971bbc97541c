//! Texts that may be shown: detection of texts that are shaped like secrets.
//!
//! People paste a key where a file name or a device id was expected. A program that repeats the text puts the key in a
//! terminal, a log, or a ticket. A base64 key is also a valid device id, so the type of the text does not decide.

use core::fmt::{self, Write};

/// Characters of a hexadecimal key of 16 bytes. A GUID without hyphens has as many, and is not shown either.
const HEX: usize = 32;
/// Characters of the hexadecimal ids of common chips, of 12 bytes.
const CHIP: usize = 24;
/// Bytes of a key that is written byte by byte. A MAC address has 6, an EUI-64 has 8.
const BYTES: usize = 16;
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

/// Returns the text before and after the first list of bytes, in hexadecimal or decimal, that is as long as a key.
fn byte_list(text: &str) -> Option<(&str, &str)> {
    let (mut start, mut count, mut end) = (0_usize, 0_usize, 0_usize);
    let (mut at, mut rest) = (0_usize, text.as_bytes());
    while !rest.is_empty() {
        let gap = rest.iter().take_while(|byte| !byte.is_ascii_alphanumeric()).count();
        let (separator, behind) = rest.split_at_checked(gap)?;
        let len = behind.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let (segment, behind) = behind.split_at_checked(len)?;
        let first = at.saturating_add(gap);
        (at, rest) = (first.saturating_add(len), behind);
        if count > 0 && !(is_byte(segment) && is_separator(separator)) {
            if count >= BYTES {
                break;
            }
            count = 0;
        }
        if is_byte(segment) {
            if count == 0 {
                start = first;
            }
            count = count.saturating_add(1);
            end = at;
        }
    }
    if count >= BYTES { text.get(..start).zip(text.get(end..)) } else { None }
}

/// Returns `true` for two hexadecimal digits, behind `0x` or not, or a decimal number below 256.
fn is_byte(segment: &[u8]) -> bool {
    match segment {
        [high, low] | [b'x' | b'X', high, low] | [b'0', b'x' | b'X', high, low] => {
            high.is_ascii_hexdigit() && low.is_ascii_hexdigit()
        }
        [digit] => digit.is_ascii_digit(),
        [b'0' | b'1', tens, ones] => tens.is_ascii_digit() && ones.is_ascii_digit(),
        [b'2', tens @ b'0'..=b'5', ones] => ones.is_ascii_digit() && (*tens < b'5' || *ones <= b'5'),
        _ => false,
    }
}

/// Returns `true` if a text separates the bytes of a list. A period does not: addresses and versions have it.
fn is_separator(text: &[u8]) -> bool {
    let any = |byte: &u8| byte.is_ascii_whitespace() || b",:;-_|/\\%&#\"'".contains(byte);
    !text.is_empty() && text.iter().all(any)
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

#[cfg(test)]
mod tests {
    extern crate alloc;

    use super::{SecretShape, Shown};
    use alloc::format;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;
    use base64ct::{Base64Unpadded, Base64UrlUnpadded, Encoding};
    use proptest::prelude::*;

    fn base64(bytes: &[u8], url: bool) -> String {
        let mut buffer = [0; 128];
        let text = if url {
            Base64UrlUnpadded::encode(bytes, &mut buffer)
        } else {
            Base64Unpadded::encode(bytes, &mut buffer)
        };
        text.unwrap().into()
    }

    #[test]
    fn names_are_shown() {
        for name in [
            "",
            "-",
            "pump-7",
            "/etc/hubward/devices.jsonl",
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "3F2504E0-4F89-11D3-9A0C-0305E82C3301",
            "edge-3f2504e0-4f89-11d3-9a0c-0305e82c3301/modules/3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "myhub.azure-devices.net",
            "iothubowner",
            "00155d01a2b3",
            "3a002b000e51363438343937",
            "3A002B000E51363438343937",
            "plant-3a002b000e51363438343937/modules/pump",
            "00:15:5d:01:a2:b3",
            "00:15:5d:ff:fe:01:a2:b3",
            "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
            "10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5",
            "2026-06-30 12:00:00, 2026-06-30 13:00:00",
            "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15",
            "edge-gateway-00155d01a2b3",
            "/tmp/hubward-gateway-1a2b3c4d5e6f7788/server.pem",
            "/hub1/dev2/mod3/pump7/site4/hall5",
            "TemperatureSensorHall12Line3",
            "C:\\Users\\Operator\\Documents\\Certificates\\FleetRoot2026.pem",
            "/home/operator/projects/hubward/crates/hubward-cli/tests/certificates/intermediate.pem",
            "https://sts.windows.net/3f2504e0-4f89-11d3-9a0c-0305e82c3301/v2.0",
            "2001:db8:85a3::8a2e:370:7334",
            "[::1]:8883",
            "2026-06-30T12:00:00Z",
            "devices/pump-7/messages/events/",
            "HostName=myhub.azure-devices.net;DeviceId=pump-7;x509=true",
            "SharedAccessKeyName=iothubowner",
            "Microsoft.Devices/IotHubs/devices/read",
            "signature.bin",
        ] {
            assert_eq!(SecretShape::of(name), None, "{name}");
            assert_eq!(Shown::new(name).to_string(), name);
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        use SecretShape::{ConnectionString, Json, Key, Pem, Token};
        let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
        for (shape, text) in [
            (Key, key),
            (Key, "/tmp/MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="),
            (Key, "AAAAAAAAAAAAAAAAAAAAAA=="),
            (Key, "AAAAAAAAAAAAAAAAAAAAAA==@2026-01-01..2027-01-01"),
            (Key, "6d2f0f5dd2b1ab0d5bb2dbb1a5d94d1c"),
            (Key, "6D2F0F5DD2B1AB0D5BB2DBB1A5D94D1C6D2F0F5DD2B1AB0D5BB2DBB1A5D94D1C"),
            (Key, "hub/devices/8ZHnC13EiB-ibtk3sEz6FXvhli3IUw6_ZKnyPYHOVxo"),
            (Key, "the key is 8ZHnC13EiB+ibtk3sEz6FXvhli3IUw6/ZKnyPYHOVxo"),
            (ConnectionString, "HostName=h;DeviceId=d;SharedAccessKey=abc"),
            (ConnectionString, "hostname=h;deviceid=d;sharedaccesskey = abc"),
            (ConnectionString, "AccountName=a;AccountKey=abc"),
            (Token, "SharedAccessSignature sr=h&sig=abc&se=1"),
            (Token, "sr=h&sig=abc&se=1"),
            (Token, "eyJhbGciOiJIUzI1NiJ9.eyJvaWQiOiIxIn0.c2lnbmF0dXJl"),
            (Token, "Bearer abc"),
            (Pem, "-----BEGIN PRIVATE KEY----- MC4CAQ -----END PRIVATE KEY-----"),
            (Pem, "MC4CAQ\\n-----END PRIVATE KEY-----"),
            (Json, "{\"id\":\"pump-7\"}"),
            (Json, "\"primaryKey\": \"abc\""),
        ] {
            assert_eq!(SecretShape::of(text), Some(shape), "{text}");
            assert!(!Shown::new(text).to_string().contains("abc"));
        }
        assert_eq!(
            Shown::new(["module pump-7/", key, " is blocked"].concat()).to_string(),
            "module [looks like a key, not shown] is blocked"
        );
    }

    #[test]
    fn bytes_one_by_one_are_a_key_as_digits_in_a_row_are() {
        const HIDDEN: &str = "[looks like a key, not shown]";
        for count in [16_u8, 20, 32, 64] {
            let list = |byte: fn(u8) -> String, between: &str| {
                (0..count).map(|at| byte(at.wrapping_mul(37))).collect::<Vec<_>>().join(between)
            };
            let lower = |byte: u8| format!("{byte:02x}");
            let upper = |byte: u8| format!("{byte:02X}");
            for text in [
                list(lower, ":"),
                list(upper, ":"),
                list(lower, " "),
                list(upper, "-"),
                list(lower, ", "),
                list(lower, "\n    "),
                list(|byte| format!("0x{byte:02x}"), ", "),
                list(|byte| format!("{byte}"), ", "),
                list(|byte| format!("{byte}"), ","),
                list(|byte| format!("{byte}"), " "),
                list(|byte| format!("{}", byte.cast_signed()), ", "),
                list(|byte| format!("x{byte:02x}"), "\\"),
            ] {
                assert_eq!(SecretShape::of(&text), Some(SecretShape::Key), "{text}");
                assert_eq!(Shown::new(text.trim_start_matches('-')).to_string(), HIDDEN);
                let said = format!("the key [{text}] of pump-7, and {text}.");
                let shown = format!("the key [{HIDDEN}] of pump-7, and {HIDDEN}.");
                assert_eq!(Shown::new(said.replace("[-", "[").replace("and -", "and ")).to_string(), shown);
            }
        }
        // also behind a list that is too short, in names, and next to a key in a row
        let key = "53:45:43:52:45:54:53:45:43:52:45:54:53:45:43:52";
        let said =
            format!("00:15:5d, dev/{key}/x 6d2f0f5dd2b1ab0d5bb2dbb1a5d94d1c 3a002b000e51363438343937==");
        let shown = Shown::new(said).to_string();
        assert!(!shown.contains("53:45") && !shown.contains("6d2f") && !shown.contains("3a00"), "{shown}");
        assert_eq!(SecretShape::of("6d2f0f5dd2b1ab0d5bb2dbb1"), None);
        for key in
            ["6d2f0f5dd2b1ab0d5bb2dbb1a", "6D2f0f5dd2b1ab0d5bb2dbb1", "6d2f0f5dd2b1ab0d5bb2dbb1a5d94d1c"]
        {
            assert_eq!(SecretShape::of(key), Some(SecretShape::Key), "{key}");
        }
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(Shown::new("a\u{1b}[2Jb\nc").to_string(), "a\\u{1b}[2Jb\\nc");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]
        #[test]
        fn a_padded_key_is_a_key(key in prop::collection::vec(any::<u8>(), 16..=64)) {
            let text = base64(&key, false);
            if !text.len().is_multiple_of(4) {
                let padded = [text.as_str(), "="].concat();
                prop_assert_eq!(SecretShape::of(&padded), Some(SecretShape::Key));
            }
        }

        #[test]
        fn any_text_is_judged(text in ".*") {
            let _ = Shown::new(&text).to_string();
        }
    }

    #[test]
    fn random_keys_without_padding_are_keys() {
        // splitmix64: the same keys in every run
        let mut state = 7_u64;
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        for (len, most) in [(16, 200), (32, 2), (64, 0)] {
            let missed = (0..2000)
                .filter(|count| {
                    let mut key = [0; 64];
                    key.as_chunks_mut::<8>().0.iter_mut().for_each(|eight| *eight = next().to_be_bytes());
                    SecretShape::of(&base64(&key[..len], count % 2 == 0)).is_none()
                })
                .count();
            assert!(missed <= most, "{missed} of 2000 keys of {len} bytes");
        }
    }
}
