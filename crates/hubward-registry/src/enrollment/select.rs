//! Selection of the enrollment that matches a registration, and its decision.

use alloc::boxed::Box;
use core::hint::black_box;

use hubward_core::{DeviceId, Keys, MacKey, NameError, RegistrationId, Status, SymmetricKey, Thumbprint};

use super::{Attestation, Derivation, Enrollment, Enrollments, folded};
use crate::entropy::NoEntropy;
use crate::keys::SymmetricKeys;

/// Maximum length in bytes of a registration id that is a certificate's common name (RFC 5280, A.1).
const COMMON_NAME: usize = 64;

/// The evidence that a device presents to register.
#[non_exhaustive]
pub enum Evidence<'e, K> {
    /// A token: a function that verifies it with given keys.
    Token(&'e dyn Fn(Keys<'_, K>) -> bool),
    /// A verified certificate chain, by thumbprint.
    Chain {
        /// The thumbprint of the device's own certificate.
        leaf: Thumbprint,
        /// The thumbprints of its issuers, the nearest first.
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

/// The reason why a device is not provisioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProvisionError {
    /// A TPM answered a challenge that had expired.
    #[error("the challenge expired at {expires}, it is {now}; request a new one")]
    ChallengeExpired {
        /// The last valid second of the challenge.
        expires: u64,
        /// The time of the answer.
        now: u64,
    },
    /// The matching enrollment is disabled.
    #[error("the enrollment is disabled")]
    Disabled,
    /// The registration id is not a valid device id.
    #[error(transparent)]
    Id(#[from] NameError),
    /// There is an individual enrollment of this registration id, and the evidence does not satisfy it.
    #[error("the evidence does not satisfy the enrollment")]
    Mismatch,
    /// The caller's source gave no bytes for a TPM's key.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// The caller's function returned no hub.
    #[error("there is no hub to assign")]
    NoHub,
    /// There is no enrollment for this registration.
    #[error("no enrollment matches")]
    NotEnrolled,
    /// The registration id is too long for a certificate's common name.
    #[error("the registration id has {len} bytes, at most {max} are allowed with a certificate")]
    TooLongForCertificate {
        /// The number of bytes.
        len: usize,
        /// The maximum number of bytes.
        max: usize,
    },
}

/// The enrollment that matched.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EnrollmentMatch<'e> {
    /// The name of the group, or `None` for an individual enrollment.
    pub group: Option<&'e str>,
    /// The device id to assign.
    pub device_id: Box<str>,
}

