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
use common::ca::{Ca, connected, trust};
use common::client::*;
use common::*;
use hubward_gateway::{StoreConfig, StorePlace};

const DEVICES: usize = 100;

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
