//! Tokens, and the fixtures that all cases share.

use std::hint::black_box;
use std::time::Duration;

use hubward::registry::{Authentication, Registry, SymmetricKeys};
use hubward::{AuthenticationStep, Credentials, HubConfig};
use hubward_core::{Authority, DeviceId, HostName, Keys, ModuleId, PolicyName, SymmetricKey, UnixTime};
use hubward_rustcrypto::HmacKey;
use hubward_sas::{Margin, RenewalPlan, SasToken, TokenRules, UnsignedToken, expires_after};

use crate::case::Case;

pub const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const OTHER: &str = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";
pub const HOST: &str = "myhub.azure-devices.net";
pub const DEVICE: &str = "device-0001";
pub const EXPIRY: u64 = 1_893_456_000;

/// One token, and keys that verify it or do not.
pub struct Fixture {
    pub token: String,
    /// The signed bytes.
    pub message: String,
    pub signature: [u8; 32],
    key: HmacKey,
    other: HmacKey,
    ring: hubward_ring::HmacKey,
    ring_other: hubward_ring::HmacKey,
    username: String,
    config: HubConfig<HmacKey>,
    registry: Registry<HmacKey>,
}

impl Fixture {
    pub fn new() -> Self {
        let raw = |text| SymmetricKey::from_base64(text).unwrap();
        let make = |text| HmacKey::new(&raw(text));
        let key = make(KEY);
        let unsigned = unsigned();
        let mut buffer = [0; 256];
        let message = String::from_utf8(unsigned.to_be_signed(&mut buffer).unwrap().to_vec()).unwrap();
        let signature = *hubward_core::MacKey::tag(&key, &[message.as_bytes()]).expose();
        let mut registry = Registry::unseeded();
        let pair = SymmetricKeys::new(make(KEY), make(OTHER));
        registry.create_device(DeviceId::parse(DEVICE).unwrap(), Authentication::Sas(pair)).unwrap();
        Self {
            token: unsigned.sign(&key).to_string(),
            message,
            signature,
            other: make(OTHER),
            ring: hubward_ring::HmacKey::new(&raw(KEY)),
            ring_other: hubward_ring::HmacKey::new(&raw(OTHER)),
            username: format!("{HOST}/{DEVICE}/?api-version=2021-04-12"),
            config: HubConfig::new(HostName::parse(HOST).unwrap(), make(OTHER)).with_token_rules(RULES),
            registry,
            key,
        }
    }
}

const RULES: TokenRules = TokenRules::HUB_COMPAT;

pub fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(EXPIRY - 3600))
}

fn unsigned() -> UnsignedToken<'static> {
    let expires = UnixTime::since_unix_epoch(Duration::from_secs(EXPIRY));
    UnsignedToken::device(Authority::parse(HOST).unwrap(), DeviceId::parse(DEVICE).unwrap(), expires)
}

/// Returns a device's own token.
pub fn token_of(device: &str, key: &HmacKey) -> String {
    let expires = UnixTime::since_unix_epoch(Duration::from_secs(EXPIRY));
    let unsigned =
        UnsignedToken::device(Authority::parse(HOST).unwrap(), DeviceId::parse(device).unwrap(), expires);
    unsigned.sign(key).to_string()
}

/// Returns a module's token with the longest ids, each byte of which is escaped: about 2 KB in all.
pub fn longest_token(key: &HmacKey) -> String {
    let expires = UnixTime::since_unix_epoch(Duration::from_secs(EXPIRY));
    let host = format!(
        "{}.azure-devices.net",
        [["h"; 60].concat(), ["g"; 60].concat(), ["f"; 60].concat()].join(".")
    );
    let id = ["$"; 128].concat();
    let host = Authority::parse(&host).unwrap();
    let (device, module) = (DeviceId::parse(&id).unwrap(), ModuleId::parse(&id).unwrap());
    UnsignedToken::module(host, device, module, expires)
        .with_policy(PolicyName::parse(&["p"; 64].concat()).unwrap())
        .sign(key)
        .to_string()
}

/// Returns the number of bytes of the longest token.
pub fn longest_len() -> u64 {
    longest_token(&HmacKey::from_bytes(&[1; 32])).len() as u64
}

/// A token with the longest ids: parsed, and verified with one key.
pub fn longest(f: &Fixture) -> [Case<'_>; 2] {
    let token: &str = longest_token(&f.key).leak();
    let now = now();
    [
        Case::new("parse longest", move || {
            let _ = black_box(SasToken::parse(black_box(token), &RULES)).unwrap();
        }),
        Case::new("verify longest", move || {
            let token = SasToken::parse(black_box(token), &RULES).unwrap();
            let _ = black_box(token.verify_for_any_host(Keys::one(&f.key), now, &RULES)).unwrap();
        }),
    ]
}

