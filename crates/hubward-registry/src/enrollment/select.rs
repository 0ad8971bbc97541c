//! Which enrollment decides on somebody, and what it decides.

use alloc::boxed::Box;

use hubward_core::{DeviceId, Keys, MacKey, NameError, RegistrationId, Status, SymmetricKey, Thumbprint};

use super::{Attestation, Derivation, Enrollment, Enrollments, folded};
use crate::entropy::NoEntropy;
use crate::keys::SymmetricKeys;

/// Most bytes of a registration id that stands in a certificate as its common name (RFC 5280, A.1).
const COMMON_NAME: usize = 64;

/// What somebody presents who wants to be provisioned.
#[non_exhaustive]
pub enum Evidence<'e, K> {
    /// A token: whether it verifies under given keys.
    Token(&'e dyn Fn(Keys<'_, K>) -> bool),
    /// A verified chain of certificates, by thumbprint.
    Chain {
        /// The device's own.
        leaf: Thumbprint,
        /// Those above it, the nearest first.
        issuers: &'e [Thumbprint],
    },
}

impl<K> core::fmt::Debug for Evidence<'_, K> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token",
            Self::Chain { .. } => "Chain",
        })
    }
}

/// Why nobody is provisioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProvisionError {
    /// A TPM answered a challenge whose time was over.
    #[error("the challenge expired at {expires}, it is {now}")]
    ChallengeExpired {
        /// The challenge's last second.
        expires: u64,
        /// The time of the answer.
        now: u64,
    },
    /// The one that matches is disabled.
    #[error("the enrollment is disabled")]
    Disabled,
    /// The registration id can be no device's.
    #[error(transparent)]
    Id(#[from] NameError),
    /// There is an enrollment for this registration id, and this is not its proof.
    #[error("not what the enrollment asks for")]
    Mismatch,
    /// No key could be made for a TPM to prove that it holds it.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// The caller's function gave no hub.
    #[error("no hub to assign")]
    NoHub,
    /// Nobody enrolled this.
    #[error("no enrollment matches")]
    NotEnrolled,
    /// A registration id that no certificate can hold.
    #[error("a registration id of {len} bytes, at most {max} with a certificate")]
    TooLongForCertificate {
        /// Bytes found.
        len: usize,
        /// Bytes allowed.
        max: usize,
    },
}

/// The enrollment that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EnrollmentMatch<'e> {
    /// The group's name, or `None` for an individual enrollment.
    pub group: Option<&'e str>,
    /// The id that the device is given.
    pub device_id: Box<str>,
}

impl<K: MacKey> Enrollments<K> {
    /// The enrollment that decides on somebody. An individual's comes before any group's; of groups with a
    /// certificate the one of the nearest issuer; of groups with a key the first by name whose derived key verifies.
    /// The first match decides, also where it denies.
    ///
    /// # Errors
    /// [`ProvisionError`] where it denies, and where there is no match.
    pub fn select(
        &self,
        id: RegistrationId<'_>,
        evidence: &Evidence<'_, K>,
        make: impl Fn(&SymmetricKey) -> K,
    ) -> Result<EnrollmentMatch<'_>, ProvisionError> {
        let len = id.as_str().len();
        if matches!(evidence, Evidence::Chain { .. }) && len > COMMON_NAME {
            return Err(ProvisionError::TooLongForCertificate { len, max: COMMON_NAME });
        }
        let folded = folded(id);
        if let Some(enrollment) = self.individuals.get(&folded) {
            let proven = match (&enrollment.attestation, evidence) {
                (Attestation::SymmetricKey(pair), Evidence::Token(verifies)) => verifies(pair.keys()),
                (Attestation::X509(kept), Evidence::Chain { leaf, .. }) => kept.matches(leaf),
                _ => false,
            };
            if !proven {
                return Err(ProvisionError::Mismatch);
            }
            let device_id = enrollment.device_id.clone().unwrap_or(folded);
            return enabled(enrollment, None, device_id);
        }
        let group = match evidence {
            Evidence::Token(verifies) => self.groups.iter().find(|(_, group)| match &group.attestation {
                Attestation::SymmetricKey(pair) => self.derived(pair, id, &folded, &make, verifies),
                _ => false,
            }),
            Evidence::Chain { issuers, .. } => issuers.iter().find_map(|issuer| {
                self.groups.iter().find(|(_, group)| match &group.attestation {
                    Attestation::X509(kept) => kept.matches(issuer),
                    _ => false,
                })
            }),
        };
        let (name, group) = group.ok_or(ProvisionError::NotEnrolled)?;
        enabled(group, Some(name), folded)
    }

    /// [`Enrollments::select`], and the hub that `assign` chooses for whom was selected.
    ///
    /// # Errors
    /// As [`Enrollments::select`], and [`ProvisionError::NoHub`] where `assign` gives none.
    pub fn provision<H>(
        &self,
        id: RegistrationId<'_>,
        evidence: &Evidence<'_, K>,
        make: impl Fn(&SymmetricKey) -> K,
        assign: impl FnOnce(&EnrollmentMatch<'_>) -> Option<H>,
    ) -> Result<(EnrollmentMatch<'_>, H), ProvisionError> {
        let selected = self.select(id, evidence, make)?;
        let hub = assign(&selected).ok_or(ProvisionError::NoHub)?;
        Ok((selected, hub))
    }

    /// Whether the token verifies under a key that one of the group's keys gives for this id.
    fn derived(
        &self,
        pair: &SymmetricKeys<K>,
        id: RegistrationId<'_>,
        folded: &str,
        make: impl Fn(&SymmetricKey) -> K,
        verifies: &dyn Fn(Keys<'_, K>) -> bool,
    ) -> bool {
        let keys = pair.keys();
        let verifies = |name: &str| {
            let primary = make(&derive_key(keys.primary(), name));
            match keys.secondary() {
                Some(secondary) => verifies(Keys::pair(&primary, &make(&derive_key(secondary, name)))),
                None => verifies(Keys::one(&primary)),
            }
        };
        let lower = self.derivation == Derivation::AsPresentedOrLowerCase && id.as_str() != folded;
        verifies(id.as_str()) || (lower && verifies(folded))
    }
}

/// A member's key: the tag of its registration id, as given, under the group's key. `hubward_sas::derive_device_key`
/// makes the same of a [`RegistrationId`].
#[must_use]
pub fn derive_key(group: &impl MacKey, registration_id: &str) -> SymmetricKey {
    SymmetricKey::from(group.tag(&[registration_id.as_bytes()]))
}

pub(super) fn enabled<'e, K>(
    enrollment: &Enrollment<K>,
    group: Option<&'e str>,
    device_id: Box<str>,
) -> Result<EnrollmentMatch<'e>, ProvisionError> {
    if enrollment.status == Status::Disabled {
        return Err(ProvisionError::Disabled);
    }
    DeviceId::parse(&device_id)?;
    Ok(EnrollmentMatch { group, device_id })
}
