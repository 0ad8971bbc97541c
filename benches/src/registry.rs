//! A million devices with keys: from a token's text to the decision, with records that are in no cache, compared with
//! a map of the standard library; the memory per device; and imported lines compared with lines that are only parsed.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

use hubward_core::{
    Credential, DeviceId, Identity, IdentityRecord, Keys, Lookup, LookupResult, MacKey as _, RecordVersion,
    Status, SymmetricKey,
};
use hubward_registry::{Authentication, Change, ExportKeys, Importer, NoEntropy, Registry, SymmetricKeys};
use hubward_rustcrypto::HmacKey;
use hubward_sas::{SasToken, TokenRules, UnsignedToken};
use serde::Deserialize;

use crate::case::{Case, cpu_time};
use crate::tokens::{EXPIRY, HOST, now};

const DEVICES: usize = 1_000_000;
const BATCH: usize = 16;
/// It has no factor in common with the number of devices, so that consecutive tokens are far apart in memory.
const STRIDE: usize = 611_953;
/// Number of tokens that are presented in turn: their records exceed the caches several times.
const TOKENS: usize = 500_000;
/// Number of cases that read the tokens.
const CASES: usize = 4;
const RULES: TokenRules = TokenRules::HUB_COMPAT;

fn id(number: usize) -> String {
    format!("device-{number:07}")
}

fn raw(number: usize, slot: u8) -> SymmetricKey {
    let mut bytes = [slot; 32];
    bytes.iter_mut().zip(number.to_le_bytes()).for_each(|(byte, of)| *byte ^= of);
    SymmetricKey::from_bytes(&bytes).unwrap()
}

fn registry(two: bool) -> Registry<HmacKey> {
    let registry = registry_of(DEVICES, two);
    let footprint = registry.footprint();
    println!(
        "# {DEVICES} devices, {} each: {:.1} bytes a device in the hot index, {:.1} in its record",
        if two { "two keys" } else { "one key" },
        footprint.hot as f64 / DEVICES as f64,
        footprint.records as f64 / DEVICES as f64
    );
    registry
}

/// Returns a registry of `devices`, each with one key or two.
pub fn registry_of(devices: usize, two: bool) -> Registry<HmacKey> {
    let mut registry = Registry::with_seed(&[0x5e; 16]);
    for number in 0..devices {
        let keys = if two {
            SymmetricKeys::kept(raw(number, 1), raw(number, 2), HmacKey::new)
        } else {
            SymmetricKeys::kept_one(raw(number, 1), HmacKey::new)
        };
        let identity = id(number);
        let identity = Identity::Device(DeviceId::parse(&identity).unwrap());
        registry.create(identity, Authentication::Sas(keys), Change::new()).unwrap();
    }
    registry
}

/// A registry of a number of devices with one key each, for lookups alone.
pub struct Sized {
    registry: Registry<HmacKey>,
    ids: Vec<String>,
    token: String,
}

impl Sized {
    /// The ids are far apart in memory, and as many as exceed the caches if there are so many devices.
    pub fn new(devices: usize) -> Self {
        let ids = (1..=devices.min(200_000)).map(|at| id(at * STRIDE % devices)).collect();
        let token = crate::tokens::token_of(&id(0), &HmacKey::new(&raw(0, 1)));
        Self { registry: registry_of(devices, false), ids, token }
    }

    fn look_up(&self, id: &str) {
        let found = self.registry.find(&Lookup::Device(DeviceId::assertion(id).segment()), &[]);
        black_box(keys(&found).primary().tag(&[id.as_bytes()]));
    }