impl<K: MacKey> Enrollments<K> {
    /// Selects the enrollment of a registration. An individual enrollment has precedence over all groups. Of groups
    /// with a certificate, the one of the nearest issuer is selected; of groups with a key, the first by name whose
    /// derived key verifies the token. The first match decides, even if it denies.
    ///
    /// A token is tried with the keys of at most [`MOST_GROUPS`](crate::MOST_GROUPS) groups, unless
    /// [`Enrollments::with_most_groups`] says otherwise. A refusal tries all of them, so that its cost tells neither
    /// whether there is an individual enrollment nor which group matched.
    ///
    /// # Errors
    /// [`ProvisionError`] if the match denies, or if there is no match.
    pub fn select(
        &self,
        id: RegistrationId<'_>,
        evidence: &Evidence<'_, K>,
        make: impl Fn(&SymmetricKey) -> K,
    ) -> Result<EnrollmentMatch<'_>, ProvisionError> {
        self.select_among(id, None, evidence, make)
    }

    /// Does what [`Enrollments::select`] does, but tries a token with the keys of the group `name` alone, which the
    /// request named. The cost does not depend on the number of groups. The name proves nothing: the derived key must
    /// verify the token.
    ///
    /// A refusal costs the same whether or not there is such a group: the keys of another one are tried in its place.
    ///
    /// # Errors
    /// The errors of [`Enrollments::select`]; [`ProvisionError::NotEnrolled`] if there is no such group with a key.
    pub fn select_named(
        &self,
        id: RegistrationId<'_>,
        name: &str,
        evidence: &Evidence<'_, K>,
        make: impl Fn(&SymmetricKey) -> K,
    ) -> Result<EnrollmentMatch<'_>, ProvisionError> {
        self.select_among(id, Some(name), evidence, make)
    }

    fn select_among(
        &self,
        id: RegistrationId<'_>,
        named: Option<&str>,
        evidence: &Evidence<'_, K>,
        make: impl Fn(&SymmetricKey) -> K,
    ) -> Result<EnrollmentMatch<'_>, ProvisionError> {
        let len = id.as_str().len();
        if matches!(evidence, Evidence::Chain { .. }) && len > COMMON_NAME {
            return Err(ProvisionError::TooLongForCertificate { len, max: COMMON_NAME });
        }
        let folded = folded(id);
        let by_token = |verifies| match named {
            Some(name) => self.named_group_of_token(name, id, &folded, &make, verifies),
            None => self.group_of_token(id, &folded, &make, verifies),
        };
        if let Some(enrollment) = self.individuals.get(&folded) {
            let proven = match (&enrollment.attestation, evidence) {
                (Attestation::SymmetricKey(pair), Evidence::Token(verifies)) => verifies(pair.keys()),
                (Attestation::X509(stored), Evidence::Chain { leaf, .. }) => stored.matches(leaf),
                (Attestation::Issuer(stored), Evidence::Chain { issuers, .. }) => {
                    issuers.iter().any(|issuer| stored.matches(issuer))
                }
                _ => false,
            };
            let device_id = enrollment.device_id.clone().unwrap_or_else(|| folded.clone());
            let selected =
                if proven { enabled(enrollment, None, device_id) } else { Err(ProvisionError::Mismatch) };
            if let (Err(_), Evidence::Token(verifies)) = (&selected, evidence) {
                // for the same cost as without an individual enrollment; the result is irrelevant
                let _ = black_box(by_token(*verifies));
            }
            return selected;
        }
        match evidence {
            Evidence::Token(verifies) => by_token(*verifies),
            Evidence::Chain { issuers, .. } => {
                let of = |issuer| self.groups.of_issuer(issuer);
                let (name, group) = issuers.iter().find_map(of).ok_or(ProvisionError::NotEnrolled)?;
                enabled(group, Some(name), folded.clone())
            }
        }
    }

    /// Returns the first group whose derived key verifies the token, if it is enabled. Otherwise all groups are tried,
    /// up to the limit, so that the cost does not tell which one matched.
    fn group_of_token(
        &self,
        id: RegistrationId<'_>,
        folded: &str,
        make: &impl Fn(&SymmetricKey) -> K,
        verifies: &dyn Fn(Keys<'_, K>) -> bool,
    ) -> Result<EnrollmentMatch<'_>, ProvisionError> {
        let mut selected = Err(ProvisionError::NotEnrolled);
        for (name, group, pair) in self.groups.with_keys().take(self.most_groups) {
            if self.derived(pair, id, folded, make, verifies) && selected == Err(ProvisionError::NotEnrolled)
            {
                selected = enabled(group, Some(name), folded.into());
                if selected.is_ok() {
                    break;
                }
            }
        }
        selected
    }

    /// Returns the named group if its derived key verifies the token and it is enabled.
    fn named_group_of_token(
        &self,
        name: &str,
        id: RegistrationId<'_>,
        folded: &str,
        make: &impl Fn(&SymmetricKey) -> K,
        verifies: &dyn Fn(Keys<'_, K>) -> bool,
    ) -> Result<EnrollmentMatch<'_>, ProvisionError> {
        let Some((name, group, pair)) = self.groups.with_key(name) else {
            if let Some((_, _, pair)) = self.groups.with_keys().next() {
                // for the same cost as with the group; the result is irrelevant
                let _ = black_box(self.derived(pair, id, folded, make, &|keys| {
                    let _ = black_box(verifies(keys));
                    false
                }));
            }
            return Err(ProvisionError::NotEnrolled);
        };
        if self.derived(pair, id, folded, make, verifies) {
            enabled(group, Some(name), folded.into())
        } else {
            Err(ProvisionError::NotEnrolled)
        }
    }

    /// Does [`Enrollments::select`], and returns the hub that `assign` chooses for the match.
    ///
    /// # Errors
    /// The errors of [`Enrollments::select`], and [`ProvisionError::NoHub`] if `assign` returns none.
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

    /// Returns whether the token verifies with a key derived from one of the group's keys and this id.
    fn derived(
        &self,
        pair: &SymmetricKeys<K>,
        id: RegistrationId<'_>,
        folded: &str,
        make: &impl Fn(&SymmetricKey) -> K,
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
        // both are always tried, for the same cost
        verifies(id.as_str()) | (lower && verifies(folded))
    }
}

/// Derives a group member's key: the tag of its registration id, as presented, under the group's key.
/// `hubward_sas::derive_device_key` derives the same key from a [`RegistrationId`].
///
/// ```
/// use hubward_core::SymmetricKey;
/// use hubward_rustcrypto::HmacKey;
///
/// let group = HmacKey::new(&SymmetricKey::from_bytes(&[7; 32])?);
/// let device_key = hubward_registry::derive_key(&group, "dev1");
/// assert_eq!(device_key.expose().len(), 32);
/// # Ok::<(), hubward_core::KeyError>(())
/// ```
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
