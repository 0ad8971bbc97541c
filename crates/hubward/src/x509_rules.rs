//! What a hub judges certificates by.

use core::fmt;

use hubward_core::{Digest, Identity, Thumbprint};
use hubward_x509::{
    Anchors, Budget, ExtendedKeyUsage, Profile, Purpose, Revocation, Subject, ValidityPolicy,
};
use rustls_pki_types::SignatureVerificationAlgorithm;

/// The registered authorities, the algorithms that may have signed, and how strictly a device is judged. It holds no
/// cryptography: the caller brings its own.
#[derive(Clone, Copy)]
pub struct X509Rules<'r> {
    pub(crate) anchors: &'r Anchors<'r>,
    pub(crate) algorithms: &'r [&'r dyn SignatureVerificationAlgorithm],
    pub(crate) digest: &'r dyn Digest,
    pub(crate) validity: ValidityPolicy,
    extended_key_usage: ExtendedKeyUsage,
    revocation: Revocation<'r>,
    budget: Budget,
}

/// How much work a stranger's chain may be. Whoever connects has proven nothing but that it holds some key, so this is
/// less than [`Budget::DEFAULT`]: an honest fleet's chain has one or two intermediates and as many signatures, the
/// worst honest path known checks a dozen.
const BUDGET: Budget = {
    let mut budget = Budget::DEFAULT;
    budget.signatures = 16;
    budget.steps = 1000;
    budget.name_comparisons = 10_000;
    budget.policy_steps = 10_000;
    budget.depth = 8;
    budget
};

impl<'r> X509Rules<'r> {
    /// Devices below one of `anchors`, and devices by their thumbprints.
    ///
    /// A certificate must be valid at the time, and for client authentication where it names a purpose.
    #[must_use]
    pub const fn new(
        anchors: &'r Anchors<'r>,
        algorithms: &'r [&'r dyn SignatureVerificationAlgorithm],
        digest: &'r dyn Digest,
    ) -> Self {
        Self {
            anchors,
            algorithms,
            digest,
            validity: ValidityPolicy::Enforce,
            extended_key_usage: ExtendedKeyUsage::AllowAbsent(Purpose::ClientAuth),
            revocation: Revocation::unchecked(),
            budget: BUDGET,
        }
    }

    /// Whether a certificate that is known by its thumbprint must be valid at the time. One whose dates do not count
    /// proves its identity for as long as it is registered.
    #[must_use]
    pub const fn with_validity(mut self, validity: ValidityPolicy) -> Self {
        self.validity = validity;
        self
    }

    /// How a chain's extended key usage is judged.
    #[must_use]
    pub const fn with_extended_key_usage(mut self, rule: ExtendedKeyUsage) -> Self {
        self.extended_key_usage = rule;
        self
    }

    /// What revokes the certificates of a chain; without this, nothing does. It says nothing of one that is known by its
    /// thumbprint: take that off the record. A session is not ended by it: disable the identity too, or block its
    /// issuer.
    #[must_use]
    pub const fn with_revocation(mut self, revocation: Revocation<'r>) -> Self {
        self.revocation = revocation;
        self
    }

    /// How much work a chain may be.
    #[must_use]
    pub const fn with_budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// Whether a registered authority has this SHA-256 thumbprint.
    pub(crate) fn has_anchor(&self, thumbprint: &Thumbprint) -> bool {
        let is = |der| Thumbprint::Sha256(self.digest.sha256(der)).matches(thumbprint);
        self.anchors.iter().any(|anchor| is(anchor.as_der()))
    }

    /// A device's or a module's certificate; nobody else has one.
    pub(crate) fn profile<'i>(&self, identity: &Identity<'i>) -> Option<Profile<'i>>
    where
        'r: 'i,
    {
        let subject = match identity {
            Identity::Device(id) => Subject::Device(*id),
            Identity::Module(device, id) => Subject::Module(*device, *id),
            _ => return None,
        };
        let profile = Profile::device(subject).revocation(self.revocation);
        Some(profile.extended_key_usage(self.extended_key_usage).budget(self.budget))
    }
}

impl fmt::Debug for X509Rules<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("X509Rules")
            .field("anchors", &self.anchors.iter().count())
            .field("validity", &self.validity)
            .field("extended_key_usage", &self.extended_key_usage)
            .finish_non_exhaustive()
    }
}
