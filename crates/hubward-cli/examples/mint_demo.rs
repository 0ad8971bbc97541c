//! Writes the certificates of the demonstration, without their keys. The demonstration needs no keys, because the TLS handshake
//! is what checks their possession. `cargo run -p hubward-cli --example mint_demo > crates/hubward-cli/src/demo/certificates.pem`
#![allow(clippy::unwrap_used, reason = "an example stops at an error")]

use base64::{Engine, engine::general_purpose::STANDARD};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    date_time_ymd,
};

fn entity(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (date_time_ymd(2025, 1, 1), date_time_ymd(9999, 12, 31));
    params
}

fn ca(name: &str) -> CertificateParams {
    let mut params = entity(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// Returns a certificate for a new key.
fn certificate(params: &CertificateParams, issuer: &CertificateParams, key: &KeyPair) -> Certificate {
    params.signed_by(&KeyPair::generate().unwrap(), &Issuer::from_params(issuer, key)).unwrap()
}

fn main() {
    let [root_key, fleet_key, stranger_key, x1_key] = core::array::from_fn(|_| KeyPair::generate().unwrap());
    let (root, fleet, strange) = (ca("Demo Root"), ca("Demo Fleet"), ca("Stranger"));
    let x1 = entity("x1");
    let mut expired = entity("x1");
    expired.not_after = date_time_ymd(2025, 12, 31);
    let mut early = entity("x1");
    early.not_before = date_time_ymd(9000, 1, 1);
    let below_fleet = |params: &CertificateParams| certificate(params, &fleet, &fleet_key);
    for (name, certificate) in [
        ("the trusted root CA", root.self_signed(&root_key).unwrap()),
        (
            "an intermediate CA below it",
            fleet.signed_by(&fleet_key, &Issuer::from_params(&root, &root_key)).unwrap(),
        ),
        (
            "x1, below the intermediate",
            x1.signed_by(&x1_key, &Issuer::from_params(&fleet, &fleet_key)).unwrap(),
        ),
        ("x1, expired", below_fleet(&expired)),
        ("x1, not yet valid", below_fleet(&early)),
        ("a CA with the name x1", below_fleet(&ca("x1"))),
        ("dev1, registered with keys", below_fleet(&entity("dev1"))),
        ("x10, issued by x1", certificate(&entity("x10"), &x1, &x1_key)),
        ("x1, in the name of the trusted root CA", certificate(&x1, &root, &stranger_key)),
        ("an unknown CA", strange.self_signed(&stranger_key).unwrap()),
        ("x1, issued below it", certificate(&x1, &strange, &stranger_key)),
        ("self-signed, with a registered thumbprint", x1.self_signed(&KeyPair::generate().unwrap()).unwrap()),
        ("self-signed, not registered", x1.self_signed(&KeyPair::generate().unwrap()).unwrap()),
    ] {
        println!("{name}\n-----BEGIN CERTIFICATE-----");
        let text = STANDARD.encode(certificate.der());
        for line in text.as_bytes().chunks(64) {
            println!("{}", str::from_utf8(line).unwrap());
        }
        println!("-----END CERTIFICATE-----\n");
    }
}
