//! Writes the certificates of the demonstration, without their keys: who shows one need not hold its key there, for that is
//! the TLS handshake's to ask. `cargo run -p hubward-cli --example mint_demo > crates/hubward-cli/src/demo/certificates.pem`
#![allow(clippy::unwrap_used, reason = "an example that cannot go on stops")]

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

fn authority(name: &str) -> CertificateParams {
    let mut params = entity(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// A certificate of a new key.
fn signed(params: &CertificateParams, issuer: &CertificateParams, key: &KeyPair) -> Certificate {
    params.signed_by(&KeyPair::generate().unwrap(), &Issuer::from_params(issuer, key)).unwrap()
}

fn main() {
    let [root_key, fleet_key, strange_key, x1_key] = core::array::from_fn(|_| KeyPair::generate().unwrap());
    let (root, fleet, strange) = (authority("Demo Root"), authority("Demo Fleet"), authority("Stranger"));
    let x1 = entity("x1");
    let mut expired = entity("x1");
    expired.not_after = date_time_ymd(2025, 12, 31);
    let mut early = entity("x1");
    early.not_before = date_time_ymd(9000, 1, 1);
    let below_fleet = |params: &CertificateParams| signed(params, &fleet, &fleet_key);
    for (what, certificate) in [
        ("the registered authority", root.self_signed(&root_key).unwrap()),
        (
            "an intermediate below it",
            fleet.signed_by(&fleet_key, &Issuer::from_params(&root, &root_key)).unwrap(),
        ),
        (
            "x1, below the intermediate",
            x1.signed_by(&x1_key, &Issuer::from_params(&fleet, &fleet_key)).unwrap(),
        ),
        ("x1's, which is over", below_fleet(&expired)),
        ("x1's, which has not begun", below_fleet(&early)),
        ("an authority that is called x1", below_fleet(&authority("x1"))),
        ("dev1, which has keys", below_fleet(&entity("dev1"))),
        ("x10, by the key of x1", signed(&entity("x10"), &x1, &x1_key)),
        ("x1, in the name of the registered authority", signed(&x1, &root, &strange_key)),
        ("an authority that nobody registered", strange.self_signed(&strange_key).unwrap()),
        ("x1, below that", signed(&x1, &strange, &strange_key)),
        (
            "self-signed, and registered by its thumbprint",
            x1.self_signed(&KeyPair::generate().unwrap()).unwrap(),
        ),
        ("self-signed, and not registered", x1.self_signed(&KeyPair::generate().unwrap()).unwrap()),
    ] {
        println!("{what}\n-----BEGIN CERTIFICATE-----");
        let text = STANDARD.encode(certificate.der());
        for line in text.as_bytes().chunks(64) {
            println!("{}", str::from_utf8(line).unwrap());
        }
        println!("-----END CERTIFICATE-----\n");
    }
}
