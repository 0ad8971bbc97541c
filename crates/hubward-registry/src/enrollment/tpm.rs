//! A TPM attests in two rounds: it shows its keys, and is given one that only it can open; it signs its token with that.

use alloc::boxed::Box;
use core::fmt;

use hubward_core::{Keys, MacKey, RegistrationId, SymmetricKey, UnixTime};

use super::{Attestation, Enrollment, EnrollmentMatch, Enrollments, ProvisionError, folded};
use crate::enrollment::select::enabled;
use crate::entropy::{Entropy, fresh_key};

/// Most bytes of an endorsement key: the public area of one of RSA with 4096 bits has about 600.
const LONGEST: usize = 1024;

/// The public part of a TPM's endorsement key as the device sends it, its base64 undone. Compared whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndorsementKey(Box<[u8]>);

/// Bytes that are no endorsement key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an endorsement key of {len} bytes, from 1 to {max} are allowed")]
#[non_exhaustive]
pub struct EndorsementKeyError {
    /// Bytes found.
    pub len: usize,
    /// Bytes allowed.
    pub max: usize,
}

impl EndorsementKey {
    /// Takes the key's bytes.
    ///
    /// # Errors
    /// [`EndorsementKeyError`] where there are none, or too many.
    pub fn new(key: &[u8]) -> Result<Self, EndorsementKeyError> {
        match key.len() {
            1..=LONGEST => Ok(Self(key.into())),
            len => Err(EndorsementKeyError { len, max: LONGEST }),
        }
    }

    /// The key's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What a device with a TPM shows first: two public keys.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "the first message of the flow has these two")]
pub struct TpmKeys<'t> {
    /// The endorsement key, which the maker gave the TPM and the enrollment names.
    pub endorsement: &'t [u8],
    /// The storage root key, which its owner made: the enrollment does not name it, the activation binds it.
    pub storage_root: &'t [u8],
}

/// A key that was made for one attestation, to be proven once.
///
/// Send [`TpmChallenge::identity_key`] to the device so that only the TPM of [`TpmChallenge::tpm`] can open it: under
/// the storage root key, and that under the endorsement key (`TPM2_ActivateCredential`, then `TPM2_Import`). That
/// wrapping is the caller's. The device signs the token of its registration with the key; [`TpmChallenge::answer`]
/// takes it. Keep the challenge until then, and drop it when its time is over.
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
    /// The first round: the individual enrollment of `id` names this endorsement key, so a new key is made for the TPM
    /// to prove itself with, until `expires`. Nobody is provisioned yet.
    ///
    /// # Errors
    /// [`ProvisionError::NotEnrolled`] where nobody enrolled `id` by itself; [`ProvisionError::Mismatch`] where its
    /// enrollment is of another key or of another kind; [`ProvisionError::Disabled`]; [`ProvisionError::NoEntropy`].
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
        let identity = fresh_key(entropy)?;
        let ready = make(&identity);
        Ok(TpmChallenge { registration, tpm, identity, ready, expires: expires.as_secs() })
    }

    /// The enabled enrollment of a TPM, and the device that it gives.
    fn with_tpm(
        &self,
        registration: &str,
        endorsement: &[u8],
    ) -> Result<EnrollmentMatch<'_>, ProvisionError> {
        let enrollment: &Enrollment<K> =
            self.individuals.get(registration).ok_or(ProvisionError::NotEnrolled)?;
        match &enrollment.attestation {
            Attestation::Tpm(kept) if kept.as_bytes() == endorsement => {
                let device_id = enrollment.device_id.clone().unwrap_or_else(|| registration.into());
                enabled(enrollment, None, device_id)
            }
            _ => Err(ProvisionError::Mismatch),
        }
    }
}

impl<'t, K: MacKey> TpmChallenge<'t, K> {
    /// Whose it is, in lower case: the token has to be this registration's.
    #[must_use]
    pub fn registration_id(&self) -> RegistrationId<'_> {
        RegistrationId::assertion(&self.registration)
    }

    /// The keys to wrap for.
    #[must_use]
    pub const fn tpm(&self) -> TpmKeys<'t> {
        self.tpm
    }

    /// The key to wrap, and to send in no other form.
    #[must_use]
    pub const fn identity_key(&self) -> &SymmetricKey {
        &self.identity
    }

    /// The second round: `verifies` says whether the token of this registration verifies under given keys. The
    /// enrollment is looked at again, for it may have been changed since.
    ///
    /// # Errors
    /// [`ProvisionError::ChallengeExpired`]; [`ProvisionError::Mismatch`] where the token does not verify; and as
    /// [`Enrollments::challenge`]. The challenge is over in any case: begin again.
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
