//! The certificate authorities of devices are read again while devices are connected.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
use std::path::Path;

use common::client::*;
use common::*;
use hubward_gateway::{StoreConfig, StorePlace};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

const DEVICES: usize = 100;

/// A certificate authority, which signs itself.
struct Ca {
    params: CertificateParams,
    key: KeyPair,
    pem: String,
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = Default::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

impl Ca {
    fn new(name: &str) -> Self {
        let mut params = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { params, key, pem }
    }

    /// Issues a device's certificate into the folder, as `{id}.pem` and `{id}.key`.
    fn issue(&self, folder: impl Fn(&str) -> std::path::PathBuf, id: &str) {
        let key = KeyPair::generate().unwrap();
        let mut leaf = named(id);
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.use_authority_key_identifier_extension = true;
        let signed = leaf.signed_by(&key, &Issuer::from_params(&self.params, &self.key)).unwrap();
        std::fs::write(folder(&format!("{id}.pem")), signed.pem()).unwrap();
        std::fs::write(folder(&format!("{id}.key")), key.serialize_pem()).unwrap();
    }
}

fn trust(file: &Path, authorities: &[&Ca]) {
    std::fs::write(file, authorities.iter().map(|ca| ca.pem.as_str()).collect::<String>()).unwrap();
}

async fn connected(gateway: &Gateway, id: &str) -> Stream {
    let mut stream = gateway.mqtt_with(id).await;
    let username = format!("localhost/{id}/?api-version=2021-04-12");
    assert_eq!(ask(&mut stream, &connect(id, &username, None, None)).await, connack(0), "{id}");
    stream
}

#[tokio::test]
async fn sessions_of_a_removed_authority_end_and_the_others_stay() {
    let (kept, removed) = (Ca::new("Kept CA"), Ca::new("Removed CA"));
    let gateway = Gateway::with(|dev, config| {
        let authority = |number: usize| if number.is_multiple_of(2) { &kept } else { &removed };
        let mut lines = String::new();
        for number in 0..DEVICES {
            let id = format!("d{number}");
            authority(number).issue(|name| dev.file(name), &id);
            lines += &format!(
                "{{\"id\":\"{id}\",\"status\":\"enabled\",\"authentication\":{{\"type\":\"certificateAuthority\"}}}}\n"
            );
        }
        std::fs::write(dev.file("devices.jsonl"), lines).unwrap();
        config.client_ca = Some(dev.file("client-ca.pem"));
        trust(&dev.file("client-ca.pem"), &[&kept, &removed]);
    })
    .await;
    let mut streams = Vec::new();
    for number in 0..DEVICES {
        streams.push(connected(&gateway, &format!("d{number}")).await);
    }

    // a file that is wrong is not applied
    let file = gateway.dev.file("client-ca.pem");
    std::fs::write(&file, "no certificate").unwrap();
    assert!(gateway.server.reload().is_err());
    assert_eq!(ask(&mut streams[1], &PINGREQ).await, Some(PINGRESP));

    trust(&file, &[&kept]);
    gateway.server.reload().unwrap();
    for (number, stream) in streams.iter_mut().enumerate() {
        if number.is_multiple_of(2) {
            assert_eq!(ask(stream, &PINGREQ).await, Some(PINGRESP), "d{number} stays");
        } else {
            assert_eq!(answer(stream).await, None, "d{number} ends");
        }
    }
    assert!(gateway.log.has(
        "who=\"device d1\" what=\"MQTT connect\" verdict=\"deny\" rule=\"session\" code=\"authority-removed\""
    ));
    let mut refused = gateway.mqtt_with("d1").await;
    let again = connect("d1", "localhost/d1/?api-version=2021-04-12", None, None);
    assert_eq!(ask(&mut refused, &again).await, connack(5));

    // the authority is trusted again
    drop(refused);
    trust(&file, &[&kept, &removed]);
    gateway.server.reload().unwrap();
    drop(connected(&gateway, "d1").await);
    gateway.end().await;
}

#[tokio::test]
async fn with_a_durable_registry_only_the_authorities_are_read_again() {
    let (kept, removed) = (Ca::new("Kept CA"), Ca::new("Removed CA"));
    let gateway = Gateway::with(|dev, config| {
        let mut lines = String::new();
        for (id, ca) in [("d0", &kept), ("d1", &removed)] {
            ca.issue(|name| dev.file(name), id);
            lines += &format!(
                "{{\"id\":\"{id}\",\"status\":\"enabled\",\"authentication\":{{\"type\":\"certificateAuthority\"}}}}\n"
            );
        }
        std::fs::write(dev.file("devices.jsonl"), lines).unwrap();
        config.client_ca = Some(dev.file("client-ca.pem"));
        trust(&dev.file("client-ca.pem"), &[&kept, &removed]);
        let place = StorePlace::Sqlite(dev.file("hub.db"));
        config.store = Some(StoreConfig { place, key_file: None, authorities: None });
    })
    .await;
    let (mut stays, mut ends) = (connected(&gateway, "d0").await, connected(&gateway, "d1").await);
    trust(&gateway.dev.file("client-ca.pem"), &[&kept]);
    // this file was the first content only, so it is not read
    std::fs::write(gateway.dev.file("devices.jsonl"), "no identity").unwrap();
    assert_eq!(gateway.server.reload().unwrap(), Default::default());
    assert_eq!(ask(&mut stays, &PINGREQ).await, Some(PINGRESP));
    assert_eq!(answer(&mut ends).await, None);
    gateway.end().await;
}
