//! The verifier of a hub that judges certificates itself, after every handshake.

use hubward_x509::Certificate;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use crate::error::Refusal;
use crate::handshake::{schemes, verify_tls12, verify_tls13};
use crate::limits::Limits;
use crate::schemes::ALGORITHMS;

/// Whether a client must show a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ClientAuth {
    /// One is asked for, and a client without one goes on: it has a token, or nothing.
    #[default]
    Offered,
    /// Without one there is no connection.
    Mandatory,
}

/// Checks that a client holds the key of the certificate that it shows, and that it shows no more than [`Limits`]
/// allow. **It proves nothing else**: anybody can make a certificate that passes, in any device's name.
///
/// Judge `peer_certificates()` on every connection, by chain or by pin: a resumed handshake calls no verifier at all,
/// and hands out the certificates that the first one showed.
#[derive(Debug, Clone)]
pub struct PossessionOnly {
    auth: ClientAuth,
    hints: Vec<DistinguishedName>,
    pub(crate) limits: Limits,
    pub(crate) algorithms: WebPkiSupportedAlgorithms,
}

impl PossessionOnly {
    /// Client authentication is offered, without hints, by [`Limits::DEFAULT`] and [`ALGORITHMS`].
    #[must_use]
    pub const fn new() -> Self {
        Self { auth: ClientAuth::Offered, hints: Vec::new(), limits: Limits::DEFAULT, algorithms: ALGORITHMS }
    }

    /// Whether a client must show a certificate.
    #[must_use]
    pub fn with_client_auth(self, auth: ClientAuth) -> Self {
        Self { auth, ..self }
    }

    /// Tells a client the names of these CAs (RFC 8446 4.2.4), by which one with several certificates may choose.
    /// Without any it shows what it has: leave them out where self-signed certificates are registered.
    ///
    /// # Errors
    /// [`CertificateError`](hubward_x509::CertificateError) of the first that cannot be read.
    pub fn with_hints(
        self,
        authorities: &[CertificateDer<'_>],
    ) -> Result<Self, hubward_x509::CertificateError> {
        let mut hints = Vec::new();
        for der in authorities {
            let subject = Certificate::parse(der)?.subject();
            hints.push(DistinguishedName::in_sequence(subject.as_der()));
        }
        Ok(Self { hints, ..self })
    }

    /// Other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Other algorithms, such as those of the connection's `CryptoProvider`.
    #[must_use]
    pub fn with_algorithms(self, algorithms: WebPkiSupportedAlgorithms) -> Self {
        Self { algorithms, ..self }
    }
}

impl Default for PossessionOnly {
    fn default() -> Self {
        Self::new()
    }
}

impl ClientCertVerifier for PossessionOnly {
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
        self.limits.check(end_entity, intermediates).map_err(Refusal::from)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        schemes(&self.algorithms)
    }
}
