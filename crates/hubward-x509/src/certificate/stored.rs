//! A certificate that owns its bytes: parsed once, and borrowed again without parsing.

use crate::error::CertificateError;
use alloc::sync::Arc;
use core::fmt;

use super::extensions::Extensions;
use super::name::Name;
use super::time::Validity;
use super::{Certificate, PublicKey, Signed, Version};

/// The position of a field in the bytes of its certificate or revocation list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    end: usize,
}

impl Span {
    /// Returns the position of `part`, which is a slice of `whole`.
    pub(crate) fn of(whole: &[u8], part: &[u8]) -> Self {
        let start = part.as_ptr().addr().saturating_sub(whole.as_ptr().addr());
        Self { start, end: start.saturating_add(part.len()) }
    }

    /// Returns the field in the same or in copied bytes.
    #[inline]
    pub(crate) fn of_bytes<'a>(&self, whole: &'a [u8]) -> &'a [u8] {
        whole.get(self.start..self.end).unwrap_or_default()
    }
}

/// The positions of a structure's signed bytes, algorithm and signature.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SignedSpans([Span; 3]);

impl SignedSpans {
    pub(crate) fn of(whole: &[u8], signed: &Signed<'_>) -> Self {
        let Signed { message, algorithm, signature } = *signed;
        Self([message, algorithm, signature].map(|part| Span::of(whole, part)))
    }

    #[inline]
    pub(crate) fn of_bytes<'a>(&self, whole: &'a [u8]) -> Signed<'a> {
        let [message, algorithm, signature] = self.0.each_ref().map(|span| span.of_bytes(whole));
        Signed { message, algorithm, signature }
    }
}

/// The bytes of a certificate and the positions of its fields.
#[derive(Clone)]
pub(crate) struct StoredCertificate {
    der: Arc<[u8]>,
    spans: Arc<Spans>,
}

/// The number of extensions that validation knows.
pub(super) const KNOWN: usize = 13;

struct Spans {
    signed: SignedSpans,
    version: Version,
    serial: Span,
    issuer: Span,
    validity: Validity,
    subject: Span,
    /// The SubjectPublicKeyInfo, its algorithm and its key.
    key: [Span; 3],
    extensions: [Option<(bool, Span)>; KNOWN],
    unknown_critical: bool,
    default_written: bool,
    unreadable: Option<CertificateError>,
}

impl StoredCertificate {
    pub(crate) fn new(certificate: &Certificate<'_>) -> Self {
        let Certificate {
            der,
            signed,
            version,
            serial,
            issuer,
            validity,
            subject,
            key,
            extensions,
            unreadable,
        } = certificate;
        let span = |part: &[u8]| Span::of(der, part);
        let spans = Spans {
            signed: SignedSpans::of(der, signed),
            version: *version,
            serial: span(serial),
            issuer: span(issuer.as_der()),
            validity: *validity,
            subject: span(subject.as_der()),
            key: [key.der, key.algorithm, key.key].map(span),
            extensions: extensions.known().map(|one| one.map(|one| (one.critical, span(one.value)))),
            unknown_critical: extensions.unknown_critical,
            default_written: extensions.default_written,
            unreadable: *unreadable,
        };
        Self { der: Arc::from(*der), spans: Arc::new(spans) }
    }

    pub(crate) fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// Returns the name of the subject, without the other fields.
    #[inline]
    pub(crate) fn subject(&self) -> Name<'_> {
        Name::new(self.spans.subject.of_bytes(&self.der))
    }

    /// Returns the public key, without the other fields.
    #[inline]
    pub(crate) fn public_key(&self) -> PublicKey<'_> {
        let [der, algorithm, key] = self.spans.key.map(|span| span.of_bytes(&self.der));
        PublicKey { der, algorithm, key }
    }

    /// Returns the certificate, without parsing it.
    pub(crate) fn certificate(&self) -> Certificate<'_> {
        let (spans, der) = (&*self.spans, &*self.der);
        let extensions = spans.extensions.map(|one| {
            one.map(|(critical, span)| super::extensions::Extension { critical, value: span.of_bytes(der) })
        });
        Certificate {
            der,
            signed: spans.signed.of_bytes(der),
            version: spans.version,
            serial: spans.serial.of_bytes(der),
            issuer: Name::new(spans.issuer.of_bytes(der)),
            validity: spans.validity,
            subject: Name::new(spans.subject.of_bytes(der)),
            key: self.public_key(),
            extensions: Extensions::of_known(extensions, spans.unknown_critical, spans.default_written),
            unreadable: spans.unreadable,
        }
    }
}

impl fmt::Debug for StoredCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.certificate().fmt(f)
    }
}
