//! The compared cases: a blob SAS verified from its query, the tag of its text, and a user delegation SAS signed.

use std::hint::black_box;
use std::time::Duration;

use azure_storage_common::models::UserDelegationKey;
use azure_storage_sas::{SasBuilder, SasProtocol};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use hubward_cloud::storage::{
    Context, Permission, Permissions, RequestParameters, Resource, Sas, SasKind, UnsignedSas, UserDelegation,
    Version,
};
use hubward_cloud::{AccountKey, DelegationKey};
use hubward_core::{StreamKey, UnixTime};
use hubward_rustcrypto::GeneralKey;
use sha2::Sha256;
use time::OffsetDateTime;

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const ACCOUNT: &str = "contosoacct";
const CONTAINER: &str = "plant";
const PATH: &str = "dev1/log 1.txt";
const OBJECT: &str = "11111111-1111-1111-1111-111111111111";
const TENANT: &str = "22222222-2222-2222-2222-222222222222";
const PERIOD: (&str, &str) = ("2029-12-31T00:00:00Z", "2030-01-02T00:00:00Z");
const EXPIRY: u64 = 1_893_452_400;

type Case = (&'static str, Box<dyn FnMut()>);

pub fn all() -> Vec<Case> {
    let now = UnixTime::since_unix_epoch(Duration::from_secs(EXPIRY));
    let raw = STANDARD.decode(KEY).unwrap();
    let key = AccountKey::<GeneralKey>::from_base64(KEY).unwrap();
    let blob = Resource::blob(ACCOUNT, CONTAINER, PATH).unwrap();
    let unsigned = UnsignedSas::new(SasKind::Blob, Version::LATEST).unwrap();
    let token = with_claims(unsigned, now).sign(&blob, &key).unwrap().to_string();
    let parsed = token.clone();
    let message = Sas::parse(&token).unwrap().string_to_sign(&blob, RequestParameters::default()).to_string();
    let keyed = Hmac::<Sha256>::new_from_slice(&raw).unwrap();
    let tag = keyed.clone().chain_update(message.as_bytes()).finalize().into_bytes();
    let text = message.clone();
    let third = GeneralKey::from_bytes(&raw);
    let fourth = AccountKey::<GeneralKey>::from_base64(KEY).unwrap();
    let short = message.clone();
    let leaked: &'static str = token.clone().leak();
    let received = Sas::parse(leaked).unwrap();
    let delegation_key = DelegationKey::<GeneralKey>::from_base64(KEY).unwrap();
    let second = DelegationKey::<GeneralKey>::from_base64(KEY).unwrap();
    let peer = peer_key(raw.clone());
    let signature = |text: &str| text.rsplit_once("sig=").unwrap().1.to_owned();
    assert_eq!(signature(&sign(&blob, &delegation_key, now)), signature(&peer_sign(&peer)));
    vec![
        (
            "verify",
            Box::new(move || {
                let sas = Sas::parse(black_box(&token)).unwrap();
                let _ = black_box(sas.verify(black_box(&blob), black_box(&key), &Context::new(now)).unwrap());
            }),
        ),
        (
            "parse",
            Box::new(move || {
                let _ = black_box(Sas::parse(black_box(&parsed)).unwrap());
            }),
        ),
        (
            "tag",
            Box::new(move || {
                let _ = black_box(third.tag_of(black_box(short.as_bytes())));
            }),
        ),
        (
            "verify-parsed",
            Box::new(move || {
                let sas = black_box(&received);
                let _ = black_box(sas.verify(black_box(&blob), black_box(&fourth), &Context::new(now)).unwrap());
            }),
        ),
        (
            "hmac",
            Box::new(move || {
                let mut mac = Hmac::<Sha256>::new_from_slice(black_box(&raw)).unwrap();
                mac.update(black_box(message.as_bytes()));
                mac.verify_slice(black_box(&tag)).unwrap();
            }),
        ),
        (
            "keyed-hmac",
            Box::new(move || {
                let mut mac = black_box(&keyed).clone();
                mac.update(black_box(text.as_bytes()));
                mac.verify_slice(black_box(&tag)).unwrap();
            }),
        ),
        (
            "sign",
            Box::new(move || {
                let _ = black_box(sign(black_box(&blob), black_box(&delegation_key), now));
            }),
        ),
        (
            "sign-into",
            Box::new(move || {
                let mut text = String::with_capacity(512);
                write_signed(black_box(&blob), black_box(&second), now, &mut text);
                let _ = black_box(text);
            }),
        ),
        (
            "peer-sign",
            Box::new(move || {
                let _ = black_box(peer_sign(black_box(&peer)));
            }),
        ),
    ]
}

fn with_claims(begun: UnsignedSas<'_>, expiry: UnixTime) -> UnsignedSas<'_> {
    let permissions = Permissions::new(SasKind::Blob, &[Permission::Read, Permission::Write]).unwrap();
    begun.with_permissions(permissions).with_expiry(expiry).unwrap().https_only().unwrap()
}

/// Signs with the version that the peer signs with.
fn write_signed(
    blob: &Resource<'_>,
    key: &DelegationKey<GeneralKey>,
    expiry: UnixTime,
    out: &mut impl core::fmt::Write,
) {
    let delegation = UserDelegation::new(OBJECT, TENANT, PERIOD, "b", "2026-04-06");
    let version = Version::parse("2026-04-06").unwrap();
    let begun = UnsignedSas::delegated(SasKind::Blob, version, &delegation).unwrap();
    let signed = with_claims(begun, expiry).sign_delegated(blob, key, RequestParameters::default()).unwrap();
    write!(out, "{signed}").unwrap();
}

fn sign(blob: &Resource<'_>, key: &DelegationKey<GeneralKey>, expiry: UnixTime) -> String {
    let mut text = String::new();
    write_signed(blob, key, expiry, &mut text);
    text
}

fn peer_key(value: Vec<u8>) -> UserDelegationKey {
    let at = |seconds| Some(OffsetDateTime::from_unix_timestamp(seconds).unwrap());
    let mut key = UserDelegationKey::default();
    key.signed_oid = Some(OBJECT.to_owned());
    key.signed_tid = Some(TENANT.to_owned());
    key.signed_start = at(1_893_369_600);
    key.signed_expiry = at(1_893_542_400);
    key.signed_service = Some("b".to_owned());
    key.signed_version = Some("2026-04-06".to_owned());
    key.value = Some(value);
    key
}

fn peer_sign(key: &UserDelegationKey) -> String {
    let expiry = OffsetDateTime::from_unix_timestamp(i64::try_from(EXPIRY).unwrap()).unwrap();
    SasBuilder::new(ACCOUNT, key, expiry)
        .unwrap()
        .protocol(SasProtocol::Https)
        .blob(CONTAINER, PATH)
        .read()
        .write()
        .build()
}
