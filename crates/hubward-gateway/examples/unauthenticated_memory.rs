//! Opens many connections that are not authenticated, each with as many bytes as are accepted before authentication, and
//! prints the gateway's memory for each, by transport.
//!
//! `cargo build --release -p hubward-gateway --bins`
//! `cargo run --release -p hubward-gateway --example unauthenticated_memory -- target/release/hubward-gateway 1000`
//!
//! All connections are on loopback, their number is the argument, and the program ends by itself.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::print_stdout,
    reason = "an example"
)]

#[path = "../tests/common/client.rs"]
mod client;
#[path = "../tests/common/frames.rs"]
mod frames;
#[path = "../tests/common/process.rs"]
mod process;
#[path = "../tests/common/unauthenticated.rs"]
mod unauthenticated;
#[path = "../tests/common/websocket.rs"]
mod websocket;

use core::error::Error;

use process::Process;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(program), Some(count)) = (arguments.next(), arguments.next()) else {
        return Err("give the gateway's program and a number of connections".into());
    };
    let count: usize = count.parse()?;
    for kind in unauthenticated::KINDS {
        let most = (count + 100).to_string();
        let process = Process::start(
            &program,
            &[
                "--connect-timeout",
                "600",
                "--max-unproven",
                &most,
                "--max-connections",
                &most,
                // all connections have one address
                "--connections-per-address",
                "0",
            ],
        );
        let mut peers = Vec::new();
        for _ in 0..10 {
            peers.push(unauthenticated::unauthenticated_peer(&process, kind).await);
        }
        let before = process.resident();
        for _ in 0..count {
            peers.push(unauthenticated::unauthenticated_peer(&process, kind).await);
        }
        let grown = process.resident().saturating_sub(before);
        drop(peers);
        println!("{kind}: {count} connections, {:.1} KiB resident each", grown as f64 / count as f64);
    }
    Ok(())
}