    /// Looks up another device each time, and computes a tag with its key.
    pub fn cold(&self, name: &'static str) -> Case<'_> {
        let mut next = self.ids.iter().cycle();
        Case::new(name, move || self.look_up(black_box(next.next().unwrap())))
    }

    /// Looks up the same device again and again.
    pub fn warm(&self, name: &'static str) -> Case<'_> {
        Case::new(name, move || self.look_up(black_box(&self.ids[0])))
    }

    /// Parses a token, looks its device up and verifies it.
    pub fn verify(&self, name: &'static str) -> Case<'_> {
        Case::new(name, move || {
            let token = SasToken::parse(black_box(&self.token), &RULES).unwrap();
            let found = self.registry.find(&token.signer(), &[]);
            let _ = black_box(token.verify_for_any_host(keys(&found), now(), &RULES)).unwrap();
        })
    }
}

/// Returns the export of a registry of `devices` with two keys each, which an import requires.
pub fn exported(devices: usize) -> String {
    let mut text = String::new();
    registry_of(devices, true).iter().for_each(|view| view.export(ExportKeys::Included, &mut text).unwrap());
    text
}

/// Imports lines into an empty registry.
pub fn import_lines(text: &str) -> Registry<HmacKey> {
    let mut registry = Registry::with_seed(&[0x5e; 16]);
    let mut entropy = |_: &mut [u8]| Err(NoEntropy);
    let mut importer = Importer::new(&mut registry, &mut entropy, HmacKey::new);
    importer.run(text.lines(), |error| panic!("{error}"));
    registry
}

/// Parses lines into borrowed fields, by serde_json.
pub fn parse_lines(text: &str) {
    for line in text.lines() {
        black_box(serde_json::from_str::<Typed<'_>>(line).unwrap());
    }
}

/// The same records in a naive layout.
struct Plain {
    version: RecordVersion,
    status: Status,
    primary: HmacKey,
    secondary: Option<HmacKey>,
}

type Map = HashMap<Box<str>, Box<Plain>>;

fn map(two: bool) -> Map {
    (0..DEVICES)
        .map(|number| {
            let secondary = two.then(|| HmacKey::new(&raw(number, 2)));
            let primary = HmacKey::new(&raw(number, 1));
            let plain =
                Plain { version: RecordVersion::new(1, 1), status: Status::Enabled, primary, secondary };
            (id(number).into(), Box::new(plain))
        })
        .collect()
}

fn in_map<'m>(map: &'m Map, lookup: &Lookup<'_>) -> LookupResult<'m, HmacKey> {
    let Lookup::Device(segment) = lookup else { return LookupResult::NotFound };
    let Some((id, plain)) = segment.as_plain().and_then(|id| map.get_key_value(id)) else {
        return LookupResult::NotFound;
    };
    let keys = match &plain.secondary {
        Some(second) => Keys::pair(&plain.primary, second),
        None => Keys::one(&plain.primary),
    };
    let identity = Identity::Device(DeviceId::assertion(id));
    LookupResult::Identity(IdentityRecord::new(identity, plain.status, plain.version, Credential::Keys(keys)))
}

/// Returns the tokens in order, each signed with its device's primary key.
fn tokens() -> Vec<String> {
    let expires = hubward_core::UnixTime::since_unix_epoch(Duration::from_secs(EXPIRY));
    let host = hubward_core::Authority::parse(HOST).unwrap();
    (1..=TOKENS)
        .map(|at| {
            let number = at * STRIDE % DEVICES;
            let id = id(number);
            let unsigned = UnsignedToken::device(host, DeviceId::parse(&id).unwrap(), expires);
            unsigned.sign(&HmacKey::new(&raw(number, 1))).to_string()
        })
        .collect()
}

/// Returns the ids, usernames and tokens of `count` devices, far apart among `devices` with keys as of [`registry_of`].
pub fn signed_tokens(devices: usize, count: usize) -> Vec<(String, String, String)> {
    let presented = |at: usize| {
        let number = at * STRIDE % devices;
        let id = id(number);
        let token = crate::tokens::token_of(&id, &HmacKey::new(&raw(number, 1)));
        (id.clone(), format!("{HOST}/{id}/?api-version=2021-04-12"), token)
    };
    (0..count).map(presented).collect()
}

/// Returns the keys of a record.
pub fn keys<'k>(found: &LookupResult<'k, HmacKey>) -> Keys<'k, HmacKey> {
    match found {
        LookupResult::Identity(found) if found.status() == Status::Enabled => match found.credential() {
            Credential::Keys(keys) => *keys,
            _ => panic!("with keys"),
        },
        _ => panic!("there, and enabled"),
    }
}

/// The input of the cases.
pub struct Fleet {
    tokens: Vec<String>,
    sides: [(Registry<HmacKey>, Map); 2],
}

impl Fleet {
    pub fn new() -> Self {
        Self { tokens: tokens(), sides: [false, true].map(|two| (registry(two), map(two))) }
    }

    /// Adds a case. Each case iterates over the tokens on its own, sixteen at a time, from its own start: tokens that
    /// one case has read are no longer in a cache when another reads them.
    fn case<'f>(&'f self, name: &'static str, at: usize, run: impl Fn(&[String; BATCH]) + 'f) -> Case<'f> {
        let (batches, _) = self.tokens.as_chunks::<BATCH>();
        let mut next = batches.iter().cycle().skip(at * batches.len() / CASES);
        Case::new(name, move || run(black_box(next.next().unwrap()))).calls(400)
    }
}

