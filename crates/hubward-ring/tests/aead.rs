//! An encrypted message can be decrypted only with its key, nonce and header, and only unaltered.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test")]

use hubward_core::{Aead, OpenError};
use hubward_ring::AeadKey;

const NONCE: [u8; 12] = [7; 12];

fn sealed() -> Vec<u8> {
    let mut message = b"a message".to_vec();
    let tag = AeadKey::new(&[1; 32]).seal(&NONCE, b"header", &mut message).unwrap();
    message.extend(tag);
    message
}

#[test]
fn test_case_14_of_the_gcm_specification() {
    // McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B
    let mut message = [0_u8; 16];
    let tag = AeadKey::new(&[0; 32]).seal(&[0; 12], b"", &mut message).unwrap();
    assert_eq!(u128::from_be_bytes(message), 0xcea7_403d_4d60_6b6e_074e_c5d3_baf3_9d18);
    assert_eq!(u128::from_be_bytes(tag), 0xd0d1_c8a7_9999_6bf0_265b_98b5_d48a_b919);
}

#[test]
fn the_key_decrypts_the_message() {
    let mut sealed = sealed();
    assert_eq!(AeadKey::new(&[1; 32]).open(&NONCE, b"header", &mut sealed).unwrap(), b"a message");
}

#[test]
fn another_key_nonce_header_or_altered_message_is_refused() {
    let key = AeadKey::new(&[1; 32]);
    let mut refused = vec![
        AeadKey::new(&[2; 32]).open(&NONCE, b"header", &mut sealed()).map(drop),
        key.open(&[8; 12], b"header", &mut sealed()).map(drop),
        key.open(&NONCE, b"Header", &mut sealed()).map(drop),
    ];
    for at in 0..sealed().len() {
        let mut altered = sealed();
        altered[at] ^= 1;
        refused.push(key.open(&NONCE, b"header", &mut altered).map(drop));
        refused.push(key.open(&NONCE, b"header", &mut sealed()[..at]).map(drop));
    }
    assert!(refused.iter().all(|refused| *refused == Err(OpenError)));
}
