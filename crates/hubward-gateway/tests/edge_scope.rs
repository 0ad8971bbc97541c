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
#[path = "common/edges.rs"]
#[allow(dead_code, reason = "each test uses a part")]
mod edges;
use common::*;
use edges::*;
use serde_json::{Value, json};

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
        ("a policy", format!("Authorization: {}\r\n", gateway.policy_token("device"))),
    ] {
        assert!(matches!(gateway.http(&path, &headers, &body).await.0, 401 | 403), "{who}");
    }
    let own = authorization("edge1", "filter");
    let path = path.replace("%24edgeHub", "filter");
    assert!(matches!(gateway.http(&path, &own, &body).await.0, 403 | 501), "no edge hub");
    gateway.end().await;
}
