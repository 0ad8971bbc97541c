//! Every sequence of updates compared with a simple model: only a newer bundle signed by the threshold of old and new
//! keys changes the trusted anchors, and no altered update does.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test"
)]

mod common;

use std::collections::BTreeMap;

use common::bundles::{bundle, ed25519, p256, root};
use common::{NOW, now};
use hubward_ring::SigningKey;
use hubward_ring::signature::ALL;
use hubward_x509::{TrustBundle, trust::UpdateError};

/// The faults that an update can have besides its contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// The first signature is its key's, over the previous bundle.
    Stale,
    /// The last byte of the first signature is altered.
    Damaged,
    /// The first signature occurs twice.
    SignedTwice,
    /// The first key occurs twice.
    KeyTwice,
    /// The first key occurs with its negated point, too.
    KeyTurned,
    /// The last byte is missing.
    Cut,
}

const FAULTS: [Fault; 7] = [
    Fault::None,
    Fault::Stale,
    Fault::Damaged,
    Fault::SignedTwice,
    Fault::KeyTwice,
    Fault::KeyTurned,
    Fault::Cut,
];

/// The owner's keys over the years, and their thresholds. Keys are numbered from 1.
const OWNERS: [(&[u8], usize); 4] = [(&[1, 2, 3], 2), (&[2, 3, 4], 2), (&[4], 1), (&[1, 2], 2)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Update {
    version: u32,
    owners: usize,
    expired: bool,
    /// One bit for each key.
    signers: u8,
    fault: Fault,
}

impl Update {
    fn keys(&self) -> &'static [u8] {
        OWNERS[self.owners].0
    }

    fn signed_by(&self, key: u8) -> bool {
        self.signers >> key & 1 == 1
    }

    /// The number of the root that it trusts.
    fn root(&self) -> usize {
        (self.version as usize + self.owners) % 3
    }

    /// The rule of the model.
    fn is_accepted_after(&self, current: &Self) -> bool {
        let counts = |key: &u8| current.keys().contains(key) || self.keys().contains(key);
        let first = (1..=4).find(|key| self.signed_by(*key));
        let whole = match self.fault {
            Fault::None => true,
            // without a signature there is no fault, and a fault in an ignored one has no effect
            Fault::Stale | Fault::Damaged => first.is_none_or(|key| !counts(&key)),
            Fault::SignedTwice => first.is_none(),
            Fault::KeyTwice | Fault::KeyTurned | Fault::Cut => false,
        };
        let enough = |owners: usize| {
            let (keys, threshold) = OWNERS[owners];
            keys.iter().filter(|key| self.signed_by(**key)).count() >= threshold
        };
        whole
            && self.version > current.version
            && enough(current.owners)
            && enough(self.owners)
            && !self.expired
    }
}

struct Signer {
    keys: Vec<SigningKey>,
    roots: Vec<Vec<u8>>,
}

impl Signer {
    /// Encodes the format as documented, without the library's code.
    fn write(&self, update: &Update) -> Vec<u8> {
        let message = self.message(update, update.fault);
        let stale = self.message(&Update { version: update.version - 1, ..*update }, Fault::None);
        let mut signatures: Vec<Vec<u8>> = Vec::new();
        // sorted by the bytes of the keys
        for (spki, number) in self.by_bytes(&[1, 2, 3, 4]) {
            if update.signed_by(number) {
                signatures.push([spki, tlv(3, &[&[0][..], &self.sign(number, &message)].concat())].concat());
            }
        }
        if let Some(number) = (1..=4).find(|key| update.signed_by(*key)) {
            let spki = self.keys[usize::from(number)].public_key_der();
            let first = signatures.iter().position(|one| one.starts_with(&spki)).unwrap();
            match update.fault {
                Fault::Stale => {
                    let made = self.sign(number, &stale);
                    signatures[first] = [spki, tlv(3, &[&[0][..], &made].concat())].concat();
                }
                Fault::Damaged => *signatures[first].last_mut().unwrap() ^= 1,
                Fault::SignedTwice => signatures.insert(first, signatures[first].clone()),
                _ => {}
            }
        }
        let signatures: Vec<u8> = signatures.iter().flat_map(|one| tlv(0x30, one)).collect();
        let mut bytes = tlv(0x30, &[message, tlv(0x30, &signatures)].concat());
        if update.fault == Fault::Cut {
            bytes.pop();
        }
        bytes
    }

    fn message(&self, update: &Update, fault: Fault) -> Vec<u8> {
        let mut keys: Vec<Vec<u8>> = self.by_bytes(update.keys()).into_iter().map(|(spki, _)| spki).collect();
        let mut first = keys[0].clone();
        match fault {
            Fault::KeyTwice => keys.insert(0, first),
            Fault::KeyTurned => {
                *first.last_mut().unwrap() ^= 0x80;
                keys.push(first);
                keys.sort();
            }
            _ => {}
        }
        let (before, after) = (integer(NOW - 10), integer(NOW + 10));
        let anchor = [before.clone(), after.clone(), self.roots[update.root()].clone()].concat();
        let fields = [
            tlv(12, b"hubward trust bundle 1"),
            integer(update.version.into()),
            if update.expired { before } else { after },
            integer(OWNERS[update.owners].1 as u64),
            tlv(0x30, &keys.concat()),
            tlv(0x30, &tlv(0x30, &anchor)),
        ];
        tlv(0x30, &fields.concat())
    }

