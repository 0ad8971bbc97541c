//! Device certificates issued from public keys and from requests, compared with their bare signatures.

use std::hint::black_box;
use std::time::Duration;

use hubward_core::{DeviceId, UnixTime};
use hubward_ring::{KeyType, SigningKey, signature};
use hubward_x509::issue::{
    CertificateAuthority, DeviceCertificate, IssuerKey, SerialNumber, Signer, request,
};
use hubward_x509::{CertificateRequest, Validity};

use crate::case::Case;

/// A signature takes a hundred times as long as a token.
const CALLS: u32 = 40;

pub const RATIOS: &[(&str, &str, &str)] = &[
    ("issue.p256/bare-signature", "issue p256", "bare signature p256"),
    ("issue.p256-from-request/verify-and-signature", "issue p256 from request", "verify and sign p256"),
];

pub fn cases() -> Vec<Case<'static>> {
    let new_key = || SigningKey::from_pkcs8(&SigningKey::generate_pkcs8(KeyType::P256).unwrap()).unwrap();
    let at = |day: u64| UnixTime::since_unix_epoch(Duration::from_secs(1_767_225_600 + day * 86_400));
    let (ca_key, key): (&SigningKey, &SigningKey) =
        (Box::leak(Box::new(new_key())), Box::leak(Box::new(new_key())));
    let (serial, validity) =
        (SerialNumber::from_entropy([7; 16]).unwrap(), Validity::between(at(0), at(365)).unwrap());
    let issuer = IssuerKey::of(ca_key).unwrap();
    let root = CertificateAuthority::root("Plant CA", &issuer, None, serial, validity).unwrap();
    let ca: &CertificateAuthority =
        Box::leak(Box::new(CertificateAuthority::new(&root.sign(ca_key).unwrap(), issuer).unwrap()));
    let id = || DeviceId::parse("pump-0000017").unwrap();
    let requested: &[u8] =
        request("pump-0000017", &IssuerKey::of(key).unwrap()).unwrap().sign(key).unwrap().leak();
    let issue = move |device: &DeviceCertificate<'_>| {
        black_box(ca.device(device, serial, validity).unwrap().sign(ca_key).unwrap());
    };
    let message: &[u8] = ca
        .device(&DeviceCertificate::from_public_key(key.public_key(), id()).unwrap(), serial, validity)
        .unwrap()
        .message()
        .to_vec()
        .leak();
    let verify = || CertificateRequest::parse(black_box(requested)).unwrap().verify(signature::ALL).unwrap();
    let all = vec![
        Case::new("bare signature p256", move || {
            black_box(ca_key.sign(black_box(message)).unwrap());
        }),
        Case::new("issue p256", move || {
            issue(&DeviceCertificate::from_public_key(black_box(key.public_key()), id()).unwrap());
        }),
        Case::new("verify and sign p256", move || {
            black_box(verify());
            black_box(ca_key.sign(black_box(message)).unwrap());
        }),
        Case::new("issue p256 from request", move || {
            issue(&DeviceCertificate::from_request(&verify(), id()).unwrap());
        }),
    ];
    all.into_iter().map(|case| case.calls(CALLS)).collect()
}
