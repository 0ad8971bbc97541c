//! hubward in the authentication hook of the broker `rumqttd`.
//!
//! `cargo run -p hubward-gateway --example rumqttd_hook` starts a broker on loopback, connects three clients, and prints
//! the results.
//!
//! The hook receives three strings once: client id, username and password. They suffice to authenticate by token. The
//! hook does not receive, and so cannot decide on, the certificates of the connection, the will, and later PUBLISH and
//! SUBSCRIBE packets. Nor can it end a connection when a token expires or a device is disabled. For these a transport
//! must decide on its own packets, as the gateway's `mqtt/` does.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "an example"
)]

#[path = "../tests/common/client.rs"]
mod client;

use core::error::Error;
use core::net::SocketAddr;
use core::time::Duration;
use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::{Arc, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use client::{ask, connack, connect, puback, publish};
use hubward::registry::{Authentication, Registry, SymmetricKeys};
use hubward::types::{Authority, DeviceId, HostName, SymmetricKey, UnixTime};
use hubward::{AuthError, Client, Credentials, HubConfig, Session};
use hubward_rustcrypto::HmacKey;
use rumqttd::{Broker, Config, ConnectionSettings, RouterConfig, ServerSettings};
use tokio::net::TcpStream;

struct Hub {
    config: HubConfig<HmacKey>,
    registry: RwLock<Registry<HmacKey>>,
}

impl Hub {
    /// Authenticates a client by its three strings.
    fn authenticate(&self, client_id: &str, username: &str, password: &str) -> Result<Session, AuthError> {
        let credentials = Credentials::mqtt(client_id, username, Some(password))?;
        Ok(self.config.authenticate(credentials, &*self.registry.read().unwrap(), now)?.into_session())
    }

    /// The hook of the broker.
    async fn may_connect(self: Arc<Self>, client_id: String, username: String, password: String) -> bool {
        match self.authenticate(&client_id, &username, &password) {
            Ok(session) => {
                println!("    hub: {session}");
                true
            }
            Err(error) => {
                println!("    hub: {error}");
                false
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a program's clock")]
fn now() -> UnixTime {
    UnixTime::since_unix_epoch(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn key(name: &str) -> HmacKey {
    // an example's keys; a hub's are random
    HmacKey::new(&SymmetricKey::from_bytes(format!("{name:-<32}").as_bytes()).unwrap())
}

/// Starts a broker with the hook, in a thread of its own. A real broker uses TLS.
fn broker(hub: &Arc<Hub>, listen: SocketAddr) {
    let connections = ConnectionSettings {
        connection_timeout_ms: 5000,
        max_payload_size: 256 * 1024,
        max_inflight_count: 100,
        auth: None,
        external_auth: None,
        dynamic_filters: true,
    };
    let mut server =
        ServerSettings { name: "v4".into(), listen, tls: None, next_connection_delay_ms: 1, connections };
    let hub = Arc::clone(hub);
    server.set_auth_handler(move |client_id, username, password| {
        Arc::clone(&hub).may_connect(client_id, username, password)
    });
    let router = RouterConfig {
        max_connections: 10,
        max_outgoing_packet_count: 10,
        max_segment_size: 1024 * 1024,
        max_segment_count: 10,
        ..RouterConfig::default()
    };
    let v4 = Some(HashMap::from([("1".into(), server)]));
    let config = Config { router, v4, ..Config::default() };
    std::thread::spawn(move || Broker::new(config).start().unwrap());
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut registry = Registry::unseeded();
    registry
        .create_device(DeviceId::parse("pump-7")?, Authentication::Sas(SymmetricKeys::one(key("pump-7"))))?;
    let config = HubConfig::new(HostName::parse("contoso.example")?, key("random, of no identity"));
    let hub = Arc::new(Hub { config, registry: RwLock::new(registry) });
    let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    broker(&hub, listen);

    let host = Authority::parse("contoso.example")?;
    let later = UnixTime::since_unix_epoch(Duration::from_secs(now().as_secs() + 3600));
    let pump = Client::device(host, DeviceId::parse("pump-7")?);
    let username = pump.mqtt_username().to_string();
    for (what, client_id, signer, accepted) in [
        ("its own token", "pump-7", "pump-7", true),
        ("a token under another key", "pump-7", "guess", false),
        ("its own token under another client id", "pump-8", "pump-7", false),
    ] {
        println!("{what}");
        let token = pump.token(later).sign(&key(signer)).to_string();
        let mut stream = dial(listen).await?;
        let answer = ask(&mut stream, &connect(client_id, &username, Some(&token), None)).await;
        println!("    client: {answer:?}");
        if (answer == connack(0)) != accepted {
            return Err(format!("{what}: {answer:?}").into());
        }
        if accepted {
            // the hook does not decide on this packet
            let answer = ask(&mut stream, &publish("devices/pump-7/messages/events/", 1, b"21.5")).await;
            println!("    client: {answer:?} (to a PUBLISH)");
            if answer != puback() {
                return Err("the broker did not acknowledge a message".into());
            }
        }
    }
    Ok(())
}

/// Connects to the broker, which may take a moment to listen.
async fn dial(address: SocketAddr) -> std::io::Result<TcpStream> {
    for _ in 0..100 {
        if let Ok(stream) = TcpStream::connect(address).await {
            return Ok(stream);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    TcpStream::connect(address).await
}
