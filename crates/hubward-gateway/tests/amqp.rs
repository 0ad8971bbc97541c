//! Authentication over AMQP: SASL PLAIN, EXTERNAL, ANONYMOUS with tokens that are put, and connections without SASL.
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

use common::amqp::*;
use common::client::Stream;
use common::*;
use fe2o3_amqp::sasl_profile::SaslProfile;
use fe2o3_amqp::types::messaging::Body;
use fe2o3_amqp::types::primitives::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

async fn gateway() -> Gateway {
    Gateway::with(|_, config| config.amqps = Some("127.0.0.1:0".into())).await
}

const WRONG_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

#[tokio::test]
async fn sasl_plain_authenticates_devices_modules_and_services() {
    let gateway = gateway().await;
    assert!(gateway.amqp_dev1().await.sends(SENDS).await);
    let mut module =
        gateway.amqp_plain("dev1/modules/mod1@sas.localhost", &gateway.module_token()).await.unwrap();
    assert!(module.sends("/devices/dev1/modules/mod1/messages/events").await);
    assert!(!module.sends(SENDS).await, "the device's address");
    assert!(gateway.amqp_service().await.sender(COMMANDS).await.is_ok());
    assert_eq!(gateway.counter("hubward_messages_total"), 2);
    gateway.end().await;
}

/// Returns the bytes of a `sasl-init` (AMQP 1.0, 5.3.3.2).
fn init(mechanism: &str, response: &[u8]) -> Vec<u8> {
    let length = u32::try_from(response.len()).unwrap();
    let mut fields = vec![0xa3, u8::try_from(mechanism.len()).unwrap()];
    fields.extend_from_slice(mechanism.as_bytes());
    fields.push(0xb0);
    fields.extend_from_slice(&length.to_be_bytes());
    fields.extend_from_slice(response);
    let mut body = vec![0x00, 0x53, 0x41, 0xd0];
    body.extend_from_slice(&u32::try_from(fields.len() + 4).unwrap().to_be_bytes());
    body.extend_from_slice(&2_u32.to_be_bytes());
    body.extend_from_slice(&fields);
    let mut frame = u32::try_from(body.len() + 8).unwrap().to_be_bytes().to_vec();
    frame.extend_from_slice(&[2, 1, 0, 0]);
    frame.extend_from_slice(&body);
    frame
}

fn plain(username: &str, password: &str) -> Vec<u8> {
    init("PLAIN", format!("\0{username}\0{password}").as_bytes())
}

const SASL: &[u8] = b"AMQP\x03\x01\x00\x00";
/// The descriptor of `sasl-outcome` (AMQP 1.0, 5.3.3.6).
const OUTCOME: &[u8] = &[0x00, 0x53, 0x44];

#[tokio::test]
async fn a_refused_sasl_exchange_ends_the_connection() {
    let gateway = gateway().await;
    let forged = dev1_token(&key(WRONG_KEY), now() + 3600);
    for (username, password) in [
        ("dev1@sas.localhost", forged.as_str()),
        ("dev1@sas.localhost", ""),
        ("ghost@sas.localhost", &gateway.token()),
        ("dev1/modules/mod1@sas.localhost", &gateway.token()),
        ("service@sas.root.localhost", &gateway.token()),
        ("dev1@sas.elsewhere", &gateway.token()),
        ("", ""),
    ] {
        let mut stream = gateway.amqp_stream().await;
        // the client continues without waiting for the outcome
        let mut bytes = [SASL, &plain(username, password)].concat();
        bytes.extend_from_slice(b"AMQP\x00\x01\x00\x00");
        bytes.extend_from_slice(&[0, 0, 0, 0x16, 2, 0, 0, 0, 0, 0x53, 0x10, 0xc0, 9, 1, 0xa1, 6]);
        bytes.extend_from_slice(b"sneaky");
        stream.write_all(&bytes).await.unwrap();
        let mut answer = Vec::new();
        // ends when the gateway closes
        let _ = stream.read_to_end(&mut answer).await;
        let at = answer.windows(3).position(|part| part == OUTCOME).unwrap();
        assert!(answer[at..].contains(&1), "`auth`: {answer:?}");
        assert!(!answer.windows(3).any(|part| part == [0x00, 0x53, 0x10]), "no `open`: {answer:?}");
        assert!(gateway.log.last().contains("what=\"AMQP send sasl\" verdict=\"deny\""), "{username}");
    }
    assert_eq!(gateway.counter("hubward_identities_connected"), 0);
    gateway.end().await;
}

