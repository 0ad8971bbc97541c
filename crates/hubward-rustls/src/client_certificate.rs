//! [`ClientCertificateVerifier`]: the verifier of a server that checks the client's certificate in the handshake, by chain or by thumbprint.

use hubward_core::{Digest, Thumbprint};
use hubward_ring::Digests;
use hubward_x509::{
    Anchors, Certificate, Chain, Crls, ExpectedSubject, ExpectedThumbprints, Name, Profile, Revocation,
    ThumbprintMatch, UnixTime, ValidityPolicy, VerifiedChain,
};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::CertificateDer;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use crate::error::VerifierError;
use crate::proof_of_possession::ProofOfPossessionVerifier;
use crate::trust::{IssuerStatus, TrustLookup, trusted_at};

/// A client certificate that was accepted at a certain time. Only [`ClientCertificateVerifier::verify`] creates one.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_enums, reason = "a certificate is accepted by its thumbprint or by its chain")]
pub enum VerifiedClient<'p> {
    /// The chain ends at a registered CA.
    Chain(VerifiedChain<'p>),
    /// The thumbprint is registered.
    Thumbprint(ThumbprintMatch<'p>),
}

impl<'p> VerifiedClient<'p> {
    /// Returns the leaf.
    #[must_use]
    pub const fn leaf(&self) -> &Certificate<'p> {
        match self {
            Self::Chain(chain) => chain.leaf(),
            Self::Thumbprint(matched) => matched.leaf(),
        }
    }
}

/// Refuses a client in the handshake unless the thumbprint of its certificate is registered, or the chain ends at a
/// registered CA under the `device` profile.
///
/// ```
/// use std::sync::Arc;
/// use hubward_rustls::{ClientCertificateVerifier, ProofOfPossessionVerifier, TrustStore, without_resumption};
/// # use rustls::{ServerConfig, pki_types::{CertificateDer, PrivateKeyDer}};
/// # fn config(
/// #     device_ca: CertificateDer<'static>,
/// #     hub_cert: CertificateDer<'static>,
/// #     hub_key: PrivateKeyDer<'static>,
/// # ) -> Result<ServerConfig, Box<dyn std::error::Error>> {
/// let mut trust = TrustStore::new();
/// trust.add_authority(device_ca)?;
/// let provider = Arc::new(rustls::crypto::ring::default_provider());
/// let config = ServerConfig::builder_with_provider(provider)
///     .with_safe_default_protocol_versions()?
///     .with_client_cert_verifier(Arc::new(ClientCertificateVerifier::new(ProofOfPossessionVerifier::new(), trust)))
///     .with_single_cert(vec![hub_cert], hub_key)?;
/// Ok(without_resumption(config))
/// # }
/// ```
///
/// A resumed handshake calls no verifier. Either disable resumption
/// ([`without_resumption`](crate::without_resumption)), or call [`ClientCertificateVerifier::verify`] with `peer_certificates()` after each
/// handshake.
#[derive(Debug)]
pub struct ClientCertificateVerifier {
    possession: ProofOfPossessionVerifier,
    lookup: Box<dyn TrustLookup>,
    profile: Profile<'static>,
    thumbprint_validity: ValidityPolicy,
    revocation: Option<RevocationRules>,
}

/// A function that sets the rules for revocation, starting from those with the lists to use.
type RevocationRules = for<'a> fn(Revocation<'a>) -> Revocation<'a>;

impl ClientCertificateVerifier {
    /// Creates the verifier. `possession` has the limits, the algorithms and whether a certificate is required,
    /// `lookup` the trusted CAs and certificates.
    #[must_use]
    pub fn new(possession: ProofOfPossessionVerifier, lookup: impl TrustLookup + 'static) -> Self {
        Self {
            possession,
            lookup: Box::new(lookup),
            profile: Profile::device(ExpectedSubject::Any),
            thumbprint_validity: ValidityPolicy::Enforce,
            revocation: None,
        }
    }

    /// Sets another profile for certificates issued by a CA.
    #[must_use]
    pub fn with_profile(self, profile: Profile<'static>) -> Self {
        Self { profile, ..self }
    }

    /// Sets whether a certificate with a registered thumbprint must be valid at the time. The default requires it.
    #[must_use]
    pub fn with_thumbprint_validity(self, validity: ValidityPolicy) -> Self {
        Self { thumbprint_validity: validity, ..self }
    }

