//! [`Request`]: what a master key signs of a request.

use core::fmt;

use hubward_core::{StreamKey, Tag, UnixTime, escape_value};

use crate::cosmos::link::{ResourceLink, ResourceType, Verb};
use crate::cosmos::token::MasterToken;
use crate::error::{Problem, VerifyError};
use crate::key::MasterKey;
use crate::signature::Base64;
use crate::sink::{LowerCase, Signed, Sink, tag, write};
use crate::text::Text;
use crate::time::http;

/// The most seconds between the date of a request and the verifier's time.
const SKEW: u64 = 15 * 60;

/// The signed parts of a request to Cosmos DB: verb, resource type, link and date.
///
/// ```
/// use core::time::Duration;
/// use hubward_cloud::MasterKey;
/// use hubward_cloud::cosmos::{Credential, Request, Verb};
/// use hubward_core::UnixTime;
/// use hubward_rustcrypto::GeneralKey;
///
/// let key = MasterKey::<GeneralKey>::from_base64("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")?;
/// let date = "Tue, 01 Jan 2030 00:00:00 GMT"; // the header x-ms-date
/// let request = Request::from_path(Verb::Get, "/dbs/MyDb/colls/MyColl/docs")?.with_ms_date(date)?;
/// let header = request.sign(&key).to_string();
///
/// let Credential::Master(token) = Credential::parse(&header)? else { panic!("a master key's") };
/// let now = UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000));
/// request.verify(&token, &[&key], now)?;
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    verb: Verb,
    resource_type: ResourceType,
    link: ResourceLink<'a>,
    ms_date: Option<(&'a str, u64)>,
    date: Option<(&'a str, u64)>,
}

impl<'a> Request<'a> {
    /// Takes the parts of a request. A date must follow.
    #[must_use]
    pub const fn new(verb: Verb, resource_type: ResourceType, link: ResourceLink<'a>) -> Self {
        Self { verb, resource_type, link, ms_date: None, date: None }
    }

    /// Takes the path of a request, percent-encoded. Its last word with a resource type is the type: a path of types and
    /// names in turn is the link itself; one that ends with a type is a feed, and its link is the parent. An offer is
    /// linked by its id alone.
    ///
    /// # Errors
    /// [`Problem`] if the path has an unknown type, or a name that cannot be one.
    pub fn from_path(verb: Verb, path: &'a str) -> Result<Self, Problem> {
        let path = path.strip_prefix('/').ok_or(Problem::Url)?;
        let path = path.strip_suffix('/').unwrap_or(path);
        if path.is_empty() {
            return Ok(Self::new(verb, ResourceType::Account, ResourceLink::named("")?));
        }
        let mut last_type = ResourceType::Account;
        let mut count = 0_usize;
        for (at, segment) in path.split('/').enumerate() {
            if at % 2 == 0 {
                last_type = match ResourceType::parse(segment)? {
                    // an empty segment is no type
                    ResourceType::Account => return Err(Problem::Name),
                    known => known,
                };
            }
            count = at.saturating_add(1);
        }
        let link = match (count % 2 == 0, path.rsplit_once('/')) {
            (true, Some((_, id))) if last_type == ResourceType::Offers => {
                ResourceLink::escaped(id)?.lower_case()
            }
            (true, _) => ResourceLink::escaped(path)?,
            (false, Some((parent, _))) => ResourceLink::escaped(parent)?,
            (false, None) => ResourceLink::named("")?,
        };
        Ok(Self::new(verb, last_type, link))
    }

    /// Sets the header `x-ms-date`.
    ///
    /// # Errors
    /// [`Problem::Time`] if it is not a date of HTTP in its preferred form.
    pub fn with_ms_date(self, date: &'a str) -> Result<Self, Problem> {
        Ok(Self { ms_date: Some((date, http(date).ok_or(Problem::Time)?)), ..self })
    }

    /// Sets the header `date`, which is signed too.
    ///
    /// # Errors
    /// [`Problem::Time`] if it is not a date of HTTP in its preferred form.
    pub fn with_date(self, date: &'a str) -> Result<Self, Problem> {
        Ok(Self { date: Some((date, http(date).ok_or(Problem::Time)?)), ..self })
    }

    /// Returns the resource type.
    #[must_use]
    pub const fn resource_type(&self) -> ResourceType {
        self.resource_type
    }

    /// Returns the link.
    #[must_use]
    pub const fn link(&self) -> ResourceLink<'a> {
        self.link
    }

    /// Verifies the signature of a header, with the primary and the secondary key. All keys are tried.
    ///
    /// # Errors
    /// [`VerifyError`] if no key matches, or the date differs from `now` by more than 15 minutes. A request without a
    /// date is refused as one of another time.
    pub fn verify<K: StreamKey>(
        &self,
        token: &MasterToken,
        keys: &[&MasterKey<K>],
        now: UnixTime,
    ) -> Result<(), VerifyError> {
        let matched = keys.iter().fold(false, |any, key| any | token.signature.is(&tag(key.mac(), self)));
        if !matched {
            return Err(VerifyError::WrongSignature);
        }
        match self.ms_date.or(self.date) {
            Some((_, seconds)) if seconds.abs_diff(now.as_secs()) <= SKEW => Ok(()),
            _ => Err(VerifyError::Skew),
        }
    }

    /// Returns the text to be signed.
    pub fn string_to_sign(&self) -> impl fmt::Display {
        Shown(*self)
    }

    /// Completes the header with the tag over [`Request::string_to_sign`].
    #[must_use]
    pub const fn finish(tag: Tag) -> SignedHeader {
        SignedHeader(tag)
    }

    /// Signs with a key in memory.
    #[must_use]
    pub fn sign<K: StreamKey>(&self, key: &MasterKey<K>) -> SignedHeader {
        SignedHeader(tag(key.mac(), self))
    }
}

struct Shown<'a>(Request<'a>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(&self.0, f)
    }
}

impl Signed for Request<'_> {
    fn put_signed(&self, sink: &mut impl Sink) {
        sink.put(self.verb.as_str().as_bytes());
        sink.put(b"\n");
        sink.put(self.resource_type.as_str().as_bytes());
        sink.put(b"\n");
        self.link.put(sink);
        sink.put(b"\n");
        for date in [self.ms_date, self.date] {
            if let Some((text, _)) = date {
                Text::new(text).put(&mut LowerCase(sink));
            }
            sink.put(b"\n");
        }
    }
}

/// A signed header. `Display` writes it with its signature, percent-encoded as it is sent: the text is a credential.
pub struct SignedHeader(Tag);

impl fmt::Display for SignedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("type%3Dmaster%26ver%3D1.0%26sig%3D")?;
        Base64(&self.0).with(|text| write!(f, "{}", escape_value(text)))
    }
}

impl fmt::Debug for SignedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedHeader(redacted)")
    }
}