pub fn cases(fleet: &Fleet) -> Vec<Case<'_>> {
    let [(one, one_map), (two, two_map)] = &fleet.sides;
    let mut cases = Vec::new();
    let mut places = 0..CASES;
    let mut place = || places.next().unwrap();
    let names = [["cold one key single", "cold one key map"], ["cold two keys single", "cold two keys map"]];
    for ([single, map_single], registry, map) in [(names[0], one, one_map), (names[1], two, two_map)] {
        cases.push(fleet.case(single, place(), move |texts| {
            for text in texts {
                let token = SasToken::parse(text, &RULES).unwrap();
                let found = registry.find(&token.signer(), &[]);
                let _ = black_box(token.verify_for_any_host(keys(&found), now(), &RULES)).unwrap();
            }
        }));
        cases.push(fleet.case(map_single, place(), move |texts| {
            for text in texts {
                let token = SasToken::parse(text, &RULES).unwrap();
                let found = in_map(map, &token.signer());
                let _ = black_box(token.verify_for_any_host(keys(&found), now(), &RULES)).unwrap();
            }
        }));
    }
    cases
}

pub const RATIOS: &[(&str, &str, &str)] = &[
    ("registry.cold-single/std-map", "cold two keys single", "cold two keys map"),
    ("registry.one-key.cold-single/std-map", "cold one key single", "cold one key map"),
];

/// A naive type of a line.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "parsed, not read")]
struct Typed<'l> {
    id: &'l str,
    module_id: Option<&'l str>,
    #[serde(rename = "eTag")]
    e_tag: Option<&'l str>,
    import_mode: Option<&'l str>,
    status: Option<&'l str>,
    status_reason: Option<&'l str>,
    #[serde(borrow)]
    authentication: Option<TypedAuthentication<'l>>,
    capabilities: Option<TypedCapabilities>,
    device_scope: Option<&'l str>,
    #[serde(borrow)]
    parent_scopes: Option<Vec<&'l str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "parsed, not read")]
struct TypedAuthentication<'l> {
    #[serde(rename = "type")]
    kind: Option<&'l str>,
    #[serde(borrow)]
    symmetric_key: Option<TypedKeys<'l>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "parsed, not read")]
struct TypedKeys<'l> {
    primary_key: Option<&'l str>,
    secondary_key: Option<&'l str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "parsed, not read")]
struct TypedCapabilities {
    iot_edge: Option<bool>,
}

/// The name of the line that [`import`] prints.
pub const IMPORT: &str = "import/serde_json-typed-parse";

/// Parses and imports a million lines in turn, and prints the median of three in ns per line.
pub fn import(fleet: &Fleet) {
    let mut text = String::new();
    fleet.sides[1].0.iter().for_each(|view| view.export(ExportKeys::Included, &mut text).unwrap());
    let lines = text.lines().count() as f64;
    let time = |run: &dyn Fn()| {
        let start = cpu_time();
        run();
        (cpu_time() - start).as_nanos() as f64 / lines
    };
    let (mut parse, mut import): (Vec<_>, Vec<_>) = (0..3)
        .map(|_| {
            let parse = time(&|| parse_lines(&text));
            let kept = OnceCell::new();
            let import = time(&|| {
                let registry = import_lines(&text);
                assert_eq!(registry.len(), DEVICES);
                // dropped after the time is taken
                assert!(kept.set(registry).is_ok());
            });
            (parse, import)
        })
        .unzip();
    [&mut parse, &mut import].into_iter().for_each(|times| times.sort_by(f64::total_cmp));
    println!("{IMPORT} {:.2} ({:.0} / {:.0})", import[1] / parse[1], import[1], parse[1]);
}
