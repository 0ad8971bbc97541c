//! [`Audience`]: the URI that a token is for.

use core::fmt;

use hubward_core::escape_value;

use crate::error::Problem;
use crate::sink::{Signed, Sink, write_escaped};
use crate::text::Text;

/// The URI of a namespace or an entity, with or without a scheme. Signers encode it in several ways, and the signature
/// covers the encoded text, so that is kept as received.
///
/// ```
/// use hubward_cloud::service_bus::Audience;
///
/// let hub = Audience::new("sb://ns.example/hub1")?;
/// assert!(hub.covers("https://NS.example/Hub1/publishers/dev1"));
/// assert!(!hub.covers("https://ns.example/hub12"), "whole segments");
/// # Ok::<(), hubward_cloud::Problem>(())
/// ```
#[derive(Clone, Copy)]
pub struct Audience<'a> {
    text: Text<'a>,
    encoded: bool,
}

impl<'a> Audience<'a> {
    /// Takes a URI that is not encoded. It is signed and sent percent-encoded, except for letters, digits and
    /// `- . _ ~`.
    ///
    /// # Errors
    /// [`Problem`] if the text has a control character, or no host.
    pub fn new(uri: &'a str) -> Result<Self, Problem> {
        Self { text: Text::plain(uri)?, encoded: false }.checked()
    }

    /// Takes a URI as another signer encoded it. It is signed and sent as it is.
    ///
    /// # Errors
    /// [`Problem`] if the text does not decode, has a control character or `&`, or no host.
    pub fn encoded(text: &'a str) -> Result<Self, Problem> {
        // a second field would begin at `&`
        if text.bytes().any(|b| b == b'&' || !b.is_ascii_graphic()) {
            return Err(Problem::Control);
        }
        Self { text: Text::query(text)?, encoded: true }.checked()
    }

    fn checked(self) -> Result<Self, Problem> {
        let mut path = self.bytes();
        // a host, and neither a query nor a fragment after it
        match path.next() {
            None | Some(b'/') => Err(Problem::Url),
            Some(_) if self.text.bytes().any(|b| matches!(b, b'?' | b'#' | b'\\')) => Err(Problem::Url),
            Some(_) if has_dots(self.bytes()) => Err(Problem::Url),
            Some(_) => Ok(self),
        }
    }

    /// Returns the decoded URI.
    #[must_use]
    pub const fn uri(&self) -> Text<'a> {
        self.text
    }

    /// Returns the lower-case bytes after the scheme.
    fn bytes(&self) -> impl Iterator<Item = u8> + Clone + use<'a> {
        without_scheme(self.text.bytes())
    }

    /// Returns whether a URI is this one or below it, by whole segments. Schemes are not compared, nor is the case of
    /// letters: hosts and entities have none.
    #[must_use]
    pub fn covers(&self, uri: &str) -> bool {
        !has_dots(uri.bytes()) && starts(self.bytes(), without_scheme(uri.bytes()))
    }

    /// Returns whether this URI is `uri` or below it.
    #[must_use]
    pub fn is_within(&self, uri: &str) -> bool {
        starts(without_scheme(uri.bytes()), self.bytes())
    }

    /// Returns whether the URI is that of a publisher: an entity, `publishers` and one name.
    #[must_use]
    pub fn is_publisher(&self) -> bool {
        // the number of the segment, and whether the one before the last is the word
        let mut names = 0_usize;
        let mut matched = Some(0_usize);
        let (mut word, mut last_word) = (false, false);
        for byte in self.bytes().chain([b'/']) {
            if byte == b'/' {
                last_word = core::mem::replace(&mut word, matched == Some(PUBLISHERS.len()));
                (names, matched) = (names.saturating_add(1), Some(0));
            } else {
                matched =
                    matched.filter(|at| PUBLISHERS.get(*at) == Some(&byte)).map(|at| at.saturating_add(1));
            }
        }
        last_word && names >= 4
    }

    pub(crate) fn put_signed(&self, sink: &mut impl Sink) {
        if self.encoded {
            return sink.put(self.text.as_received().as_bytes());
        }
        for byte in self.text.as_received().bytes() {
            if hubward_core::is_unreserved(byte) {
                sink.put(&[byte]);
            } else {
                let digit =
                    |n: u8| if n < 10 { b'0'.wrapping_add(n) } else { b'A'.wrapping_sub(10).wrapping_add(n) };
                sink.put(&[b'%', digit(byte.wrapping_shr(4)), digit(byte & 0x0f)]);
            }
        }
    }
}

const PUBLISHERS: &[u8] = b"publishers";

/// Skips `scheme://` and lower-cases letters. Slashes at the end are dropped.
fn without_scheme(bytes: impl Iterator<Item = u8> + Clone) -> impl Iterator<Item = u8> + Clone {
    let scheme = bytes.clone().take_while(u8::is_ascii_alphabetic).count();
    let after = bytes.clone().skip(scheme).take(3);
    let skipped = if scheme > 0 && after.eq(*b"://") { scheme.saturating_add(3) } else { 0 };
    let len = bytes
        .clone()
        .skip(skipped)
        .enumerate()
        .filter(|(_, b)| *b != b'/')
        .last()
        .map_or(0, |(at, _)| at.saturating_add(1));
    bytes.skip(skipped).take(len).map(|b| b.to_ascii_lowercase())
}

/// Returns whether `whole` begins with all segments of `start`.
fn starts(start: impl Iterator<Item = u8>, mut whole: impl Iterator<Item = u8>) -> bool {
    let mut empty = true;
    for byte in start {
        empty = false;
        if whole.next() != Some(byte) {
            return false;
        }
    }
    !empty && matches!(whole.next(), None | Some(b'/'))
}

/// Returns whether a segment is `.` or `..`.
fn has_dots(bytes: impl Iterator<Item = u8>) -> bool {
    let mut dots = Some(0_u8);
    for byte in bytes.chain([b'/']) {
        dots = match (byte, dots) {
            (b'/', Some(1 | 2)) => return true,
            (b'/', _) => Some(0),
            (b'.', Some(count)) => Some(count.saturating_add(1)),
            _ => None,
        };
    }
    false
}

/// Writes the URI as it is signed and sent.
impl fmt::Display for Audience<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.encoded {
            f.write_str(self.text.as_received())
        } else {
            write!(f, "{}", escape_value(self.text.as_received()))
        }
    }
}

impl fmt::Debug for Audience<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Audience").field(&self.text).finish()
    }
}

/// A name that is written percent-encoded.
pub(crate) struct EscapedName<'a>(pub(crate) Text<'a>);

impl Signed for EscapedName<'_> {
    fn put_signed(&self, sink: &mut impl Sink) {
        self.0.put(sink);
    }
}

impl fmt::Display for EscapedName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_escaped(self, f)
    }
}
