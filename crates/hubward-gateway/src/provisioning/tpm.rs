//! Attestation by a TPM: a device sends its TPM's public keys, gets a key that only its TPM decrypts, and signs its token
//! with that.

use core::net::IpAddr;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64ct::{Base64, Encoding};
use hubward::registry::{Enrollments, NoEntropy, ProvisionError, TpmKeys, TpmSecret, TpmWrapper};
use hubward::types::{Lookup, RegistrationId, SymmetricKey, UnixTime};
use hubward::{AuthError, RegistrationCredentials};
use hubward_rustcrypto::HmacKey;
use serde::Deserialize;

use super::{Provisioning, Refused};
use crate::clock;
use crate::files::entropy;

/// Seconds for which a device may ask for its key at the hub.
const KEPT: u64 = 600;
/// Keys of devices that are kept for that.
const MOST: usize = 4096;
/// Bytes of a public key: the public area of a 4096-bit RSA key has about 600.
const KEY: usize = 1024;

/// The part of a provisioning service that attests TPMs.
#[derive(Debug)]
pub(super) struct Tpm {
    wrapper: Arc<dyn TpmWrapper>,
    secret: TpmSecret<HmacKey>,
    /// The keys of devices that have registered.
    kept: Mutex<Kept>,
}

/// Wrapped keys by registration id, each with its last second.
type Kept = BTreeMap<Box<str>, (u64, Box<[u8]>)>;

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
    pub(super) fn new(wrapper: Arc<dyn TpmWrapper>) -> Result<Self, NoEntropy> {
        let secret = SymmetricKey::generate(entropy)?;
        Ok(Self { wrapper, secret: TpmSecret::new(HmacKey::new(&secret)), kept: Mutex::default() })
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

    /// Returns the key of a device at its hub, and the same wrapped for its TPM.
    pub(super) fn device_key(
        &self,
        id: RegistrationId<'_>,
        endorsement: &[u8],
        storage_root: &[u8],
    ) -> Option<(SymmetricKey, Box<[u8]>)> {
        let key = self.secret.device_key(id, endorsement, clock::now());
        let wrapped = self.wrapper.wrap(TpmKeys { endorsement, storage_root }, &key)?;
        Some((key, wrapped))
    }

    /// Keeps the wrapped key of a device until it asks for the result of its registration.
    pub(super) fn keep(&self, id: RegistrationId<'_>, wrapped: Box<[u8]>) {
        let now = clock::now().as_secs();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.retain(|_, (until, _)| *until >= now);
        }
        let name: Box<str> = id.as_str().to_ascii_lowercase().into();
        // a device that gets no key registers again
        if kept.len() < MOST || kept.contains_key(&name) {
            kept.insert(name, (now.saturating_add(KEPT), wrapped));
        }
    }

    /// Returns the wrapped key of a device, in base64.
    pub(super) fn kept(&self, id: RegistrationId<'_>) -> Option<String> {
        let now = clock::now().as_secs();
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, wrapped) = kept.get(&*id.as_str().to_ascii_lowercase())?;
        (*until >= now).then(|| Base64::encode_string(wrapped))
    }
}

impl Provisioning {
    /// Returns whether TPMs are attested.
    pub(crate) const fn has_tpm(&self) -> bool {
        self.tpm.is_some()
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
