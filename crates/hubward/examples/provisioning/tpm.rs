//! A stand-in for a TPM: it holds a key that never comes out, and signs with it. A real one unwraps with
//! `TPM2_ActivateCredential` and `TPM2_Import`, and signs with `TPM2_HMAC`; the wrapping is its maker's to specify.

use hubward::core::{MacKey, Seal, SymmetricKey, Tag};
use hubward::registry::TpmKeys;
use hubward_ring::SealKey;
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

    /// The two public keys. In this stand-in they are the secret ones as well.
    pub(crate) const fn shown(&self) -> TpmKeys<'static> {
        TpmKeys { endorsement: ENDORSEMENT, storage_root: STORAGE_ROOT }
    }

    /// Opens a key that was wrapped for this TPM, and keeps it inside.
    pub(crate) fn activate(&mut self, wrapped: &[u8]) {
        let mut bytes = wrapped.to_vec();
        for (key, nonce) in [(ENDORSEMENT, &[1; 12]), (STORAGE_ROOT, &[2; 12])] {
            let len = SealKey::new(key).open(nonce, b"", &mut bytes).unwrap().len();
            bytes.truncate(len);
        }
        self.inside = Some(HmacKey::new(&SymmetricKey::from_bytes(&bytes).unwrap()));
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Tag {
        self.inside.as_ref().unwrap().tag(&[message])
    }
}

/// What the service does with the public keys: under the storage root key, and that under the endorsement key.
pub(crate) fn wrap(tpm: TpmKeys<'_>, key: &SymmetricKey) -> Vec<u8> {
    let mut bytes = key.expose().to_vec();
    for (under, nonce) in [(tpm.storage_root, &[2; 12]), (tpm.endorsement, &[1; 12])] {
        let tag = SealKey::new(under.try_into().unwrap()).seal(nonce, b"", &mut bytes).unwrap();
        bytes.extend(tag);
    }
    bytes
}
