//! Storage tokens: a blob SAS verified from its query against the `hmac` crate's tag of the same text, and a user
//! delegation SAS signed against a straightforward builder of strings.

use std::hint::black_box;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use hubward_cloud::storage::{
    Context, Permission, Permissions, RequestParameters, Resource, Sas, SasKind, UnsignedSas, UserDelegation,
    Version,
};
use hubward_cloud::{AccountKey, DelegationKey};
use hubward_rustcrypto::GeneralKey;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;

use crate::case::Case;
use crate::tokens::{KEY, now};

pub const RATIOS: &[(&str, &str, &str)] = &[
    ("cloud.blob-sas-verify/hmac-crate-with-key-setup", "blob sas verify", "hmac of the blob sas"),
    ("cloud.blob-sas-verify/hmac-crate-kept-key", "blob sas verify", "kept hmac of the blob sas"),
    ("cloud.delegated-sas-sign/naive-strings", "delegated sas sign", "naive delegated sas sign"),
];

const ACCOUNT: &str = "contosoacct";
const OBJECT: &str = "11111111-1111-1111-1111-111111111111";
const TENANT: &str = "22222222-2222-2222-2222-222222222222";
const PERIOD: (&str, &str) = ("2029-12-31T00:00:00Z", "2030-01-02T00:00:00Z");

pub fn cases() -> Vec<Case<'static>> {
    let raw = STANDARD.decode(KEY).unwrap();
    let key = AccountKey::<GeneralKey>::from_base64(KEY).unwrap();
    let blob = Resource::blob(ACCOUNT, "plant", "dev1/log 1.txt").unwrap();
    let token = unsigned(UnsignedSas::new(SasKind::Blob, Version::LATEST).unwrap());
    let token = token.sign(&blob, &key).unwrap().to_string();
    let message = Sas::parse(&token).unwrap().string_to_sign(&blob, RequestParameters::default()).to_string();
    let kept = Hmac::<Sha256>::new_from_slice(&raw).unwrap();
    let expected = kept.clone().chain_update(message.as_bytes()).finalize().into_bytes();
    let (text, mac_key) = (message.clone(), raw.clone());

    let delegation_key = DelegationKey::<GeneralKey>::from_base64(KEY).unwrap();
    let ours = delegated(&blob, &delegation_key);
    let theirs = naive(&raw);
    let signature = |text: &str| text.rsplit_once("sig=").unwrap().1.to_owned();
    assert_eq!(signature(&ours), signature(&theirs), "both sign the same text");
    vec![
        Case::new("blob sas verify", move || {
            let sas = Sas::parse(black_box(&token)).unwrap();
            let _ = black_box(sas.verify(black_box(&blob), black_box(&key), &Context::new(now()))).unwrap();
        }),
        Case::new("hmac of the blob sas", move || {
            let mut mac = Hmac::<Sha256>::new_from_slice(black_box(&mac_key)).unwrap();
            mac.update(black_box(message.as_bytes()));
            mac.verify_slice(black_box(&expected)).unwrap();
        }),
        Case::new("kept hmac of the blob sas", move || {
            let mut mac = black_box(&kept).clone();
            mac.update(black_box(text.as_bytes()));
            mac.verify_slice(black_box(&expected)).unwrap();
        }),
        Case::new("delegated sas sign", move || {
            let _ = black_box(delegated(black_box(&blob), black_box(&delegation_key)));
        }),
        Case::new("naive delegated sas sign", move || {
            let _ = black_box(naive(black_box(&raw)));
        }),
    ]
}

fn unsigned(begun: UnsignedSas<'_>) -> UnsignedSas<'_> {
    let permissions = Permissions::new(SasKind::Blob, &[Permission::Read, Permission::Write]).unwrap();
    begun.with_permissions(permissions).with_expiry(now()).unwrap().https_only().unwrap()
}

fn delegated(blob: &Resource<'_>, key: &DelegationKey<GeneralKey>) -> String {
    let delegation = UserDelegation::new(OBJECT, TENANT, PERIOD, "b", "2022-11-02");
    let version = Version::parse("2022-11-02").unwrap();
    let begun = UnsignedSas::delegated(SasKind::Blob, version, &delegation).unwrap();
    unsigned(begun).sign_delegated(blob, key, RequestParameters::default()).unwrap().to_string()
}

/// Joins the lines of the version 2022-11-02, and writes the query, string by string.
fn naive(key: &[u8]) -> String {
    let expiry = "2029-12-31T23:00:00Z";
    let resource = format!("/blob/{ACCOUNT}/{}/{}", "plant", "dev1/log 1.txt");
    let lines = [
        "rw",
        "",
        expiry,
        &resource,
        OBJECT,
        TENANT,
        PERIOD.0,
        PERIOD.1,
        "b",
        "2022-11-02",
        "",
        "",
        "",
        "",
        "https",
        "2022-11-02",
        "b",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
    ];
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(lines.join("\n").as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let fields = [
        ("sv", "2022-11-02"),
        ("sp", "rw"),
        ("se", expiry),
        ("spr", "https"),
        ("sr", "b"),
        ("skoid", OBJECT),
        ("sktid", TENANT),
        ("skt", PERIOD.0),
        ("ske", PERIOD.1),
        ("sks", "b"),
        ("skv", "2022-11-02"),
        ("sig", &signature),
    ];
    let encode = |(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
    fields.map(encode).join("&")
}
