//! Certificates, parsed once into borrowed values (RFC 5280 4.1). [`Certificate`] keeps the signed bytes as received;
//! an extension is decoded when it is needed. The other types are its fields ([`Name`], [`PublicKey`], [`Validity`],
//! [`Extensions`], [`SubjectAltNames`]); [`CertificateRequest`] is a request for one.

pub(crate) mod directory_string;
mod ecdsa_malleability;
pub(crate) mod extensions;
mod general_name;
pub(crate) mod name;
mod request;
pub(crate) mod stored;
pub(crate) mod time;

use core::fmt;

pub use extensions::{BasicConstraints, Extension, Extensions, KeyUsage};
pub use general_name::{GeneralName, SubjectAltNames};
pub use name::Name;
pub use request::{CertificateRequest, VerifiedRequest};
use rustls_pki_types::SignatureVerificationAlgorithm;
pub use time::{Seconds, Validity};

pub use crate::identity::common_name;

use crate::error::{CertificateError, Problem, UnsupportedAlgorithm, UnsupportedKey};
use crate::tlv::{Cursor, Malformed, Tag, context, integer, whole_bits};

/// The version of a certificate. Version 2 was never in use, but is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "X.509 has three versions")]
pub enum Version {
    /// Version 1, without extensions.
    V1,
    /// Version 2, with unique identifiers.
    V2,
    /// Version 3, with extensions.
    V3,
}

/// The public key of a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey<'a> {
    /// The whole SubjectPublicKeyInfo.
    pub(crate) der: &'a [u8],
    /// The contents of the AlgorithmIdentifier.
    pub(crate) algorithm: &'a [u8],
    /// The contents of the BIT STRING.
    pub(crate) key: &'a [u8],
}

impl<'a> PublicKey<'a> {
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, Malformed> {
        let spki = cursor.expect(Tag::SEQUENCE)?;
        let mut fields = spki.open();
        let algorithm = fields.expect(Tag::SEQUENCE)?.value;
        let key = whole_bits(&fields.expect(Tag::BIT_STRING)?)?;
        fields.finish()?;
        Ok(Self { der: spki.raw, algorithm, key })
    }

    /// Returns the DER of the SubjectPublicKeyInfo, as received.
    #[must_use]
    pub const fn as_der(&self) -> &'a [u8] {
        self.der
    }

    /// Verifies a signature of `message` with this key, for example that of a TLS handshake.
    ///
    /// # Errors
    /// [`Problem::UnsupportedAlgorithm`] if `algorithm` is for another type of key, [`Problem::UnsupportedKey`] if the
    /// signature does not verify with a key of this form, [`Problem::BadSignature`] if it does not verify otherwise.
    pub fn verify(
        &self,
        message: &[u8],
        signature: &[u8],
        algorithm: &dyn SignatureVerificationAlgorithm,
    ) -> Result<(), Problem> {
        if *algorithm.public_key_alg_id() != *self.algorithm {
            return Err(UnsupportedAlgorithm::new(&algorithm.signature_alg_id(), self).into());
        }
        algorithm
            .verify_signature(self.key, message, signature)
            .map_err(|_| UnsupportedKey::of(self).map_or(Problem::BadSignature, Problem::UnsupportedKey))
    }
}

impl fmt::Debug for PublicKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} bytes)", self.key.len())
    }
}

/// A signed structure: its signed bytes, the identifier of the signature algorithm and the signature.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed<'a> {
    pub(crate) message: &'a [u8],
    pub(crate) algorithm: &'a [u8],
    pub(crate) signature: &'a [u8],
}

impl<'a> Signed<'a> {
    /// Parses the whole DER; returns also a cursor over the signed part.
    pub(crate) fn read(der: &'a [u8]) -> Result<(Self, Cursor<'a>), CertificateError> {
        let mut input = Cursor::new(der);
        let mut outer = input.expect(Tag::SEQUENCE)?.open();
        if !input.is_empty() {
            return Err(CertificateError::TrailingBytes { count: input.rest().len() });
        }
        let message = outer.expect(Tag::SEQUENCE)?;
        let algorithm = outer.expect(Tag::SEQUENCE)?.value;
        let signature = whole_bits(&outer.expect(Tag::BIT_STRING)?)?;
        outer.finish()?;
        Ok((Self { message: message.raw, algorithm, signature }, message.open()))
    }
}

