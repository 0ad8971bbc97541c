//! A registry of a million devices: what it takes of memory, and what a lookup in a cold cache takes of time, beside
//! a map of the standard library.
//!
//!     cargo run --release -p hubward-registry --example million
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "an example that measures"
)]

use core::hint::black_box;
use std::collections::HashMap;
use std::time::Instant;

use hubward_core::{Credential, DeviceId, Found, FoundIdentity, Identity, Lookup, Stamp, Status};
use hubward_core::{Keys, SymmetricKey};
use hubward_registry::{Authentication, Change, KeyPair, Registry};
use hubward_rustcrypto::HmacKey;

const DEVICES: usize = 1_000_000;
/// A stride without a common factor, so that each lookup goes where none was for long.
const STRIDE: usize = 611_953;
const BATCH: usize = 16;
const MESSAGE: &[u8] = b"contoso.azure-devices.net%2Fdevices%2Fdevice-0000000\n1800000000";

fn id(number: usize) -> String {
    format!("device-{number:07}")
}

/// The same without an allocation.
fn digits(mut number: usize) -> [u8; 14] {
    let mut id = *b"device-0000000";
    for byte in id.iter_mut().rev().take(7) {
        *byte += u8::try_from(number % 10).unwrap();
        number /= 10;
    }
    id
}

fn raw(number: usize, slot: u8) -> SymmetricKey {
    let mut bytes = [slot; 32];
    bytes.iter_mut().zip(number.to_le_bytes()).for_each(|(byte, of)| *byte ^= of);
    SymmetricKey::from_bytes(&bytes).unwrap()
}

fn registry(two: bool) -> Registry<HmacKey> {
    let mut registry = Registry::with_seed(&[0x5e; 16]);
    for number in 0..DEVICES {
        let keys = if two {
            KeyPair::kept(raw(number, 1), raw(number, 2), HmacKey::new)
        } else {
            KeyPair::kept_one(raw(number, 1), HmacKey::new)
        };
        let id = id(number);
        let identity = Identity::Device(DeviceId::parse(&id).unwrap());
        registry.create(identity, Authentication::Sas(keys), Change::new()).unwrap();
    }
    registry
}

/// The same records where a program would put them first.
struct Plain {
    stamp: Stamp,
    status: Status,
    primary: HmacKey,
    secondary: Option<HmacKey>,
}

type Map = HashMap<Box<str>, Box<Plain>>;

fn map(two: bool) -> Map {
    let mut map = HashMap::new();
    for number in 0..DEVICES {
        let secondary = two.then(|| HmacKey::new(&raw(number, 2)));
        let primary = HmacKey::new(&raw(number, 1));
        let plain = Plain { stamp: Stamp::new(1, 1), status: Status::Enabled, primary, secondary };
        map.insert(id(number).into(), Box::new(plain));
    }
    map
}

fn in_map<'m>(map: &'m Map, lookup: &Lookup<'_>) -> Found<'m, HmacKey> {
    let Lookup::Device(segment) = lookup else { return Found::Nobody };
    let Some((id, plain)) = segment.as_plain().and_then(|id| map.get_key_value(id)) else {
        return Found::Nobody;
    };
    let keys = match &plain.secondary {
        Some(second) => Keys::pair(&plain.primary, second),
        None => Keys::one(&plain.primary),
    };
    let identity = Identity::Device(DeviceId::assertion(id));
    Found::Identity(FoundIdentity::new(identity, plain.status, plain.stamp, Credential::Keys(keys)))
}

/// What an admission does with what it found: the two tags and the standing.
fn verify(found: &Found<'_, HmacKey>) -> bool {
    let Found::Identity(found) = found else { return false };
    let Credential::Keys(keys) = found.credential() else { return false };
    keys.matching(&[MESSAGE], &[0; 32]).is_none() && found.status() == Status::Enabled
}

/// A look at the answer without the work of a tag.
fn look(found: &Found<'_, HmacKey>) -> bool {
    matches!(found, Found::Identity(found) if found.status() == Status::Enabled && found.stamp().keys() > 0)
}

/// The median of five rounds, in ns a device.
fn time(mut each: impl FnMut(&[Lookup<'_>; BATCH]) -> usize) -> f64 {
    let mut rounds: Vec<f64> = (0..5)
        .map(|round| {
            let mut at = round * 7919;
            let mut done = 0;
            let started = Instant::now();
            for _ in 0..DEVICES / BATCH / 4 {
                // in the cache, as the name in a token that has just come
                let ids: [_; BATCH] = core::array::from_fn(|_| {
                    at = (at + STRIDE) % DEVICES;
                    digits(at)
                });
                let lookups = ids.each_ref().map(|id| {
                    let id = core::str::from_utf8(id).unwrap();
                    Lookup::Device(DeviceId::assertion(id).segment())
                });
                done += each(black_box(&lookups));
            }
            let spent = started.elapsed().as_nanos() as f64 / done as f64;
            assert_eq!(done, DEVICES / BATCH / 4 * BATCH, "everybody was found");
            spent
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[2]
}

fn measure(name: &str, two: bool, then: fn(&Found<'_, HmacKey>) -> bool) {
    let ours = registry(two);
    let one = time(|lookups| lookups.iter().filter(|lookup| then(&ours.find(lookup))).count());
    let many = time(|lookups| ours.find_many(lookups).iter().filter(|found| then(found)).count());
    drop(ours);
    let theirs = map(two);
    let plain = time(|lookups| lookups.iter().filter(|lookup| then(&in_map(&theirs, lookup))).count());
    println!(
        "{name}: map {plain:.0} ns, one at a time {one:.0} ns ({:.2}x), {BATCH} at a time {many:.0} ns ({:.2}x)",
        one / plain,
        many / plain
    );
}

fn main() {
    for two in [false, true] {
        let keys = if two { "two keys" } else { "one key" };
        let footprint = registry(two).footprint();
        println!(
            "{keys}: {:.1} bytes a device in the hot index, {:.1} in its record",
            footprint.hot as f64 / DEVICES as f64,
            footprint.records as f64 / DEVICES as f64
        );
        measure(&format!("{keys}, lookup"), two, look);
        measure(&format!("{keys}, lookup and verify"), two, verify);
    }
}