    fn by_bytes(&self, numbers: &[u8]) -> Vec<(Vec<u8>, u8)> {
        let mut keys: Vec<(Vec<u8>, u8)> = numbers
            .iter()
            .map(|number| (self.keys[usize::from(*number)].public_key_der(), *number))
            .collect();
        keys.sort();
        keys
    }

    fn sign(&self, number: u8, message: &[u8]) -> Vec<u8> {
        self.keys[usize::from(number)].sign(message).unwrap()
    }
}

fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = match contents.len() {
        short @ 0..=0x7f => vec![short as u8],
        long @ 0x80..=0xff => vec![0x81, long as u8],
        long => vec![0x82, (long >> 8) as u8, long as u8],
    };
    [&[tag][..], &length, contents].concat()
}

fn integer(number: u64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(7);
    let sign: &[u8] = if bytes[zeros] >= 0x80 { &[0] } else { &[] };
    tlv(2, &[sign, &bytes[zeros..]].concat())
}

fn every_update() -> Vec<Update> {
    let mut all = Vec::new();
    for version in 1..=4 {
        for owners in 0..OWNERS.len() {
            for expired in [false, true] {
                for signers in (0..32).step_by(2) {
                    for fault in FAULTS {
                        // one fault at a time, besides signatures and versions
                        if !expired || fault == Fault::None {
                            all.push(Update { version, owners, expired, signers, fault });
                        }
                    }
                }
            }
        }
    }
    all
}

#[test]
fn only_a_newer_bundle_with_valid_signatures_changes_the_anchors() {
    let desk = Signer { keys: (0..=4).map(ed25519).collect(), roots: ["A", "B", "C"].map(root).to_vec() };
    let updates: Vec<(Update, Vec<u8>)> =
        every_update().into_iter().map(|update| (update, desk.write(&update))).collect();
    let start = Update { version: 1, owners: 0, expired: false, signers: 0b110, fault: Fault::None };
    let provisioned = TrustBundle::load(&desk.write(&start), ALL).unwrap();
    // the result depends only on version and keys of the current state: one of each covers all sequences
    let mut states = BTreeMap::from([((start.version, start.owners), (start, provisioned))]);
    let mut open = vec![(start.version, start.owners)];
    let (mut transitions, mut accepted) = (0, 0);
    while let Some(place) = open.pop() {
        let (current, bundle) = states[&place].clone();
        let before = bundle.clone();
        for (update, bytes) in &updates {
            transitions += 1;
            let outcome = bundle.updated(bytes, ALL, now(0));
            assert_eq!(
                outcome.is_ok(),
                update.is_accepted_after(&current),
                "{update:?} after {current:?}: {outcome:?}"
            );
            let Ok(next) = outcome else { continue };
            accepted += 1;
            let trusted: Vec<_> =
                next.anchors(now(0)).unwrap().iter().map(|one| one.as_der().to_vec()).collect();
            assert_eq!(trusted, [desk.roots[update.root()].clone()]);
            assert_eq!(next.as_bytes(), bytes);
            assert_eq!(TrustBundle::load(next.as_bytes(), ALL).as_ref(), Ok(&next), "as after a restart");
            let place = (update.version, update.owners);
            states.entry(place).or_insert_with(|| {
                open.push(place);
                (*update, next)
            });
        }
        assert_eq!(bundle, before);
    }
    println!(
        "{} updates, {} states, {transitions} transitions, {accepted} accepted",
        updates.len(),
        states.len()
    );
    assert_eq!((updates.len(), states.len(), transitions), (2_048, 13, 26_624));
}

/// Every prefix, and every byte with each of its bits flipped and all of them.
#[test]
fn no_altered_update_changes_the_anchors() {
    let (a, b, one) = (ed25519(1), p256(), root("One"));
    let current = TrustBundle::load(&bundle(1, 2, &[&a, &b], &[&one], &[&a, &b]), ALL).unwrap();
    let update = bundle(2, 2, &[&a, &b], &[&one], &[&a, &b]);
    assert!(current.updated(&update, ALL, now(0)).is_ok());
    for length in 0..update.len() {
        let cut = current.updated(&update[..length], ALL, now(0));
        assert!(matches!(cut, Err(UpdateError::Bundle(_))), "{length}: {cut:?}");
    }
    let longer = current.updated(&[&update[..], &[0]].concat(), ALL, now(0));
    assert!(matches!(longer, Err(UpdateError::Bundle(_))));
    let mut damaged = update.clone();
    for at in 0..update.len() {
        for flip in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
            damaged[at] ^= flip;
            assert!(current.updated(&damaged, ALL, now(0)).is_err(), "byte {at} ^ {flip}");
            assert!(TrustBundle::load(&damaged, ALL).is_err(), "byte {at} ^ {flip}");
            damaged[at] ^= flip;
        }
    }
    assert_eq!(damaged, update);
}
