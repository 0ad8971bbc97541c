//! The handshake's signature: the one thing that shows that a peer holds the key of its certificate.

use hubward_x509::{Certificate, Problem};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved, SignatureScheme};

/// Verifies a TLS 1.2 signature (RFC 5246 7.4.8) by whichever algorithm of the scheme is for the leaf's key.
///
/// Nothing of the certificate but its key is looked at, so that whoever judges it afterwards sees all there are:
/// expired, a CA's, with unknown extensions.
pub(crate) fn verify_tls12(
    message: &[u8],
    leaf: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    verify(message, leaf, signed, algorithms, usize::MAX)
}

/// Verifies a TLS 1.3 signature (RFC 8446 4.4.3), where the scheme names the curve too.
pub(crate) fn verify_tls13(
    message: &[u8],
    leaf: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    if !signs_tls13(signed.scheme) {
        return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
    }
    verify(message, leaf, signed, algorithms, 1)
}

fn verify(
    message: &[u8],
    leaf: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
    most: usize,
) -> Result<HandshakeSignatureValid, Error> {
    let (_, of_scheme) = algorithms
        .mapping
        .iter()
        .find(|(scheme, _)| *scheme == signed.scheme)
        .ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
    let key = Certificate::parse(leaf).map_err(|_| CertificateError::BadEncoding)?.public_key();
    for algorithm in of_scheme.iter().take(most) {
        match key.verify(message, signed.signature(), *algorithm) {
            Ok(()) => return Ok(HandshakeSignatureValid::assertion()),
            Err(Problem::UnsupportedAlgorithm) => {}
            Err(_) => return Err(CertificateError::BadSignature.into()),
        }
    }
    // a scheme that was offered, and a key that it is not for
    Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into())
}

/// Whether a scheme may sign a TLS 1.3 handshake (RFC 8446 4.2.3): neither PKCS#1 v1.5 nor SHA-1, which stand in the
/// same list for the signatures of certificates.
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

/// What a peer is told that it may sign with, in the order of the algorithms.
pub(crate) fn schemes(algorithms: &WebPkiSupportedAlgorithms) -> Vec<SignatureScheme> {
    algorithms.mapping.iter().map(|(scheme, _)| *scheme).collect()
}
