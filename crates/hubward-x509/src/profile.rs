//! Profiles ([`Profile`]): the requirements on a path in addition to RFC 5280 section 6, such as the expected subject,
//! the purpose and the strictness towards CAs.

use rustls_pki_types::ServerName;

use hubward_core::{DeviceId, ModuleId};

use crate::crl::Revocation;
use crate::path::budget::Budget;
pub use crate::path::policy::Policies;

/// The use of the leaf's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// Authentication of a TLS client: `id-kp-clientAuth`.
    ClientAuth,
    /// Authentication of a TLS server: `id-kp-serverAuth`.
    ServerAuth,
}

/// The rule for extended key usage. The purposes in a CA's certificate limit everything below it. RFC 5280 does not
/// say so, but all common verifiers do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtendedKeyUsage {
    /// A certificate without the extension is valid for every purpose (RFC 5280 4.2.1.12).
    AllowAbsent(Purpose),
    /// Extended key usage is ignored.
    Off,
    /// The leaf must include the purpose.
    Require(Purpose),
}

/// The subject that the leaf must be for.
///
/// ```
/// use hubward_core::DeviceId;
/// use hubward_x509::{ExpectedSubject, Profile};
///
/// let profile = Profile::device(ExpectedSubject::Device(DeviceId::parse("pump-17")?));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ExpectedSubject<'a> {
    /// Any subject: the caller uses the names of the verified leaf.
    Any,
    /// A device: its id equals the only common name, or a DNS name if there is no common name; case-sensitive.
    Device(DeviceId<'a>),
    /// A mailbox.
    Email(&'a str),
    /// A module, with the common name `device/module`.
    Module(DeviceId<'a>, ModuleId<'a>),
    /// A server by its DNS name or IP address (RFC 9525), compared only with alternative names.
    Server(ServerName<'a>),
}

/// The treatment of an anchor: as a name and a key (RFC 5280 6.1.1 (d)), or as a certificate that is checked as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnchorChecks {
    /// Its validity, basic constraints, key usage, name constraints and critical extensions are checked, because they
    /// limit what it is trusted for; a critical one that cannot be read is refused. Its serial number, its own signature
    /// and the form of its dates are not.
    Certificate,
    /// Only its name and its key are used.
    NameAndKey,
}

/// The versions of certificates that are accepted as anchors. An intermediate must have version 3 (RFC 5280 6.1.4 (k)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnchorVersions {
    /// Every version. A certificate of version 1 has no extensions, so it cannot say that it is a CA's: the caller
    /// decides that by making it an anchor (RFC 5280 6.1.1 (d)). `openssl x509 -req -signkey` makes such roots.
    Any,
    /// Only version 3, with basic constraints that mark a CA.
    OnlyVersion3,
}

/// The treatment of default values that are written out, which X.690 11.5 forbids to writers: `cA` FALSE, `critical` FALSE
/// and version 1. Each says the same as an absent value, so no verdict depends on it otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DefaultValues {
    /// They are read. rcgen, DICE, OpenTitan, GoDaddy and asn1c write them.
    MayBeWritten,
    /// A certificate below the anchor that has one is refused.
    MustBeAbsent,
}

/// The treatment of a path with a CA that violates RFC 5280 section 4 in a way that section 6 does not check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaRequirements {
    /// The path is refused.
    Enforce,
    /// The violation is ignored.
    Ignore,
}

/// The rule for common names, which the Baseline Requirements (7.1.4.3) require to repeat an alternative name exactly.
/// The common name of a server is never compared with the expected name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommonNames {
    /// Any common name is accepted.
    Ignore,
    /// It must repeat an alternative name.
    RepeatAltName,
}

/// The inputs to policy processing (RFC 5280 6.1.1 (c), (e)-(g)). A policy is given as the contents of its OBJECT
/// IDENTIFIER.
///
/// ```
/// use hubward_x509::{Profile, profile::PolicyInputs};
///
/// const TEST_POLICY: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x02, 0x01, 0x30, 0x01];
/// let accepted = [TEST_POLICY];
/// let profile = Profile::rfc5280().with_policies(PolicyInputs::any().with_acceptable(&accepted).require_explicit());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PolicyInputs<'a> {
    pub(crate) acceptable: Option<&'a [&'a [u8]]>,
    pub(crate) explicit: bool,
    pub(crate) inhibit_mapping: bool,
    pub(crate) inhibit_any: bool,
}

