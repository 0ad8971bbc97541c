//! Gateways that share a database, each behind a proxy of its own.
#![allow(dead_code, reason = "each test uses a part")]

use core::fmt::Write as _;
use core::time::Duration;

use hubward_gateway::{Config, Server, StoreConfig, StorePlace};

use crate::common::Gateway;
use crate::postgres;
use crate::postgres::proxy::Proxy;

/// The primary key of each device, and the one that seals.
pub const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// The secondary key of each device.
pub const SECONDARY: &str = "QAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A gateway with its proxy to the database.
pub struct Node {
    pub server: Server,
    pub proxy: Proxy,
}

/// Writes the files of a hub with these devices, `d0` and so on, to the folder of a gateway that is not used itself.
pub fn files(gateway: &Gateway, devices: usize) {
    let mut lines = String::new();
    for number in 0..devices {
        let keys = format!("{{\"primaryKey\":\"{KEY}\",\"secondaryKey\":\"{SECONDARY}\"}}");
        let authentication = format!("{{\"type\":\"sas\",\"symmetricKey\":{keys}}}");
        writeln!(
            lines,
            "{{\"id\":\"d{number}\",\"status\":\"enabled\",\"authentication\":{authentication}}}"
        )
        .unwrap();
    }
    std::fs::write(gateway.dev.file("devices.jsonl"), lines).unwrap();
    std::fs::write(gateway.dev.file("registry.key"), format!("{KEY}\n")).unwrap();
}

/// Starts gateways on the database `hub`, whose first content is `devices` devices.
pub async fn nodes(
    gateway: &Gateway,
    database: &postgres::Server,
    count: usize,
    devices: usize,
    change: impl Fn(&mut Config),
) -> Vec<Node> {
    files(gateway, devices);
    let mut nodes = Vec::new();
    for _ in 0..count {
        let proxy = Proxy::start(database.port);
        let place = StorePlace::Postgres(format!("postgres://hub@127.0.0.1:{}/hub", proxy.port));
        let key_file = Some(gateway.dev.file("registry.key"));
        let mut config: Config = gateway.dev.config("127.0.0.1:0", "127.0.0.1:0");
        config.store = Some(StoreConfig { place, key_file, authorities: None });
        config.feed.timeout = Duration::from_secs(3);
        config.feed.grace = Duration::from_secs(600);
        change(&mut config);
        nodes.push(Node { server: Server::start(config).await.unwrap(), proxy });
    }
    nodes
}
