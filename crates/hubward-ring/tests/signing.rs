//! Keys that sign: generated, parsed, and used through the trait of `hubward-core`.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use hubward_core::{LONGEST_SIGNATURE, Signer};
use hubward_ring::{KeyType, SigningKey, signature};

#[test]
fn a_generated_key_signs_with_the_algorithm_that_it_names() {
    for (key_type, length) in [(KeyType::P256, 91), (KeyType::P384, 120), (KeyType::Ed25519, 44)] {
        let key = SigningKey::from_pkcs8(&SigningKey::generate_pkcs8(key_type).unwrap()).unwrap();
        assert_eq!(key.public_key(), key.public_key_der());
        assert_eq!(key.public_key().len(), length);
        let mut buffer = [0; LONGEST_SIGNATURE];
        let made = Signer::sign(&key, b"a message", &mut buffer).unwrap();
        let verified = signature::ALL.iter().filter(|algorithm| {
            let point = &key.public_key()[match key_type {
                KeyType::P256 => 26..,
                KeyType::P384 => 23..,
                _ => 12..,
            }];
            *algorithm.signature_alg_id() == *key.algorithm()
                && algorithm.verify_signature(point, b"a message", made).is_ok()
        });
        assert_eq!(verified.count(), 1, "{key_type:?}");
    }
}

#[test]
fn a_generated_key_is_new_each_time() {
    for key_type in [KeyType::P256, KeyType::P384, KeyType::Ed25519] {
        let key = || SigningKey::generate_pkcs8(key_type).unwrap();
        assert_ne!(*key(), *key());
    }
}

#[test]
fn other_bytes_are_no_key() {
    for bytes in [&[][..], &[0x30, 0], b"-----BEGIN PRIVATE KEY-----"] {
        assert!(SigningKey::from_pkcs8(bytes).is_err());
    }
}
