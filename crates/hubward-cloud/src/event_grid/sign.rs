//! [`UnsignedToken`] and [`SignedToken`]: signing, in one step or in two.

use core::fmt;

use hubward_core::{StreamKey, Tag, UnixTime, escape_value};

use crate::error::{ParseError, Problem};
use crate::event_grid::token::is_https;
use crate::key::TopicKey;
use crate::signature::Base64;
use crate::sink::{Signed, Sink, tag, write, write_escaped};
use crate::text::Text;
use crate::time::TokenTime;

/// The version of the API that tokens name.
const API_VERSION: &str = "2018-01-01";

/// A token of an Event Grid topic that is still to be signed.
///
/// ```
/// use core::time::Duration;
/// use hubward_cloud::TopicKey;
/// use hubward_cloud::event_grid::{Token, UnsignedToken};
/// use hubward_core::UnixTime;
/// use hubward_rustcrypto::GeneralKey;
///
/// let key = TopicKey::<GeneralKey>::from_base64("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")?;
/// let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
/// let url = "https://t.westus-1.eventgrid.azure.net/api/events";
/// let text = UnsignedToken::new(url, at(1_893_456_000))?.sign(&key).to_string();
/// let grant = Token::parse(&text)?.verify(&[&key], at(1_893_455_000))?;
/// assert!(grant.covers(url));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct UnsignedToken<'a> {
    url: Text<'a>,
    expiry: Expiry<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Expiry<'a> {
    At(TokenTime<'a>),
    Text(Text<'a>),
}

impl<'a> UnsignedToken<'a> {
    /// Takes the URL of the topic, which ends with `/api/events`, and the last second at which the token is valid.
    ///
    /// # Errors
    /// [`ParseError`] if the URL is not of HTTPS, or has a query.
    pub fn new(url: &'a str, expires: UnixTime) -> Result<Self, ParseError> {
        let expiry = TokenTime::at(expires).map_err(|problem| ParseError::of("e", 0, problem))?;
        Self::checked(url, Expiry::At(expiry))
    }

    /// Takes the expiry as text, in a form of another signer.
    ///
    /// # Errors
    /// As [`UnsignedToken::new`]; the text is not parsed.
    pub fn with_expiry_text(url: &'a str, expiry: &'a str) -> Result<Self, ParseError> {
        let expiry = Text::plain(expiry).map_err(|problem| ParseError::of("e", 0, problem))?;
        Self::checked(url, Expiry::Text(expiry))
    }

    fn checked(url: &'a str, expiry: Expiry<'a>) -> Result<Self, ParseError> {
        let url = Text::plain(url).and_then(is_https);
        let url = url.map_err(|problem| ParseError::of("r", 0, problem))?;
        if url.bytes().any(|b| matches!(b, b'?' | b'#')) {
            return Err(ParseError::of("r", 0, Problem::Url));
        }
        Ok(Self { url, expiry })
    }

    /// Returns the text to be signed.
    pub fn string_to_sign(&self) -> impl fmt::Display {
        Unsigned(*self)
    }

    /// Completes the token with the tag over [`UnsignedToken::string_to_sign`].
    #[must_use]
    pub const fn finish(self, tag: Tag) -> SignedToken<'a> {
        SignedToken { unsigned: self, tag }
    }

    /// Signs with a key in memory.
    #[must_use]
    pub fn sign<K: StreamKey>(self, key: &TopicKey<K>) -> SignedToken<'a> {
        let tag = tag(key.mac(), &Unsigned(self));
        self.finish(tag)
    }
}

struct Unsigned<'a>(UnsignedToken<'a>);

/// The resource, decoded.
struct Resource<'a>(Text<'a>);

/// The expiry, decoded.
struct ExpiryText<'a>(Expiry<'a>);

impl Signed for Resource<'_> {
    fn put_signed(&self, sink: &mut impl Sink) {
        self.0.put(sink);
        sink.put(b"?apiVersion=");
        sink.put(API_VERSION.as_bytes());
    }
}

impl Signed for ExpiryText<'_> {
    fn put_signed(&self, sink: &mut impl Sink) {
        match self.0 {
            Expiry::At(time) => time.put(sink),
            Expiry::Text(text) => text.put(sink),
        }
    }
}

impl Signed for Unsigned<'_> {
    fn put_signed(&self, sink: &mut impl Sink) {
        sink.put(b"r=");
        Resource(self.0.url).put_signed(&mut Escaping(sink));
        sink.put(b"&e=");
        ExpiryText(self.0.expiry).put_signed(&mut Escaping(sink));
    }
}

/// Percent-encodes bytes on their way.
struct Escaping<'s, S>(&'s mut S);

impl<S: Sink> Sink for Escaping<'_, S> {
    fn put(&mut self, bytes: &[u8]) {
        let digit = |n: u8| if n < 10 { b'0'.wrapping_add(n) } else { b'A'.wrapping_sub(10).wrapping_add(n) };
        for byte in bytes {
            if hubward_core::is_unreserved(*byte) {
                self.0.put(&[*byte]);
            } else {
                self.0.put(&[b'%', digit(byte.wrapping_shr(4)), digit(byte & 0x0f)]);
            }
        }
    }
}

impl fmt::Display for Unsigned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self, f)
    }
}

/// A signed token. `Display` writes it with its signature: the text is a credential.
pub struct SignedToken<'a> {
    unsigned: UnsignedToken<'a>,
    tag: Tag,
}

impl fmt::Display for SignedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("r=")?;
        write_escaped(&Resource(self.unsigned.url), f)?;
        f.write_str("&e=")?;
        write_escaped(&ExpiryText(self.unsigned.expiry), f)?;
        f.write_str("&s=")?;
        Base64(&self.tag).with(|text| write!(f, "{}", escape_value(text)))
    }
}

impl fmt::Debug for SignedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedToken").field("unsigned", &self.unsigned).finish_non_exhaustive()
    }
}
