//! Certificate authorities of devices, and their devices.

use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};

use super::Gateway;
use super::client::{Stream, ask, connack, connect};

/// A certificate authority, which signs itself.
pub struct Ca {
    params: CertificateParams,
    key: KeyPair,
    pub pem: String,
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = Default::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

impl Ca {
    pub fn new(name: &str) -> Self {
        let mut params = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { params, key, pem }
    }

    /// Issues a device's certificate into the folder, as `{id}.pem` and `{id}.key`. Its serial number is from the id.
    pub fn issue(&self, folder: impl Fn(&str) -> std::path::PathBuf, id: &str) {
        let key = KeyPair::generate().unwrap();
        let mut leaf = named(id);
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.use_authority_key_identifier_extension = true;
        leaf.serial_number = Some(serial(id));
        let signed = leaf.signed_by(&key, &Issuer::from_params(&self.params, &self.key)).unwrap();
        std::fs::write(folder(&format!("{id}.pem")), signed.pem()).unwrap();
        std::fs::write(folder(&format!("{id}.key")), key.serialize_pem()).unwrap();
    }

    /// Returns a revocation list with the certificates of these devices, which is current until 2100.
    pub fn list(&self, number: u64, revoked: &[&str]) -> String {
        let issued = date_time_ymd(2025, 1, 1);
        let entry = |id: &&str| RevokedCertParams {
            serial_number: serial(id),
            revocation_time: issued,
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: issued,
            next_update: date_time_ymd(2100, 1, 1),
            crl_number: number.into(),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&Issuer::from_params(&self.params, &self.key)).unwrap().pem().unwrap()
    }
}

fn serial(id: &str) -> SerialNumber {
    SerialNumber::from([&[1][..], id.as_bytes()].concat())
}

/// Writes the file of the authorities that the gateway trusts.
pub fn trust(file: &Path, authorities: &[&Ca]) {
    std::fs::write(file, authorities.iter().map(|ca| ca.pem.as_str()).collect::<String>()).unwrap();
}

/// Connects a device with its certificate.
pub async fn connected(gateway: &Gateway, id: &str) -> Stream {
    let mut stream = gateway.mqtt_with(id).await;
    let username = format!("localhost/{id}/?api-version=2021-04-12");
    assert_eq!(ask(&mut stream, &connect(id, &username, None, None)).await, connack(0), "{id}");
    stream
}
