//! The verification of client certificates.

use alloc::sync::Arc;
use core::fmt;

use hubward_core::{Digest, Identity, Thumbprint};
use hubward_x509::{
    Anchors, Budget, Crls, ExpectedSubject, Profile, Purpose, Revocation, ValidityPolicy,
    profile::{AnchorVersions, ExtendedKeyUsage},
};
use rustls_pki_types::SignatureVerificationAlgorithm;

/// The trust anchors, the accepted signature algorithms, and the requirements on a client's certificate. The caller
/// provides the cryptography.
///
/// It owns the anchors and the revocation lists, which were parsed once; a clone shares them.
///
/// ```
/// use hubward::X509Config;
/// use hubward::x509::{Anchors, ValidityPolicy};
///
/// // the certificates of the registered authorities, in DER
/// let registered: Vec<hubward::CertificateDer<'static>> = vec![];
/// let anchors = Anchors::parse(&registered)?;
/// let x509 = X509Config::new(anchors, hubward_ring::signature::ALL, &hubward_ring::Digests)
///     .with_validity(ValidityPolicy::IgnoreForThumbprint);
/// # let _ = x509;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct X509Config {
    anchors: Anchors,
    /// The SHA-256 thumbprint of each anchor.
    thumbprints: Arc<[Thumbprint]>,
    pub(crate) algorithms: &'static [&'static dyn SignatureVerificationAlgorithm],
    pub(crate) digest: &'static dyn Digest,
    pub(crate) validity: ValidityPolicy,
    extended_key_usage: ExtendedKeyUsage,
    anchor_versions: AnchorVersions,
    revocation: Revocation<'static>,
    crls: Option<Crls>,
    budget: Budget,
}

/// The maximum work for a client's chain. A client that connects has proven only that it holds some private key, so this
/// is less than [`Budget::DEFAULT`]: a normal fleet's chain has one or two intermediates and as many signatures, and the
/// most expensive legitimate path known verifies a dozen signatures.
const BUDGET: Budget = {
    let mut budget = Budget::DEFAULT;
    budget.signatures = 16;
    budget.steps = 1000;
    budget.name_comparisons = 10_000;
    budget.policy_steps = 10_000;
    budget.depth = 8;
    budget
};

fn thumbprints(anchors: &Anchors, digest: &dyn Digest) -> Arc<[Thumbprint]> {
    anchors.ders().map(|der| Thumbprint::Sha256(digest.sha256(der))).collect()
}

impl X509Config {
    /// Accepts certificates below one of `anchors`, and certificates by their thumbprints.
    ///
    /// A certificate must be within its validity period, and if it has an extended key usage, that must include client
    /// authentication.
    #[must_use]
    pub fn new(
        anchors: Anchors,
        algorithms: &'static [&'static dyn SignatureVerificationAlgorithm],
        digest: &'static dyn Digest,
    ) -> Self {
        Self {
            thumbprints: thumbprints(&anchors, digest),
            anchors,
            algorithms,
            digest,
            validity: ValidityPolicy::Enforce,
            extended_key_usage: ExtendedKeyUsage::AllowAbsent(Purpose::ClientAuth),
            anchor_versions: AnchorVersions::Any,
            revocation: Revocation::unchecked(),
            crls: None,
            budget: BUDGET,
        }
    }

    /// Replaces the trust anchors, and keeps everything else, such as the revocation lists. Use it to read the authorities
    /// again at run time, and recheck the sessions.
    #[must_use]
    pub fn with_anchors(mut self, anchors: Anchors) -> Self {
        self.thumbprints = thumbprints(&anchors, self.digest);
        self.anchors = anchors;
        self.crls = self.crls.map(|crls| crls.prepared(&self.anchors, self.algorithms));
        self
    }

    /// Sets whether a certificate that is registered by its thumbprint must be within its validity period. If not, it is
    /// accepted for as long as the thumbprint is registered.
    #[must_use]
    pub fn with_validity(mut self, validity: ValidityPolicy) -> Self {
        self.validity = validity;
        self
    }

    /// Sets the requirement on the extended key usage of a chain.
    #[must_use]
    pub fn with_extended_key_usage(mut self, rule: ExtendedKeyUsage) -> Self {
        self.extended_key_usage = rule;
        self
    }

    /// Sets the versions of certificates that are accepted as trust anchors. By default also version 1.
    #[must_use]
    pub const fn with_anchor_versions(mut self, versions: AnchorVersions) -> Self {
        self.anchor_versions = versions;
        self
    }

    /// Sets the revocation lists for the certificates of a chain. Without this call revocation is not checked. A
    /// certificate that is registered by its thumbprint is not checked either: remove the thumbprint from the record.
    /// The lists are prepared here ([`Crls::prepared`]): their entries are sorted, and the signatures of those by a trust
    /// anchor are verified once and not for each client.
    /// A session does not end with a new list by itself: call [`HubConfig::recheck_revocation`] for each, or disable the
    /// identity too.
    ///
    /// [`HubConfig::recheck_revocation`]: crate::HubConfig::recheck_revocation
    #[must_use]
    pub fn with_revocation(mut self, revocation: Revocation<'_>) -> Self {
        self.revocation = revocation.without_crls();
        self.crls = revocation.crls().map(|crls| crls.prepared(&self.anchors, self.algorithms));
        self
    }

    /// Sets the maximum work for a chain.
    #[must_use]
    pub fn with_budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// Returns `true` if a trust anchor has this SHA-256 thumbprint.
    pub(crate) fn has_anchor(&self, thumbprint: &Thumbprint) -> bool {
        self.thumbprints.iter().any(|anchor| anchor.matches(thumbprint))
    }

    /// Returns the trust anchors.
    #[must_use]
    pub const fn anchors(&self) -> &Anchors {
        &self.anchors
    }

    /// Returns the rules for revocation checks with the lists. Returns `None` if revocation is not checked.
    pub(crate) fn revocation(&self) -> Option<Revocation<'_>> {
        self.crls.as_ref().map(|crls| self.revocation.with_crls(crls))
    }

    /// Returns the requirements on a device's or a module's certificate. Returns `None` for other identities, which
    /// cannot have certificates.
    pub(crate) fn profile<'i>(&'i self, identity: &Identity<'i>) -> Option<Profile<'i>> {
        let subject = match identity {
            Identity::Device(id) => ExpectedSubject::Device(*id),
            Identity::Module(device, id) => ExpectedSubject::Module(*device, *id),
            _ => return None,
        };
        let revocation = self.revocation().unwrap_or(self.revocation);
        let profile =
            Profile::device(subject).with_anchor_versions(self.anchor_versions).with_revocation(revocation);
        Some(profile.with_extended_key_usage(self.extended_key_usage).with_budget(self.budget))
    }
}

impl fmt::Debug for X509Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("X509Config")
            .field("anchors", &self.anchors.iter().len())
            .field("validity", &self.validity)
            .field("extended_key_usage", &self.extended_key_usage)
            .finish_non_exhaustive()
    }
}