impl<'a> PolicyInputs<'a> {
    /// Accepts any policy, and a path without policies.
    #[must_use]
    pub const fn any() -> Self {
        Self { acceptable: None, explicit: false, inhibit_mapping: false, inhibit_any: false }
    }

    /// Accepts only these policies (`user-initial-policy-set`).
    #[must_use]
    pub const fn with_acceptable(self, policies: &'a [&'a [u8]]) -> Self {
        Self { acceptable: Some(policies), ..self }
    }

    /// Requires at least one policy to remain (`initial-explicit-policy`).
    #[must_use]
    pub const fn require_explicit(self) -> Self {
        Self { explicit: true, ..self }
    }

    /// Forbids policy mappings (`initial-policy-mapping-inhibit`).
    #[must_use]
    pub const fn inhibit_mapping(self) -> Self {
        Self { inhibit_mapping: true, ..self }
    }

    /// Ignores `anyPolicy` (`initial-any-policy-inhibit`).
    #[must_use]
    pub const fn inhibit_any(self) -> Self {
        Self { inhibit_any: true, ..self }
    }
}

/// The requirements on a path. Start with one of the four constructors and change what must differ.
///
/// ```
/// use hubward_x509::{ExpectedSubject, Profile};
///
/// let profile = Profile::device(ExpectedSubject::Any).with_max_intermediates(3);
/// ```
#[derive(Debug, Clone)]
pub struct Profile<'a> {
    pub(crate) subject: ExpectedSubject<'a>,
    pub(crate) extended_key_usage: ExtendedKeyUsage,
    pub(crate) anchor_checks: AnchorChecks,
    pub(crate) anchor_versions: AnchorVersions,
    pub(crate) default_values: DefaultValues,
    pub(crate) ca_requirements: CaRequirements,
    pub(crate) policies: PolicyInputs<'a>,
    pub(crate) max_intermediates: Option<usize>,
    pub(crate) budget: Budget,
    pub(crate) ca_leaf: bool,
    pub(crate) signing_leaf: bool,
    pub(crate) web_pki: bool,
    pub(crate) common_names: CommonNames,
    pub(crate) revocation: Revocation<'a>,
}

impl<'a> Profile<'a> {
    /// Returns the profile of RFC 5280 with the requirements of its section 4, for any subject and purpose.
    #[must_use]
    pub fn rfc5280() -> Self {
        Self {
            subject: ExpectedSubject::Any,
            extended_key_usage: ExtendedKeyUsage::Off,
            anchor_checks: AnchorChecks::Certificate,
            anchor_versions: AnchorVersions::OnlyVersion3,
            default_values: DefaultValues::MustBeAbsent,
            ca_requirements: CaRequirements::Enforce,
            policies: PolicyInputs::any(),
            max_intermediates: None,
            budget: Budget::DEFAULT,
            ca_leaf: true,
            signing_leaf: false,
            web_pki: false,
            common_names: CommonNames::Ignore,
            revocation: Revocation::unchecked(),
        }
    }

    /// Returns the profile of a device as TLS client: not a CA's certificate, with a signing key, and with client
    /// authentication if it has extended key usage. Accepts what private CAs usually omit.
    #[must_use]
    pub fn device(subject: ExpectedSubject<'a>) -> Self {
        Self {
            subject,
            extended_key_usage: ExtendedKeyUsage::AllowAbsent(Purpose::ClientAuth),
            anchor_versions: AnchorVersions::Any,
            default_values: DefaultValues::MayBeWritten,
            ca_requirements: CaRequirements::Ignore,
            ca_leaf: false,
            signing_leaf: true,
            ..Self::rfc5280()
        }
    }

