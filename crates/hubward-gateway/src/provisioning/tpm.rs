//! Attestation by a TPM: a device sends its TPM's public keys, gets a key that only its TPM decrypts, and signs its token
//! with that.

use core::net::IpAddr;
use std::sync::Arc;

use base64ct::{Base64, Encoding};
use hubward::registry::{
    Attestation, Enrollment, Enrollments, ProvisionError, TpmKeys, TpmSecret, TpmWrapper,
};
use hubward::types::{Lookup, RegistrationId, SymmetricKey, UnixTime};
use hubward::{AuthError, RegistrationCredentials};
use hubward_rustcrypto::HmacKey;
use hubward_store::RegistrationState;
use serde::Deserialize;

use super::{Provisioning, Refused};
use crate::clock;

/// Seconds from its registration for which a device may ask for its key at the hub.
const KEPT: u64 = 600;
/// Bytes of a public key: the public area of a 4096-bit RSA key has about 600.
const KEY: usize = 1024;

/// The part of a provisioning service that attests TPMs.
#[derive(Debug)]
pub(super) struct Tpm {
    wrapper: Arc<dyn TpmWrapper>,
    secret: TpmSecret<HmacKey>,
}

/// The public keys of a device's TPM.
#[derive(Debug)]
pub(crate) struct PublicKeys {
    endorsement: Vec<u8>,
    storage_root: Vec<u8>,
}

/// The same in the body of a request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WrittenKeys {
    endorsement_key: String,
    storage_root_key: Option<String>,
}

/// A request to register, as far as it is of a TPM.
#[derive(Deserialize)]
struct Request {
    tpm: Option<WrittenKeys>,
}

impl PublicKeys {
    /// Takes both keys, if they are short enough.
    pub(crate) fn new(endorsement: &[u8], storage_root: &[u8]) -> Option<Self> {
        let short = endorsement.len() <= KEY && storage_root.len() <= KEY;
        short.then(|| Self { endorsement: endorsement.into(), storage_root: storage_root.into() })
    }

    /// Returns the keys of a request to register; `None` if it has none.
    pub(crate) fn of(body: &[u8]) -> Option<Self> {
        let keys = serde_json::from_slice::<Request>(body).ok()?.tpm?;
        Self::new(&decoded(&keys.endorsement_key)?, &decoded(keys.storage_root_key.as_deref()?)?)
    }
}

impl WrittenKeys {
    /// Returns the storage root key.
    pub(super) fn storage_root(&self) -> Option<Vec<u8>> {
        self.storage_root_key.as_deref().and_then(decoded).filter(|key| key.len() <= KEY)
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    Base64::decode_vec(text.trim()).ok()
}

impl Tpm {
    /// Gateways with one secret accept each other's challenges, and derive the same keys of devices.
    pub(super) fn new(wrapper: Arc<dyn TpmWrapper>, secret: &SymmetricKey) -> Self {
        Self { wrapper, secret: TpmSecret::new(HmacKey::new(secret)) }
    }

    /// Returns the enrollment of a registration that is by a TPM, as one by the keys that the TPM decrypted.
    pub(super) fn enrollment(
        &self,
        enrollments: &Enrollments<HmacKey>,
        credentials: &RegistrationCredentials<'_>,
        now: UnixTime,
    ) -> Option<Enrollments<HmacKey>> {
        let Lookup::Registration(_, id) = credentials.lookup() else { return None };
        let id = id.to_string();
        self.secret.enrollment(enrollments, RegistrationId::parse(&id).ok()?, HmacKey::new, now)
    }

    /// Returns the key at the hub of a device that registers at `now`, and the same wrapped for its TPM.
    pub(super) fn device_key(
        &self,
        id: RegistrationId<'_>,
        endorsement: &[u8],
        storage_root: &[u8],
        now: UnixTime,
    ) -> Option<(SymmetricKey, Box<[u8]>)> {
        let key = self.secret.device_key(id, endorsement, now);
        let wrapped = self.wrapper.wrap(TpmKeys { endorsement, storage_root }, &key)?;
        Some((key, wrapped))
    }
}

impl Provisioning {
    /// Returns whether TPMs are attested.
    pub(crate) const fn has_tpm(&self) -> bool {
        self.tpm.is_some()
    }

    /// Returns the key at the hub of a device that has registered by its TPM, wrapped for it, in base64. It is derived again from
    /// the registration, so that any gateway with the same secret answers, also after a restart. `None` if the device did
    /// not register so, or too long ago: it registers again.
    pub(super) async fn wrapped_key(
        self: &Arc<Self>,
        state: &RegistrationState,
        id: RegistrationId<'_>,
    ) -> Option<String> {
        self.tpm.as_ref()?;
        let root = decoded(state.storage_root.as_deref()?)?;
        let registered = state.updated;
        if registered.saturating_add(KEPT) < clock::now().as_secs() {
            return None;
        }
        let id = id.to_string();
        let wrap = move |this: &Self| {
            let id = RegistrationId::parse(&id).map_err(|_| AuthError::RegistrationPath)?;
            let endorsement = match this.index().enrollments().individual(id).map(Enrollment::attestation) {
                Some(Attestation::Tpm(key)) => key.clone(),
                _ => return Err(AuthError::NoCredential),
            };
            let key = this
                .tpm
                .as_ref()
                .and_then(|tpm| tpm.device_key(id, endorsement.as_bytes(), &root, clock::at(registered)));
            key.ok_or(AuthError::NoCredential)
        };
        // the wrapper may be slow: it has no more threads than the verification of credentials
        let (_, wrapped) = self.unlimited(wrap).await.ok()?;
        Some(Base64::encode_string(&wrapped))
    }

    /// Returns the wrapped key with which a device with these public keys is to sign its token, if it is enrolled so.
    pub(crate) async fn challenge(
        self: &Arc<Self>,
        address: IpAddr,
        scope: &str,
        id: &str,
        keys: PublicKeys,
    ) -> Result<Box<[u8]>, Refused> {
        let (scope, id) = (scope.to_owned(), id.to_owned());
        self.verified(address, move |this| this.challenge_now(&scope, &id, &keys)).await
    }

    fn challenge_now(&self, scope: &str, id: &str, keys: &PublicKeys) -> Result<Box<[u8]>, AuthError> {
        let tpm = self.tpm.as_ref().ok_or(AuthError::NoCredential)?;
        let index = self.index();
        let id = RegistrationId::parse(id).map_err(|_| AuthError::RegistrationPath)?;
        if index.service().map(|service| &*service.id_scope) != Some(scope) {
            return Err(AuthError::IdScopeMismatch);
        }
        let key = tpm.secret.challenge_key(index.enrollments(), id, &keys.endorsement, clock::now());
        // the wrapper may be slow, and nothing waits for the index meanwhile
        drop(index);
        let public = TpmKeys { endorsement: &keys.endorsement, storage_root: &keys.storage_root };
        let wrapped = key.and_then(|key| tpm.wrapper.wrap(public, &key).ok_or(ProvisionError::Mismatch));
        wrapped.map_err(AuthError::Provision)
    }
}