/// One certificate, parsed but not verified.
///
/// ```
/// use hubward_x509::{Certificate, UnixTime};
/// # use rcgen::{CertificateParams, KeyPair, date_time_ymd};
/// # let mut params = CertificateParams::default();
/// # (params.not_before, params.not_after) = (date_time_ymd(2025, 1, 1), date_time_ymd(2027, 1, 1));
/// # params.distinguished_name.push(rcgen::DnType::CommonName, "pump-17");
/// # let der = params.self_signed(&KeyPair::generate()?)?.der().to_vec();
///
/// let certificate = Certificate::parse(&der)?;
/// assert_eq!(certificate.subject().to_string(), "CN=pump-17");
/// let new_year_2026 = UnixTime::since_unix_epoch(core::time::Duration::from_secs(1_767_225_600));
/// assert!(certificate.validity().check(new_year_2026).is_ok());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Certificate<'a> {
    der: &'a [u8],
    pub(crate) signed: Signed<'a>,
    version: Version,
    serial: &'a [u8],
    issuer: Name<'a>,
    validity: Validity,
    subject: Name<'a>,
    key: PublicKey<'a>,
    extensions: Extensions<'a>,
    /// The reason why only the key, the validity period and the names could be read.
    unreadable: Option<CertificateError>,
}

impl<'a> Certificate<'a> {
    /// Parses one certificate from DER.
    ///
    /// # Errors
    /// [`CertificateError`] if `der` is not a DER certificate, has two different signature algorithms, an extension
    /// twice, or extensions in a version that does not allow them.
    pub fn parse(der: &'a [u8]) -> Result<Self, CertificateError> {
        let (signed, mut tbs) = Signed::read(der)?;
        let mut version_1_written = false;
        let version = match tbs.optional(context(0, true))? {
            None => Version::V1,
            Some(tlv) => {
                let mut inner = tlv.open();
                let version = match inner.read_u32()? {
                    0 => {
                        version_1_written = true;
                        Version::V1
                    }
                    1 => Version::V2,
                    2 => Version::V3,
                    _ => return Err(CertificateError::UnknownVersion),
                };
                inner.finish()?;
                version
            }
        };
        let serial = tbs.expect(Tag::INTEGER)?;
        integer(&serial)?;
        // RFC 5280 4.1.1.2
        if tbs.expect(Tag::SEQUENCE)?.value != signed.algorithm {
            return Err(CertificateError::AlgorithmsDiffer);
        }
        let issuer = Name::new(tbs.expect(Tag::SEQUENCE)?.value);
        let validity = Validity::read(tbs.expect(Tag::SEQUENCE)?.open())?;
        let subject = Name::new(tbs.expect(Tag::SEQUENCE)?.value);
        let key = PublicKey::read(&mut tbs)?;
        let issuer_unique_id = tbs.optional(context(1, false))?.is_some();
        let subject_unique_id = tbs.optional(context(2, false))?.is_some();
        if (issuer_unique_id || subject_unique_id) && version == Version::V1 {
            return Err(CertificateError::VersionTooLow);
        }
        let mut extensions = match tbs.optional(context(3, true))? {
            None => Extensions::default(),
            Some(_) if version != Version::V3 => return Err(CertificateError::VersionTooLow),
            Some(tlv) => {
                let mut inner = tlv.open();
                let list = inner.expect(Tag::SEQUENCE)?.open();
                inner.finish()?;
                Extensions::read(list)?
            }
        };
        tbs.finish()?;
        extensions.default_written |= version_1_written;
        Ok(Self {
            der,
            signed,
            version,
            serial: serial.value,
            issuer,
            validity,
            subject,
            key,
            extensions,
            unreadable: None,
        })
    }

