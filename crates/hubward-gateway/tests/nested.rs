//! Nested edge: the edge hub of an edge device above an identity connects on behalf of it (`auth-chain`).
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
use std::fs;

use common::amqp::Amqp;
use common::client::*;
use common::*;
use fe2o3_amqp::types::definitions::Fields;
use fe2o3_amqp::types::messaging::Outcome;
use fe2o3_amqp::types::primitives::Value;
use fe2o3_amqp::{Sender, Session};
use hubward::Client;
use hubward::types::{DeviceId, Identity, ModuleId};
use hubward_gateway::Dev;
use serde_json::json;

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// Writes the registry: `edge1` is below `edge2`, `leaf` and `edge1/mod` are below `edge1`, and `edge3` is alone.
fn write(dev: &Dev, leaf_below: &str, edge1: &str) {
    let keys = json!({ "type": "sas", "symmetricKey": { "primaryKey": KEY, "secondaryKey": KEY } });
    let scope = |id: &str| format!("ms-azure-iot-edge://{id}-1");
    let edge = |id: &str, status: &str, parents: &[&str]| {
        let parents: Vec<_> = parents.iter().map(|id| scope(id)).collect();
        json!({ "id": id, "status": status, "authentication": keys, "capabilities": { "iotEdge": true },
            "deviceScope": scope(id), "parentScopes": parents })
    };
    let module = |id: &str, module: &str| json!({ "id": id, "moduleId": module, "status": "enabled", "authentication": keys });
    let lines = [
        edge("edge1", edge1, &["edge2"]),
        edge("edge2", "enabled", &[]),
        edge("edge3", "enabled", &[]),
        module("edge1", "$edgeHub"),
        module("edge2", "$edgeHub"),
        module("edge3", "$edgeHub"),
        module("edge1", "mod"),
        json!({ "id": "leaf", "status": "enabled", "authentication": keys, "deviceScope": scope(leaf_below) }),
        json!({ "id": "alone", "status": "enabled", "authentication": keys }),
    ];
    fs::write(dev.file("devices.jsonl"), lines.map(|line| line.to_string()).join("\n")).unwrap();
}

/// Connects on behalf of an identity through these edge devices, the nearest first; returns the return code.
async fn connect_below(gateway: &Gateway, identity: Identity<'_>, above: &[&str]) -> (Option<u8>, Stream) {
    let above: Vec<_> = above.iter().map(|id| DeviceId::parse(id).unwrap()).collect();
    let client = match identity {
        Identity::Module(device, module) => Client::module(host(), device, module),
        Identity::Device(device) => Client::device(host(), device),
        _ => panic!("no device"),
    };
    let client = client.with_ancestors(&above);
    let token = client.token(at(now() + 600)).sign(&key(KEY)).to_string();
    let (id, username) = (client.mqtt_client_id().to_string(), client.mqtt_username().to_string());
    let mut stream = gateway.mqtt().await;
    let code = ask(&mut stream, &connect(&id, &username, Some(&token), None)).await;
    (code.map(|(_, body)| body[1]), stream)
}

fn device(id: &str) -> Identity<'_> {
    Identity::Device(DeviceId::parse(id).unwrap())
}

async fn gateway() -> Gateway {
    Gateway::with(|dev, config| {
        write(dev, "edge1", "enabled");
        config.max_delete_share = 100;
        config.limits.refusal_delay = Duration::ZERO;
    })
    .await
}

#[tokio::test]
async fn only_the_edge_hubs_above_an_identity_connect_on_behalf_of_it() {
    let gateway = gateway().await;
    let module = Identity::Module(DeviceId::parse("edge1").unwrap(), ModuleId::parse("mod").unwrap());
    for (identity, above, code) in [
        (device("leaf"), &["edge1"][..], 0),
        (device("leaf"), &["edge1", "edge2"], 0),
        (module, &["edge1"], 0),
        (module, &["edge1", "edge2"], 0),
        (device("edge1"), &["edge2"], 0),
        // not above
        (device("leaf"), &["edge3"], 5),
        (device("leaf"), &["edge1", "edge3"], 5),
        (device("edge2"), &["edge1"], 5),
        (device("alone"), &["edge1"], 5),
        (device("ghost"), &["edge1"], 5),
        (device("leaf"), &["ghost"], 5),
    ] {
        let (answer, _) = connect_below(&gateway, identity, above).await;
        assert_eq!(answer, Some(code), "{identity} below {above:?}");
    }
    gateway.end().await;
}

/// Returns whether a link is attached with an `auth-chain`, in a session of its own.
async fn attaches(amqp: &mut Amqp, address: &str, chain: Value) -> bool {
    let mut session = Session::begin(&mut amqp.connection).await.unwrap();
    let mut properties = Fields::new();
    properties.insert(hubward::AUTH_CHAIN_PROPERTY.into(), chain);
    let link =
        Sender::builder().name("below").target(address).properties(properties).attach(&mut session).await;
    let sent = match link {
        Ok(mut link) => matches!(link.send("hello").await, Ok(Outcome::Accepted(_))),
        Err(_) => false,
    };
    let _ = session.end().await;
    sent
}

#[tokio::test]
async fn over_amqp_the_chain_is_a_property_of_the_link() {
    let gateway = Gateway::with(|dev, config| {
        write(dev, "edge1", "enabled");
        config.amqps = Some("127.0.0.1:0".into());
        config.limits.refusal_delay = Duration::ZERO;
    })
    .await;
    let above = [DeviceId::parse("edge1").unwrap()];
    let leaf = Client::device(host(), DeviceId::parse("leaf").unwrap()).with_ancestors(&above);
    let token = leaf.token(at(now() + 600)).sign(&key(KEY)).to_string();
    let mut amqp = Amqp::open(gateway.amqp_stream().await, None).await.unwrap();
    let events = "/devices/leaf/messages/events";
    let text = |chain: &str| Value::String(chain.into());
    let mut cbs = amqp.cbs().await;
    assert!(!attaches(&mut amqp, events, text("leaf;edge1")).await, "no token");
    assert_eq!(cbs.put(&leaf.cbs_name().to_string(), &token).await, 200);
    for chain in [text("leaf;edge2"), text("alone;edge1"), text("leaf;;edge1"), text(""), Value::Uint(1)] {
        assert!(!attaches(&mut amqp, events, chain.clone()).await, "{chain:?}");
    }
    assert!(!amqp.sends(events).await, "without a chain");
    assert!(attaches(&mut amqp, events, text("leaf;edge1")).await);
    assert!(!attaches(&mut amqp, "/devices/alone/messages/events", text("leaf;edge1")).await);
    assert!(gateway.log.has("auth-chain"), "{:#?}", gateway.log.lines());
    gateway.end().await;
}

#[tokio::test]
async fn a_change_of_the_hierarchy_ends_the_sessions_below() {
    for (leaf_below, edge1) in [("edge3", "enabled"), ("edge1", "disabled")] {
        let gateway = gateway().await;
        let (code, mut stream) = connect_below(&gateway, device("leaf"), &["edge1", "edge2"]).await;
        assert_eq!(code, Some(0));
        let events = "devices/leaf/messages/events/";
        assert_eq!(ask(&mut stream, &publish(events, 1, b"x")).await, puback());
        write(&gateway.dev, leaf_below, edge1);
        gateway.server.reload().unwrap();
        assert_eq!(answer(&mut stream).await, None, "{leaf_below} {edge1}");
        assert_eq!(connect_below(&gateway, device("leaf"), &["edge1", "edge2"]).await.0, Some(5));
        gateway.end().await;
    }
}
