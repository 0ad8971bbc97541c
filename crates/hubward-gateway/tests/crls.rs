//! Revocation lists are read again while devices are connected.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use core::time::Duration;
use std::fs;
use std::path::Path;

use common::ca::{Ca, connected, trust};
use common::client::*;
use common::*;
use hubward::x509::crl::UnknownStatus;
use hubward_gateway::{Config, CrlConfig, Dev, Server, StartError};

/// No examination of the files during a test.
const NEVER: Duration = Duration::from_secs(86_400);

/// Registers devices of the authority, and configures the folder of lists.
fn configure(ca: &Ca, ids: &[&str], interval: Duration) -> impl FnOnce(&Dev, &mut Config) {
    move |dev, config| {
        let line = |id: &&str| {
            ca.issue(|name| dev.file(name), id);
            format!(
                "{{\"id\":\"{id}\",\"status\":\"enabled\",\"authentication\":{{\"type\":\"certificateAuthority\"}}}}\n"
            )
        };
        fs::write(dev.file("devices.jsonl"), ids.iter().map(line).collect::<String>()).unwrap();
        config.client_ca = Some(dev.file("client-ca.pem"));
        trust(&dev.file("client-ca.pem"), &[ca]);
        fs::create_dir(dev.file("crls")).unwrap();
        fs::write(dev.file("crls/plant.crl"), ca.list(1, &[])).unwrap();
        config.crls = Some(CrlConfig { path: dev.file("crls"), unknown: UnknownStatus::Deny, interval });
    }
}

/// Connects a device that must be refused.
async fn refused(gateway: &Gateway, id: &str) {
    let mut stream = gateway.mqtt_with(id).await;
    let again = connect(id, &format!("localhost/{id}/?api-version=2021-04-12"), None, None);
    assert_eq!(ask(&mut stream, &again).await, connack(5), "{id}");
}

/// Replaces a file at once, as a program that publishes lists should.
fn replace(file: &Path, content: &str) {
    let new = file.with_file_name(".new");
    fs::write(&new, content).unwrap();
    fs::rename(&new, file).unwrap();
}

#[tokio::test]
async fn a_revoked_device_is_disconnected_and_the_others_stay() {
    let ca = Ca::new("Plant CA");
    let gateway = Gateway::with(configure(&ca, &["d0", "d1", "d2"], NEVER)).await;
    let (mut stays, mut ends) = (connected(&gateway, "d0").await, connected(&gateway, "d1").await);
    let file = gateway.dev.file("crls/plant.crl");

    replace(&file, &ca.list(2, &["d1"]));
    gateway.server.reload().unwrap();
    assert_eq!(answer(&mut ends).await, None, "d1 ends");
    assert_eq!(ask(&mut stays, &PINGREQ).await, Some(PINGRESP));
    assert!(gateway.log.has(
        "who=\"device d1\" what=\"MQTT connect\" verdict=\"deny\" rule=\"session\" code=\"certificate-revoked\""
    ));
    refused(&gateway, "d1").await;
    drop(connected(&gateway, "d2").await);

    // a file that is cut off, and one of a stranger with the same name, admit no revoked device and end no session
    let stranger = Ca::new("Plant CA");
    let cut = |text: String| text.split_at(text.len() / 2).0.to_owned();
    for content in [cut(ca.list(3, &[])), "no list".to_owned(), stranger.list(4, &["d0", "d2"])] {
        replace(&file, &content);
        replace(&gateway.dev.file("crls/kept.crl"), &ca.list(2, &["d1"]));
        gateway.server.reload().unwrap();
        assert_eq!(ask(&mut stays, &PINGREQ).await, Some(PINGRESP));
        refused(&gateway, "d1").await;
        drop(connected(&gateway, "d2").await);
    }
    assert!(gateway.log.has_about_lists(&["passed over", "plant.crl", "line 1: ", "no END line"]));
    gateway.end().await;
}

#[tokio::test]
async fn an_unreadable_file_admits_no_device_that_it_revoked_before() {
    let ca = Ca::new("Plant CA");
    let gateway = Gateway::with(|dev, config| {
        configure(&ca, &["d0", "d1"], NEVER)(dev, config);
        fs::write(dev.file("crls/plant.crl"), ca.list(2, &["d1"])).unwrap();
        config.crls.as_mut().unwrap().unknown = UnknownStatus::Allow;
    })
    .await;
    let file = gateway.dev.file("crls/plant.crl");
    let list = ca.list(3, &["d1"]);
    for content in [list.split_at(list.len() / 2).0, "", "no list"] {
        replace(&file, content);
        gateway.server.reload().unwrap();
        refused(&gateway, "d1").await;
        drop(connected(&gateway, "d0").await);
    }
    // the file was removed on purpose
    fs::remove_file(&file).unwrap();
    gateway.server.reload().unwrap();
    drop(connected(&gateway, "d1").await);
    // a list of a stranger is named as one
    replace(&file, &Ca::new("Stranger").list(1, &["d1"]));
    gateway.server.reload().unwrap();
    assert!(gateway.log.has_about_lists(&["plant.crl", "issuer=CN=Stranger", "no registered authority"]));
    drop(connected(&gateway, "d1").await);
    gateway.end().await;
}