    /// Parses a leaf, which may be registered by its thumbprint. Then nothing counts but its key and its validity period,
    /// so a leaf of which only these and the names can be read is returned with the reason, and no path accepts it.
    pub(crate) fn parse_leaf(der: &'a [u8]) -> Result<Self, CertificateError> {
        match Self::parse(der) {
            Err(error) => Self::parse_key(der, error).map_err(|_| error),
            readable => readable,
        }
    }

    /// Reads the fields up to the key, without the version, the serial number, the algorithms and the extensions.
    fn parse_key(der: &'a [u8], error: CertificateError) -> Result<Self, CertificateError> {
        let (signed, mut tbs) = Signed::read(der)?;
        tbs.optional(context(0, true))?;
        let serial = tbs.any()?.value;
        tbs.any()?;
        let issuer = Name::new(tbs.expect(Tag::SEQUENCE)?.value);
        let validity = Validity::read(tbs.expect(Tag::SEQUENCE)?.open())?;
        let subject = Name::new(tbs.expect(Tag::SEQUENCE)?.value);
        let key = PublicKey::read(&mut tbs)?;
        let (version, extensions, unreadable) = (Version::V1, Extensions::default(), Some(error));
        Ok(Self { der, signed, version, serial, issuer, validity, subject, key, extensions, unreadable })
    }

    /// Returns the reason why only the key, the validity period and the names of a leaf could be read: such a leaf of a
    /// [`Chain`](crate::Chain) is accepted by its thumbprint only. `None` for every other certificate.
    #[must_use]
    pub const fn unreadable(&self) -> Option<CertificateError> {
        self.unreadable
    }

    /// Returns the whole certificate, as received.
    #[must_use]
    pub const fn as_der(&self) -> &'a [u8] {
        self.der
    }

    /// Returns the version.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Returns the contents of the serial number's INTEGER, as received: big-endian, two's complement.
    #[must_use]
    pub const fn serial(&self) -> &'a [u8] {
        self.serial
    }

    /// Returns the name of the issuer.
    #[must_use]
    pub const fn issuer(&self) -> Name<'a> {
        self.issuer
    }

    /// Returns the name of the subject.
    #[must_use]
    pub const fn subject(&self) -> Name<'a> {
        self.subject
    }

    /// Returns the validity period.
    #[must_use]
    pub const fn validity(&self) -> Validity {
        self.validity
    }

    /// Returns the public key that the certificate binds to its subject.
    #[must_use]
    pub const fn public_key(&self) -> PublicKey<'a> {
        self.key
    }

    /// Returns the extensions, as received.
    #[must_use]
    pub const fn extensions(&self) -> &Extensions<'a> {
        &self.extensions
    }

    /// Returns `true` if issuer and subject are the same name (RFC 5280 3.2).
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.issuer.same(&self.subject)
    }

    /// Decodes the basic constraints.
    ///
    /// # Errors
    /// [`Malformed`] if they are present but cannot be decoded.
    pub fn basic_constraints(&self) -> Result<Option<BasicConstraints>, Malformed> {
        self.extensions.basic_constraints.map(|e| BasicConstraints::read(e.value)).transpose()
    }

    /// Decodes the key usage.
    ///
    /// # Errors
    /// [`Malformed`] if it is present but cannot be decoded.
    pub fn key_usage(&self) -> Result<Option<KeyUsage>, Malformed> {
        self.extensions.key_usage.map(|e| KeyUsage::read(e.value)).transpose()
    }

    /// Returns an iterator over the alternative names, empty if the extension is absent.
    ///
    /// # Errors
    /// [`Malformed`] if the list cannot be decoded; each name is decoded by the iterator and can fail too.
    pub fn subject_alt_names(&self) -> Result<SubjectAltNames<'a>, Malformed> {
        match self.extensions.subject_alt_name {
            None => Ok(SubjectAltNames::none()),
            Some(extension) => SubjectAltNames::read(extension.value),
        }
    }
}

impl fmt::Debug for Certificate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &self.subject)
            .field("issuer", &self.issuer)
            .field("validity", &self.validity)
            .finish_non_exhaustive()
    }
}
