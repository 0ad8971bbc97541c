//! The trusted CAs and certificates of a hub ([`TrustStore`]), looked up during a handshake ([`TrustLookup`]).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, RwLock};

use hubward_core::Thumbprint;
use hubward_x509::{Anchors, Certificate, Crls, Name, UnixTime, crl::CrlError, error::CertificateError};
use rustls::pki_types::CertificateDer;

/// The registration status of one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a certificate is accepted, refused or left to its issuer")]
pub enum IssuerStatus {
    /// Its thumbprint is registered: it needs no issuer.
    Registered,
    /// It is not registered: it must be issued by a registered CA.
    NotRegistered,
    /// It was withdrawn, or its device is disabled: refused, even if a registered CA issued it.
    Withdrawn,
}

/// A synchronous lookup, by the digest of a certificate or by the name of its issuer, which the issuer's signature then
/// proves; never by the subject that an unverified certificate claims.
///
/// It must answer from memory, since it blocks the handshake and its thread.
pub trait TrustLookup: fmt::Debug + Send + Sync {
    /// Returns the status of the certificate with this thumbprint. It is called with both thumbprints of each
    /// certificate, and with both signatures if it is signed with ECDSA ([`Certificate::malleated_form`]).
    fn status(&self, thumbprint: &Thumbprint) -> IssuerStatus;

    /// Returns the registered CAs with this name, parsed before. One that was added until a time
    /// ([`Anchors::add_until`]) is not trusted after it.
    fn issuers(&self, name: &Name<'_>) -> Anchors;

    /// Returns the revocation lists, in DER, that may cover certificates issued by the CA with this name, including
    /// indirect lists. Called only with [`ClientCertificateVerifier::with_revocation`](crate::ClientCertificateVerifier::with_revocation).
    fn crls(&self, issuer: &Name<'_>) -> Vec<Arc<[u8]>>;
}

/// Returns the anchors that are trusted at `now` by the time until which they were added
/// ([`Anchors::add_until`]). The verification of a chain does not check that time.
pub(crate) fn trusted_at(anchors: &Anchors, now: UnixTime) -> impl Iterator<Item = Certificate<'_>> {
    let trusted = move |at: usize| anchors.until(at).is_none_or(|last| now <= last);
    anchors.iter().enumerate().filter(move |(at, _)| trusted(*at)).map(|(_, one)| one)
}

/// A [`TrustLookup`] with everything in memory.
///
/// ```
/// use std::sync::{Arc, RwLock};
/// use hubward_core::Thumbprint;
/// use hubward_rustls::{ClientCertificateVerifier, ProofOfPossessionVerifier, TrustStore};
///
/// let trust = Arc::new(RwLock::new(TrustStore::new()));
/// let verifier = ClientCertificateVerifier::new(ProofOfPossessionVerifier::new(), Arc::clone(&trust));
/// // later, while connections come in:
/// trust.write().expect("no writer panicked").withdraw(&Thumbprint::Sha256([0xab; 32]));
/// ```
#[derive(Debug, Clone, Default)]
pub struct TrustStore {
    /// Parsed once. A clone of the store shares them.
    authorities: Anchors,
    crls: Vec<Arc<[u8]>>,
    statuses: BTreeMap<Vec<u8>, IssuerStatus>,
}

impl TrustStore {
    /// Creates an empty collection, which trusts no certificate.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a CA.
    ///
    /// # Errors
    /// [`CertificateError`] if the certificate cannot be parsed; it is not registered then.
    pub fn add_authority(&mut self, der: CertificateDer<'_>) -> Result<(), CertificateError> {
        self.authorities.add(&Certificate::parse(&der)?);
        Ok(())
    }

    /// Replaces all revocation lists with those of `ders` that can be parsed. Returns the position of each of the others in
    /// `ders`, for a report; to refuse them all then, use [`Self::set_crls`].
    #[must_use]
    pub fn set_readable_crls(&mut self, ders: Vec<Arc<[u8]>>) -> Vec<CrlError> {
        let (_, passed_over) = Crls::parse_readable(&ders);
        let unreadable = |at: usize| passed_over.iter().any(|error| error.crl == at);
        self.crls =
            ders.into_iter().enumerate().filter(|(at, _)| !unreadable(*at)).map(|(_, der)| der).collect();
        passed_over
    }

    /// Replaces all revocation lists.
    ///
    /// # Errors
    /// [`CrlError`] with the number of the first list that cannot be parsed; the lists are not replaced then.
    pub fn set_crls(&mut self, ders: Vec<Arc<[u8]>>) -> Result<(), CrlError> {
        Crls::parse(&ders)?;
        self.crls = ders;
        Ok(())
    }

    /// Registers a certificate by its thumbprint.
    pub fn add_thumbprint(&mut self, thumbprint: &Thumbprint) {
        self.set(thumbprint, IssuerStatus::Registered);
    }

    /// Refuses a certificate from now on, a device's or a CA's, even if a registered CA issued it. A withdrawn CA is no
    /// longer trusted as an issuer.
    pub fn withdraw(&mut self, thumbprint: &Thumbprint) {
        self.set(thumbprint, IssuerStatus::Withdrawn);
    }

    /// Removes the registration or the withdrawal of a certificate.
    pub fn forget(&mut self, thumbprint: &Thumbprint) {
        self.statuses.remove(thumbprint.as_bytes());
    }

    fn set(&mut self, thumbprint: &Thumbprint, status: IssuerStatus) {
        self.statuses.insert(thumbprint.as_bytes().to_vec(), status);
    }
}

impl TrustLookup for TrustStore {
    fn status(&self, thumbprint: &Thumbprint) -> IssuerStatus {
        self.statuses.get(thumbprint.as_bytes()).copied().unwrap_or(IssuerStatus::NotRegistered)
    }

    fn issuers(&self, name: &Name<'_>) -> Anchors {
        let mut named = Anchors::new();
        self.authorities.iter().filter(|one| one.subject().same(name)).for_each(|one| named.add(&one));
        named
    }

    /// Returns all of them; the verification uses those that apply.
    fn crls(&self, _: &Name<'_>) -> Vec<Arc<[u8]>> {
        self.crls.clone()
    }
}

/// A lookup that changes while connections come in. If a writer panicked, every certificate is refused, since its
/// change may be incomplete.
impl<L: TrustLookup> TrustLookup for RwLock<L> {
    fn status(&self, thumbprint: &Thumbprint) -> IssuerStatus {
        self.read().map_or(IssuerStatus::Withdrawn, |lookup| lookup.status(thumbprint))
    }

    fn issuers(&self, name: &Name<'_>) -> Anchors {
        self.read().map_or_else(|_| Anchors::new(), |lookup| lookup.issuers(name))
    }

    fn crls(&self, issuer: &Name<'_>) -> Vec<Arc<[u8]>> {
        self.read().map_or_else(|_| Vec::new(), |lookup| lookup.crls(issuer))
    }
}

impl<L: TrustLookup + ?Sized> TrustLookup for Arc<L> {
    fn status(&self, thumbprint: &Thumbprint) -> IssuerStatus {
        (**self).status(thumbprint)
    }

    fn issuers(&self, name: &Name<'_>) -> Anchors {
        (**self).issuers(name)
    }

    fn crls(&self, issuer: &Name<'_>) -> Vec<Arc<[u8]>> {
        (**self).crls(issuer)
    }
}
