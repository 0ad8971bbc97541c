//! MQTT and AMQP over WebSockets, and peers that misuse them.
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

use common::amqp::{Amqp, SENDS};
use common::client::*;
use common::frames::{AMQP, SASL, performative, plain, text};
use common::websocket::*;
use common::*;
use fe2o3_amqp::sasl_profile::SaslProfile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// A gateway without a delay of refusals.
async fn gateway() -> Gateway {
    Gateway::with(|_, config| config.limits.refusal_delay = Duration::ZERO).await
}

fn dev1_connect(gateway: &Gateway) -> Vec<u8> {
    connect("dev1", USERNAME, Some(&gateway.token()), None)
}

/// Sends bytes, and returns the code of the close frame: 0 without one.
async fn close_code(mut stream: Stream, bytes: &[u8]) -> u16 {
    // the gateway may close before all was sent
    let _ = stream.write_all(bytes).await;
    let _ = stream.flush().await;
    let closed = async {
        while let Some((first, payload)) = next(&mut stream).await {
            if first == FIN | CLOSE {
                return payload.first_chunk().map_or(0, |code| u16::from_be_bytes(*code));
            }
        }
        0
    };
    timeout(Duration::from_secs(20), closed).await.unwrap()
}

#[tokio::test]
async fn mqtt_is_served_in_messages_of_any_frames() {
    let gateway = gateway().await;
    for frames in [1, 2, 40] {
        let mut device = tunnel(gateway.https_stream().await, "mqtt", frames).await;
        assert_eq!(ask(&mut device, &dev1_connect(&gateway)).await, connack(0), "{frames}");
        assert!(gateway.log.last().contains("transport=MQTT"), "{}", gateway.log.last());
        assert_eq!(ask(&mut device, &publish(EVENTS, 1, b"hello")).await, puback());
        // a message of the largest size, after authentication
        assert_eq!(ask(&mut device, &publish(EVENTS, 1, &vec![7; 256 * 1024])).await, puback());
        assert_eq!(ask(&mut device, &PINGREQ).await, Some(PINGRESP));
        // another device's topic
        assert_eq!(ask(&mut device, &publish("devices/dev2/messages/events/", 1, b"x")).await, None);
    }
    assert_eq!(gateway.counter("hubward_websockets_total"), 3);
    gateway.end().await;
}

#[tokio::test]
async fn packets_need_not_begin_with_messages() {
    let gateway = gateway().await;
    let mut stream = gateway.websocket("mqtt").await;
    let bytes = [dev1_connect(&gateway), publish(EVENTS, 1, b"x")].concat();
    let (first, second) = bytes.split_at(bytes.len() - 3);
    for part in [first, second] {
        stream.write_all(&frame(FIN | BINARY, part)).await.unwrap();
        stream.write_all(&frame(FIN | PING, b"p")).await.unwrap();
    }
    stream.flush().await.unwrap();
    let mut got = Vec::new();
    for _ in 0..4 {
        got.push(next(&mut stream).await.unwrap());
    }
    got.sort();
    assert_eq!(got[..2], [(FIN | BINARY, vec![0x20, 2, 0, 0]), (FIN | BINARY, vec![0x40, 2, 0, 7])]);
    assert_eq!(got[2..], [(FIN | PONG, b"p".to_vec()), (FIN | PONG, b"p".to_vec())]);
    gateway.end().await;
}

