//! [`Token`]: the `aeg-sas-token` header, parsed and not verified yet.

use hubward_core::{StreamKey, UnixTime};

use crate::decision::{Decision, Reason};
use crate::error::{ParseError, Problem, VerifyError};
use crate::key::TopicKey;
use crate::query::fields;
use crate::rights::RightKind;
use crate::signature::Signature;
use crate::sink::{Signed, Sink, tag};
use crate::storage::check_period;
use crate::text::Text;
use crate::time::event_grid;

/// The most characters of an expiry.
const LONGEST: usize = 40;

/// A SAS token of an Event Grid topic or domain: `r`, `e` and `s`, in this order. It borrows the text.
///
/// ```
/// use hubward_cloud::event_grid::Token;
///
/// let sig = "e1pyi8RFvgp7aMja4YBXPvgOCeV9awkCGv0Rwyw1Ky8%3D";
/// let resource = "https%3A%2F%2Ft.example%2Fapi%2Fevents%3FapiVersion%3D2018-01-01";
/// let text = format!("r={resource}&e=2030-01-01%2000%3A00%3A00&s={sig}");
/// let token = Token::parse(&text)?;
/// assert_eq!(token.expiry(), 1_893_456_000);
/// # Ok::<(), hubward_cloud::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Token<'a> {
    resource: Text<'a>,
    expiry: u64,
    signature: Signature,
    /// Everything before `&s=`, which is signed.
    signed: Received<'a>,
}

/// A text that is signed as received.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Received<'a>(&'a str);

impl Signed for Received<'_> {
    fn put_signed(&self, sink: &mut impl Sink) {
        sink.put(self.0.as_bytes());
    }
}

impl<'a> Token<'a> {
    /// Parses a header.
    ///
    /// # Errors
    /// [`ParseError`] if the text is not `r=..&e=..&s=..`, the resource is not a URL of HTTPS, or the expiry is not a
    /// time as an SDK writes it.
    pub fn parse(header: &'a str) -> Result<Self, ParseError> {
        let mut fields = fields(header, 0)?;
        let mut next = |name: &'static str| match fields.next() {
            Some(Ok(field)) if field.name == name => Ok(field),
            Some(Ok(field)) => Err(ParseError::of(name, field.offset, Problem::UnknownField)),
            Some(Err(error)) => Err(error),
            None => Err(ParseError::of(name, header.len(), Problem::Missing)),
        };
        let (r, e, s) = (next("r")?, next("e")?, next("s")?);
        if let Some(more) = fields.next() {
            let offset = more?.offset;
            return Err(ParseError::at(offset, Problem::UnknownField));
        }
        let resource = Text::query(r.value).and_then(is_https);
        let resource = resource.map_err(|problem| ParseError::of("r", r.value_offset(), problem))?;
        let expiry = Text::query(e.value).and_then(expiry);
        let expiry = expiry.map_err(|problem| ParseError::of("e", e.value_offset(), problem))?;
        let signature =
            Signature::parse(s.value).map_err(|problem| ParseError::of("s", s.value_offset(), problem))?;
        let signed = header.get(..s.offset.saturating_sub(1)).unwrap_or_default();
        Ok(Self { resource, expiry, signature, signed: Received(signed) })
    }

    /// Returns the URL of the topic, with its `apiVersion`.
    #[must_use]
    pub const fn resource(&self) -> Text<'a> {
        self.resource
    }

    /// Returns the last second at which the token is valid, in seconds since 1970.
    #[must_use]
    pub const fn expiry(&self) -> u64 {
        self.expiry
    }

    /// Verifies the token with the keys of the topic. All of them are tried.
    ///
    /// # Errors
    /// [`VerifyError`] if no key matches, or the token has expired.
    pub fn verify<K: StreamKey>(
        &self,
        keys: &[&TopicKey<K>],
        now: UnixTime,
    ) -> Result<Grant<'a>, VerifyError> {
        let matched =
            keys.iter().fold(false, |any, key| any | self.signature.is(&tag(key.mac(), &self.signed)));
        if !matched {
            return Err(VerifyError::WrongSignature);
        }
        check_period(None, self.expiry, now.as_secs())?;
        Ok(Grant { resource: self.resource, expiry: self.expiry })
    }
}

/// A verified token: events may be published to its topic. Only verification returns one.
#[derive(Debug, Clone, Copy)]
pub struct Grant<'a> {
    resource: Text<'a>,
    expiry: u64,
}

/// The reason for which a grant does not allow publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denial {
    /// The URL is not within the token's topic.
    #[error("the URL is not within the token's topic")]
    Resource,
    /// The token has expired.
    #[error(transparent)]
    Time(VerifyError),
}

impl Denial {
    /// Returns a code for logs and counters that does not change between versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Resource => "grant-resource",
            Self::Time(_) => "grant-time",
        }
    }
}

impl Grant<'_> {
    /// Judges whether events may be published to a URL.
    ///
    /// # Errors
    /// [`Denial`] with the reason if the grant does not allow it.
    pub fn judge(&self, url: &str, now: UnixTime) -> Result<(), Denial> {
        if !self.covers(url) {
            return Err(Denial::Resource);
        }
        check_period(None, self.expiry, now.as_secs()).map_err(Denial::Time)
    }

    /// Decides whether events may be published to a URL, as [`Grant::judge`] does.
    pub fn decide(&self, url: &str, now: UnixTime) -> Decision {
        Decision::new(RightKind::EventGridPublish, self.judge(url, now).err().map(Reason::EventGrid))
    }

    /// Returns the last second at which it is valid, in seconds since 1970.
    #[must_use]
    pub const fn expiry(&self) -> u64 {
        self.expiry
    }

    /// Returns whether events may be published to `url`: the token's URL without its query, or a path below it. The host
    /// is compared in any case of letters.
    #[must_use]
    pub fn covers(&self, url: &str) -> bool {
        let mut own = self.resource.bytes().take_while(|b| *b != b'?').peekable();
        let mut other = url.bytes().take_while(|b| *b != b'?');
        // `https://` has two slashes, and the third ends the host
        let mut slashes = 0_u8;
        while let Some(byte) = own.next() {
            if byte == b'/' && own.peek().is_none() {
                break;
            }
            let same =
                |other: u8| if slashes < 3 { other.eq_ignore_ascii_case(&byte) } else { other == byte };
            if !other.next().is_some_and(same) {
                return false;
            }
            if byte == b'/' {
                slashes = slashes.saturating_add(1);
            }
        }
        matches!(other.next(), None | Some(b'/')) && !url.contains("/..") && !url.contains("/.")
    }
}

pub(crate) fn is_https(url: Text<'_>) -> Result<Text<'_>, Problem> {
    let scheme = b"https://";
    let starts = url.bytes().take(scheme.len()).map(|b| b.to_ascii_lowercase()).eq(*scheme);
    let host = url.bytes().nth(scheme.len()).is_some_and(|b| b.is_ascii_alphanumeric());
    if starts && host { Ok(url) } else { Err(Problem::Url) }
}

fn expiry(text: Text<'_>) -> Result<u64, Problem> {
    let mut buffer = [0; LONGEST];
    let mut len = 0_usize;
    for byte in text.bytes() {
        *buffer.get_mut(len).ok_or(Problem::Time)? = byte;
        len = len.saturating_add(1);
    }
    event_grid(buffer.get(..len).unwrap_or_default()).ok_or(Problem::Time)
}
