//! A key of more than 64 bytes is hashed first. The hash then is the key, and must not remain in memory.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test")]

use core::hint::black_box;
use std::fs::{File, read_to_string};

use std::os::unix::fs::FileExt;

use hubward_rustcrypto::HmacKey;

/// The mask of the hash below: the test must not contain the bytes that it searches for.
const MASK: u8 = 0xa5;
const MASKED: [u8; 32] = [
    0xf3, 0xab, 0x29, 0xc0, 0x7d, 0x7a, 0xa3, 0x2f, 0xbe, 0x84, 0x6b, 0xfd, 0xbe, 0xf6, 0xbd, 0x85, 0x5d,
    0x98, 0xe1, 0x6b, 0xf9, 0x56, 0x18, 0xb0, 0x72, 0x44, 0x06, 0x5a, 0x8d, 0x22, 0xbb, 0x6c,
];

#[test]
fn the_hash_of_a_long_key_is_erased() {
    let key = far_below(&mut [0; 0x8000]);
    let found = search();
    assert_eq!(found, 0, "places in memory that hold the hash of the key");
    drop(key);
}

/// Creates the key with so much stack above it that no later call overwrites the stack of this one.
#[inline(never)]
fn far_below(room: &mut [u8; 0x8000]) -> HmacKey {
    black_box(room);
    HmacKey::from_bytes(black_box(&[0x2a; 100]))
}

/// Searches all writable memory of the process for the hash: as bytes, as the words of a state, and under each pad of
/// HMAC.
/// of HMAC.
fn search() -> usize {
    let memory = File::open("/proc/self/mem").unwrap();
    let mut found = 0;
    for line in read_to_string("/proc/self/maps").unwrap().lines().filter(|line| line.contains(" rw-p ")) {
        let (from, to) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
        let [from, to] = [from, to].map(|address| u64::from_str_radix(address, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        // some regions of the system cannot be read
        if memory.read_exact_at(&mut bytes, from).is_err() {
            continue;
        }
        bytes.iter_mut().for_each(|byte| *byte ^= MASK);
        found += bytes.windows(32).filter(|bytes| is_hash(bytes)).count();
    }
    found
}

/// Returns whether these bytes, masked, are the hash in one of its forms.
fn is_hash(bytes: &[u8]) -> bool {
    let pad = bytes[0] ^ MASKED[0];
    let as_bytes = [0, 0x36, 0x5c].contains(&pad) && (0..32).all(|at| bytes[at] == MASKED[at] ^ pad);
    // little-endian words
    as_bytes || bytes[3] == MASKED[0] && (0..32).all(|at| bytes[at ^ 3] == MASKED[at])
}
