//! A root, an issuing CA and keys, made with the crate's own feature `issue`.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::arithmetic_side_effects,
    reason = "each test uses what it needs"
)]

use core::time::Duration;

use hubward_core::DeviceId;
use hubward_ring::{KeyType, SigningKey};
use hubward_x509::issue::{
    CertificateAuthority, DeviceCertificate, IssuerKey, SerialNumber, Signer, SubjectKey, request,
};
use hubward_x509::{CertificateRequest, UnixTime, Validity};

/// The first second of 2026, in days.
pub fn day(day: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_767_225_600 + day * 86_400))
}

pub fn days(from: u64, until: u64) -> Validity {
    Validity::between(day(from), day(until)).unwrap()
}

pub fn serial(number: u8) -> SerialNumber {
    SerialNumber::from_entropy([number; 16]).unwrap()
}

pub fn new_key(key_type: KeyType) -> SigningKey {
    SigningKey::from_pkcs8(&SigningKey::generate_pkcs8(key_type).unwrap()).unwrap()
}

/// A root that is valid for 7300 days, and an issuing CA below it for 3650.
pub struct Fleet {
    pub root_key: SigningKey,
    pub root: Vec<u8>,
    pub key: SigningKey,
    pub ca: CertificateAuthority,
}

impl Fleet {
    pub fn new(root: KeyType, issuing: KeyType) -> Self {
        let (root_key, key) = (new_key(root), new_key(issuing));
        let issuer_key = IssuerKey::of(&root_key).unwrap();
        let unsigned =
            CertificateAuthority::root("Plant root", &issuer_key, Some(1), serial(1), days(0, 7300)).unwrap();
        let root = unsigned.sign(&root_key).unwrap();
        let above = CertificateAuthority::new(&root, issuer_key).unwrap();
        let subject = SubjectKey::from_public_key(key.public_key()).unwrap();
        let unsigned =
            above.intermediate("Plant issuing CA", subject, None, serial(2), days(0, 3650)).unwrap();
        let issuing = unsigned.sign(&root_key).unwrap();
        let ca = CertificateAuthority::new(&issuing, IssuerKey::of(&key).unwrap()).unwrap();
        Self { root_key, root, key, ca }
    }

    pub fn root_ca(&self) -> CertificateAuthority {
        CertificateAuthority::new(&self.root, IssuerKey::of(&self.root_key).unwrap()).unwrap()
    }

    /// Issues a device's certificate from its request.
    pub fn device(&self, id: &str, key: &SigningKey, number: u8, validity: Validity) -> Vec<u8> {
        let request = request(id, &IssuerKey::of(key).unwrap()).unwrap().sign(key).unwrap();
        let request =
            CertificateRequest::parse(&request).unwrap().verify(hubward_ring::signature::ALL).unwrap();
        let device = DeviceCertificate::from_request(&request, DeviceId::parse(id).unwrap()).unwrap();
        self.ca.device(&device, serial(number), validity).unwrap().sign(&self.key).unwrap()
    }
}
