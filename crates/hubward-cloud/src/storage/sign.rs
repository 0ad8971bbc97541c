//! [`UnsignedSas`] and [`SignedSas`]: signing, in one step or in two.

use core::fmt;

use hubward_core::{StreamKey, Tag, UnixTime};

use crate::error::{ParseError, Problem};
use crate::ip::IpRange;
use crate::key::{AccountKey, DelegationKey, ServiceKey};
use crate::signature::Base64;
use crate::sink::{EscapedSink, Sink, tag};
use crate::storage::claims::GivenClaims;
use crate::storage::delegation::UserDelegation;
use crate::storage::field::Field;
use crate::storage::kind::{Protocol, SasKind};
use crate::storage::permissions::Permissions;
use crate::storage::request::RequestParameters;
use crate::storage::resource::Resource;
use crate::storage::string_to_sign::{Source, StringToSign};
use crate::storage::version::Version;
use crate::text::Text;
use crate::time::TokenTime;

/// A storage token that is still to be signed.
///
/// A key in a key service signs [`UnsignedSas::string_to_sign`], and [`UnsignedSas::finish`] takes the tag;
/// [`UnsignedSas::sign`] does both with a key in memory.
///
/// ```
/// use core::time::Duration;
/// use hubward_cloud::AccountKey;
/// use hubward_cloud::storage::{Permission, Permissions, Resource, SasKind, UnsignedSas, Version};
/// use hubward_core::UnixTime;
/// use hubward_rustcrypto::GeneralKey;
///
/// let key = AccountKey::<GeneralKey>::from_base64("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")?;
/// let blob = Resource::blob("contosoacct", "plant", "dev1/log 1.txt")?;
/// let expires = UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000));
/// let unsigned = UnsignedSas::new(SasKind::Blob, Version::LATEST)?
///     .with_permissions(Permissions::new(SasKind::Blob, &[Permission::Read])?)
///     .with_expiry(expires)?
///     .https_only()?;
/// let text = unsigned.sign(&blob, &key)?.to_string();
/// assert!(text.starts_with("sv=2026-10-06&sp=r&se=2030-01-01T00%3A00%3A00Z&spr=https&sr=b&sig="));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct UnsignedSas<'a> {
    claims: GivenClaims<'a>,
}

impl<'a> UnsignedSas<'a> {
    /// Begins a token of a service, to be signed with the account's key.
    ///
    /// # Errors
    /// [`ParseError`] if the version has no such tokens.
    pub fn new(kind: SasKind, version: Version) -> Result<Self, ParseError> {
        Self::begin(kind, version, false, [])
    }

    /// Begins a token of an account: `services` are letters of `bfqt`, `types` letters of `sco`.
    ///
    /// # Errors
    /// [`ParseError`] if a letter is unknown or repeated.
    pub fn account(services: &'a str, types: &'a str, version: Version) -> Result<Self, ParseError> {
        Self::new(SasKind::Account, version)?.with(Field::SS, services)?.with(Field::SRT, types)
    }

    /// Begins a token that is signed with a user delegation key.
    ///
    /// # Errors
    /// [`ParseError`] if the version has no such tokens, or a value of the delegation is malformed.
    pub fn delegated(
        kind: SasKind,
        version: Version,
        delegation: &UserDelegation<'a>,
    ) -> Result<Self, ParseError> {
        Self::begin(kind, version, true, delegation.values())
    }