#[tokio::test]
async fn a_change_of_the_registry_leaves_a_connection_that_has_yet_to_put_a_token() {
    let gateway = gateway().await;
    let mut amqp = Amqp::open(gateway.amqp_stream().await, None).await.unwrap();
    let mut cbs = amqp.cbs().await;
    let body = r#"{"deviceId":"new","status":"enabled"}"#;
    assert_eq!(gateway.owner("PUT /devices/new", "", body).await.0, 200);
    let token = gateway.token();
    let put = timeout(Duration::from_secs(20), cbs.put("localhost/devices/dev1", &token));
    assert_eq!(put.await.unwrap(), 200);
    // with an identity, a change that takes it away ends the connection
    let off = r#"{"deviceId":"dev1","status":"disabled"}"#;
    assert_eq!(gateway.owner("PUT /devices/dev1", "If-Match: *\r\n", off).await.0, 200);
    assert!(cbs.answers.recv::<Body<Value>>().await.is_err());
    gateway.end().await;
}

#[tokio::test]
async fn a_token_that_is_put_permits_the_links_of_its_identity_only() {
    let gateway = gateway().await;
    // ANONYMOUS, and without SASL, as some clients do
    for profile in [Some(SaslProfile::Anonymous), None] {
        let mut amqp = Amqp::open(gateway.amqp_stream().await, profile).await.unwrap();
        assert!(!amqp.sends(SENDS).await, "not authenticated");
        let mut cbs = amqp.cbs().await;
        let forged = dev1_token(&key(WRONG_KEY), now() + 3600);
        assert_eq!(cbs.put("localhost/devices/dev1", &forged).await, 401);
        assert_eq!(cbs.put("localhost/devices/dev-x509", &gateway.token()).await, 401);
        assert_eq!(cbs.put("", &gateway.token()).await, 400);
        assert!(!amqp.sends(SENDS).await, "still not authenticated");
        assert_eq!(cbs.put("localhost/devices/dev1", &gateway.token()).await, 200);
        assert!(amqp.sends(SENDS).await);
        for others in
            ["/devices/dev-x509/messages/events", "/devices/dev1/modules/mod1/messages/events", COMMANDS, ""]
        {
            assert!(!amqp.sends(others).await, "{others}");
        }
        assert!(!amqp.listens("/devices/dev-x509/messages/devicebound").await);
        assert!(amqp.listens(LISTENS).await);
        // addresses as URIs
        for host in ["amqps://localhost", "amqps://localhost:5671", "AMQPS://LOCALHOST"] {
            assert!(amqp.sends(&format!("{host}{SENDS}")).await, "{host}");
        }
        for host in ["amqps://evil.net", "amqps://localhost@evil.net", "amqps://user@localhost", "amqps://"] {
            assert!(!amqp.sends(&format!("{host}{SENDS}")).await, "{host}");
        }
        assert_eq!(cbs.put("localhost/devices/dev1/modules/mod1", &gateway.module_token()).await, 200);
        assert!(amqp.sends("/devices/dev1/modules/mod1/messages/events").await);
    }
    gateway.end().await;
}

