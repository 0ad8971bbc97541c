//! A gateway with nested edge devices.

use std::fs;

use hubward::Client;
use hubward::types::{DeviceId, ModuleId};
use hubward_gateway::{Config, Dev};
use serde_json::json;

use super::common::*;

pub const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// `edge1` is below `edge2`; `leaf` with a module, `leaf2` and `edge0` are below `edge1`; `edge3` and `alone` are apart; `off` is a
/// disabled edge device below `edge2`, with `under` below it.
pub async fn gateway() -> Gateway {
    gateway_with(|_, _| ()).await
}

/// The same with another configuration.
pub async fn gateway_with(change: impl FnOnce(&Dev, &mut Config)) -> Gateway {
    Gateway::with(|dev, config| {
        let keys = json!({ "type": "sas", "symmetricKey": { "primaryKey": KEY, "secondaryKey": KEY } });
        let scope = |id: &str| format!("ms-azure-iot-edge://{id}-1");
        let edge = |id: &str, status: &str, parents: &[&str]| {
            let parents: Vec<_> = parents.iter().map(|id| scope(id)).collect();
            json!({ "id": id, "status": status, "authentication": keys, "capabilities": { "iotEdge": true },
                "deviceScope": scope(id), "parentScopes": parents })
        };
        let module = |id: &str, module: &str| {
            json!({ "id": id, "moduleId": module, "status": "enabled", "authentication": keys })
        };
        let below = |id: &str, edge: &str| {
            json!({ "id": id, "status": "enabled", "authentication": keys, "deviceScope": scope(edge) })
        };
        let lines = [
            edge("edge2", "enabled", &[]),
            edge("edge1", "enabled", &["edge2"]),
            edge("edge0", "enabled", &["edge1"]),
            edge("edge3", "enabled", &[]),
            edge("off", "disabled", &["edge2"]),
            module("edge2", "$edgeHub"),
            module("edge1", "$edgeHub"),
            module("edge1", "filter"),
            module("edge0", "$edgeHub"),
            module("edge3", "$edgeHub"),
            below("leaf", "edge1"),
            module("leaf", "mod"),
            below("leaf2", "edge1"),
            below("under", "off"),
            json!({ "id": "alone", "status": "enabled", "authentication": keys }),
        ];
        fs::write(dev.file("devices.jsonl"), lines.map(|line| line.to_string()).join("\n")).unwrap();
        config.max_delete_share = 100;
        change(dev, config);
    })
    .await
}

pub fn authorization(edge: &str, module: &str) -> String {
    let client = Client::module(host(), DeviceId::parse(edge).unwrap(), ModuleId::parse(module).unwrap());
    format!("Authorization: {}\r\n", client.token(at(now() + 600)).sign(&key(KEY)))
}