#[tokio::test]
async fn a_refused_device_is_told_and_closed() {
    let gateway = gateway().await;
    let wrong = dev1_token(&key("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), now() + 600);
    let mut stream = gateway.websocket("mqtt").await;
    stream.write_all(&frame(FIN | BINARY, &connect("dev1", USERNAME, Some(&wrong), None))).await.unwrap();
    assert_eq!(next(&mut stream).await, Some((FIN | BINARY, vec![0x20, 2, 0, 5])));
    assert_eq!(next(&mut stream).await, Some((FIN | CLOSE, 1000_u16.to_be_bytes().to_vec())));
    gateway.end().await;
}

#[tokio::test]
async fn the_certificate_of_the_tls_connection_counts() {
    let gateway = gateway().await;
    let connect = connect("dev-x509", "localhost/dev-x509/?api-version=2021-04-12", None, None);
    let mut device = tunnel(gateway.https_stream_with("dev-x509").await, "mqtt", 1).await;
    assert_eq!(ask(&mut device, &connect).await, connack(0));
    let mut without = tunnel(gateway.https_stream().await, "mqtt", 1).await;
    assert_ne!(ask(&mut without, &connect).await, connack(0));
    gateway.end().await;
}

#[tokio::test]
async fn amqp_is_served() {
    let gateway = gateway().await;
    for (protocol, frames) in [("AMQPWSB10", 1), ("amqp", 3)] {
        let stream = tunnel(gateway.https_stream().await, protocol, frames).await;
        let profile = SaslProfile::Plain { username: "dev1@sas.localhost".into(), password: gateway.token() };
        let mut device = Amqp::open(stream, Some(profile)).await.unwrap();
        assert!(device.sends(SENDS).await);
        assert!(!device.sends("/devices/dev2/messages/events").await);
        let _ = device.connection.close().await;
        // a token on $cbs
        let mut device =
            Amqp::open(tunnel(gateway.https_stream().await, protocol, 1).await, None).await.unwrap();
        assert_eq!(device.cbs().await.put("localhost/devices/dev1", &gateway.token()).await, 200);
        assert!(device.sends(SENDS).await);
        let _ = device.connection.close().await;
    }
    assert!(gateway.log.lines().iter().all(|line| line.contains("transport=AMQP")));
    gateway.end().await;
}

#[tokio::test]
async fn amqp_of_a_wrong_key_is_refused() {
    let gateway = gateway().await;
    let mut stream = gateway.websocket("AMQPWSB10").await;
    let wrong = dev1_token(&key("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), now() + 600);
    stream
        .write_all(&frame(FIN | BINARY, &[SASL, &plain("dev1@sas.localhost", &wrong)].concat()))
        .await
        .unwrap();
    let mut outcome = Vec::new();
    while let Some((first, payload)) = next(&mut stream).await {
        if first == FIN | BINARY {
            outcome = payload;
        }
    }
    // the outcome `auth` is 1
    assert!(
        outcome.windows(5).any(|bytes| bytes == [0x44, 0xc0, 3, 1, 0x50]) || outcome.contains(&0x44),
        "{outcome:?}"
    );
    assert!(gateway.log.has("token-wrong-signature"));
    gateway.end().await;
}

#[tokio::test]
async fn peers_that_do_not_follow_the_protocol_are_closed_with_its_code() {
    let gateway = gateway().await;
    let connect = dev1_connect(&gateway);
    let fragments = |count: usize| {
        let mut bytes = frame(BINARY, &connect[..1]);
        for _ in 0..count {
            bytes.extend(frame(CONTINUATION, b""));
        }
        bytes
    };
    let (protocol, text_frame, too_big) = (1002, 1003, 1009);
    for (what, bytes, code) in [
        ("an unmasked frame", unmasked(FIN | BINARY, &connect), protocol),
        ("a text frame", frame(FIN | TEXT, b"hello"), text_frame),
        ("a frame of 2^62 bytes", head(FIN | BINARY, 1 << 62, true), too_big),
        ("a frame of 9 KiB", head(FIN | BINARY, 9 * 1024, true), too_big),
        (
            "a message of 9 KiB",
            [frame(BINARY, &[0; 5000]), frame(CONTINUATION, &[0; 4200])].concat(),
            too_big,
        ),
        ("many empty fragments", fragments(2_000), too_big),
        ("many pings", frame(FIN | PING, b"").repeat(2_000), too_big),
        ("a compressed frame", frame(FIN | 0x40 | BINARY, &connect), protocol),
        ("an unknown opcode", frame(FIN | 3, b""), protocol),
        ("a continuation of nothing", frame(FIN | CONTINUATION, &connect), protocol),
        ("a message in a message", [frame(BINARY, b"x"), frame(BINARY, b"x")].concat(), protocol),
        ("a fragmented ping", frame(PING, b"x"), protocol),
        ("a long ping", frame(FIN | PING, &[0; 126]), protocol),
    ] {
        let before = gateway.counter("hubward_connections_malformed_total");
        assert_eq!(close_code(gateway.websocket("mqtt").await, &bytes).await, code, "{what}");
        assert_eq!(gateway.counter("hubward_connections_malformed_total") - before, 1, "{what}");
    }
    // nothing of them was decided on
    assert!(gateway.log.lines().is_empty(), "{:#?}", gateway.log.lines());
    // fragments within the limit are served
    let mut device = gateway.websocket("mqtt").await;
    let bytes = [fragments(30), frame(FIN | CONTINUATION, &connect[1..])].concat();
    device.write_all(&bytes).await.unwrap();
    assert_eq!(next(&mut device).await, Some((FIN | BINARY, vec![0x20, 2, 0, 0])));
    // a frame longer than a message of a hub, after authentication
    assert_eq!(close_code(device, &head(FIN | BINARY, 261 * 1024, true)).await, too_big);
    gateway.end().await;
}

#[tokio::test]
async fn the_bytes_before_authentication_are_bounded() {
    let gateway = gateway().await;
    // a CONNECT longer than the limit of plain MQTT, in short messages
    let long = packet(0x10, &[&b"\x00\x04MQTT\x04\x00\x00\x3c"[..], &vec![0; 9000]].concat());
    let bytes: Vec<u8> = long.chunks(1000).flat_map(|part| frame(FIN | BINARY, part)).collect();
    assert_ne!(close_code(gateway.websocket("mqtt").await, &bytes).await, 0);
    // frames of AMQP before authentication
    let open = performative(0x10, &[text("x")]);
    let bytes: Vec<u8> = [AMQP.to_vec(), open].concat();
    let flood = [frame(FIN | BINARY, &bytes), frame(FIN | PING, b"").repeat(4_000)].concat();
    assert_eq!(close_code(gateway.websocket("AMQPWSB10").await, &flood).await, 1009);
    gateway.end().await;
}

#[tokio::test]
async fn requests_that_open_no_websocket_are_answered_with_the_cure() {
    let gateway = gateway().await;
    let good = request("mqtt", "");
    let long = format!("X-Long: {}\r\n", "x".repeat(8 * 1024));
    for (what, request, part) in [
        ("an unknown subprotocol", request("soap, MQTT", ""), "Sec-WebSocket-Protocol"),
        ("no subprotocol", good.replace("Sec-WebSocket-Protocol: mqtt\r\n", ""), "Sec-WebSocket-Protocol"),
        ("another version", good.replace("Version: 13", "Version: 8"), "version 13"),
        ("no key", good.replace("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""), "version 13"),
        ("another method", good.replace("GET ", "POST "), "version 13"),
        ("no connection header", good.replace("Connection: Upgrade\r\n", ""), "version 13"),
        ("a long head", request("mqtt", &long), "8 KiB"),
        ("a page of another site", request("mqtt", "Origin: https://evil.example\r\n"), "Origin"),
        ("a page of another port", request("mqtt", "Origin: https://localhost:444\r\n"), "Origin"),
    ] {
        let mut stream = gateway.https_stream().await;
        let head = open(&mut stream, &request).await;
        assert!(head.starts_with("HTTP/1.1 400 "), "{what}: {head}");
        let length = head.split_once("content-length: ").unwrap().1.split('\r').next().unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).await.unwrap();
        let body = String::from_utf8(body).unwrap();
        assert!(body.contains(part), "{what}: {body}");
        assert!(gateway.log.last().contains("malformed"), "{what}");
    }
    // a page of this host, and a client that offers two subprotocols
    let mut stream = gateway.https_stream().await;
    let offered = request(
        "soap, mqtt",
        "Origin: https://localhost\r\nSec-WebSocket-Extensions: permessage-deflate\r\n",
    );
    let head = open(&mut stream, &offered).await.to_lowercase();
    assert!(head.starts_with("http/1.1 101 ") && head.contains("sec-websocket-protocol: mqtt\r\n"), "{head}");
    // the answer to the key of RFC 6455, 1.3, and no compression
    assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), "{head}");
    assert!(!head.contains("sec-websocket-extensions"), "{head}");
    // another request at that path is decided on as any other
    assert_eq!(gateway.http("GET /$iothub/websocket", "", "").await.0, 401);
    gateway.end().await;
}

#[tokio::test]
async fn a_connection_with_an_authenticated_request_opens_no_websocket() {
    let gateway = gateway().await;
    let mut stream = gateway.https_stream().await;
    let authorization = gateway.policy_token("iothubowner");
    let first =
        format!("GET /devices/dev1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\r\n");
    stream.write_all(first.as_bytes()).await.unwrap();
    let mut answer = [0; 4096];
    let _ = stream.read(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 "));
    assert!(open(&mut stream, &request("mqtt", "")).await.starts_with("HTTP/1.1 400 "));
    gateway.end().await;
}

#[tokio::test]
async fn slow_and_silent_peers_are_closed() {
    let gateway = Gateway::with(|_, config| config.limits.connect_timeout = Duration::from_millis(300)).await;
    let half = frame(BINARY, &dev1_connect(&gateway));
    for protocol in ["mqtt", "AMQPWSB10"] {
        let before = gateway.counter("hubward_connections_timed_out_total");
        close_code(gateway.websocket(protocol).await, b"").await;
        // a message without its last frame
        close_code(gateway.websocket(protocol).await, &half).await;
        assert_eq!(gateway.counter("hubward_connections_timed_out_total") - before, 2, "{protocol}");
    }
    // half a head
    let mut slow = gateway.https_stream().await;
    slow.write_all(&request("mqtt", "").as_bytes()[..60]).await.unwrap();
    let mut rest = Vec::new();
    let _ = timeout(Duration::from_secs(20), slow.read_to_end(&mut rest)).await.unwrap();
    gateway.end().await;
}

#[tokio::test]
async fn a_peer_that_leaves_before_proof_leaves_nothing() {
    let gateway = gateway().await;
    for bytes in [Vec::new(), frame(FIN | CLOSE, &1000_u16.to_be_bytes()), frame(BINARY, b"x")] {
        for protocol in ["mqtt", "AMQPWSB10"] {
            let mut stream = gateway.websocket(protocol).await;
            stream.write_all(&bytes).await.unwrap();
            stream.flush().await.unwrap();
            drop(stream);
        }
    }
    let gone = async {
        while gateway.counter("hubward_connections_open") > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), gone).await.unwrap();
    assert_eq!(gateway.counter("hubward_connections_malformed_total"), 0);
    gateway.end().await;
}

#[tokio::test]
async fn one_connection_per_identity_holds_over_both_ports() {
    let gateway = gateway().await;
    let mut plain = gateway.dev1().await;
    let mut device = tunnel(gateway.https_stream().await, "mqtt", 1).await;
    assert_eq!(ask(&mut device, &dev1_connect(&gateway)).await, connack(0));
    assert_eq!(answer(&mut plain).await, None);
    // a change of the record ends it
    let (status, body) = gateway.owner("DELETE /devices/dev1", "If-Match: *\r\n", "").await;
    assert_eq!(status, 204, "{body}");
    assert_eq!(answer(&mut device).await, None);
    gateway.end().await;
}
