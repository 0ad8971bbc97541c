//! The functions that handle secrets. A verdict may be branched on, since the caller learns it: whether a text is base64, and
//! which of two keys matched, if any. The numbers are the branches that the compiler makes of these verdicts.

use core::hint::black_box;
use core::time::Duration;

use hubward::registry::{Authentication, Registry, SymmetricKeys};
use hubward::types::{Authority, DeviceId, HostName, Keys, MacKey, SymmetricKey, Tag, Thumbprint, UnixTime};
use hubward::{Credentials, HubConfig};
use hubward_rustcrypto::HmacKey;
use hubward_sas::{SasToken, TokenRules, UnsignedToken};

use crate::leaky;
use crate::poison::{public, secret_copy, secret_text, verdict};

/// A function that handles secrets. It returns the number of verdicts that were branched on inside of the library.
pub struct Case {
    pub name: &'static str,
    pub run: fn() -> usize,
    /// The function leaks, and valgrind must report it.
    pub leaks: bool,
}

const fn case(name: &'static str, run: fn() -> usize) -> Case {
    Case { name, run, leaks: false }
}

const fn twin(name: &'static str, run: fn() -> usize) -> Case {
    Case { name, run, leaks: true }
}

/// All cases, the leaky twins first.
pub const ALL: &[Case] = &[
    twin("twin: a comparison that stops early", twin_compare),
    twin("twin: base64 by a table", twin_base64),
    case("compare a tag", tags),
    case("compare a thumbprint of SHA-256", thumbprints),
    case("compare a thumbprint of SHA-1", legacy_thumbprints),
    case("prepare a key and compute a tag", hmac),
    case("compute the tag of a long message", long_message),
    case("compute the tags of two keys", two_keys),
    case("derive the key of a group's member", derive),
    case("decode a key from base64", decode),
    case("match a tag with two keys", matching),
    case("match a tag with one key and the dummy key", matching_one),
    case("match a tag with the dummy key", matching_dummy),
    case("verify a token", verify),
    case("admit a device", admit),
    case("refuse a wrong key", refuse),
    case("refuse an unknown device", refuse_unknown),
];

const BYTES: [u8; 64] = [0x5a; 64];
const MESSAGE: &[&[u8]] = &[b"contoso.example%2Fdevices%2Fdev1\n1893456000"];
const HOST: &str = "contoso.example";

fn twin_compare() -> usize {
    let (one, other) = (secret_copy(&[7; 32]), secret_copy(&[7; 32]));
    black_box(leaky::early_exit(&one, &other));
    0
}

fn twin_base64() -> usize {
    let text = secret_copy(b"MDEyMzQ1");
    black_box(leaky::table(&text));
    0
}

fn tags() -> usize {
    for received in [[7_u8; 32], [8; 32]] {
        let computed = Tag::new(secret_copy(&[7; 32]));
        black_box(verdict(computed.matches(&secret_copy(&received))));
    }
    0
}

fn thumbprints() -> usize {
    for other in [[7_u8; 32], [8; 32]] {
        let one = Thumbprint::Sha256(secret_copy(&[7; 32]));
        black_box(verdict(one.matches(&Thumbprint::Sha256(secret_copy(&other)))));
    }
    0
}

fn legacy_thumbprints() -> usize {
    for other in [[7_u8; 20], [8; 20]] {
        let one = Thumbprint::Sha1(secret_copy(&[7; 20]));
        black_box(verdict(one.matches(&Thumbprint::Sha1(secret_copy(&other)))));
    }
    0
}

/// A key whose bytes are secret.
fn key(first: u8) -> HmacKey {
    let mut bytes = BYTES;
    bytes[0] = first;
    let bytes = secret_copy(&bytes);
    let Ok(key) = SymmetricKey::from_bytes(&bytes) else { unreachable!("64 bytes are a key") };
    HmacKey::new(&key)
}

/// Publishes a tag, as a signer does.
fn published(tag: &Tag) -> [u8; 32] {
    let mut bytes = *tag.expose();
    public(&mut bytes);
    black_box(bytes)
}

fn hmac() -> usize {
    published(&key(1).tag(MESSAGE));
    0
}

fn long_message() -> usize {
    let long = [b'x'; 3_000];
    published(&key(1).tag(&[&long]));
    0
}

fn two_keys() -> usize {
    let (one, other) = key(1).tag_both(&key(2), MESSAGE);
    published(&one);
    published(&other);
    0
}

fn derive() -> usize {
    let member = hubward_registry::derive_key(&key(1), "sn-007");
    published(&HmacKey::new(&member).tag(MESSAGE));
    0
}

fn decode() -> usize {
    // the last two characters show the length, and whether there is a padding
    let text = secret_text("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", 2);
    black_box(SymmetricKey::from_base64(&text).is_ok());
    1
}

/// The tag that the first key computes.
fn received() -> [u8; 32] {
    published(&key(1).tag(MESSAGE))
}

fn matching() -> usize {
    let received = received();
    let (one, other, wrong) = (key(1), key(2), key(3));
    for keys in [Keys::pair(&one, &other), Keys::pair(&other, &one), Keys::pair(&other, &wrong)] {
        black_box(keys.matching(MESSAGE, &received).is_some());
    }
    3
}

fn matching_one() -> usize {
    let received = received();
    let (one, wrong, dummy) = (key(1), key(3), key(4));
    for keys in [Keys::one(&one).with_dummy(&dummy), Keys::one(&wrong).with_dummy(&dummy)] {
        black_box(keys.matching(MESSAGE, &received).is_some());
    }
    2
}

fn matching_dummy() -> usize {
    let received = received();
    let dummy = key(4);
    black_box(Keys::pair(&dummy, &dummy).matching(MESSAGE, &received).is_some());
    1
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

fn token(signer: &HmacKey) -> String {
    let host = Authority::parse(HOST).expect("a host");
    let unsigned = UnsignedToken::device(host, DeviceId::parse("dev1").expect("an id"), at(2_000));
    let mut room = [0; 512];
    let message = unsigned.to_be_signed(&mut room).expect("room enough");
    let tag = Tag::new(published(&signer.tag(&[message])));
    unsigned.finish(tag).to_string()
}

fn verify() -> usize {
    let (one, other) = (key(1), key(2));
    let host = Authority::parse(HOST).expect("a host");
    for signer in [&one, &other] {
        let text = token(signer);
        let parsed = SasToken::parse(&text, &TokenRules::STRICT).expect("a token");
        let verified = parsed.verify(host, Keys::pair(&one, &other), at(1_000), &TokenRules::STRICT);
        black_box(verified.is_ok());
    }
    3
}

/// Authenticates a device at a hub whose keys are all secret.
fn connect(id: &str, signer: &HmacKey) -> bool {
    let mut registry = Registry::unseeded();
    let keys = SymmetricKeys::new(key(1), key(2));
    registry
        .create_device(DeviceId::parse("dev1").expect("an id"), Authentication::Sas(keys))
        .expect("a device");
    let config = HubConfig::new(HostName::parse(HOST).expect("a host"), key(4));
    let (username, password) =
        (format!("{HOST}/{id}/?api-version=2021-04-12"), token(signer).replace("dev1", id));
    let credentials = Credentials::mqtt(id, &username, Some(&password)).expect("well-formed");
    config.authenticate(credentials, &registry, || at(1_000)).is_ok()
}

fn admit() -> usize {
    assert!(connect("dev1", &key(1)));
    1
}

fn refuse() -> usize {
    assert!(!connect("dev1", &key(3)));
    2
}

fn refuse_unknown() -> usize {
    assert!(!connect("dev2", &key(3)));
    2
}
