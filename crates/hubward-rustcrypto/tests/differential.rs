//! Compares tags with the `hmac` crate's: all lengths, all ways to split a message, single and in pairs.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test")]

use hmac::{Hmac, KeyInit, Mac};
use hubward_core::MacKey;
use hubward_rustcrypto::HmacKey;
use sha2::Sha256;

const KEYS: [&[u8]; 2] = [b"0123456789abcdef0123456789abcdef", b"another key of other bytes"];

fn model(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn message(len: usize) -> Vec<u8> {
    (0..=250_u8).cycle().take(len).collect()
}

/// Compares under one key and under two, as a whole and in parts of these lengths in turn.
fn agrees(message: &[u8], parts: [usize; 3]) {
    let [key, other] = KEYS.map(HmacKey::from_bytes);
    let [tag, other_tag] = KEYS.map(|key| model(key, message));
    let mut cut: Vec<&[u8]> = Vec::new();
    let mut rest = message;
    for len in parts.into_iter().cycle() {
        let (head, tail) = rest.split_at(len.min(rest.len()));
        (cut, rest) = ([cut, vec![head]].concat(), tail);
        if rest.is_empty() {
            break;
        }
    }
    for parts in [&[message][..], &cut] {
        assert!(key.tag(parts).matches(&tag), "{} bytes", message.len());
        let (first, second) = key.tag_both(&other, parts);
        assert!(first.matches(&tag) && second.matches(&other_tag), "{} bytes, two keys", message.len());
        for unlike in [&b""[..], &message[message.len() / 2..]] {
            let unlike_tag = model(KEYS[1], unlike);
            let (first, second) = key.tag_pair(parts, &other, &[unlike]);
            assert!(first.matches(&tag) && second.matches(&unlike_tag), "{} bytes, a pair", message.len());
            let (first, second) = other.tag_pair(&[unlike], &key, parts);
            assert!(first.matches(&unlike_tag) && second.matches(&tag), "{} bytes, a pair", message.len());
        }
    }
}

#[test]
fn messages_of_all_lengths() {
    let message = message(800);
    for len in 0..=message.len() {
        agrees(&message[..len], [len / 3 + 1, 1, 64]);
        agrees(&message[..len], [65, 127, 0]);
    }
}

#[test]
fn all_splits_around_the_end_of_a_block() {
    for len in [63, 64, 65, 247, 248, 256, 319, 320] {
        let message = message(len);
        for cut in 1..=len {
            agrees(&message, [cut, len, len]);
        }
    }
}

#[test]
fn messages_around_64_kib() {
    let message = message(0x1_0000 + 64);
    for len in (0x1_0000 - 1)..=message.len() {
        agrees(&message[..len], [4000, 61, 64]);
    }
}

#[test]
fn keys_of_all_lengths() {
    let bytes = message(200);
    for len in 0..=bytes.len() {
        for message in [&b""[..], b"myhub.azure-devices.net", &bytes, &[0; 1000]] {
            let tag = model(&bytes[..len], message);
            assert!(HmacKey::from_bytes(&bytes[..len]).tag(&[message]).matches(&tag), "a key of {len} bytes");
        }
    }
}