#[tokio::test]
async fn lists_are_read_without_a_signal_when_a_file_changes() {
    let ca = Ca::new("Plant CA");
    let gateway = Gateway::with(configure(&ca, &["d0", "d1", "d2"], Duration::from_millis(5))).await;
    let (mut stays, mut first, mut second) =
        (connected(&gateway, "d0").await, connected(&gateway, "d1").await, connected(&gateway, "d2").await);
    replace(&gateway.dev.file("crls/plant.crl"), &ca.list(2, &["d1"]));
    assert_eq!(answer(&mut first).await, None, "a changed file");
    replace(&gateway.dev.file("crls/second.crl"), &ca.list(3, &["d1", "d2"]));
    assert_eq!(answer(&mut second).await, None, "a new file");
    assert_eq!(ask(&mut stays, &PINGREQ).await, Some(PINGRESP));
    gateway.end().await;
}

#[tokio::test]
async fn an_unknown_status_is_refused_unless_it_is_allowed() {
    let ca = Ca::new("Plant CA");
    for unknown in [UnknownStatus::Deny, UnknownStatus::Allow] {
        let gateway = Gateway::with(|dev, config| {
            configure(&ca, &["d0"], NEVER)(dev, config);
            config.crls.as_mut().unwrap().unknown = unknown;
        })
        .await;
        let mut live = connected(&gateway, "d0").await;
        fs::remove_file(gateway.dev.file("crls/plant.crl")).unwrap();
        gateway.server.reload().unwrap();
        match unknown {
            UnknownStatus::Deny => refused(&gateway, "d0").await,
            _ => drop(connected(&gateway, "d0").await),
        }
        if unknown == UnknownStatus::Deny {
            assert_eq!(
                ask(&mut live, &PINGREQ).await,
                Some(PINGRESP),
                "a session ends with a revocation only"
            );
        }
        // without the folder nothing is applied
        fs::remove_dir(gateway.dev.file("crls")).unwrap();
        assert!(gateway.server.reload().unwrap_err().to_string().contains("crls: "));
        gateway.end().await;
    }
}

#[tokio::test]
async fn an_unreadable_list_is_an_error_if_the_configuration_is_strict() {
    let ca = Ca::new("Plant CA");
    let folder = configure(&ca, &["d0", "d1"], NEVER);
    let gateway = Gateway::with(|dev: &Dev, config: &mut Config| {
        folder(dev, config);
        config.strict_ca = true;
    })
    .await;
    let mut session = connected(&gateway, "d1").await;
    // a good list of the same folder is not used either: the lists of before stay
    replace(&gateway.dev.file("crls/other.crl"), "no list");
    replace(&gateway.dev.file("crls/plant.crl"), &ca.list(2, &["d1"]));
    let error = gateway.server.reload().unwrap_err().to_string();
    assert!(error.contains("other.crl") && error.contains("cannot be read"), "{error}");
    assert_eq!(ask(&mut session, &PINGREQ).await, Some(PINGRESP));
    // without it the revocation counts
    fs::remove_file(gateway.dev.file("crls/other.crl")).unwrap();
    gateway.server.reload().unwrap();
    assert_eq!(answer(&mut session).await, None, "d1 ends");
    gateway.end().await;

    let dev = Dev::create().unwrap();
    let mut config = dev.config("127.0.0.1:0", "127.0.0.1:0");
    configure(&ca, &[], NEVER)(&dev, &mut config);
    fs::write(dev.file("crls/other.crl"), "no list").unwrap();
    config.strict_ca = true;
    let error = Server::start(config).await.unwrap_err();
    assert!(matches!(error, StartError::Crls(_)) && error.to_string().contains("other.crl"), "{error}");
}

#[tokio::test]
async fn a_missing_folder_is_an_error_at_the_start() {
    let dev = Dev::create().unwrap();
    let mut config = dev.config("127.0.0.1:0", "127.0.0.1:0");
    config.crls = Some(CrlConfig { path: dev.file("none"), unknown: UnknownStatus::Deny, interval: NEVER });
    let error = Server::start(config).await.unwrap_err();
    assert!(matches!(error, StartError::Crls(_)) && error.to_string().contains("none"), "{error}");
}