#[tokio::test]
async fn a_policy_s_token_opens_the_links_of_many_devices() {
    let gateway = gateway().await;
    let mut amqp = Amqp::open(gateway.amqp_stream().await, Some(SaslProfile::Anonymous)).await.unwrap();
    let mut cbs = amqp.cbs().await;
    assert_eq!(cbs.put("amqps://localhost:5671/", &gateway.policy_token("device")).await, 200);
    assert!(amqp.sends(SENDS).await);
    assert!(gateway.log.last().contains("device dev1"), "{}", gateway.log.last());
    assert!(amqp.sends("amqps://localhost/devices/dev1/modules/mod1/messages/events").await);
    assert!(!amqp.sends("/devices/ghost/messages/events").await);
    assert!(!amqp.sends(COMMANDS).await, "the policy has no ServiceConnect");
    assert_eq!(gateway.counter("hubward_identities_connected"), 2, "each device has its seat");
    // a newer connection of the device ends its links, and those of no other identity
    let mut module = amqp.sender("/devices/dev1/modules/mod1/messages/events").await.unwrap();
    let mut device = amqp.sender(SENDS).await.unwrap();
    let newer = gateway.amqp_dev1().await;
    assert!(timeout(Duration::from_secs(10), device.on_detach()).await.is_ok(), "evicted");
    assert!(module.send("still here".to_owned()).await.is_ok());
    drop(newer);
    // a service without DeviceConnect connects no device
    let mut amqp = Amqp::open(gateway.amqp_stream().await, None).await.unwrap();
    let mut cbs = amqp.cbs().await;
    assert_eq!(cbs.put("localhost/devices/dev1", &gateway.policy_token("service")).await, 401);
    assert_eq!(cbs.put("https://localhost", &gateway.policy_token("service")).await, 200);
    assert!(!amqp.sends(SENDS).await);
    assert!(amqp.sender(&format!("amqps://localhost:5671{COMMANDS}")).await.is_ok());
    gateway.end().await;
}

#[tokio::test]
async fn mechanisms_without_an_identity_are_offered_together() {
    let gateway = gateway().await;
    for mechanism in ["ANONYMOUS", "MSSBCBS"] {
        let mut stream = gateway.amqp_stream().await;
        assert_eq!(outcome(&mut stream, &init(mechanism, b"")).await, Some(0), "{mechanism}");
    }
    let mut stream = gateway.amqp_stream().await;
    stream.write_all(SASL).await.unwrap();
    // the header, and a frame that begins with its size
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    let size = u32::from_be_bytes(answer[8..12].try_into().unwrap());
    answer.resize(usize::try_from(size).unwrap() - 4, 0);
    stream.read_exact(&mut answer).await.unwrap();
    let offers = |name: &str| answer.windows(name.len()).any(|part| part == name.as_bytes());
    assert!(offers("ANONYMOUS") && offers("MSSBCBS") && offers("PLAIN"), "{answer:?}");
    drop(stream);
    gateway.end().await;
}

#[tokio::test]
async fn a_certificate_authenticates_a_connection_and_excludes_tokens() {
    let gateway = gateway().await;
    // without SASL, as some clients do
    let stream = gateway.amqp_stream_with("dev-x509").await;
    let mut amqp = Amqp::open(stream, None).await.unwrap();
    assert!(amqp.sends("/devices/dev-x509/messages/events").await);
    assert!(!amqp.sends(SENDS).await);
    let mut cbs = amqp.cbs().await;
    assert_eq!(cbs.put("localhost/devices/dev1", &gateway.token()).await, 401);
    assert!(gateway.log.last().contains("code=\"both-credentials\""), "{}", gateway.log.last());
    assert!(!amqp.sends(SENDS).await);

    let stream = gateway.amqp_stream_with("dev-x509").await;
    let (username, password) = ("dev1@sas.localhost".into(), gateway.token());
    assert!(Amqp::open(stream, Some(SaslProfile::Plain { username, password })).await.is_err());
    assert!(gateway.log.last().contains("code=\"both-credentials\""), "{}", gateway.log.last());
    let stream = gateway.amqp_stream_with("dev-x509").await;
    assert!(Amqp::open(stream, Some(SaslProfile::Anonymous)).await.is_err());
    gateway.end().await;
}

