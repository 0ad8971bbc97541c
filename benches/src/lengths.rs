//! HMAC of messages of many lengths, under one key and under two, compared with the `hmac` crate under prepared keys.

use std::hint::black_box;

use hmac::{Hmac, KeyInit, Mac};
use hubward_core::{MacKey, SymmetricKey};
use hubward_rustcrypto::HmacKey;
use sha2::Sha256;

use crate::case::Case;

/// Lengths around the ends of the first blocks, around the largest message on the stack (247), and long ones.
const LENGTHS: [usize; 18] =
    [0, 55, 56, 60, 119, 120, 183, 184, 247, 248, 256, 311, 320, 512, 1024, 4096, 16384, 65536];

pub struct Lengths {
    message: Vec<u8>,
    ours: [HmacKey; 2],
    theirs: [Hmac<Sha256>; 2],
}

impl Lengths {
    pub fn new() -> Self {
        let keys = [[1; 32], [2; 32]];
        Self {
            message: vec![b'm'; 0x1_0000],
            ours: keys.map(|key| HmacKey::new(&SymmetricKey::from_bytes(&key).unwrap())),
            theirs: keys.map(|key| Hmac::new_from_slice(&key).unwrap()),
        }
    }

    pub fn cases(&self) -> Vec<Case<'_>> {
        let [key, other] = &self.ours;
        let [their_key, their_other] = &self.theirs;
        LENGTHS
            .iter()
            .flat_map(|len| {
                let message = &self.message[..*len];
                // about the duration of the other cases
                let calls = u32::try_from(300_000 / (len + 200)).unwrap().max(4);
                let name = |what| name(what, *len).leak();
                [
                    Case::new(name("one"), move || {
                        black_box(black_box(key).tag(&[black_box(message)]));
                    }),
                    Case::new(name("one, theirs"), move || tag(their_key, message)),
                    Case::new(name("two"), move || {
                        black_box(black_box(key).tag_both(other, &[black_box(message)]));
                    }),
                    Case::new(name("two, theirs"), move || {
                        tag(their_key, message);
                        tag(their_other, message);
                    }),
                ]
                .map(|case| case.calls(calls))
            })
            .collect()
    }
}

fn name(what: &str, len: usize) -> String {
    format!("hmac {what} of {len}")
}

fn tag(key: &Hmac<Sha256>, message: &[u8]) {
    let mut mac = black_box(key).clone();
    mac.update(black_box(message));
    black_box(mac.finalize().into_bytes());
}

/// The names of the lines that [`print`] prints.
pub const NAMES: [&str; 3] = [
    "hmac.one-key.worst-length/hmac-crate",
    "hmac.two-keys.worst-length/hmac-crate-twice",
    "hmac.one-key.16-kib/hmac-crate",
];

/// Prints the worst ratio over all lengths, under one key and under two, and that of 16 KiB.
pub fn print(ns: impl Fn(&str) -> f64) {
    let times = |keys: &str, len| (len, ns(&name(keys, len)), ns(&name(&format!("{keys}, theirs"), len)));
    let worst = |keys| {
        let all = LENGTHS.iter().map(|len| times(keys, *len));
        all.max_by(|a, b| (a.1 / a.2).total_cmp(&(b.1 / b.2))).unwrap()
    };
    let ratios = [worst("one"), worst("two"), times("one", 16384)];
    for (name, (len, mine, theirs)) in NAMES.into_iter().zip(ratios) {
        println!("{name} {:.2} ({mine:.0} / {theirs:.0}, {len} bytes)", mine / theirs);
    }
}
