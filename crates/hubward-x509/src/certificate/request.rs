//! Certification requests (PKCS#10, RFC 2986): what a device asks to have signed, and its proof that it holds
//! the key.

use core::fmt;

use rustls_pki_types::SignatureVerificationAlgorithm;

use super::name::Name;
use super::{PublicKey, Signed};
use crate::error::{CertificateError, Problem};
use crate::path::signature::check_signature;
use crate::tlv::{Tag, context};

/// A request, parsed; nothing about it is proven.
#[derive(Clone, Copy)]
pub struct CertificateRequest<'a> {
    signed: Signed<'a>,
    subject: Name<'a>,
    key: PublicKey<'a>,
    attributes: &'a [u8],
}

/// A request whose sender holds the key it names.
#[derive(Debug, Clone, Copy)]
pub struct VerifiedRequest<'a> {
    request: CertificateRequest<'a>,
}

impl<'a> CertificateRequest<'a> {
    /// Parses one request from DER.
    ///
    /// # Errors
    /// [`CertificateError`] where it is no DER request of version 1.
    pub fn parse(der: &'a [u8]) -> Result<Self, CertificateError> {
        let (signed, mut info) = Signed::read(der)?;
        if info.small()? != 0 {
            return Err(CertificateError::UnknownVersion);
        }
        let subject = Name::new(info.expect(Tag::SEQUENCE)?.value);
        let key = PublicKey::read(&mut info)?;
        // not optional in RFC 2986, but left out by several embedded stacks
        let attributes = info.optional(context(0, true))?.map_or(&[][..], |tlv| tlv.value);
        info.finish()?;
        Ok(Self { signed, subject, key, attributes })
    }

    /// Whom the certificate shall be about.
    #[must_use]
    pub const fn subject(&self) -> Name<'a> {
        self.subject
    }

    /// The contents of its attributes, as they came.
    #[must_use]
    pub const fn attributes(&self) -> &'a [u8] {
        self.attributes
    }

    /// Verifies that whoever made the request holds its key (RFC 2986 3).
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
    /// Whom the certificate shall be about: a wish, not a fact.
    #[must_use]
    pub const fn subject(&self) -> Name<'a> {
        self.request.subject
    }

    /// The key that its sender holds.
    #[must_use]
    pub const fn public_key(&self) -> PublicKey<'a> {
        self.request.key
    }

    /// The contents of its attributes, as they came.
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