/// The renewal of a token: the plan says that it is due, and the next one is signed.
pub fn renew(f: &Fixture) -> Case<'_> {
    let (host, device) = (Authority::parse(HOST).unwrap(), DeviceId::parse(DEVICE).unwrap());
    let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    Case::new("renew", move || {
        let mut buffer = [0_u8; 256];
        let (then, now) = (at(black_box(EXPIRY - 3600)), at(black_box(EXPIRY - 60)));
        let plan = RenewalPlan::new(then, at(EXPIRY), Margin::default(), Duration::ZERO);
        assert!(plan.is_due(now));
        let expires = expires_after(now, Duration::from_secs(3600)).unwrap();
        let signed = UnsignedToken::device(host, device, expires).sign(black_box(&f.key));
        let _ = black_box(signed.write_into(&mut buffer)).unwrap();
    })
}

pub fn ours(f: &Fixture) -> Vec<Case<'_>> {
    let now = now();
    let parsed = batch(f);
    vec![
        Case::new("parse", || {
            let _ = black_box(SasToken::parse(black_box(&f.token), &RULES)).unwrap();
        }),
        Case::new("verify one", move || verify(f, Keys::one(&f.key), now)),
        Case::new("verify two", move || verify(f, Keys::pair(&f.other, &f.key), now)),
        Case::new("verify ring provider", move || verify(f, Keys::one(&f.ring), now)),
        Case::new("verify ring provider two", move || verify(f, Keys::pair(&f.ring_other, &f.ring), now)),
        Case::new("sixteen parsed one at a time", move || {
            for (token, keys) in black_box(&parsed) {
                let _ = black_box(token.verify_for_any_host(*keys, now, &RULES)).unwrap();
            }
        }),
        Case::new("sixteen parsed in a batch", move || {
            SasToken::verify_batch(pairs(black_box(&parsed)), now, &RULES, |_, verdict| {
                let _ = black_box(verdict).unwrap();
            });
        }),
        Case::new("sixteen one at a time", move || {
            for (token, keys) in batch(f) {
                let _ = black_box(token.verify_for_any_host(black_box(keys), now, &RULES)).unwrap();
            }
        }),
        Case::new("sixteen in a batch", move || {
            let batch = batch(f);
            SasToken::verify_batch(pairs(black_box(&batch)), now, &RULES, |_, verdict| {
                let _ = black_box(verdict).unwrap();
            });
        }),
        Case::new("sign", || {
            let mut buffer = [0_u8; 256];
            let expires = UnixTime::since_unix_epoch(Duration::from_secs(black_box(EXPIRY)));
            let host = Authority::parse(HOST).unwrap();
            let device = DeviceId::parse(black_box(DEVICE)).unwrap();
            let signed = UnsignedToken::device(host, device, expires).sign(black_box(&f.key));
            let _ = black_box(signed.write_into(&mut buffer)).unwrap();
        }),
        Case::new("mqtt admission", move || {
            let credentials =
                Credentials::mqtt(black_box(DEVICE), black_box(&f.username), Some(black_box(&f.token)));
            let pending = credentials.unwrap().start(&f.config).unwrap();
            let record = f.registry.find(&pending.lookup(), &[]);
            let AuthenticationStep::Authenticated(authenticated) = pending.resume(record, now).unwrap()
            else {
                panic!("authenticated")
            };
            assert!(black_box(authenticated.decision()).is_allow());
        }),
    ]
}

/// Returns sixteen parsed tokens, each with one key.
fn batch(f: &Fixture) -> [(SasToken<'_>, Keys<'_, HmacKey>); 16] {
    [(); 16].map(|()| (SasToken::parse(black_box(&f.token), &RULES).unwrap(), Keys::one(&f.key)))
}

fn pairs<'b, 'f>(
    batch: &'b [(SasToken<'f>, Keys<'f, HmacKey>)],
) -> impl Iterator<Item = (&'b SasToken<'f>, Keys<'f, HmacKey>)> {
    batch.iter().map(|(token, keys)| (token, *keys))
}

fn verify<K: hubward_core::MacKey>(f: &Fixture, keys: Keys<'_, K>, now: UnixTime) {
    let token = SasToken::parse(black_box(&f.token), &RULES).unwrap();
    let _ = black_box(token.verify_for_any_host(black_box(keys), now, &RULES)).unwrap();
}
