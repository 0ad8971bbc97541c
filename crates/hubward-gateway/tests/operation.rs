//! A gateway in operation: certificates that are replaced, drain, and the limit on the connections of an address.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
use core::time::Duration;
use std::fs;
use std::path::Path;

use common::client::*;
use common::*;
use hubward::Client;
use hubward::types::{Authority, DeviceId};
use hubward_gateway::Dev;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls_pki_types::CertificateDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Writes a CA, and a certificate with its key for a host.
fn write_certificate(dev: &Dev, name: &str, host: &str) {
    let (ca_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut ca = CertificateParams::new([]).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = Issuer::from_params(&ca, &ca_key);
    let leaf = CertificateParams::new([host.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    fs::write(dev.file(&format!("{name}-ca.pem")), ca.self_signed(&ca_key).unwrap().pem()).unwrap();
    fs::write(dev.file(&format!("{name}.pem")), leaf.pem()).unwrap();
    fs::write(dev.file(&format!("{name}.key")), key.serialize_pem()).unwrap();
}

/// Connects by a name, and returns the server's certificate.
async fn presented(
    gateway: &Gateway,
    ca: &Path,
    host: &'static str,
) -> std::io::Result<CertificateDer<'static>> {
    let stream = TcpStream::connect(gateway.mqtt_address()).await?;
    let stream = tls(ca, None).connect(host.try_into().unwrap(), stream).await?;
    Ok(stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned())
}

#[tokio::test]
async fn the_servers_certificate_is_replaced_while_connections_live() {
    let gateway = Gateway::start().await;
    let mut device = gateway.dev1().await;
    let (former_ca, former) = (gateway.dev.file("former-ca.pem"), gateway.dev.file("ca.pem"));
    fs::copy(&former, &former_ca).unwrap();
    write_certificate(&gateway.dev, "new", "localhost");
    // a key of another certificate changes nothing
    fs::copy(gateway.dev.file("new.pem"), gateway.dev.file("server.pem")).unwrap();
    let error = gateway.server.reload().unwrap_err().to_string();
    assert!(error.contains("server.pem") && error.contains("server.key"), "{error}");
    presented(&gateway, &former_ca, "localhost").await.unwrap();
    fs::copy(gateway.dev.file("new.key"), gateway.dev.file("server.key")).unwrap();
    gateway.server.reload().unwrap();
    presented(&gateway, &gateway.dev.file("new-ca.pem"), "localhost").await.unwrap();
    assert!(presented(&gateway, &former_ca, "localhost").await.is_err());
    assert_eq!(ask(&mut device, &publish(EVENTS, 1, b"x")).await, puback());
    gateway.end().await;
}

#[tokio::test]
async fn settings_change_while_connections_live_or_not_at_all() {
    let mut given = None;
    let gateway = Gateway::with(|dev, config| {
        config.limits.connections_per_address = 0;
        write_certificate(dev, "other", "hub.other.example");
        given = Some(config.clone());
    })
    .await;
    let mut config = given.unwrap();
    let mut device = gateway.dev1().await;
    let by_alias = || {
        let client =
            Client::device(Authority::parse("other.example").unwrap(), DeviceId::parse("dev1").unwrap());
        let token = client.token(at(now() + 60)).sign(&key_of(&gateway.dev.device())).to_string();
        connect("dev1", "other.example/dev1/?api-version=2021-04-12", Some(&token), None)
    };
    assert_eq!(ask(&mut gateway.mqtt().await, &by_alias()).await, connack(5));
    // one setting is wrong: nothing changes
    config.aliases = vec!["other.example".into()];
    config.client_ca = Some(gateway.dev.file("none.pem"));
    assert!(gateway.server.reload_with(&config).unwrap_err().to_string().contains("none.pem"));
    config.client_ca = Some(gateway.dev.file("ca.pem"));
    config.aliases.push("not a host".into());
    assert!(gateway.server.reload_with(&config).unwrap_err().to_string().contains("--alias"));
    assert_eq!(ask(&mut gateway.mqtt().await, &by_alias()).await, connack(5));

    config.aliases.truncate(1);
    let (cert, own) = (gateway.dev.file("other.pem"), gateway.dev.file("other.key"));
    (config.sni_certs, config.sni_keys) = (vec![cert], vec![own]);
    gateway.server.reload_with(&config).unwrap();
    assert_eq!(ask(&mut device, &publish(EVENTS, 1, b"x")).await, puback());
    presented(&gateway, &gateway.dev.file("other-ca.pem"), "hub.other.example").await.unwrap();
    // a reading without settings keeps them
    gateway.server.reload().unwrap();
    assert_eq!(ask(&mut gateway.mqtt().await, &by_alias()).await, connack(0));

    config.limits.connections_per_address = 1;
    gateway.server.reload_with(&config).unwrap();
    let tls = tls(&gateway.dev.file("ca.pem"), None);
    let mut dialled = 0;
    while dial(&tls, gateway.mqtt_address()).await.is_ok() {
        dialled += 1;
        assert!(dialled < 10_000);
    }
    assert!(gateway.counter("hubward_connections_over_rate_total") > 0);
    gateway.end().await;
}

#[tokio::test]
async fn a_client_gets_the_certificate_of_the_host_that_it_names() {
    let gateway = Gateway::with(|dev, config| {
        write_certificate(dev, "other", "hub.other.example");
        config.sni_certs = vec![dev.file("other.pem")];
        config.sni_keys = vec![dev.file("other.key")];
    })
    .await;
    let (ca, other) = (gateway.dev.file("ca.pem"), gateway.dev.file("other-ca.pem"));
    let first = presented(&gateway, &ca, "localhost").await.unwrap();
    let second = presented(&gateway, &other, "hub.other.example").await.unwrap();
    assert_ne!(first, second);
    // an address is no host, and an unknown host has no certificate of its own
    assert_eq!(presented(&gateway, &ca, "127.0.0.1").await.unwrap(), first);
    assert!(presented(&gateway, &other, "unknown.example").await.is_err());
    gateway.end().await;
}

#[tokio::test]
async fn each_further_certificate_needs_its_key() {
    let dev = Dev::create().unwrap();
    let mut config = dev.config("127.0.0.1:0", "127.0.0.1:0");
    config.sni_certs = vec![dev.file("server.pem")];
    let error = hubward_gateway::Server::start(config).await.unwrap_err().to_string();
    assert!(error.contains("1 of --sni-cert and 0 of --sni-key"), "{error}");
}

/// Sends a request and returns the status and the rest of the answer.
async fn status(stream: &mut Stream, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn sessions_end_by_themselves_while_the_gateway_drains() {
    let gateway = Gateway::with(|_, config| config.limits.drain_sessions = Duration::from_secs(300)).await;
    let mut device = gateway.dev1().await;
    let (mut ready, mut live) = (gateway.https_stream().await, gateway.https_stream().await);
    assert!(status(&mut gateway.https_stream().await, "/readyz").await.starts_with("HTTP/1.1 200 "));
    let address = gateway.mqtt_address();
    let used = async {
        // the listeners are closed at once
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        assert!(status(&mut ready, "/readyz").await.starts_with("HTTP/1.1 503 "));
        assert!(status(&mut live, "/healthz").await.starts_with("HTTP/1.1 200 "));
        assert_eq!(ask(&mut device, &publish(EVENTS, 1, b"x")).await, puback());
        device.write_all(&DISCONNECT).await.unwrap();
        device.flush().await.unwrap();
    };
    let both = async { tokio::join!(gateway.server.drain(), used) };
    timeout(Duration::from_secs(60), both).await.unwrap();
    gateway.end().await;
}

#[tokio::test]
async fn a_drain_is_limited_in_time() {
    let gateway = Gateway::start().await;
    let mut device = gateway.dev1().await;
    // no time for sessions by default
    timeout(Duration::from_secs(60), gateway.server.drain()).await.unwrap();
    assert_eq!(ask(&mut device, &publish(EVENTS, 1, b"x")).await, puback());
    gateway.end().await;
}

#[tokio::test]
async fn connections_of_an_address_are_limited_before_their_handshake() {
    let gateway = Gateway::with(|_, config| config.limits.connections_per_address = 2).await;
    let tls = tls(&gateway.dev.file("ca.pem"), None);
    let (mut served, mut closed) = (0, 0);
    while closed == 0 || served == 0 {
        match dial(&tls, gateway.mqtt_address()).await {
            Ok(_) => served += 1,
            Err(_) => closed += 1,
        }
        assert!(served + closed < 10_000);
    }
    assert!(gateway.counter("hubward_connections_over_rate_total") >= closed);
    gateway.end().await;
}
