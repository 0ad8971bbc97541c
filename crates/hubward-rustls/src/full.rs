//! The verifier of a server that judges certificates in the handshake, and can judge them again after it.

use hubward_core::{Digest, Thumbprint};
use hubward_ring::Digests;
use hubward_x509::{
    Anchors, Certificate, Chain, Crls, Name, Pins, Profile, Revocation, Subject, UnixTime, ValidityPolicy,
    VerifiedChain, VerifiedPin,
};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::CertificateDer;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use crate::error::Refusal;
use crate::possession_only::PossessionOnly;
use crate::trust::{Lookup, Standing};

/// A client's certificate that held at the time given. Only [`Full::judge`] makes one.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_enums, reason = "it is known itself, or somebody vouched")]
pub enum Verified<'p> {
    /// A registered CA vouched.
    Chain(VerifiedChain<'p>),
    /// It is registered by its thumbprint.
    Pin(VerifiedPin<'p>),
}

impl<'p> Verified<'p> {
    /// The leaf.
    #[must_use]
    pub const fn leaf(&self) -> &Certificate<'p> {
        match self {
            Self::Chain(chain) => chain.leaf(),
            Self::Pin(pin) => pin.leaf(),
        }
    }
}

/// Refuses a client in the handshake whose certificate is neither registered by its thumbprint nor vouched for by a
/// registered CA, under the `device` profile.
///
/// A resumed handshake calls no verifier. Either resume nothing ([`without_resumption`](crate::without_resumption)),
/// or call [`Full::judge`] with `peer_certificates()` after each handshake.
#[derive(Debug)]
pub struct Full {
    possession: PossessionOnly,
    lookup: Box<dyn Lookup>,
    profile: Profile<'static>,
    pins: ValidityPolicy,
    revocation: Option<RevocationRules>,
}

/// What is asked of revocation, given the lists to judge by.
type RevocationRules = for<'a> fn(Revocation<'a>) -> Revocation<'a>;

impl Full {
    /// `possession` says whether a certificate must be shown, by which limits and algorithms, and `lookup` what is
    /// trusted.
    #[must_use]
    pub fn new(possession: PossessionOnly, lookup: impl Lookup + 'static) -> Self {
        Self {
            possession,
            lookup: Box::new(lookup),
            profile: Profile::device(Subject::Anybody),
            pins: ValidityPolicy::Enforce,
            revocation: None,
        }
    }

    /// Another profile for what a CA vouches for.
    #[must_use]
    pub fn with_profile(self, profile: Profile<'static>) -> Self {
        Self { profile, ..self }
    }

    /// Whether certificates that are registered by thumbprint must be valid in time; without this, they must.
    #[must_use]
    pub fn with_pin_validity(self, pins: ValidityPolicy) -> Self {
        Self { pins, ..self }
    }

    /// Judges revocation by the lists of the [`Lookup`]; without this, it is not judged. `rules` starts from
    /// [`Revocation::by`], which refuses whatever the lists do not clear: `|by| by` asks for that.
    ///
    /// The lists about a chain are read in each handshake.
    #[must_use]
    pub fn with_revocation(self, rules: for<'a> fn(Revocation<'a>) -> Revocation<'a>) -> Self {
        Self { revocation: Some(rules), ..self }
    }

    /// Judges what a client presented, leaf first, as the handshake does: possession of its key aside.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn judge<'p>(
        &self,
        presented: &'p [CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<Verified<'p>, Refusal> {
        let (leaf, others) = presented.split_first().ok_or(Refusal::NoCertificate)?;
        self.judge_chain(leaf, others, now)
    }

    fn judge_chain<'p>(
        &self,
        leaf: &'p CertificateDer<'_>,
        others: &'p [CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<Verified<'p>, Refusal> {
        self.possession.limits.check(leaf, others)?;
        let pin = match self.standing(leaf) {
            (Standing::Withdrawn, _) => return Err(Refusal::Withdrawn),
            (Standing::Pinned, thumbprint) => Some(thumbprint),
            (Standing::Unknown, _) => None,
        };
        // a withdrawn intermediate counts as not presented
        let others = others.iter().filter(|der| self.standing(der).0 != Standing::Withdrawn);
        let chain = Chain::parse(leaf, others)?;
        if let Some(thumbprint) = pin {
            let pins = Pins::new(Some(thumbprint), None);
            return Ok(Verified::Pin(chain.pin(pins, &Digests, now, self.pins)?));
        }
        let mut issuers = each(&chain, |name| self.lookup.issuers(name));
        issuers.retain(|der| self.standing(der).0 != Standing::Withdrawn);
        let anchors = Anchors::parse(&issuers)?;
        let algorithms = self.possession.algorithms.all;
        let Some(rules) = self.revocation else {
            return Ok(Verified::Chain(chain.verify(&anchors, &self.profile, algorithms, now)?));
        };
        let lists = each(&chain, |name| self.lookup.crls(name));
        let crls = Crls::parse(&lists)?;
        let profile = self.profile.clone().revocation(rules(Revocation::by(&crls)));
        Ok(Verified::Chain(chain.verify(&anchors, &profile, algorithms, now)?))
    }

    /// What is known of a certificate, and by which thumbprint. Withdrawn by one is withdrawn, be it by one that it has
    /// under the other signature that ECDSA takes for it: to make that one takes no key.
    fn standing(&self, der: &CertificateDer<'_>) -> (Standing, Thumbprint) {
        let known = self.standing_of(der);
        let twin = Certificate::parse(der).ok().and_then(|certificate| certificate.twin());
        match twin.map(|twin| self.standing_of(&twin)) {
            Some(withdrawn @ (Standing::Withdrawn, _)) => withdrawn,
            _ => known,
        }
    }

    /// What is known of these bytes by either of their thumbprints, and by which.
    fn standing_of(&self, der: &[u8]) -> (Standing, Thumbprint) {
        let known = |thumbprint| (self.lookup.standing(&thumbprint), thumbprint);
        let sha256 = known(Thumbprint::Sha256(Digests.sha256(der)));
        let sha1 = known(Thumbprint::Sha1(Digests.sha1_for_legacy_thumbprints(der)));
        match (sha256.0, sha1.0) {
            (Standing::Withdrawn, _) | (Standing::Pinned, Standing::Pinned | Standing::Unknown) => sha256,
            (_, Standing::Withdrawn) | (Standing::Unknown, _) => sha1,
        }
    }
}

/// What is found of the issuers of all certificates of a chain, each once.
fn each<T: PartialEq>(chain: &Chain<'_>, found: impl Fn(&Name<'_>) -> Vec<T>) -> Vec<T> {
    let presented = chain.intermediates().filter_map(|parsed| parsed.as_ref().ok());
    let mut all = Vec::new();
    for certificate in core::iter::once(chain.leaf()).chain(presented) {
        for one in found(&certificate.issuer()) {
            if !all.contains(&one) {
                all.push(one);
            }
        }
    }
    all
}

impl ClientCertVerifier for Full {
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
        self.judge_chain(end_entity, intermediates, now)?;
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
