//! A simulated TPM: it stores a key that cannot be read, and signs with it. A real TPM unwraps with
//! `TPM2_ActivateCredential` and `TPM2_Import`, and signs with `TPM2_HMAC`; its manufacturer specifies the wrapping.

use hubward::registry::TpmKeys;
use hubward::types::{Aead, MacKey, SymmetricKey, Tag};
use hubward_ring::AeadKey;
use hubward_rustcrypto::HmacKey;

const ENDORSEMENT: &[u8; 32] = &[0xee; 32];
const STORAGE_ROOT: &[u8; 32] = &[0x55; 32];

pub(crate) struct Tpm {
    inside: Option<HmacKey>,
}

impl Tpm {
    pub(crate) const fn new() -> Self {
        Self { inside: None }
    }

    /// Returns the two public keys. In this simulation they are the private keys too.
    pub(crate) const fn public_keys(&self) -> TpmKeys<'static> {
        TpmKeys { endorsement: ENDORSEMENT, storage_root: STORAGE_ROOT }
    }

    /// Unwraps a key that was wrapped for this TPM, and stores it.
    pub(crate) fn activate(&mut self, wrapped: &[u8]) {
        let mut bytes = wrapped.to_vec();
        for (key, nonce) in [(ENDORSEMENT, &[1; 12]), (STORAGE_ROOT, &[2; 12])] {
            let len = AeadKey::new(key).open(nonce, b"", &mut bytes).unwrap().len();
            bytes.truncate(len);
        }
        self.inside = Some(HmacKey::new(&SymmetricKey::from_bytes(&bytes).unwrap()));
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Tag {
        self.inside.as_ref().unwrap().tag(&[message])
    }
}

/// Wraps a key with the storage root key, and the result with the endorsement key, as the service does.
pub(crate) fn wrap(tpm: TpmKeys<'_>, key: &SymmetricKey) -> Vec<u8> {
    let mut bytes = key.expose().to_vec();
    for (under, nonce) in [(tpm.storage_root, &[2; 12]), (tpm.endorsement, &[1; 12])] {
        let tag = AeadKey::new(under.try_into().unwrap()).seal(nonce, b"", &mut bytes).unwrap();
        bytes.extend(tag);
    }
    bytes
}