    /// Checks revocation with the lists of the [`TrustLookup`]; without this, revocation is not checked. `rules` starts with
    /// [`Revocation::by`], which refuses a certificate that the lists do not clear: `|by| by` leaves it so.
    ///
    /// The lists for a chain are parsed in each handshake.
    #[must_use]
    pub fn with_revocation(self, rules: for<'a> fn(Revocation<'a>) -> Revocation<'a>) -> Self {
        Self { revocation: Some(rules), ..self }
    }

    /// Verifies what a client presented, leaf first, as the handshake does, except the proof of possession.
    ///
    /// # Errors
    /// [`VerifierError`] if the certificate is not accepted.
    pub fn verify<'p>(
        &self,
        presented: &'p [CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<VerifiedClient<'p>, VerifierError> {
        let (leaf, others) = presented.split_first().ok_or(VerifierError::NoCertificate)?;
        self.verify_chain(leaf, others, now)
    }

    fn verify_chain<'p>(
        &self,
        leaf: &'p CertificateDer<'_>,
        others: &'p [CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<VerifiedClient<'p>, VerifierError> {
        self.possession.tls.limits.check(leaf, others)?;
        let registered = match self.status(leaf) {
            (IssuerStatus::Withdrawn, _) => return Err(VerifierError::Withdrawn),
            (IssuerStatus::Registered, thumbprint) => Some(thumbprint),
            (IssuerStatus::NotRegistered, _) => None,
        };
        // a withdrawn intermediate is treated as not presented
        let others = others.iter().filter(|der| self.status(der).0 != IssuerStatus::Withdrawn);
        let chain = Chain::parse(leaf, others)?;
        if let Some(thumbprint) = registered {
            let expected = ExpectedThumbprints::new(Some(thumbprint), None);
            return Ok(VerifiedClient::Thumbprint(chain.match_thumbprint(
                expected,
                &Digests,
                now,
                self.thumbprint_validity,
            )?));
        }
        let anchors = self.anchors(&chain, now);
        let algorithms = self.possession.tls.algorithms.all;
        let Some(rules) = self.revocation else {
            return Ok(VerifiedClient::Chain(chain.verify(&anchors, &self.profile, algorithms, now)?));
        };
        let mut lists = Vec::new();
        for list in issuer_names(&chain).flat_map(|name| self.lookup.crls(&name)) {
            if !lists.contains(&list) {
                lists.push(list);
            }
        }
        let crls = Crls::parse(&lists)?;
        let profile = self.profile.clone().with_revocation(rules(Revocation::by(&crls)));
        Ok(VerifiedClient::Chain(chain.verify(&anchors, &profile, algorithms, now)?))
    }

    /// Returns the registered CAs that may have issued a certificate of the chain, without those that were withdrawn or
    /// are not trusted any more.
    fn anchors(&self, chain: &Chain<'_>, now: UnixTime) -> Anchors {
        let mut all = Anchors::new();
        for named in issuer_names(chain).map(|name| self.lookup.issuers(&name)) {
            for one in trusted_at(&named, now) {
                let known = all.ders().any(|der| der == one.as_der());
                if !known && self.status_of(&one).0 != IssuerStatus::Withdrawn {
                    all.add(&one);
                }
            }
        }
        all
    }

    /// Returns the status of a certificate, and the thumbprint that it was found by. A certificate is also withdrawn if
    /// the malleated form of its ECDSA signature is, which anyone can compute without a key.
    fn status(&self, der: &CertificateDer<'_>) -> (IssuerStatus, Thumbprint) {
        match Certificate::parse(der) {
            Ok(certificate) => self.status_of(&certificate),
            Err(_) => self.status_of_bytes(der),
        }
    }

    fn status_of(&self, certificate: &Certificate<'_>) -> (IssuerStatus, Thumbprint) {
        let known = self.status_of_bytes(certificate.as_der());
        let malleated = certificate.malleated_form();
        match malleated.map(|der| self.status_of_bytes(&der)) {
            Some(withdrawn @ (IssuerStatus::Withdrawn, _)) => withdrawn,
            _ => known,
        }
    }

    /// Returns the status of these bytes by either of their thumbprints, and that thumbprint.
    fn status_of_bytes(&self, der: &[u8]) -> (IssuerStatus, Thumbprint) {
        let known = |thumbprint| (self.lookup.status(&thumbprint), thumbprint);
        let sha256 = known(Thumbprint::Sha256(Digests.sha256(der)));
        let sha1 = known(Thumbprint::Sha1(Digests.sha1_for_legacy_thumbprints(der)));
        match (sha256.0, sha1.0) {
            (IssuerStatus::Withdrawn, _)
            | (IssuerStatus::Registered, IssuerStatus::Registered | IssuerStatus::NotRegistered) => sha256,
            (_, IssuerStatus::Withdrawn) | (IssuerStatus::NotRegistered, _) => sha1,
        }
    }
}

/// Returns the issuer's name of each certificate of a chain.
fn issuer_names<'c>(chain: &Chain<'c>) -> impl Iterator<Item = Name<'c>> {
    let presented = chain.intermediates().filter_map(|parsed| parsed.as_ref().ok());
    core::iter::once(chain.leaf()).chain(presented).map(|certificate| certificate.issuer())
}

impl ClientCertVerifier for ClientCertificateVerifier {
    fn offer_client_auth(&self) -> bool {
        self.possession.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.possession.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.possession.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.verify_chain(end_entity, intermediates, now)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.possession.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.possession.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.possession.supported_verify_schemes()
    }
}
