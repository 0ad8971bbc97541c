//! Slow, silent, broken and hostile peers: others are still served, nothing panics, and every task ends.
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

use common::client::*;
use common::*;
use hubward_gateway::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Sets short timeouts.
fn short_timeouts(config: &mut Config) {
    let limits = &mut config.limits;
    limits.handshake_timeout = Duration::from_millis(300);
    limits.connect_timeout = Duration::from_millis(300);
    limits.write_timeout = Duration::from_millis(300);
}

async fn is_served(gateway: &Gateway) {
    let mut stream = gateway.dev1().await;
    assert_eq!(ask(&mut stream, &publish(EVENTS, 1, b"x")).await, puback());
    stream.write_all(&DISCONNECT).await.unwrap();
    assert_eq!(answer(&mut stream).await, None);
}

/// Waits until the gateway closes a silent connection.
async fn closed(mut stream: impl tokio::io::AsyncRead + Unpin) {
    let mut rest = Vec::new();
    // reset or closed
    let _ = stream.read_to_end(&mut rest).await;
}

#[tokio::test]
async fn half_open_connections_are_closed() {
    let gateway = Gateway::with(|_, config| short_timeouts(config)).await;
    let mut silent = Vec::new();
    for address in [gateway.mqtt_address(), gateway.server.https().unwrap()] {
        for bytes in [&b""[..], b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\n\r\n"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(bytes).await.unwrap();
            silent.push(stream);
        }
    }
    let handshake_only = gateway.mqtt().await;
    let mut begun = gateway.mqtt().await;
    begun.write_all(&connect("dev1", USERNAME, Some(&gateway.token()), None)[..40]).await.unwrap();
    is_served(&gateway).await;
    for stream in silent {
        closed(stream).await;
    }
    closed(handshake_only).await;
    closed(begun).await;
    assert_eq!(gateway.counter("hubward_handshakes_failed_total"), 6);
    assert_eq!(gateway.counter("hubward_connections_timed_out_total"), 2);
    gateway.end().await;
}

#[tokio::test]
async fn a_slow_connect_is_closed() {
    let gateway = Gateway::with(|_, config| short_timeouts(config)).await;
    let mut stream = gateway.mqtt().await;
    let connect = connect("dev1", USERNAME, Some(&gateway.token()), None);
    let mut sent = 0;
    for byte in connect.chunks(1) {
        // paced by the wait for an answer that does not come
        if stream.write_all(byte).await.is_err()
            || tokio::time::timeout(Duration::from_millis(20), stream.read_u8()).await.is_ok()
        {
            break;
        }
        sent += 1;
    }
    assert!(sent < connect.len(), "the connection was closed before its CONNECT was complete");
    is_served(&gateway).await;
    gateway.end().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected() {
    let gateway = Gateway::with(|_, config| short_timeouts(config)).await;
    let mut stream = gateway.dev1().await;
    // unread answers fill the buffers until the gateway's write timeout elapses
    let pings = PINGREQ.repeat(64 * 1024);
    let mut written = 0_usize;
    while written < 1 << 30 && stream.write_all(&pings).await.is_ok() {
        written += pings.len();
        if tokio::time::timeout(Duration::from_millis(1), stream.flush()).await.is_err() {
            break;
        }
    }
    is_served(&gateway).await;
    gateway.end().await;
}

#[tokio::test]
async fn a_new_connection_displaces_the_oldest_unauthenticated_one() {
    let gateway = Gateway::with(|_, config| config.limits.max_connections = 3).await;
    let mut device = gateway.dev1().await;
    let (second, third) = (gateway.mqtt().await, gateway.mqtt().await);
    // the second and the third are not authenticated; the older of them is displaced
    let fourth = gateway.mqtt().await;
    closed(second).await;
    assert_eq!(gateway.counter("hubward_connections_crowded_out_total"), 1);
    assert_eq!(ask(&mut device, &publish(EVENTS, 1, b"x")).await, puback());
    drop((third, fourth));
    gateway.end().await;
}

#[tokio::test]
async fn a_new_connection_is_closed_if_all_others_are_authenticated() {
    let gateway = Gateway::with(|_, config| config.limits.max_connections = 1).await;
    let mut device = gateway.dev1().await;
    closed(TcpStream::connect(gateway.mqtt_address()).await.unwrap()).await;
    assert_eq!(gateway.counter("hubward_connections_crowded_out_total"), 1);
    assert_eq!(ask(&mut device, &publish(EVENTS, 1, b"x")).await, puback());
    gateway.end().await;
}

/// Sends malformed bytes in every state of a connection: seeds with mutations of a deterministic generator.
#[tokio::test]
async fn malformed_packets_in_every_state() {
    let gateway = Gateway::with(|_, config| {
        short_timeouts(config);
        config.limits.refusal_delay = Duration::ZERO;
    })
    .await;
    let connect = connect("dev1", USERNAME, Some(&gateway.token()), Some(EVENTS));
    let seeds = [
        connect.clone(),
        publish(EVENTS, 1, b"hello"),
        publish(EVENTS, 2, b"hello"),
        subscribe(&["devices/dev1/messages/devicebound/#"]),
        packet(0xa2, &[0, 9, 0, 1, b'x']),
        PINGREQ.into(),
        packet(0x62, &[0, 7]),
        packet(0x40, &[0, 7]),
        packet(0x20, &[0, 0]),
        packet(0xf0, &[]),
        vec![0x30, 0xff, 0xff, 0xff, 0xff, 0x7f],
        vec![0x10, 0xff, 0xff, 0x7f],
        vec![],
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below).unwrap()).unwrap()
    };
    for round in 0..300 {
        let mut bytes = seeds[round % seeds.len()].clone();
        for _ in 0..random(4) {
            match random(4) {
                0 if !bytes.is_empty() => {
                    let at = random(bytes.len());
                    bytes[at] ^= 1 << random(8);
                }
                1 => bytes.truncate(random(bytes.len() + 1)),
                2 => bytes.extend_from_slice(&seeds[random(seeds.len())]),
                _ => bytes.insert(random(bytes.len() + 1), u8::try_from(random(256)).unwrap()),
            }
        }
        let mut stream = gateway.mqtt().await;
        if random(2) == 0 {
            assert_eq!(ask(&mut stream, &connect).await, connack(0));
        }
        let _ = stream.write_all(&bytes).await;
        // complete packets are answered, an incomplete one ends with the stream
        let _ = stream.shutdown().await;
        closed(stream).await;
    }
    is_served(&gateway).await;
    gateway.end().await;
}

