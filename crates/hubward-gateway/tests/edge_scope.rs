//! Edge hubs ask over HTTPS for the identities below their own edge device: the registry's scopes decide what they get.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
use std::fs;

use common::*;
use hubward::Client;
use hubward::types::{DeviceId, ModuleId};
use serde_json::{Value, json};

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// `edge1` is below `edge2`; `leaf` with a module, `leaf2` and `edge0` are below `edge1`; `edge3` and `alone` are apart; `off` is a
/// disabled edge device below `edge2`, with `under` below it.
async fn gateway() -> Gateway {
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
    })
    .await
}

fn authorization(edge: &str, module: &str) -> String {
    let client = Client::module(host(), DeviceId::parse(edge).unwrap(), ModuleId::parse(module).unwrap());
    format!("Authorization: {}\r\n", client.token(at(now() + 600)).sign(&key(KEY)))
}

/// Asks as the edge hub of a device. Returns the status and the names of devices and modules.
async fn ask(gateway: &Gateway, edge: &str, operation: &str, body: &Value) -> (u16, Vec<String>, Value) {
    let request =
        format!("POST /devices/{edge}/modules/%24edgeHub/{operation}?api-version=2020-06-30-preview");
    let (status, text) = gateway.http(&request, &authorization(edge, "$edgeHub"), &body.to_string()).await;
    let answer: Value = serde_json::from_str(&text).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |name: &str| answer[name].as_array().cloned().unwrap_or_default();
    let devices = list("devices").iter().map(|one| text(&one["deviceId"])).collect::<Vec<_>>();
    let modules = list("modules");
    let modules = modules.iter().map(|one| format!("{}/{}", text(&one["deviceId"]), text(&one["moduleId"])));
    (status, devices.into_iter().chain(modules).collect(), answer)
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

const SCOPE: &str = "devicesAndModulesInTargetDeviceScope";
const IDENTITY: &str = "getDeviceAndModuleOnBehalfOf";

#[tokio::test]
async fn an_edge_hub_gets_the_scope_of_its_own_device_and_of_those_below() {
    let gateway = gateway().await;
    let of_edge1 = ["edge0", "edge1", "leaf", "leaf2", "edge1/$edgeHub", "edge1/filter", "leaf/mod"];
    for (caller, chain, expected) in [
        ("edge1", "edge1", &of_edge1[..]),
        ("edge2", "edge1;edge2", &of_edge1),
        ("edge2", "edge2", &["edge1", "edge2", "off", "edge2/$edgeHub"]),
        ("edge2", "edge0;edge1;edge2", &["edge0", "edge0/$edgeHub"]),
    ] {
        let (status, names, answer) = ask(&gateway, caller, SCOPE, &json!({ "authChain": chain })).await;
        assert_eq!((status, names), (200, owned(expected)), "{chain}: {answer}");
        assert_eq!(answer["devices"][0]["authentication"]["symmetricKey"]["primaryKey"], KEY);
    }
    // page by page
    let (mut all, mut link) = (Vec::new(), json!(""));
    for _ in 0..4 {
        let body = json!({ "authChain": "edge1", "pageSize": 2, "continuationLink": link });
        let (status, names, answer) = ask(&gateway, "edge1", SCOPE, &body).await;
        assert!(status == 200 && names.len() <= 2);
        all.extend(names);
        link = answer["continuationLink"].clone();
    }
    assert_eq!((all.len(), link), (7, Value::Null));
    gateway.end().await;
}

#[tokio::test]
async fn an_edge_hub_gets_an_identity_below_it() {
    let gateway = gateway().await;
    for (caller, chain, device, module, expected) in [
        ("edge1", "edge1", "leaf", "", &["leaf"][..]),
        ("edge1", "edge1", "leaf", "mod", &["leaf", "leaf/mod"]),
        ("edge1", "edge1", "edge1", "filter", &["edge1", "edge1/filter"]),
        ("edge2", "edge1;edge2", "leaf2", "", &["leaf2"]),
        ("edge2", "edge2", "leaf", "", &["leaf"]),
    ] {
        let body = json!({ "authChain": chain, "targetDeviceId": device, "targetModuleId": module });
        let (status, names, answer) = ask(&gateway, caller, IDENTITY, &body).await;
        assert_eq!((status, names), (200, owned(expected)), "{chain} {device}/{module}: {answer}");
    }
    gateway.end().await;
}

#[tokio::test]
async fn what_is_not_below_an_edge_hub_is_refused_with_one_answer() {
    let gateway = gateway().await;
    let mut answers = std::collections::BTreeSet::new();
    for (caller, chain) in [
        ("edge1", "edge2"),
        ("edge1", "edge2;edge1"),
        ("edge3", "edge1;edge3"),
        // another edge hub asks
        ("edge3", "edge1;edge2"),
        ("edge3", "edge1"),
        ("edge1", "leaf;edge1"),
        ("edge2", "off;edge2"),
        ("edge2", "ghost;edge2"),
        ("edge2", "edge10;edge2"),
    ] {
        let (status, names, answer) = ask(&gateway, caller, SCOPE, &json!({ "authChain": chain })).await;
        assert_eq!((status, names.len()), (403, 0), "{chain}");
        answers.insert(answer.to_string());
    }
    for (caller, chain, device, module) in [
        ("edge1", "edge1", "alone", ""),
        ("edge1", "edge1", "edge2", ""),
        ("edge1", "edge1", "ghost", ""),
        ("edge1", "edge1", "leaf", "ghost"),
        ("edge2", "edge2", "under", ""),
        ("edge3", "edge1;edge3", "leaf", ""),
        ("edge2", "edge0;edge1;edge2", "leaf", ""),
    ] {
        let body = json!({ "authChain": chain, "targetDeviceId": device, "targetModuleId": module });
        let (status, names, answer) = ask(&gateway, caller, IDENTITY, &body).await;
        assert_eq!((status, names.len()), (403, 0), "{chain} {device}/{module}");
        answers.insert(answer.to_string());
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    for (body, operation) in [
        (json!({ "authChain": "edge1;" }), SCOPE),
        (json!({ "authChain": "edge1", "pageSize": 0 }), SCOPE),
        (json!({}), SCOPE),
        (json!({ "authChain": "edge1" }), IDENTITY),
    ] {
        assert_eq!(ask(&gateway, "edge1", operation, &body).await.0, 400, "{body}");
    }
    // another module, another device's edge hub, and a device ask nothing
    let body = json!({ "authChain": "edge1" }).to_string();
    let path = format!("POST /devices/edge1/modules/%24edgeHub/{SCOPE}");
    for (who, headers) in [
        ("a module", authorization("edge1", "filter")),
        ("the edge hub above", authorization("edge2", "$edgeHub")),
        ("no token", String::new()),
    ] {
        assert!(matches!(gateway.http(&path, &headers, &body).await.0, 401 | 403), "{who}");
    }
    let own = authorization("edge1", "filter");
    let path = path.replace("%24edgeHub", "filter");
    assert!(matches!(gateway.http(&path, &own, &body).await.0, 403 | 501), "no edge hub");
    gateway.end().await;
}
