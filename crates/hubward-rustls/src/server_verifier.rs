//! The verifier of a device, or of whoever else calls a hub.

use hubward_x509::{Anchors, Chain, ParseError, Profile, TrustBundle, UnixTime};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

use crate::error::Refusal;
use crate::handshake::{schemes, verify_tls12, verify_tls13};
use crate::limits::Limits;
use crate::schemes::ALGORITHMS;

/// Accepts a server whose certificate is for the name that was called (RFC 9525) and has a path to a root that is
/// trusted, under the `server` profile.
///
/// What it trusts does not change: take an update of the bundle by a new verifier in a new `ClientConfig`. rustls
/// resumes no session that began under another verifier.
#[derive(Debug, Clone)]
pub struct ServerVerifier {
    roots: Roots,
    limits: Limits,
    algorithms: WebPkiSupportedAlgorithms,
}

#[derive(Debug, Clone)]
enum Roots {
    Bundle(TrustBundle),
    Fixed(Vec<CertificateDer<'static>>),
}

impl ServerVerifier {
    /// Trusts the anchors of a bundle, each within its window, until the bundle expires.
    #[must_use]
    pub const fn new(bundle: TrustBundle) -> Self {
        Self::trusting(Roots::Bundle(bundle))
    }

    /// Trusts these roots for as long as each of them is valid.
    ///
    /// # Errors
    /// [`ParseError`] with the number of the first that cannot be read.
    pub fn with_roots(roots: Vec<CertificateDer<'static>>) -> Result<Self, ParseError> {
        Anchors::parse(&roots)?;
        Ok(Self::trusting(Roots::Fixed(roots)))
    }

    const fn trusting(roots: Roots) -> Self {
        Self { roots, limits: Limits::DEFAULT, algorithms: ALGORITHMS }
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

    fn judge(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Refusal> {
        self.limits.check(leaf, others)?;
        let chain = Chain::parse(leaf, others)?;
        let anchors = match &self.roots {
            Roots::Bundle(bundle) => bundle.anchors(now)?,
            Roots::Fixed(ders) => Anchors::parse(ders)?,
        };
        chain.verify(&anchors, &Profile::server(name.to_owned()), self.algorithms.all, now)?;
        Ok(())
    }
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.judge(end_entity, intermediates, server_name, now)?;
        Ok(ServerCertVerified::assertion())
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
