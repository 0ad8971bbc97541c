//! No public type that contains a key or a token prints it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

use core::time::Duration;

use hubward::registry::{Authentication, Registry, SymmetricKeys};
use hubward::sas::{SasToken, TokenRules, UnsignedToken};
use hubward::types::{
    Authority, Credential, DeviceId, Digest, HostName, Identity, IdentityRecord, Keys, LookupResult, MacKey,
    Permissions, PolicyName, PolicyRecord, RecordVersion, Status, SymmetricKey, UnixTime,
};
use hubward::{AuthenticationStep, Credentials, HubConfig};
use hubward_testkit::redaction::Secret;

/// No four characters of it, in any form, occur in the project's words.
const KEY: [u8; 32] = [
    0xf3, 0x91, 0xe7, 0x0b, 0x5d, 0xc4, 0x88, 0x1f, 0xa2, 0x6e, 0xd9, 0x37, 0xb0, 0x4c, 0xfa, 0x15, 0x7b,
    0xe1, 0x96, 0x2d, 0xc8, 0x53, 0x0e, 0xbf, 0x64, 0xa9, 0xf2, 0x3d, 0x81, 0xce, 0x57, 0x1a,
];

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

fn all_of<K: MacKey>(make: impl Fn(&SymmetricKey) -> K) {
    let secret = Secret::new(&KEY);
    let symmetric = SymmetricKey::from_bytes(&KEY).unwrap();
    secret.is_not_debugged("SymmetricKey", &symmetric);
    secret.is_not_debugged("MacKey", &make(&symmetric));
    secret.is_not_debugged("SymmetricKeys", &SymmetricKeys::new(make(&symmetric), make(&symmetric)));
    let primary = make(&symmetric);
    secret.is_not_debugged("Keys", &Keys::pair(&primary, &primary));
    let (device, policy) = (DeviceId::parse("dev1").unwrap(), PolicyName::parse("owner").unwrap());
    let version = RecordVersion::new(1, 1);
    let credential = Credential::Keys(Keys::one(&primary));
    let record = IdentityRecord::new(Identity::Device(device), Status::Enabled, version, credential);
    secret.is_not_debugged("LookupResult", &LookupResult::Identity(record));
    let record = PolicyRecord::new(policy, Permissions::all(), version, Keys::one(&primary));
    secret.is_not_debugged("LookupResult", &LookupResult::Policy(record));

    let host = Authority::parse("h.example").unwrap();
    let tag = primary.tag(&[b"h.example%2Fdevices%2Fdev1\n2000000000"]);
    let tag_secret = Secret::new(tag.expose());
    tag_secret.is_not_debugged("Tag", &tag);
    let unsigned = UnsignedToken::device(host, device, at(2_000_000_000));
    let signed = unsigned.finish(tag);
    tag_secret.is_not_debugged("SignedToken", &signed);
    let text = signed.to_string();

    let mut rules = TokenRules::STRICT;
    rules.max_lifetime = None;
    let token = SasToken::parse(&text, &rules).unwrap();
    tag_secret.is_not_debugged("SasToken", &token);
    let verified = token.verify_for_any_host(Keys::one(&primary), at(1), &rules).unwrap();
    tag_secret.is_not_debugged("VerifiedToken", &verified);
    let error = token.verify_for_any_host(Keys::one(&primary), at(3_000_000_000), &rules).unwrap_err();
    tag_secret.is_not_in_error("VerifyError", &error);

    let mut registry = Registry::unseeded();
    registry.create_device(device, Authentication::Sas(SymmetricKeys::one(make(&symmetric)))).unwrap();
    registry.set_policy(policy, Permissions::all(), SymmetricKeys::one(make(&symmetric)));
    secret.is_not_debugged("Registry", &registry);
    let hub = HubConfig::new(HostName::parse("h.example").unwrap(), make(&symmetric)).with_token_rules(rules);
    secret.is_not_debugged("HubConfig", &hub);
    let credentials = Credentials::mqtt("dev1", "h.example/dev1/?api-version=1", Some(&text)).unwrap();
    tag_secret.is_not_debugged("Credentials", &credentials);
    let pending = credentials.start(&hub).unwrap();
    tag_secret.is_not_debugged("PendingAuthentication", &pending);
    let step = pending.resume(registry.find(&device_lookup(), &[]), at(1)).unwrap();
    tag_secret.is_not_debugged("AuthenticationStep", &step);
    let AuthenticationStep::Authenticated(authenticated) = step else { panic!("authenticated") };
    tag_secret.is_not_debugged("Authenticated", &authenticated);
    tag_secret.is_not_debugged("Decision", &authenticated.decision());
    tag_secret.is_not_displayed("Decision", &authenticated.decision());
    let session = authenticated.into_session();
    for secret in [&secret, &tag_secret] {
        secret.is_not_debugged("Session", &session);
        secret.is_not_displayed("Session", &session);
    }
}

fn device_lookup() -> hubward::types::Lookup<'static> {
    hubward::types::Lookup::Device(DeviceId::assertion("dev1").segment())
}

#[test]
fn rustcrypto() {
    all_of(hubward_rustcrypto::HmacKey::new);
    let _ = hubward_rustcrypto::Digests.sha256(b"");
}

#[test]
fn ring() {
    all_of(hubward_ring::HmacKey::new);
}

#[test]
fn errors_contain_neither_keys_nor_tokens() {
    let secret = Secret::new(&KEY);
    let base64 = "85HnC13EiB+ibtk3sEz6FXvhli3IUw6/ZKnyPYHOVxo=";
    SymmetricKey::from_base64(base64).unwrap();
    for text in [format!("{base64}x"), base64.replace('=', ""), base64.replace('8', " "), base64.repeat(3)] {
        secret.is_not_in_error("KeyError", &SymmetricKey::from_base64(&text).unwrap_err());
    }
    let sig = base64.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let good = format!("SharedAccessSignature sr=h.example%2Fdevices%2Fdev1&sig={sig}&se=2000000000");
    SasToken::parse(&good, &TokenRules::STRICT).unwrap();
    // the token truncated, and with one byte replaced, at every offset
    for at in 0..good.len() {
        for text in [good[..at].to_owned(), format!("{}\u{1}{}", &good[..at], &good[at + 1..])] {
            if let Err(error) = SasToken::parse(&text, &TokenRules::STRICT) {
                secret.is_not_in_error("ParseError", &error);
            }
            if let Err(error) = Credentials::mqtt("dev1", &text, Some(&text)) {
                secret.is_not_in_error("AuthError", &error);
            }
            if let Err(error) = Credentials::http("GET", "/", "h.example", Some(&text)) {
                secret.is_not_in_error("AuthError", &error);
            }
        }
    }
}
