//! The core of all verifiers: limits, algorithms, and the verification of the handshake's signature, which proves that
//! a peer holds the private key of its certificate.

use std::sync::Arc;

use hubward_x509::{Chain, Problem};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, PeerMisbehaved, SignatureScheme};

use crate::limits::Limits;
use crate::schemes::ALGORITHMS;

/// The parts that all verifiers share: the limits, the algorithms, and the signature of the handshake.
#[derive(Debug, Clone)]
pub(crate) struct TlsVerifier {
    pub(crate) limits: Limits,
    pub(crate) algorithms: WebPkiSupportedAlgorithms,
}

impl TlsVerifier {
    /// Creates the core with [`Limits::DEFAULT`] and [`ALGORITHMS`].
    pub(crate) const fn new() -> Self {
        Self { limits: Limits::DEFAULT, algorithms: ALGORITHMS }
    }

    /// Verifies a TLS 1.2 signature (RFC 5246 7.4.8) with the algorithm of the scheme that is for the leaf's key.
    ///
    /// Only the key of the certificate is used. The caller checks the rest afterwards, and so can also be given an
    /// expired certificate, a CA's, or one with unknown extensions.
    pub(crate) fn verify_tls12(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify(message, leaf, signed, usize::MAX)
    }

    /// Verifies a TLS 1.3 signature (RFC 8446 4.4.3), whose scheme determines the curve as well.
    pub(crate) fn verify_tls13(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if !signs_tls13(signed.scheme) {
            return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
        }
        self.verify(message, leaf, signed, 1)
    }

    /// Verifies the signature with the first `most` algorithms of its scheme.
    fn verify(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
        most: usize,
    ) -> Result<HandshakeSignatureValid, Error> {
        let (_, of_scheme) = self
            .algorithms
            .mapping
            .iter()
            .find(|(scheme, _)| *scheme == signed.scheme)
            .ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
        // a certificate that is registered by its thumbprint needs a key that can be read, and no more
        let chain = Chain::parse(leaf, &[] as &[&[u8]]).map_err(|_| CertificateError::BadEncoding)?;
        let key = chain.leaf().public_key();
        for algorithm in of_scheme.iter().take(most) {
            match key.verify(message, signed.signature(), *algorithm) {
                Ok(()) => return Ok(HandshakeSignatureValid::assertion()),
                Err(Problem::UnsupportedAlgorithm(_)) => {}
                Err(Problem::BadSignature) => return Err(CertificateError::BadSignature.into()),
                Err(problem) => return Err(CertificateError::Other(OtherError(Arc::new(problem))).into()),
            }
        }
        // the scheme was offered, but does not fit the key
        Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into())
    }

    /// Returns the schemes to offer to a peer, in the order of the algorithms.
    pub(crate) fn schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.mapping.iter().map(|(scheme, _)| *scheme).collect()
    }
}

/// Returns `true` if a scheme may sign a TLS 1.3 handshake (RFC 8446 4.2.3). PKCS#1 v1.5 and SHA-1 may not: they are in
/// the same list only for signatures of certificates.
const fn signs_tls13(scheme: SignatureScheme) -> bool {
    matches!(
        scheme,
        SignatureScheme::ECDSA_NISTP256_SHA256
            | SignatureScheme::ECDSA_NISTP384_SHA384
            | SignatureScheme::ECDSA_NISTP521_SHA512
            | SignatureScheme::ED25519
            | SignatureScheme::ED448
            | SignatureScheme::RSA_PSS_SHA256
            | SignatureScheme::RSA_PSS_SHA384
            | SignatureScheme::RSA_PSS_SHA512
    )
}
