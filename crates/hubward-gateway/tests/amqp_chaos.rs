//! Silent, broken and hostile AMQP peers: others are still served, nothing panics, and every task ends.
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
use std::sync::{Arc, Mutex};

use common::amqp::*;
use common::*;
use fe2o3_amqp::sasl_profile::SaslProfile;
use fe2o3_amqp::{Connection, Receiver, Sender, Session};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::task::JoinSet;
use tokio::time::timeout;

async fn gateway() -> Gateway {
    Gateway::with(|_, config| {
        config.amqps = Some("127.0.0.1:0".into());
        config.limits.connect_timeout = Duration::from_millis(300);
        config.limits.write_timeout = Duration::from_millis(300);
        config.limits.refusal_delay = Duration::ZERO;
    })
    .await
}

/// Records the bytes of a client, by its writes, that authenticates, attaches a receiver and sends a message: by SASL
/// PLAIN, or without SASL by a token that is put.
async fn record(gateway: &Gateway, plain: bool) -> Vec<Vec<u8>> {
    let record = Arc::new(Mutex::new(Vec::new()));
    let (client, wire) = tokio::io::duplex(64 * 1024);
    let (from_gateway, to_gateway) = tokio::io::split(gateway.amqp_stream().await);
    let (from_client, to_client) = tokio::io::split(wire);
    tokio::spawn(forward(from_client, to_gateway, Some(Arc::clone(&record))));
    tokio::spawn(forward(from_gateway, to_client, None));

    let builder = Connection::builder().container_id("recorded");
    let mut connection = if plain {
        let (username, password) = ("dev1@sas.localhost".into(), gateway.token());
        builder
            .sasl_profile(SaslProfile::Plain { username, password })
            .open_with_stream(client)
            .await
            .unwrap()
    } else {
        builder.open_with_stream(client).await.unwrap()
    };
    let mut session = Session::begin(&mut connection).await.unwrap();
    if !plain {
        let puts = Sender::attach(&mut session, "puts", "$cbs").await.unwrap();
        let answers = Receiver::attach(&mut session, "answers", "$cbs").await.unwrap();
        let mut cbs = Cbs { puts, answers };
        assert_eq!(cbs.put("localhost/devices/dev1", &gateway.token()).await, 200);
    }
    let _listens = Receiver::attach(&mut session, "listens", LISTENS).await.unwrap();
    let mut sends = Sender::attach(&mut session, "sends", SENDS).await.unwrap();
    sends.send("hello").await.unwrap();
    let bytes = record.lock().unwrap().clone();
    connection.close().await.unwrap();
    bytes
}

async fn forward(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    record: Option<Arc<Mutex<Vec<Vec<u8>>>>>,
) {
    let mut bytes = [0; 4096];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if let Some(record) = &record {
            record.lock().unwrap().push(bytes[..length].to_vec());
        }
        if to.write_all(&bytes[..length]).await.is_err() || to.flush().await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}

/// Replays recorded bytes with mutations of a deterministic generator.
#[tokio::test]
async fn malformed_frames_in_every_state() {
    let gateway = gateway().await;
    let seeds = [record(&gateway, true).await, record(&gateway, false).await];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below).unwrap()).unwrap()
    };
    for round in 0..100 {
        let mut pieces = seeds[round % 2].clone();
        for _ in 0..=random(2) {
            let which = random(pieces.len());
            let bytes = &mut pieces[which];
            let at = random(bytes.len());
            match random(5) {
                0 => bytes[at] ^= 1 << random(8),
                1 => bytes[at] = u8::try_from(random(256)).unwrap(),
                2 => bytes.truncate(at + 1),
                3 => bytes.extend_from_within(at..),
                _ => bytes.insert(at, u8::try_from(random(256)).unwrap()),
            }
        }
        let mut stream = gateway.amqp_stream().await;
        let mut answer = [0; 4096];
        for piece in pieces {
            if stream.write_all(&piece).await.is_err() || stream.flush().await.is_err() {
                break;
            }
            // wait for an answer, which need not come
            let _ = timeout(Duration::from_millis(10), stream.read(&mut answer)).await;
        }
        let _ = stream.shutdown().await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
    // some connections were authenticated, and some refused
    let allowed = |rule: &str| gateway.log.lines().iter().filter(|line| line.contains(rule)).count();
    assert!(
        allowed("rule=\"events.send\"") > 10 && allowed("verdict=\"deny\"") > 5,
        "{:#?}",
        gateway.log.lines()
    );
    assert!(gateway.amqp_dev1().await.sends(SENDS).await);
    gateway.end().await;
}