    fn begin(
        kind: SasKind,
        version: Version,
        delegated: bool,
        values: impl IntoIterator<Item = (Field, &'a str)>,
    ) -> Result<Self, ParseError> {
        // filled in place, because the claims are large
        let mut unsigned = Self { claims: GivenClaims::none() };
        unsigned
            .claims
            .begin(kind, delegated, version)
            .map_err(|problem| ParseError::of("sr", 0, problem))?;
        for (field, value) in values {
            unsigned.set(field, value)?;
        }
        Ok(unsigned)
    }

    fn set(&mut self, field: Field, value: &'a str) -> Result<(), ParseError> {
        Text::plain(value)
            .and_then(|value| self.claims.set(field, value))
            .map_err(|problem| ParseError::of(field.name(), 0, problem))
    }

    fn with(mut self, field: Field, value: &'a str) -> Result<Self, ParseError> {
        self.set(field, value)?;
        Ok(self)
    }

    /// Sets the permissions.
    #[must_use]
    pub fn with_permissions(mut self, permissions: Permissions) -> Self {
        self.claims.set_permissions(permissions);
        self
    }

    /// Sets the last second at which the token is valid.
    ///
    /// # Errors
    /// [`ParseError`] after the year 9999.
    pub fn with_expiry(self, expiry: UnixTime) -> Result<Self, ParseError> {
        self.with_time(Field::SE, expiry)
    }

    /// Sets the first second at which the token is valid.
    ///
    /// # Errors
    /// [`ParseError`] after the year 9999.
    pub fn with_start(self, start: UnixTime) -> Result<Self, ParseError> {
        self.with_time(Field::ST, start)
    }

    fn with_time(mut self, field: Field, time: UnixTime) -> Result<Self, ParseError> {
        let time = TokenTime::at(time).map_err(|problem| ParseError::of(field.name(), 0, problem))?;
        self.claims.set_time(field, time);
        Ok(self)
    }

    /// Sets the last second in one of the forms of [`TokenTime::parse`]. A text by [`Text::escaped`] with a `+` is
    /// written as `YYYY-MM-DDThh:mm:ssZ`.
    #[must_use]
    pub fn with_expiry_text(mut self, expiry: TokenTime<'a>) -> Self {
        self.claims.set_time(Field::SE, expiry);
        self
    }

    /// Sets the first second in one of the forms of [`TokenTime::parse`]. A text by [`Text::escaped`] with a `+` is
    /// written as `YYYY-MM-DDThh:mm:ssZ`.
    #[must_use]
    pub fn with_start_text(mut self, start: TokenTime<'a>) -> Self {
        self.claims.set_time(Field::ST, start);
        self
    }

    /// Limits the addresses of clients.
    ///
    /// # Errors
    /// None today; the result leaves room for it.
    pub fn with_addresses(mut self, range: IpRange<'a>) -> Result<Self, ParseError> {
        self.claims.set(Field::SIP, range.text).map_err(|problem| ParseError::of("sip", 0, problem))?;
        Ok(self)
    }

    /// Limits the token to HTTPS.
    ///
    /// # Errors
    /// As [`UnsignedSas::with_addresses`].
    pub fn https_only(self) -> Result<Self, ParseError> {
        self.with_protocol(Protocol::Https)
    }

    /// Writes the protocols. A token without them allows HTTPS and HTTP.
    ///
    /// # Errors
    /// As [`UnsignedSas::with_addresses`].
    pub fn with_protocol(self, protocol: Protocol) -> Result<Self, ParseError> {
        self.with(Field::SPR, protocol.as_str())
    }

    /// Names a stored access policy.
    ///
    /// # Errors
    /// [`ParseError`] if the id is empty or has a control character, or the token's kind has no policies.
    pub fn with_identifier(self, id: &'a str) -> Result<Self, ParseError> {
        self.with(Field::SI, id)
    }

    /// Sets the encryption scope.
    ///
    /// # Errors
    /// [`ParseError`] if the version does not have one.
    pub fn with_encryption_scope(self, scope: &'a str) -> Result<Self, ParseError> {
        self.with(Field::SES, scope)
    }

    /// Sets the depth of the directory: its number of segments.
    ///
    /// # Errors
    /// [`ParseError`] if the token is not for a directory, or the text is not a number up to 63.
    pub fn with_depth(self, depth: &'a str) -> Result<Self, ParseError> {
        self.with(Field::SDD, depth)
    }

    /// Sets the name of the table.
    ///
    /// # Errors
    /// [`ParseError`] if the token is not for a table.
    pub fn with_table(self, name: &'a str) -> Result<Self, ParseError> {
        self.with(Field::TN, name)
    }

    /// Sets a value of a token by the name of its field: the overridden headers `rscc`, `rscd`, `rsce`, `rscl`, `rsct`,
    /// the keys of entities `spk`, `srk`, `epk`, `erk`, the ids `saoid`, `suoid`, `scid`, `sduoid`, and the names of signed
    /// headers and parameters `srh`, `srq`.
    ///
    /// # Errors
    /// [`ParseError`] for another name, a malformed value, or a field that the kind and version do not have.
    pub fn with_value(self, name: &'a str, value: &'a str) -> Result<Self, ParseError> {
        const NAMES: [Field; 15] = [
            Field::RSCC,
            Field::RSCD,
            Field::RSCE,
            Field::RSCL,
            Field::RSCT,
            Field::SPK,
            Field::SRK,
            Field::EPK,
            Field::ERK,
            Field::SAOID,
            Field::SUOID,
            Field::SCID,
            Field::SDUOID,
            Field::SRH,
            Field::SRQ,
        ];
        match Field::from_name(name).filter(|field| NAMES.contains(field)) {
            Some(field) => self.with(field, value),
            None => Err(ParseError::at(0, Problem::UnknownField)),
        }
    }

    /// Returns the text to be signed.
    ///
    /// # Errors
    /// [`ParseError`] if a required value is missing, or the resource is not of the token's kind.
    pub fn string_to_sign<'s>(
        &'s self,
        resource: &'s Resource<'s>,
        parameters: RequestParameters<'s>,
    ) -> Result<StringToSign<'s, 'a>, ParseError> {
        self.claims.complete()?;
        let fits =
            self.claims.kind == SasKind::Account || resource.is_within(self.claims.kind, self.claims.depth);
        if !fits {
            return Err(ParseError::of("sr", 0, Problem::NotOfKind));
        }
        Ok(StringToSign { claims: Source::Given(&self.claims), resource, parameters, omitted: None })
    }

