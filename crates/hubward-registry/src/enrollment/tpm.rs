//! TPM attestation in two rounds: the device sends its TPM's public keys and receives a key that only this TPM can
//! decrypt; it then signs its token with that key.

use alloc::boxed::Box;
use core::fmt;

use hubward_core::{Keys, MacKey, RegistrationId, SymmetricKey, UnixTime};

use super::{Attestation, Enrollment, EnrollmentMatch, Enrollments, ProvisionError, folded};
use crate::enrollment::select::enabled;
use crate::entropy::Entropy;

/// Maximum length of an endorsement key in bytes: the public area of a 4096-bit RSA key has about 600.
const LONGEST: usize = 1024;

/// The public part of a TPM's endorsement key as the device sends it, decoded from base64. It is compared as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndorsementKey(Box<[u8]>);

/// The bytes cannot be an endorsement key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the endorsement key has {len} bytes, from 1 to {max} are allowed")]
#[non_exhaustive]
pub struct EndorsementKeyError {
    /// The number of bytes.
    pub len: usize,
    /// The maximum number of bytes.
    pub max: usize,
}

impl EndorsementKey {
    /// Takes the bytes of the key.
    ///
    /// # Errors
    /// [`EndorsementKeyError`] if the key is empty or too long.
    pub fn new(key: &[u8]) -> Result<Self, EndorsementKeyError> {
        match key.len() {
            1..=LONGEST => Ok(Self(key.into())),
            len => Err(EndorsementKeyError { len, max: LONGEST }),
        }
    }

    /// Returns the bytes of the key.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The two public keys that a device with a TPM sends first.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "the first message of the flow has these two")]
pub struct TpmKeys<'t> {
    /// The endorsement key, which the manufacturer put into the TPM and the enrollment contains.
    pub endorsement: &'t [u8],
    /// The storage root key, which the TPM's owner created. The enrollment does not contain it; the activation binds
    /// it.
    pub storage_root: &'t [u8],
}

/// A key for one attestation by a TPM.
///
/// Send [`TpmChallenge::identity_key`] to the device so that only the TPM of [`TpmChallenge::tpm`] can decrypt it:
/// wrap it under the storage root key, and that under the endorsement key (`TPM2_ActivateCredential`, then
/// `TPM2_Import`). The caller does the wrapping. The device signs the token of its registration with the key, and
/// [`TpmChallenge::answer`] verifies it. Keep the challenge until then, and drop it when it expires.
pub struct TpmChallenge<'t, K> {
    registration: Box<str>,
    tpm: TpmKeys<'t>,
    identity: SymmetricKey,
    ready: K,
    expires: u64,
}

impl<K> fmt::Debug for TpmChallenge<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TpmChallenge")
            .field("registration", &self.registration)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl<K: MacKey> Enrollments<K> {
    /// Starts the first round: checks that the individual enrollment of `id` has this endorsement key, and generates
    /// a key for the TPM, valid until `expires`. Nothing is provisioned yet.
    ///
    /// # Errors
    /// [`ProvisionError::NotEnrolled`] if `id` has no individual enrollment; [`ProvisionError::Mismatch`] if its
    /// enrollment has another key or another kind of attestation; [`ProvisionError::Disabled`];
    /// [`ProvisionError::NoEntropy`].
    pub fn challenge<'t>(
        &self,
        id: RegistrationId<'_>,
        tpm: TpmKeys<'t>,
        expires: UnixTime,
        entropy: &mut Entropy<'_>,
        make: impl Fn(&SymmetricKey) -> K,
    ) -> Result<TpmChallenge<'t, K>, ProvisionError> {
        let registration = folded(id);
        self.with_tpm(&registration, tpm.endorsement)?;
        let identity = SymmetricKey::generate(&mut *entropy)?;
        let ready = make(&identity);
        Ok(TpmChallenge { registration, tpm, identity, ready, expires: expires.as_secs() })
    }

    /// Returns the enabled enrollment of a TPM, and the device id that it assigns.
    pub(super) fn with_tpm(
        &self,
        registration: &str,
        endorsement: &[u8],
    ) -> Result<EnrollmentMatch<'_>, ProvisionError> {
        let enrollment: &Enrollment<K> =
            self.individuals.get(registration).ok_or(ProvisionError::NotEnrolled)?;
        match &enrollment.attestation {
            Attestation::Tpm(stored) if stored.as_bytes() == endorsement => {
                let device_id = enrollment.device_id.clone().unwrap_or_else(|| registration.into());
                enabled(enrollment, None, device_id)
            }
            _ => Err(ProvisionError::Mismatch),
        }
    }
}

impl<'t, K: MacKey> TpmChallenge<'t, K> {
    /// Returns the registration id in lower case. The token must be for this registration.
    #[must_use]
    pub fn registration_id(&self) -> RegistrationId<'_> {
        RegistrationId::assertion(&self.registration)
    }

    /// Returns the TPM's keys to wrap for.
    #[must_use]
    pub const fn tpm(&self) -> TpmKeys<'t> {
        self.tpm
    }

    /// Returns the key to wrap. Send it in no other form.
    #[must_use]
    pub const fn identity_key(&self) -> &SymmetricKey {
        &self.identity
    }

    /// Completes the second round. `verifies` verifies the token of this registration with given keys. The enrollment
    /// is looked up again, since it may have changed.
    ///
    /// # Errors
    /// [`ProvisionError::ChallengeExpired`]; [`ProvisionError::Mismatch`] if the token does not verify; and the
    /// errors of [`Enrollments::challenge`]. The challenge is used up in any case: request a new one.
    pub fn answer<'e>(
        self,
        enrollments: &'e Enrollments<K>,
        verifies: impl Fn(Keys<'_, K>) -> bool,
        now: UnixTime,
    ) -> Result<EnrollmentMatch<'e>, ProvisionError> {
        let (expires, now) = (self.expires, now.as_secs());
        if expires < now {
            return Err(ProvisionError::ChallengeExpired { expires, now });
        }
        if !verifies(Keys::one(&self.ready)) {
            return Err(ProvisionError::Mismatch);
        }
        enrollments.with_tpm(&self.registration, self.tpm.endorsement)
    }
}
