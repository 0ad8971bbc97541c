//! Certificates, parsed once into borrowed values (RFC 5280 4.1). The bytes that were signed are kept as they
//! came; an extension is decoded when it is judged.

pub(crate) mod extensions;
pub(crate) mod general_name;
pub(crate) mod name;
pub(crate) mod request;
pub(crate) mod time;
mod twin;

use core::fmt;

use extensions::{BasicConstraints, Extensions, KeyUsage};
use general_name::SubjectAltNames;
use name::Name;
use rustls_pki_types::SignatureVerificationAlgorithm;
use time::Validity;

use crate::error::{CertificateError, Problem};
use crate::tlv::{Cursor, Malformed, Tag, context, integer, only, whole_bits};

/// The version of a certificate. Version 2 has never been of use, but is no error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "X.509 has these three")]
pub enum Version {
    /// No extensions.
    V1,
    /// Unique identifiers.
    V2,
    /// Extensions.
    V3,
}

/// A public key as a certificate carries it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey<'a> {
    /// The whole SubjectPublicKeyInfo.
    pub(crate) der: &'a [u8],
    /// The contents of its AlgorithmIdentifier.
    pub(crate) algorithm: &'a [u8],
    /// The key's bits.
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

    /// The DER of the SubjectPublicKeyInfo, as it came.
    #[must_use]
    pub const fn as_der(&self) -> &'a [u8] {
        self.der
    }

    /// Verifies that this key's holder signed `message`, as a TLS handshake asks it to.
    ///
    /// # Errors
    /// [`Problem::UnsupportedAlgorithm`] where `algorithm` is for keys of another kind, [`Problem::BadSignature`]
    /// where the signature does not hold.
    pub fn verify(
        &self,
        message: &[u8],
        signature: &[u8],
        algorithm: &dyn SignatureVerificationAlgorithm,
    ) -> Result<(), Problem> {
        if *algorithm.public_key_alg_id() != *self.algorithm {
            return Err(Problem::UnsupportedAlgorithm);
        }
        algorithm.verify_signature(self.key, message, signature).map_err(|_| Problem::BadSignature)
    }
}

impl fmt::Debug for PublicKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} bytes)", self.key.len())
    }
}

/// Something signed: the bytes, the algorithm's identifier and the signature.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed<'a> {
    pub(crate) message: &'a [u8],
    pub(crate) algorithm: &'a [u8],
    pub(crate) signature: &'a [u8],
}

impl<'a> Signed<'a> {
    /// From the whole DER; returns also a cursor over what was signed.
    pub(crate) fn read(der: &'a [u8]) -> Result<(Self, Cursor<'a>), Malformed> {
        let mut outer = only(der, Tag::SEQUENCE)?.open();
        let message = outer.expect(Tag::SEQUENCE)?;
        let algorithm = outer.expect(Tag::SEQUENCE)?.value;
        let signature = whole_bits(&outer.expect(Tag::BIT_STRING)?)?;
        outer.finish()?;
        Ok((Self { message: message.raw, algorithm, signature }, message.open()))
    }
}

/// One certificate, parsed and believed in nothing.
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
}

impl<'a> Certificate<'a> {
    /// Parses one certificate from DER.
    ///
    /// # Errors
    /// [`CertificateError`] where it is no DER certificate, names two signature algorithms, has an extension
    /// twice or extensions in a version that has none.
    pub fn parse(der: &'a [u8]) -> Result<Self, CertificateError> {
        let (signed, mut tbs) = Signed::read(der)?;
        let version = match tbs.optional(context(0, true))? {
            None => Version::V1,
            Some(tlv) => {
                let mut inner = tlv.open();
                let version = match inner.small()? {
                    // v1 is the default, which DER leaves out
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
        let extensions = match tbs.optional(context(3, true))? {
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
        Ok(Self { der, signed, version, serial: serial.value, issuer, validity, subject, key, extensions })
    }

    /// The whole certificate, as it came.
    #[must_use]
    pub const fn as_der(&self) -> &'a [u8] {
        self.der
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The contents of its serial number's INTEGER, as they came: big-endian, two's complement.
    #[must_use]
    pub const fn serial(&self) -> &'a [u8] {
        self.serial
    }

    /// Who signed it.
    #[must_use]
    pub const fn issuer(&self) -> Name<'a> {
        self.issuer
    }

    /// Whom it is about.
    #[must_use]
    pub const fn subject(&self) -> Name<'a> {
        self.subject
    }

    /// When it is valid.
    #[must_use]
    pub const fn validity(&self) -> Validity {
        self.validity
    }

    /// The key that it vouches for.
    #[must_use]
    pub const fn public_key(&self) -> PublicKey<'a> {
        self.key
    }

    /// Its extensions, as they came.
    #[must_use]
    pub const fn extensions(&self) -> &Extensions<'a> {
        &self.extensions
    }

    /// Whether issuer and subject are one name (RFC 5280 3.2).
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.issuer.same(&self.subject)
    }

    /// Its basic constraints.
    ///
    /// # Errors
    /// [`Malformed`] where they are there but cannot be read.
    pub fn basic_constraints(&self) -> Result<Option<BasicConstraints>, Malformed> {
        self.extensions.basic_constraints.map(|e| BasicConstraints::read(e.value)).transpose()
    }

    /// Its key usage.
    ///
    /// # Errors
    /// [`Malformed`] where it is there but cannot be read.
    pub fn key_usage(&self) -> Result<Option<KeyUsage>, Malformed> {
        self.extensions.key_usage.map(|e| KeyUsage::read(e.value)).transpose()
    }

    /// Its alternative names, none where the extension is absent.
    ///
    /// # Errors
    /// [`Malformed`] where the list cannot be read; each of its names may be malformed besides.
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