#[tokio::test]
async fn many_wrong_passwords_and_one_right_one() {
    let gateway = gateway().await;
    let wrong = dev1_token(&key("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), now() + 600);
    let mut attempts = JoinSet::new();
    for _ in 0..200 {
        let (stream, password) = (gateway.amqp_stream().await, wrong.clone());
        attempts.spawn(async move {
            let username = "dev1@sas.localhost".into();
            Amqp::open(stream, Some(SaslProfile::Plain { username, password })).await.is_err()
        });
    }
    assert!(gateway.amqp_dev1().await.sends(SENDS).await);
    while let Some(refused) = attempts.join_next().await {
        assert!(refused.unwrap());
    }
    let denied = gateway.log.lines().iter().filter(|line| line.contains("token-wrong-signature")).count();
    assert_eq!(denied, 200, "each refusal is logged");
    gateway.end().await;
}

#[tokio::test]
async fn a_client_that_puts_tokens_without_reading_answers_is_detached() {
    let gateway = gateway().await;
    let mut amqp = gateway.amqp_dev1().await;
    let mut puts = amqp.sender("$cbs").await.unwrap();
    let mut accepted = 0;
    while puts.send("no token").await.is_ok() {
        accepted += 1;
        assert!(accepted < 20);
    }
    assert!(amqp.sends(SENDS).await, "its other links stay attached");
    gateway.end().await;
}

#[tokio::test]
async fn links_for_tokens_are_limited() {
    let gateway = gateway().await;
    let mut amqp = Amqp::open(gateway.amqp_stream().await, None).await.unwrap();
    let mut links = Vec::new();
    for _ in 0..4 {
        links.push(amqp.sender("$cbs").await.unwrap());
    }
    let refused = amqp.sender("$cbs").await;
    assert!(format!("{refused:?}").contains("ResourceLocked"), "{refused:?}");
    drop(links);
    gateway.end().await;
}

/// Returns a `begin` whose properties are nested lists.
fn begin_of_lists(depth: usize) -> Vec<u8> {
    let list = |inner: &[u8], count: u32| {
        let size = u32::try_from(inner.len() + 4).unwrap().to_be_bytes();
        [&[0xd0], &size[..], &count.to_be_bytes(), inner].concat()
    };
    let nested = (0..depth).fold(vec![0x40], |inner, _| list(&inner, 1));
    let fields = [&[0x40, 0x43, 0x52, 10, 0x52, 10, 0x40, 0x40, 0x40], &nested[..]].concat();
    let body = [&[0x00, 0x53, 0x11], &list(&fields, 8)[..]].concat();
    let size = u32::try_from(body.len() + 8).unwrap().to_be_bytes();
    [&size[..], &[2, 0, 0, 0], &body].concat()
}

#[tokio::test]
async fn deeply_nested_values_end_only_their_connection() {
    let gateway = gateway().await;
    let mut device = gateway.amqp_dev1().await;
    let open = b"\x00\x00\x00\x12\x02\x00\x00\x00\x00\x53\x10\xc0\x05\x01\xa1\x02hi";
    for depth in [30, 300, 3000, 20_000] {
        let mut stream = gateway.amqp_stream().await;
        let bytes = [b"AMQP\x00\x01\x00\x00", &open[..], &begin_of_lists(depth)].concat();
        let _ = stream.write_all(&bytes).await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
    assert!(device.sends(SENDS).await);
    assert_eq!(gateway.counter("hubward_connections_malformed_total"), 4);
    gateway.end().await;
}

#[tokio::test]
async fn a_peer_that_never_sends_close_is_disconnected() {
    let gateway = gateway().await;
    let open = b"\x00\x00\x00\x12\x02\x00\x00\x00\x00\x53\x10\xc0\x05\x01\xa1\x02hi";
    let mut stream = gateway.amqp_stream().await;
    stream.write_all(&[b"AMQP\x00\x01\x00\x00", &open[..]].concat()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let close =
        b"\x00\x00\x00\x00\x53\x18\xc0\x21\x01\x00\x53\x1d\xc0\x1b\x01\xa3\x18amqp:unauthorized-access";
    assert!(answer.windows(close.len()).any(|part| part == close), "{answer:02x?}");
    assert_eq!(gateway.counter("hubward_connections_timed_out_total"), 1);
    drop(stream);
    gateway.end().await;
}
