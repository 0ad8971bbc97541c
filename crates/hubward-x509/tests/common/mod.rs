//! Certificates for tests, minted as they are needed.
#![allow(dead_code, unreachable_pub, reason = "each test uses what it needs")]

pub mod bundles;

use base64::Engine;
use core::time::Duration;
use hubward_x509::UnixTime;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData,
    SigningKey, date_time_ymd,
};

/// 2026-01-01, within every minted validity.
pub const NOW: u64 = 1_767_225_600;

/// That second, or so many later or earlier.
pub fn now(offset: i64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(NOW.checked_add_signed(offset).unwrap()))
}

/// A P-256 key.
pub fn key() -> KeyPair {
    KeyPair::generate().unwrap()
}

/// The parameters of an end entity's certificate.
pub fn entity(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (date_time_ymd(2025, 1, 1), date_time_ymd(2027, 1, 1));
    params.use_authority_key_identifier_extension = true;
    params
}

/// The parameters of a CA's certificate.
pub fn ca(name: &str) -> CertificateParams {
    let mut params = entity(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// `params` with `key`, signed by whoever holds `issuer_key` under the name of `issuer`.
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
    /// Of P-256 keys.
    pub fn p256(device: &str) -> Self {
        Self::with(&key(), &key(), device)
    }

    /// Of RSA keys of 2048 bits.
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

/// One RSA key of 2048 bits, made for these tests and used nowhere else: ring makes none.
pub fn rsa_key() -> KeyPair {
    let text: String = RSA.split_whitespace().collect();
    let der = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    KeyPair::try_from(der).unwrap()
}

const RSA: &str = "
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDlEcGnKjj2JoJ/b9Www51UyMwO/8dOSWvpx61aB3OqPizrxc1/
rRqkTA8DRunzq6OMiW94OtqM/ii9Ok1HwkgX7Ui7QaBfD+Qe2QSHUQ4kogBzDLQchX/dbyxrHxTXWKwaYZzy6JPbmn7bSV+6UzjB
+0PtMFUCDQiA4wv+DrV8ttEP4kU3xPeBN8DCy0m8Y1HFR5b9cJQrH7iu3Jv9UxengjB8LMR2GdMz3vouG1dH+Uc95XfJ9vVnV03b
i4QPGPVtLtvbiSf1MdjKUD+R21FE/bK5hVYvRDxL/iupHyOkn1ZZKgeXL1/NGKei/dfCWVL8suSvNCgzkE9gMKIWSOaxAgMBAAEC
ggEAXsYw9CPQ+27FcUppBEB62LhXTSFgabCQ+GGIBIauwVIGLeph8qBBNJbPY1C0vP9XpG68cucOw2TooBn+HWFxiIzBGdC2NH6T
qHurlvzfOCLawr8PyfkmBQzZONzcN5jVY/jdAddeTW6na7z44VNLWV7HJNxpX3ba/NBzhsK5LgaA4/zONUtbDwA1kLKnkkporomn
0P3RJAzAboF/G52DUWWD72Kj/ZlBvXbiBFMX4cfX3clk8bnNMqizNY+868T4OYZgDCdVkWHjUHdKcAI2OmvI9e/MdIhNwM3a2uf1
95a+8hC0tqwe45Wm3DH0bPikHVuyRo+aJ+r7YqS4jw8S/QKBgQD/A5TJexNFni093z1X6XoqkyP9mZBqJ66cxuFEOWU9852QiGTz
zVwkVgLLm04er1Kk47LaqlBTBy7+1AWpl/UVA9UIp50QFkwv4XQLlWysma0hFVBxb+RQMgmP1f1GAP+TY/lykyKG+OIPVxx7Ccrb
IMqC+++yYYsDESf9o9zL6wKBgQDl9H6h+5O8ASpmBx4epF/7LmDU98bNue7hjBmdfPGb0OhcRMzQvepWSpIGkZ7VjJQAHfgqWFHf
DOCCVK1qzHirL7mjmE7B011xrMLCf8q4wRYOyb9TwT8QX6xsiSIkCZoXfLte7sL9+UPf5Bgdnb4gfVFEpaUTTic3uvS1vtV80wKB
gDEOQE3t1gw7XFqdmhBSQoT0HyVGqCgzj/xqqaTVIaukNHg8NKdNpt76iLkgHAv9D/nWL26u+pquNBUjNh+ksqmjPhTXIXiZwXgo
d4lO6kPdoBdQIVRhANuIdJxtvrX7tS5mOfMXaLnsIJhw2nK0tIgoq6w8yKRY7UPexgGdxviXAoGBAJhMdvY3VeAlcXxDaIpo2XzV
eaJzPEMSywisrmZk0uwcz1gU5QW3UpW2K8KX/Xd39KmjL7Jz7j1pHOSUyoo6RA00vaGBBWBP6cqY3iDNXGlC0KYYrlP9YBQrGVqE
9Iyjo1+856f3QEPPLEoDmok66SpBdWqevpbrowPBGcOpUWGrAoGBAPyi16umOHZzRBmySe37+s+YRm8nPgeoFnUowa7AA5r3Zc/3
QTGQhHMAJ9zLv8IxuCoARsao6G9LgPcjfLBFCii3k4pr8/9HlCvpL0EZ0seVRGSfldUAwiSxlUrBjXh9GN9ANBU/q6up3+PZaJ4I
Y6X1NlH9piFAkYRq3BQcHxF/
";
