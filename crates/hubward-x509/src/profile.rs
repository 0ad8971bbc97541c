//! What a verifier asks of a path besides RFC 5280 section 6: for whom it is, and how strictly CAs are judged.

use rustls_pki_types::ServerName;

use hubward_core::{DeviceId, ModuleId};

use crate::path::budget::Budget;
use crate::revocation::rules::Revocation;

/// What the leaf's key will be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// To sign in to a server: `id-kp-clientAuth`.
    ClientAuth,
    /// To be signed in to: `id-kp-serverAuth`.
    ServerAuth,
}

/// How extended key usage is judged. What a CA's names limits everything below it: not RFC 5280's rule, but
/// everybody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtendedKeyUsage {
    /// A certificate that has none is for every purpose (RFC 5280 4.2.1.12).
    AllowAbsent(Purpose),
    /// Not at all.
    Off,
    /// The leaf must name the purpose.
    Require(Purpose),
}

/// Whom the leaf must be about.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Subject<'a> {
    /// Anybody: the caller goes on from the names of the verified leaf.
    Anybody,
    /// A device: the one common name is its id, to the letter; without a common name, a DNS name is.
    Device(DeviceId<'a>),
    /// Whoever reads this mailbox.
    Email(&'a str),
    /// A module, as `device/module`.
    Module(DeviceId<'a>, ModuleId<'a>),
    /// A server by its DNS name or its address (RFC 9525); only alternative names count.
    Server(ServerName<'a>),
}

/// Whether an anchor is a name and a key (RFC 5280 6.1.1 (d)) or a certificate that is judged too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnchorChecks {
    /// Its validity, basic constraints, key usage, name constraints and critical extensions count.
    Certificate,
    /// Only its name and its key count.
    NameAndKey,
}

/// Whether a path is refused for what RFC 5280 section 4 forbids CAs and section 6 lets pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Duties {
    /// Refused.
    Enforce,
    /// Let pass.
    Ignore,
}

/// Whether a common name must repeat an alternative name to the letter (Baseline Requirements 7.1.4.3). Nothing is
/// ever matched with a server's common name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommonNames {
    /// It may be anything.
    Ignore,
    /// It must.
    RepeatAltName,
}

/// The inputs to policy processing (RFC 5280 6.1.1 (c), (e)-(g)). Policies are the contents of their OBJECT
/// IDENTIFIERs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PolicyInputs<'a> {
    pub(crate) acceptable: Option<&'a [&'a [u8]]>,
    pub(crate) explicit: bool,
    pub(crate) inhibit_mapping: bool,
    pub(crate) inhibit_any: bool,
}

impl<'a> PolicyInputs<'a> {
    /// Any policy will do, and so will none.
    #[must_use]
    pub const fn any() -> Self {
        Self { acceptable: None, explicit: false, inhibit_mapping: false, inhibit_any: false }
    }

    /// Only these (`user-initial-policy-set`).
    #[must_use]
    pub const fn acceptable(self, policies: &'a [&'a [u8]]) -> Self {
        Self { acceptable: Some(policies), ..self }
    }

    /// One must be left (`initial-explicit-policy`).
    #[must_use]
    pub const fn require_explicit(self) -> Self {
        Self { explicit: true, ..self }
    }

    /// No CA may map policies (`initial-policy-mapping-inhibit`).
    #[must_use]
    pub const fn inhibit_mapping(self) -> Self {
        Self { inhibit_mapping: true, ..self }
    }

    /// `anyPolicy` stands for none (`initial-any-policy-inhibit`).
    #[must_use]
    pub const fn inhibit_any(self) -> Self {
        Self { inhibit_any: true, ..self }
    }
}

/// What is asked of a path. Begin with one of the four and change what must differ.
#[derive(Debug, Clone)]
pub struct Profile<'a> {
    pub(crate) subject: Subject<'a>,
    pub(crate) extended_key_usage: ExtendedKeyUsage,
    pub(crate) anchor_checks: AnchorChecks,
    pub(crate) duties: Duties,
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
    /// RFC 5280, with the duties of its section 4: about anybody, for every purpose.
    #[must_use]
    pub fn rfc5280() -> Self {
        Self {
            subject: Subject::Anybody,
            extended_key_usage: ExtendedKeyUsage::Off,
            anchor_checks: AnchorChecks::Certificate,
            duties: Duties::Enforce,
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

    /// A device that signs in: its certificate must not be a CA's, its key must be for signing, and for client
    /// authentication where a purpose is named. What private CAs leave out is let pass.
    #[must_use]
    pub fn device(subject: Subject<'a>) -> Self {
        Self {
            subject,
            extended_key_usage: ExtendedKeyUsage::AllowAbsent(Purpose::ClientAuth),
            duties: Duties::Ignore,
            ca_leaf: false,
            signing_leaf: true,
            ..Self::rfc5280()
        }
    }

    /// A server, seen from a device: its DNS name or address among its alternative names (RFC 9525).
    #[must_use]
    pub fn server(name: ServerName<'a>) -> Self {
        Self {
            subject: Subject::Server(name),
            extended_key_usage: ExtendedKeyUsage::AllowAbsent(Purpose::ServerAuth),
            duties: Duties::Ignore,
            ca_leaf: false,
            signing_leaf: true,
            ..Self::rfc5280()
        }
    }

    /// A server of the public web: the Baseline Requirements of the CA/Browser Forum on top of RFC 5280.
    #[must_use]
    pub fn web_pki(name: ServerName<'a>) -> Self {
        Self {
            subject: Subject::Server(name),
            extended_key_usage: ExtendedKeyUsage::Require(Purpose::ServerAuth),
            ca_leaf: false,
            web_pki: true,
            common_names: CommonNames::RepeatAltName,
            ..Self::rfc5280()
        }
    }

    /// Whom the leaf must be about.
    #[must_use]
    pub fn for_subject(self, subject: Subject<'a>) -> Self {
        Self { subject, ..self }
    }

    /// How extended key usage is judged.
    #[must_use]
    pub fn extended_key_usage(self, rule: ExtendedKeyUsage) -> Self {
        Self { extended_key_usage: rule, ..self }
    }

    /// How anchors are judged.
    #[must_use]
    pub fn anchor_checks(self, checks: AnchorChecks) -> Self {
        Self { anchor_checks: checks, ..self }
    }

    /// Whether CAs are held to RFC 5280 section 4.
    #[must_use]
    pub fn duties(self, duties: Duties) -> Self {
        Self { duties, ..self }
    }

    /// The inputs to policy processing.
    #[must_use]
    pub fn policies(self, inputs: PolicyInputs<'a>) -> Self {
        Self { policies: inputs, ..self }
    }

    /// Most intermediates of a path that are not self-issued.
    #[must_use]
    pub fn max_intermediates(self, most: usize) -> Self {
        Self { max_intermediates: Some(most), ..self }
    }

    /// What a common name may be.
    #[must_use]
    pub fn common_names(self, rule: CommonNames) -> Self {
        Self { common_names: rule, ..self }
    }

    /// How revocation is judged; not at all unless this says so.
    #[must_use]
    pub fn revocation(self, revocation: Revocation<'a>) -> Self {
        Self { revocation, ..self }
    }

    /// How much work a verification may be.
    #[must_use]
    pub fn budget(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// All that borrows nothing: the subject, the acceptable policies and the revocation lists are left out.
    pub(crate) fn owned(&self) -> Profile<'static> {
        Profile {
            subject: Subject::Anybody,
            extended_key_usage: self.extended_key_usage,
            anchor_checks: self.anchor_checks,
            duties: self.duties,
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
