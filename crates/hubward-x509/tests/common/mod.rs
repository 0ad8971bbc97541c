//! Certificates for tests.
#![allow(dead_code, unreachable_pub, reason = "each test uses what it needs")]

pub mod bundles;
pub mod der;

use base64::Engine;
use core::time::Duration;
use hubward_x509::UnixTime;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData,
    SigningKey, date_time_ymd,
};

/// 2026-01-01, in the validity period of every certificate of these tests.
pub const NOW: u64 = 1_767_225_600;

/// Returns that time with an offset in seconds.
pub fn now(offset: i64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(NOW.checked_add_signed(offset).unwrap()))
}

/// Generates a P-256 key.
pub fn key() -> KeyPair {
    KeyPair::generate().unwrap()
}

/// Returns the parameters of an end entity's certificate.
pub fn entity(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (date_time_ymd(2025, 1, 1), date_time_ymd(2027, 1, 1));
    params.use_authority_key_identifier_extension = true;
    params
}

/// Returns the parameters of a CA's certificate.
pub fn ca(name: &str) -> CertificateParams {
    let mut params = entity(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// Returns a certificate for `params` with `key`, signed with `issuer_key` under the name of `issuer`.
pub fn sign(
    params: &CertificateParams,
    key: &impl PublicKeyData,
    issuer: &CertificateParams,
    issuer_key: &impl SigningKey,
) -> Vec<u8> {
    params.signed_by(key, &Issuer::from_params(issuer, issuer_key)).unwrap().der().to_vec()
}

/// A root, an intermediate below it and a leaf below that.
pub struct Fleet {
    pub root: Vec<u8>,
    pub intermediate: Vec<u8>,
    pub leaf: Vec<u8>,
}

impl Fleet {
    /// Creates a fleet with P-256 keys.
    pub fn p256(device: &str) -> Self {
        Self::with(&key(), &key(), device)
    }

    /// Creates a fleet with RSA keys of 2048 bits.
    pub fn rsa(device: &str) -> Self {
        Self::with(&rsa_key(), &rsa_key(), device)
    }

    fn with(root_key: &KeyPair, intermediate_key: &KeyPair, device: &str) -> Self {
        let (root, intermediate) = (ca("Fleet Root"), ca("Fleet Intermediate"));
        Self {
            root: root.self_signed(root_key).unwrap().der().to_vec(),
            intermediate: sign(&intermediate, intermediate_key, &root, root_key),
            leaf: sign(&entity(device), &key(), &intermediate, intermediate_key),
        }
    }
}

/// One RSA key of 2048 bits, created for these tests and used nowhere else, since ring cannot generate one.
pub fn rsa_key() -> KeyPair {
    let text: String = include_str!("rsa.base64").split_whitespace().collect();
    let der = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    KeyPair::try_from(der).unwrap()
}
