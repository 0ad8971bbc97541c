//! The memory that peers which are not authenticated cost the process is bounded on every transport.
#![cfg(target_os = "linux")]
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
use common::process::Process;
use common::unauthenticated::unauthenticated_peer;

const PROGRAM: &str = env!("CARGO_BIN_EXE_hubward-gateway");
/// Peers of each transport.
const PEERS: usize = 200;
/// The limit in KiB for a peer.
const EACH: u64 = 64;
/// The limit in KiB with a session and a link: both have channels in the codec, each of which allocates room for 32 frames.
const WITH_A_LINK: u64 = 112;
/// KiB that the process may take once for all peers.
const ONCE: u64 = 4 * 1024;

async fn cost(transport: &str, each: u64) {
    let process = Process::start(PROGRAM, &["--connect-timeout", "600", "--max-unproven", "1000"]);
    let mut peers = Vec::new();
    for _ in 0..10 {
        peers.push(unauthenticated_peer(&process, transport).await);
    }
    let before = process.resident();
    for _ in 0..PEERS {
        peers.push(unauthenticated_peer(&process, transport).await);
    }
    let grown = process.resident().saturating_sub(before);
    let most = u64::try_from(PEERS).unwrap() * each + ONCE;
    assert!(grown < most, "{transport}: {grown} KiB for {PEERS}, at most {most}");
}

#[tokio::test]
async fn over_mqtt() {
    cost("mqtt", EACH).await;
}

#[tokio::test]
async fn over_https() {
    cost("https", EACH).await;
}

#[tokio::test]
async fn over_amqp() {
    cost("amqp open", EACH).await;
}

#[tokio::test]
async fn over_amqp_with_a_link() {
    cost("amqp attach", WITH_A_LINK).await;
}

#[tokio::test]
async fn over_a_websocket() {
    cost("websocket mqtt", EACH).await;
    cost("websocket amqp", EACH).await;
}