    /// Returns the profile of a server, as a device sees it: its name is among the alternative names (RFC 9525).
    #[must_use]
    pub fn server(name: ServerName<'a>) -> Self {
        Self {
            subject: ExpectedSubject::Server(name),
            extended_key_usage: ExtendedKeyUsage::AllowAbsent(Purpose::ServerAuth),
            anchor_versions: AnchorVersions::Any,
            default_values: DefaultValues::MayBeWritten,
            ca_requirements: CaRequirements::Ignore,
            ca_leaf: false,
            signing_leaf: true,
            ..Self::rfc5280()
        }
    }

    /// Returns the profile of a public web server: RFC 5280 and the CA/Browser Forum's Baseline Requirements.
    #[must_use]
    pub fn web_pki(name: ServerName<'a>) -> Self {
        Self {
            subject: ExpectedSubject::Server(name),
            extended_key_usage: ExtendedKeyUsage::Require(Purpose::ServerAuth),
            ca_leaf: false,
            web_pki: true,
            common_names: CommonNames::RepeatAltName,
            ..Self::rfc5280()
        }
    }

    /// Sets the expected subject.
    #[must_use]
    pub fn with_subject(self, subject: ExpectedSubject<'a>) -> Self {
        Self { subject, ..self }
    }

    /// Sets the rule for extended key usage.
    #[must_use]
    pub fn with_extended_key_usage(self, rule: ExtendedKeyUsage) -> Self {
        Self { extended_key_usage: rule, ..self }
    }

    /// Sets the rule for anchors.
    #[must_use]
    pub fn with_anchor_checks(self, checks: AnchorChecks) -> Self {
        Self { anchor_checks: checks, ..self }
    }

    /// Sets the versions of certificates that are accepted as anchors.
    #[must_use]
    pub fn with_anchor_versions(self, versions: AnchorVersions) -> Self {
        Self { anchor_versions: versions, ..self }
    }

    /// Sets the treatment of default values that are written out.
    #[must_use]
    pub fn with_default_values(self, rule: DefaultValues) -> Self {
        Self { default_values: rule, ..self }
    }

    /// Sets whether the requirements of RFC 5280 section 4 on CAs are enforced.
    #[must_use]
    pub fn with_ca_requirements(self, ca_requirements: CaRequirements) -> Self {
        Self { ca_requirements, ..self }
    }

    /// Sets the inputs to policy processing.
    #[must_use]
    pub fn with_policies(self, inputs: PolicyInputs<'a>) -> Self {
        Self { policies: inputs, ..self }
    }

    /// Sets the largest number of intermediates that are not self-issued.
    #[must_use]
    pub fn with_max_intermediates(self, most: usize) -> Self {
        Self { max_intermediates: Some(most), ..self }
    }

    /// Sets the rule for common names.
    #[must_use]
    pub fn with_common_names(self, rule: CommonNames) -> Self {
        Self { common_names: rule, ..self }
    }

    /// Sets the rule for revocation. Without it, revocation is not checked.
    #[must_use]
    pub fn with_revocation(self, revocation: Revocation<'a>) -> Self {
        Self { revocation, ..self }
    }

    /// Sets the limits of the work that one verification may do.
    #[must_use]
    pub fn with_budget(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// Returns a copy without the borrowed parts: subject, acceptable policies and revocation lists.
    pub(crate) fn owned(&self) -> Profile<'static> {
        Profile {
            subject: ExpectedSubject::Any,
            extended_key_usage: self.extended_key_usage,
            anchor_checks: self.anchor_checks,
            anchor_versions: self.anchor_versions,
            default_values: self.default_values,
            ca_requirements: self.ca_requirements,
            policies: PolicyInputs { acceptable: None, ..self.policies },
            max_intermediates: self.max_intermediates,
            budget: self.budget,
            ca_leaf: self.ca_leaf,
            signing_leaf: self.signing_leaf,
            web_pki: self.web_pki,
            common_names: self.common_names,
            revocation: self.revocation.without_crls(),
        }
    }

    pub(crate) const fn purpose(&self) -> Option<Purpose> {
        match self.extended_key_usage {
            ExtendedKeyUsage::AllowAbsent(purpose) | ExtendedKeyUsage::Require(purpose) => Some(purpose),
            ExtendedKeyUsage::Off => None,
        }
    }
}
