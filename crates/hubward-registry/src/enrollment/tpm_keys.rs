//! Keys for TPMs that a service derives again for each request, instead of keeping a challenge for each device.

use alloc::boxed::Box;
use core::fmt;

use hubward_core::{MacKey, RegistrationId, SymmetricKey, UnixTime};

use super::tpm::TpmKeys;
use super::{Attestation, Derivation, Enrollment, Enrollments, ProvisionError, folded};
use crate::keys::SymmetricKeys;

/// Seconds after which another key is derived. The former one is valid for as long again.
const WINDOW: u64 = 600;
/// Seconds by which the clock of another service may be ahead: its key is accepted then, before it is this one's too.
const AHEAD: u64 = 5;

/// Wraps keys so that only one TPM can decrypt them (`TPM2_MakeCredential` and `TPM2_Import`). This crate has no part of a
/// TPM: the caller does it.
pub trait TpmWrapper: fmt::Debug + Send + Sync {
    /// Wraps a key under the storage root key, and that under the endorsement key. Returns the bytes that
    /// `TPM2_ActivateCredential` takes on the device, or `None` if one of the keys cannot be used.
    fn wrap(&self, tpm: TpmKeys<'_>, key: &SymmetricKey) -> Option<Box<[u8]>>;
}

/// Derives the keys of TPMs from one secret, by registration id, endorsement key and time. It keeps nothing: requests
/// for other devices' challenges can neither fill a table nor replace a challenge.
///
/// A key is valid for 10 to 20 minutes, less 5 seconds: services that share the secret accept each other's keys if their
/// clocks differ by no more. It is for the device that decrypted it, so that two requests of one device get the
/// same key.
///
/// ```
/// use hubward_core::{RegistrationId, SymmetricKey, UnixTime};
/// use hubward_registry::{
///     Attestation, Derivation, EndorsementKey, Enrollment, Enrollments, TpmKeys, TpmSecret, TpmWrapper,
/// };
/// use hubward_rustcrypto::HmacKey;
///
/// // in place of a TPM library
/// #[derive(Debug)]
/// struct Sealed;
/// impl TpmWrapper for Sealed {
///     fn wrap(&self, _: TpmKeys<'_>, key: &SymmetricKey) -> Option<Box<[u8]>> {
///         Some(key.expose().iter().map(|byte| byte ^ 0x5a).collect())
///     }
/// }
///
/// let id = RegistrationId::parse("gate")?;
/// let mut all = Enrollments::new(Derivation::AsPresented);
/// all.enroll(id, Enrollment::new(Attestation::Tpm(EndorsementKey::new(b"the maker's")?)));
/// let secret = TpmSecret::new(HmacKey::new(&SymmetricKey::from_bytes(&[7; 32])?));
/// let tpm = TpmKeys { endorsement: b"the maker's", storage_root: b"the owner's" };
/// let nonce = secret.challenge(&all, id, tpm, &Sealed, UnixTime::since_unix_epoch(Default::default()))?;
/// assert_eq!(nonce.len(), 32);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TpmSecret<K>(K);

impl<K: MacKey> TpmSecret<K> {
    /// Takes the secret. Gateways with one secret accept each other's challenges.
    #[must_use]
    pub const fn new(secret: K) -> Self {
        Self(secret)
    }

    /// Returns the wrapped key with which the device signs its token, if the individual enrollment of `id` has this
    /// endorsement key.
    ///
    /// # Errors
    /// [`ProvisionError::NotEnrolled`] if `id` has no individual enrollment; [`ProvisionError::Mismatch`] if its enrollment
    /// has another key or another kind of attestation, or if the key cannot be wrapped; [`ProvisionError::Disabled`].
    pub fn challenge(
        &self,
        enrollments: &Enrollments<K>,
        id: RegistrationId<'_>,
        tpm: TpmKeys<'_>,
        wrapper: &dyn TpmWrapper,
        now: UnixTime,
    ) -> Result<Box<[u8]>, ProvisionError> {
        let key = self.challenge_key(enrollments, id, tpm.endorsement, now)?;
        wrapper.wrap(tpm, &key).ok_or(ProvisionError::Mismatch)
    }

    /// Returns the key of [`TpmSecret::challenge`] before it is wrapped, for a wrapper that is too slow to be called while
    /// the enrollments are locked.
    ///
    /// # Errors
    /// The errors of [`TpmSecret::challenge`], except that of the wrapper.
    pub fn challenge_key(
        &self,
        enrollments: &Enrollments<K>,
        id: RegistrationId<'_>,
        endorsement: &[u8],
        now: UnixTime,
    ) -> Result<SymmetricKey, ProvisionError> {
        enrollments.with_tpm(&folded(id), endorsement)?;
        Ok(self.derive("identity", id, endorsement, now.as_secs() / WINDOW))
    }

    /// Returns the enrollment of a TPM as one by the keys that it decrypted: authenticate the token of the registration
    /// against it. `None` if `id` has no enrollment by a TPM.
    pub fn enrollment(
        &self,
        enrollments: &Enrollments<K>,
        id: RegistrationId<'_>,
        make: impl Fn(&SymmetricKey) -> K,
        now: UnixTime,
    ) -> Option<Enrollments<K>> {
        let own = enrollments.individual(id)?;
        let Attestation::Tpm(endorsement) = own.attestation() else { return None };
        let window = now.as_secs().saturating_add(AHEAD) / WINDOW;
        let key = |window| make(&self.derive("identity", id, endorsement.as_bytes(), window));
        let keys = SymmetricKeys::new(key(window), key(window.saturating_sub(1)));
        let mut enrollment = Enrollment::new(Attestation::SymmetricKey(keys)).with_status(own.status());
        if let Some(device) = own.device_id() {
            enrollment = enrollment.with_device_id(device);
        }
        let mut one = Enrollments::new(Derivation::AsPresented);
        one.enroll(id, enrollment);
        Some(one)
    }

    /// Returns the key that the device has at its hub, in the same time the same one: wrap it for the device, and store
    /// it in the hub's record.
    #[must_use]
    pub fn device_key(&self, id: RegistrationId<'_>, endorsement: &[u8], now: UnixTime) -> SymmetricKey {
        self.derive("device", id, endorsement, now.as_secs() / WINDOW)
    }

    /// Derives a key. No part but the last can have a line feed, so that two keys have different texts.
    fn derive(&self, purpose: &str, id: RegistrationId<'_>, endorsement: &[u8], window: u64) -> SymmetricKey {
        let id = folded(id);
        let parts = [purpose.as_bytes(), b"\n", id.as_bytes(), b"\n", &window.to_be_bytes(), endorsement];
        SymmetricKey::from(self.0.tag(&parts))
    }
}
