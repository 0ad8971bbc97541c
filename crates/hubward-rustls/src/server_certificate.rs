//! [`ServerVerifier`]: the verifier of a device or another client of a hub.

use hubward_x509::{Anchors, Chain, Profile, TrustBundle, UnixTime, error::ParseError};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

use crate::error::VerifierError;
use crate::limits::Limits;
use crate::tls_verifier::TlsVerifier;
use crate::trust::trusted_at;

/// Accepts a server whose certificate is valid for the server name of the connection (RFC 9525) and has a path to a
/// trusted root, under the `server` profile.
///
/// ```
/// use hubward_rustls::ServerVerifier;
/// # use rustls::pki_types::CertificateDer;
/// # fn verifier(hub_root: CertificateDer<'static>) -> Result<ServerVerifier, hubward_x509::error::ParseError> {
/// let verifier = ServerVerifier::with_roots(vec![hub_root])?;
/// # Ok(verifier)
/// # }
/// ```
///
/// The trusted roots of a verifier do not change: after an update of the bundle, create a new verifier and a new
/// `ClientConfig`. rustls resumes no session that was established with another verifier.
#[derive(Debug, Clone)]
pub struct ServerVerifier {
    roots: Roots,
    tls: TlsVerifier,
}

#[derive(Debug, Clone)]
enum Roots {
    Bundle(TrustBundle),
    Fixed(Anchors),
}

impl ServerVerifier {
    /// Trusts the anchors of a bundle, each in its trust period, until the bundle expires.
    #[must_use]
    pub const fn new(bundle: TrustBundle) -> Self {
        Self::with(Roots::Bundle(bundle))
    }

    /// Trusts these roots while their certificates are valid.
    ///
    /// # Errors
    /// [`ParseError`] with the number of the first root that cannot be parsed.
    pub fn with_roots(roots: Vec<CertificateDer<'static>>) -> Result<Self, ParseError> {
        Anchors::parse(&roots).map(Self::with_anchors)
    }

    /// Trusts these anchors while their certificates are valid, and each that was added until a time
    /// ([`Anchors::add_until`]) until then. They were parsed once, and a clone shares them.
    #[must_use]
    pub const fn with_anchors(anchors: Anchors) -> Self {
        Self::with(Roots::Fixed(anchors))
    }

    const fn with(roots: Roots) -> Self {
        Self { roots, tls: TlsVerifier::new() }
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

    fn verify(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), VerifierError> {
        self.tls.limits.check(leaf, others)?;
        let chain = Chain::parse(leaf, others)?;
        let mut left = Anchors::new();
        let anchors = match &self.roots {
            Roots::Bundle(bundle) => &bundle.anchors(now)?,
            Roots::Fixed(anchors) if trusted_at(anchors, now).count() == anchors.iter().len() => anchors,
            Roots::Fixed(anchors) => {
                trusted_at(anchors, now).for_each(|one| left.add(&one));
                &left
            }
        };
        chain.verify(anchors, &Profile::server(name.to_owned()), self.tls.algorithms.all, now)?;
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
        self.verify(end_entity, intermediates, server_name, now)?;
        Ok(ServerCertVerified::assertion())
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