#[tokio::test]
async fn a_thousand_wrong_passwords() {
    let gateway = Gateway::with(|_, config| config.limits.max_connections = 2000).await;
    let wrong = dev1_token(&key("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), now() + 600);
    let connect = connect("dev1", USERNAME, Some(&wrong), None);
    let tls = tls(&gateway.dev.file("ca.pem"), None);
    let mut attempts = JoinSet::new();
    for _ in 0..1000 {
        let (tls, connect, address) = (tls.clone(), connect.clone(), gateway.mqtt_address());
        attempts.spawn(async move {
            let mut stream = dial(&tls, address).await.unwrap();
            ask(&mut stream, &connect).await
        });
    }
    // an authenticated peer at the same address is not delayed
    is_served(&gateway).await;
    let mut refused = 0;
    while let Some(attempt) = attempts.join_next().await {
        assert_eq!(attempt.unwrap(), connack(5));
        refused += 1;
    }
    assert_eq!(refused, 1000);
    let denied = gateway.log.lines().iter().filter(|line| line.contains("token-wrong-signature")).count();
    assert_eq!(denied, 1000, "each refusal is logged");
    assert!(gateway.counter("hubward_refusals_slowed_total") >= 400);
    is_served(&gateway).await;
    gateway.end().await;
}

#[tokio::test]
async fn the_gateway_stops_under_load() {
    let gateway = Gateway::start().await;
    let mut clients = JoinSet::new();
    let tls = tls(&gateway.dev.file("ca.pem"), None);
    let connect = connect("dev1", USERNAME, Some(&gateway.token()), None);
    for n in 0..50 {
        let (tls, connect, address) = (tls.clone(), connect.clone(), gateway.mqtt_address());
        clients.spawn(async move {
            // some do a handshake only, some authenticate and are evicted, one sends until the end
            let Ok(mut stream) = dial(&tls, address).await else { return };
            if n % 3 == 0 {
                return closed(stream).await;
            }
            let mut last = ask(&mut stream, &connect).await;
            while last.is_some() {
                last = ask(&mut stream, &publish(EVENTS, 1, b"x")).await;
            }
        });
    }
    while gateway.counter("hubward_messages_total") < 100 {
        tokio::task::yield_now().await;
    }
    gateway.end().await;
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
}
