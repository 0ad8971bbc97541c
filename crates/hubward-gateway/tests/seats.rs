//! One connection per identity across gateways: the newer evicts the older, wherever it is.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a test"
)]

mod common;
#[path = "common/nodes.rs"]
mod nodes;
#[path = "../../hubward-postgres/tests/common/mod.rs"]
mod postgres;

use core::time::Duration;

use common::amqp::Amqp;
use common::client::*;
use common::*;
use fe2o3_amqp::types::messaging::Outcome;
use hubward::Client;
use hubward::types::DeviceId;
use nodes::{KEY, Node, nodes};

/// Long enough for a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn token(id: &str) -> String {
    Client::device(host(), DeviceId::parse(id).unwrap()).token(at(now() + 3600)).sign(&key(KEY)).to_string()
}

/// Connects a device, again while its gateway does not admit.
async fn session(gateway: &Gateway, node: &Node, id: &str) -> Stream {
    let tls = tls(&gateway.dev.file("ca.pem"), None);
    let username = format!("localhost/{id}/?api-version=2021-04-12");
    loop {
        let mut stream = dial(&tls, node.server.mqtt().unwrap()).await.unwrap();
        if ask(&mut stream, &connect(id, &username, Some(&token(id)), None)).await == connack(0) {
            return stream;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn ends(mut stream: Stream) {
    let end = tokio::time::timeout(PATIENCE, answer(&mut stream)).await;
    assert_eq!(end.unwrap(), None, "the newer connection evicts it");
}

async fn stays(stream: &mut Stream) {
    assert_eq!(ask(stream, &PINGREQ).await, Some(PINGRESP), "it is the newest");
}

/// Returns the number of the newest claim of `d0`, when it is above `after`.
async fn claimed(database: &postgres::Server, after: i64) -> i64 {
    let start = std::time::Instant::now();
    loop {
        let number = database.sql("hub", "SELECT max(number) FROM hubward.seat WHERE name = 'd0'");
        if let Some(number) = number.parse().ok().filter(|number| *number > after) {
            return number;
        }
        assert!(start.elapsed() < PATIENCE, "the seat is not claimed: {number}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newer_connection_evicts_the_older_one_wherever_it_is() {
    let Some(mut database) = postgres::Server::start() else { return };
    database.create("hub");
    let gateway = Gateway::start().await;
    let nodes = nodes(&gateway, &database, 3, 10, |_| {}).await;
    let mut bystander = session(&gateway, &nodes[0], "d9").await;
    let mut older = session(&gateway, &nodes[0], "d0").await;
    let mut claim = claimed(&database, 0).await;
    for node in [1, 2, 0, 0] {
        let newer = session(&gateway, &nodes[node], "d0").await;
        claim = claimed(&database, claim).await;
        ends(core::mem::replace(&mut older, newer)).await;
        stays(&mut older).await;
    }

    // a gateway that is cut off meanwhile ends its older connection when it is back
    nodes[0].proxy.cut();
    let mut newer = session(&gateway, &nodes[1], "d0").await;
    claim = claimed(&database, claim).await;
    stays(&mut older).await;
    nodes[0].proxy.mend(database.port);
    ends(older).await;

    // also if the database crashes before it is back, and has lost the seats
    nodes[1].proxy.cut();
    let mut newest = session(&gateway, &nodes[2], "d0").await;
    stays(&mut newer).await;
    let newest_claim = claimed(&database, claim).await;
    database.down();
    database.port = postgres::free_port();
    database.up();
    nodes[2].proxy.mend(database.port);
    // entered again by the gateway that has it
    assert_eq!(claimed(&database, claim).await, newest_claim);
    nodes[1].proxy.mend(database.port);
    ends(newer).await;
    stays(&mut newest).await;

    // the third gateway is the last to be back, and has an older connection of another device
    nodes[0].proxy.mend(database.port);
    stays(&mut bystander).await;
    let mut elsewhere = session(&gateway, &nodes[1], "d9").await;
    ends(bystander).await;
    stays(&mut elsewhere).await;
    for node in nodes {
        assert!(node.server.shutdown().await);
    }
    gateway.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_eviction_detaches_the_links_of_its_device_only() {
    let Some(database) = postgres::Server::start() else { return };
    database.create("hub");
    let gateway = Gateway::start().await;
    let nodes = nodes(&gateway, &database, 2, 10, |config| config.amqps = Some("127.0.0.1:0".into())).await;
    let tls = tls(&gateway.dev.file("ca.pem"), None);
    let stream = dial(&tls, nodes[0].server.amqps().unwrap()).await.unwrap();
    let mut amqp = Amqp::open(stream, None).await.unwrap();
    let mut cbs = amqp.cbs().await;
    let mut links = Vec::new();
    for id in ["d0", "d1"] {
        assert_eq!(cbs.put(&format!("localhost/devices/{id}"), &token(id)).await, 200);
        links.push(amqp.sender(&format!("/devices/{id}/messages/events")).await.unwrap());
    }
    let (mut other, mut evicted) = (links.pop().unwrap(), links.pop().unwrap());
    let mut newer = session(&gateway, &nodes[1], "d0").await;
    let detached = tokio::time::timeout(PATIENCE, evicted.on_detach()).await;
    detached.unwrap();
    assert!(matches!(other.send("hello").await, Ok(Outcome::Accepted(_))), "its connection stays open");
    stays(&mut newer).await;
    // and back: the token is put again
    assert_eq!(cbs.put("localhost/devices/d0", &token("d0")).await, 200);
    ends(newer).await;
    assert!(amqp.sends("/devices/d0/messages/events").await);
    for node in nodes {
        assert!(node.server.shutdown().await);
    }
    gateway.end().await;
}
