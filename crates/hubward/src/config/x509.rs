//! The verification of client certificates.

use core::fmt;

use hubward_core::{Digest, Identity, Thumbprint};
use hubward_x509::{
    Anchors, Budget, ExpectedSubject, Profile, Purpose, Revocation, ValidityPolicy, profile::ExtendedKeyUsage,
};
use rustls_pki_types::SignatureVerificationAlgorithm;

/// The trust anchors, the accepted signature algorithms, and the requirements on a client's certificate. The caller
/// provides the cryptography.
///
/// ```
/// use hubward::X509Config;
/// use hubward::x509::{Anchors, ValidityPolicy};
///
/// // the certificates of the registered authorities, in DER
/// let registered: Vec<hubward::CertificateDer<'static>> = vec![];
/// let anchors = Anchors::parse(&registered)?;
/// let rules = X509Config::new(&anchors, hubward_ring::signature::ALL, &hubward_ring::Digests)
///     .with_validity(ValidityPolicy::IgnoreForThumbprint);
/// # let _ = rules;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct X509Config<'r> {
    pub(crate) anchors: &'r Anchors<'r>,
    pub(crate) algorithms: &'r [&'r dyn SignatureVerificationAlgorithm],
    pub(crate) digest: &'r dyn Digest,
    pub(crate) validity: ValidityPolicy,
    extended_key_usage: ExtendedKeyUsage,
    revocation: Revocation<'r>,
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

impl<'r> X509Config<'r> {
    /// Accepts certificates below one of `anchors`, and certificates by their thumbprints.
    ///
    /// A certificate must be within its validity period, and if it has an extended key usage, that must include client
    /// authentication.
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

    /// Sets whether a certificate that is registered by its thumbprint must be within its validity period. If not, it is
    /// accepted for as long as the thumbprint is registered.
    #[must_use]
    pub const fn with_validity(mut self, validity: ValidityPolicy) -> Self {
        self.validity = validity;
        self
    }

    /// Sets the requirement on the extended key usage of a chain.
    #[must_use]
    pub const fn with_extended_key_usage(mut self, rule: ExtendedKeyUsage) -> Self {
        self.extended_key_usage = rule;
        self
    }

    /// Sets the revocation lists for the certificates of a chain. Without this call revocation is not checked. A
    /// certificate that is registered by its thumbprint is not checked either: remove the thumbprint from the record.
    /// Revocation does not end a session: disable the identity too, or block its issuer.
    #[must_use]
    pub const fn with_revocation(mut self, revocation: Revocation<'r>) -> Self {
        self.revocation = revocation;
        self
    }

    /// Sets the maximum work for a chain.
    #[must_use]
    pub const fn with_budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// Returns `true` if a trust anchor has this SHA-256 thumbprint.
    pub(crate) fn has_anchor(&self, thumbprint: &Thumbprint) -> bool {
        let is = |der| Thumbprint::Sha256(self.digest.sha256(der)).matches(thumbprint);
        self.anchors.iter().any(|anchor| is(anchor.as_der()))
    }

    /// Returns the requirements on a device's or a module's certificate. Returns `None` for other identities, which
    /// cannot have certificates.
    pub(crate) fn profile<'i>(&self, identity: &Identity<'i>) -> Option<Profile<'i>>
    where
        'r: 'i,
    {
        let subject = match identity {
            Identity::Device(id) => ExpectedSubject::Device(*id),
            Identity::Module(device, id) => ExpectedSubject::Module(*device, *id),
            _ => return None,
        };
        let profile = Profile::device(subject).revocation(self.revocation);
        Some(profile.extended_key_usage(self.extended_key_usage).budget(self.budget))
    }
}

impl fmt::Debug for X509Config<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("X509Config")
            .field("anchors", &self.anchors.iter().count())
            .field("validity", &self.validity)
            .field("extended_key_usage", &self.extended_key_usage)
            .finish_non_exhaustive()
    }
}