/// Sends a `sasl-init`, and returns the code of the outcome.
async fn outcome(stream: &mut Stream, sasl_init: &[u8]) -> Option<u8> {
    stream.write_all(&[SASL, sasl_init].concat()).await.unwrap();
    let mut answer = Vec::new();
    loop {
        if let Some(at) = answer.windows(3).position(|part| part == OUTCOME)
            // a list8 of one ubyte: its size, its count, and the ubyte
            && let Some([0xc0, _, 1, 0x50, code]) = answer.get(at + 3..at + 8)
        {
            return Some(*code);
        }
        answer.push(stream.read_u8().await.ok()?);
    }
}

#[tokio::test]
async fn sasl_external_requires_the_identity_of_the_certificate() {
    let gateway = gateway().await;
    for (response, code) in [
        (&b""[..], 0),
        (b"dev-x509@localhost", 0),
        (b"dev1@localhost", 1),
        (b"dev-x509@elsewhere", 1),
        (b"\xff", 1),
    ] {
        let mut stream = gateway.amqp_stream_with("dev-x509").await;
        assert_eq!(outcome(&mut stream, &init("EXTERNAL", response)).await, Some(code), "{response:?}");
    }
    let mut stream = gateway.amqp_stream().await;
    assert_eq!(outcome(&mut stream, &init("EXTERNAL", b"dev-x509@localhost")).await, Some(1));
    for mechanism in ["ANONYMOUS", "SCRAM-SHA-256", ""] {
        let mut stream = gateway.amqp_stream_with("dev-x509").await;
        assert_eq!(outcome(&mut stream, &init(mechanism, b"")).await, Some(1), "{mechanism}");
    }
    gateway.end().await;
}

#[tokio::test]
async fn a_connection_without_authentication_times_out() {
    let gateway = Gateway::with(|_, config| {
        config.amqps = Some("127.0.0.1:0".into());
        config.limits.connect_timeout = Duration::from_millis(200);
    })
    .await;
    // no header, half a header, no SASL frame; below: no authentication
    for bytes in [&b""[..], b"AMQP", SASL] {
        let mut stream = gateway.amqp_stream().await;
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
    }
    let mut amqp = Amqp::open(gateway.amqp_stream().await, None).await.unwrap();
    amqp.connection.on_close().await.unwrap_err();
    let counted = async {
        while gateway.counter("hubward_connections_timed_out_total") < 4 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), counted).await.unwrap();
    gateway.end().await;
}

#[tokio::test]
async fn an_authenticated_connection_does_not_time_out() {
    let gateway = Gateway::with(|_, config| {
        config.amqps = Some("127.0.0.1:0".into());
        config.limits.connect_timeout = Duration::from_secs(2);
    })
    .await;
    let mut authenticated = Amqp::open(gateway.amqp_stream().await, None).await.unwrap();
    let mut cbs = authenticated.cbs().await;
    assert_eq!(cbs.put("localhost/devices/dev1", &gateway.token()).await, 200);
    // opened later and not authenticated: when it is closed, the timeout of the first has elapsed too
    let mut unauthenticated = Amqp::open(gateway.amqp_stream().await, None).await.unwrap();
    unauthenticated.connection.on_close().await.unwrap_err();
    assert!(authenticated.sends(SENDS).await);
    gateway.end().await;
}

#[tokio::test]
async fn another_protocol_is_answered_with_the_header_of_sasl() {
    let gateway = gateway().await;
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"AMQP\x00\x00\x09\x01", b"AMQP\x02\x01\x00\x00"] {
        let mut stream = gateway.amqp_stream().await;
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert_eq!(answer, SASL);
    }
    assert_eq!(gateway.counter("hubward_connections_malformed_total"), 3);
    gateway.end().await;
}