    /// Completes the token with the tag over [`UnsignedSas::string_to_sign`].
    #[must_use]
    pub const fn finish(self, tag: Tag) -> SignedSas<'a> {
        SignedSas { claims: self.claims, tag }
    }

    /// Signs with an account's key in memory.
    ///
    /// # Errors
    /// As [`UnsignedSas::string_to_sign`]; [`Problem::NotOfKind`] for a token of a user delegation key.
    pub fn sign<K: StreamKey>(
        self,
        resource: &Resource<'_>,
        key: &AccountKey<K>,
    ) -> Result<SignedSas<'a>, ParseError> {
        self.sign_with(false, resource, key, RequestParameters::default())
    }

    /// Signs with a user delegation key in memory.
    ///
    /// # Errors
    /// As [`UnsignedSas::string_to_sign`]; [`Problem::NotOfKind`] for a token of the account's key.
    pub fn sign_delegated<K: StreamKey>(
        self,
        resource: &Resource<'_>,
        key: &DelegationKey<K>,
        parameters: RequestParameters<'_>,
    ) -> Result<SignedSas<'a>, ParseError> {
        self.sign_with(true, resource, key, parameters)
    }

    fn sign_with<S, K: StreamKey>(
        self,
        delegated: bool,
        resource: &Resource<'_>,
        key: &ServiceKey<S, K>,
        parameters: RequestParameters<'_>,
    ) -> Result<SignedSas<'a>, ParseError> {
        if self.claims.is_delegated() != delegated {
            return Err(ParseError::of("skoid", 0, Problem::NotOfKind));
        }
        let tag = tag(key.mac(), &self.string_to_sign(resource, parameters)?);
        Ok(self.finish(tag))
    }
}

/// A signed storage token. `Display` writes it with its signature: the text is a credential.
pub struct SignedSas<'a> {
    claims: GivenClaims<'a>,
    tag: Tag,
}

impl fmt::Display for SignedSas<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sink = EscapedSink::new(f);
        for field in self.claims.present() {
            sink.put_plain(field.name().as_bytes());
            sink.put_plain(b"=");
            self.claims.put(field, &mut sink);
            sink.put_plain(b"&");
        }
        sink.put_plain(b"sig=");
        Base64(&self.tag).with(|text| sink.put(text.as_bytes()));
        sink.finish()
    }
}

impl fmt::Debug for SignedSas<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedSas").field("claims", &self.claims).finish_non_exhaustive()
    }
}
