//! Certification requests (PKCS#10, RFC 2986): the name and the key that a device asks a CA to certify, signed with
//! that key as proof of possession.

use core::fmt;

use rustls_pki_types::SignatureVerificationAlgorithm;

use super::name::Name;
use super::{PublicKey, Signed};
use crate::error::{CertificateError, Problem};
use crate::path::signature::check_signature;
use crate::tlv::{Tag, context};

/// A certification request, parsed but not verified.
///
/// ```
/// use hubward_x509::CertificateRequest;
/// # use rcgen::{CertificateParams, DnType, KeyPair};
/// # let mut params = CertificateParams::default();
/// # params.distinguished_name.push(DnType::CommonName, "pump-17");
/// # let der = params.serialize_request(&KeyPair::generate()?)?.der().to_vec();
///
/// let request = CertificateRequest::parse(&der)?.verify(hubward_ring::signature::ALL)?;
/// assert_eq!(request.subject().to_string(), "CN=pump-17");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct CertificateRequest<'a> {
    signed: Signed<'a>,
    subject: Name<'a>,
    key: PublicKey<'a>,
    attributes: &'a [u8],
}

/// A certification request whose signature was verified: the sender holds the private key.
#[derive(Debug, Clone, Copy)]
pub struct VerifiedRequest<'a> {
    request: CertificateRequest<'a>,
}

impl<'a> CertificateRequest<'a> {
    /// Parses one request from DER.
    ///
    /// # Errors
    /// [`CertificateError`] if `der` is not a DER request of version 1.
    pub fn parse(der: &'a [u8]) -> Result<Self, CertificateError> {
        let (signed, mut info) = Signed::read(der)?;
        if info.read_u32()? != 0 {
            return Err(CertificateError::UnknownVersion);
        }
        let subject = Name::new(info.expect(Tag::SEQUENCE)?.value);
        let key = PublicKey::read(&mut info)?;
        // RFC 2986 requires the attributes, but several embedded stacks omit them
        let attributes = info.optional(context(0, true))?.map_or(&[][..], |tlv| tlv.value);
        info.finish()?;
        Ok(Self { signed, subject, key, attributes })
    }

    /// Returns the requested subject.
    #[must_use]
    pub const fn subject(&self) -> Name<'a> {
        self.subject
    }

    /// Returns the contents of the attributes, as received.
    #[must_use]
    pub const fn attributes(&self) -> &'a [u8] {
        self.attributes
    }

    /// Verifies the signature with the request's own key, the proof of possession (RFC 2986 3).
    ///
    /// # Errors
    /// [`Problem::BadSignature`] or [`Problem::UnsupportedAlgorithm`].
    pub fn verify(
        self,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<VerifiedRequest<'a>, Problem> {
        check_signature(&self.signed, &self.key, algorithms)?;
        Ok(VerifiedRequest { request: self })
    }
}

impl<'a> VerifiedRequest<'a> {
    /// Returns the requested subject. The CA decides whether to certify it.
    #[must_use]
    pub const fn subject(&self) -> Name<'a> {
        self.request.subject
    }

    /// Returns the public key whose private key the sender holds.
    #[must_use]
    pub const fn public_key(&self) -> PublicKey<'a> {
        self.request.key
    }

    /// Returns the contents of the attributes, as received.
    #[must_use]
    pub const fn attributes(&self) -> &'a [u8] {
        self.request.attributes
    }
}

impl fmt::Debug for CertificateRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateRequest").field("subject", &self.subject).finish_non_exhaustive()
    }
}
