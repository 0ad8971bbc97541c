//! [`ProofOfPossessionVerifier`]: the verifier of a hub that checks certificates itself after every handshake.

use hubward_x509::Certificate;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use crate::error::VerifierError;
use crate::limits::Limits;
use crate::tls_verifier::TlsVerifier;

/// The requirement for a client certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ClientAuth {
    /// A certificate is requested; a client without one can authenticate with a token.
    #[default]
    Offered,
    /// A client without a certificate is refused.
    Mandatory,
}

/// Verifies that a client has the private key of the certificate that it presents, and that it presents no more than
/// [`Limits`] allow. **It proves nothing else**: anyone can create a certificate for any device's name that passes.
///
/// Verify `peer_certificates()` on every connection, by chain or by thumbprint: a resumed handshake calls no verifier,
/// and returns the certificates of the first handshake.
///
/// ```
/// use hubward_rustls::{ClientAuth, ProofOfPossessionVerifier};
///
/// let verifier = ProofOfPossessionVerifier::new().with_client_auth(ClientAuth::Mandatory);
/// ```
#[derive(Debug, Clone)]
pub struct ProofOfPossessionVerifier {
    auth: ClientAuth,
    hints: Vec<DistinguishedName>,
    pub(crate) tls: TlsVerifier,
}

impl ProofOfPossessionVerifier {
    /// Creates the verifier with optional client authentication, without hints, with [`Limits::DEFAULT`] and
    /// [`ALGORITHMS`](crate::ALGORITHMS).
    #[must_use]
    pub const fn new() -> Self {
        Self { auth: ClientAuth::Offered, hints: Vec::new(), tls: TlsVerifier::new() }
    }

    /// Sets whether a client must present a certificate.
    #[must_use]
    pub fn with_client_auth(self, auth: ClientAuth) -> Self {
        Self { auth, ..self }
    }

    /// Sends the names of these CAs to a client (RFC 8446 4.2.4), which can use them to choose among several
    /// certificates. Without hints a client presents any certificate: use none if self-signed certificates are
    /// registered.
    ///
    /// # Errors
    /// [`CertificateError`](hubward_x509::error::CertificateError) of the first certificate that cannot be parsed.
    pub fn with_hints(
        self,
        authorities: &[CertificateDer<'_>],
    ) -> Result<Self, hubward_x509::error::CertificateError> {
        let mut hints = Vec::new();
        for der in authorities {
            let subject = Certificate::parse(der)?.subject();
            hints.push(DistinguishedName::in_sequence(subject.as_der()));
        }
        Ok(Self { hints, ..self })
    }

    /// Sets other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { tls: TlsVerifier { limits, ..self.tls }, ..self }
    }

    /// Sets other algorithms, such as those of the connection's `CryptoProvider`.
    #[must_use]
    pub fn with_algorithms(self, algorithms: WebPkiSupportedAlgorithms) -> Self {
        Self { tls: TlsVerifier { algorithms, ..self.tls }, ..self }
    }
}

impl Default for ProofOfPossessionVerifier {
    fn default() -> Self {
        Self::new()
    }
}

impl ClientCertVerifier for ProofOfPossessionVerifier {
    fn offer_client_auth(&self) -> bool {
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        self.auth == ClientAuth::Mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.tls.limits.check(end_entity, intermediates).map_err(VerifierError::from)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.tls.verify_tls12(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.tls.verify_tls13(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.tls.schemes()
    }
}
