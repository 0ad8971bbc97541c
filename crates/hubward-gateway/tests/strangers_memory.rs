//! What peers that are not proven cost the process: at most so much each, on every transport.
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
use common::said::stranger;

const PROGRAM: &str = env!("CARGO_BIN_EXE_hubward-gateway");
/// Peers of each transport.
const PEERS: usize = 200;
/// KiB that one may cost.
const EACH: u64 = 64;
/// KiB with a session and a link: each has channels in the codec, which take room for 32 frames when they are made.
const WITH_A_LINK: u64 = 112;
/// KiB that the process may take beside: what the first of a transport has it load.
const BESIDE: u64 = 4 * 1024;

async fn cost(transport: &str, each: u64) {
    let process = Process::start(PROGRAM, &["--connect-timeout", "600", "--max-unproven", "1000"]);
    let mut peers = Vec::new();
    for _ in 0..10 {
        peers.push(stranger(&process, transport).await);
    }
    let before = process.resident();
    for _ in 0..PEERS {
        peers.push(stranger(&process, transport).await);
    }
    let grown = process.resident().saturating_sub(before);
    let most = u64::try_from(PEERS).unwrap() * each + BESIDE;
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
