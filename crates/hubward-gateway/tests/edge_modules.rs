//! Edge hubs create, change, read, list and delete modules of devices below their own edge device, and of no others.
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
mod edges;

use std::collections::BTreeSet;

use common::*;
use edges::*;
use hubward_gateway::{StoreConfig, StorePlace};
use serde_json::{Value, json};

const PUT: &str = "PUT putModuleOnBehalfOf";
const GET: &str = "POST getModuleOnBehalfOf";
const LIST: &str = "POST getModulesOnTargetDevice";
const DELETE: &str = "POST deleteModuleOnBehalfOf";

/// Asks as the edge hub of a device; `operation` is a method and the last part of the path.
async fn ask(gateway: &Gateway, edge: &str, operation: &str, headers: &str, body: &Value) -> (u16, Value) {
    let headers = authorization(edge, "$edgeHub") + headers;
    send(gateway, edge, operation, &headers, body).await
}

async fn send(gateway: &Gateway, edge: &str, operation: &str, headers: &str, body: &Value) -> (u16, Value) {
    let (method, name) = operation.split_once(' ').unwrap();
    let request =
        format!("{method} /devices/{edge}/modules/%24edgeHub/{name}?api-version=2020-06-30-preview");
    let (status, text) = gateway.http(&request, headers, &body.to_string()).await;
    (status, serde_json::from_str(&text).unwrap_or_default())
}

fn put(chain: &str, device: &str, module: &str) -> Value {
    json!({ "authChain": chain, "module": { "deviceId": device, "moduleId": module, "managedBy": "iotEdge" } })
}

fn one(chain: &str, module: &str) -> Value {
    json!({ "authChain": chain, "moduleId": module })
}

/// Returns the id of each module of a list.
fn ids(list: &Value) -> BTreeSet<String> {
    list.as_array().unwrap().iter().map(|one| one["moduleId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_edge_hub_manages_the_modules_of_devices_in_its_scope() {
    let gateway = gateway().await;
    for (caller, chain, device) in [
        ("edge1", "edge1", "edge1"),
        ("edge1", "edge0;edge1", "edge0"),
        ("edge2", "edge0;edge1;edge2", "edge0"),
        ("edge1", "leaf;edge1", "leaf"),
        ("edge2", "leaf2;edge1;edge2", "leaf2"),
    ] {
        let (status, before) = ask(&gateway, caller, LIST, "", &json!({ "authChain": chain })).await;
        assert_eq!(status, 200, "{chain}: {before}");
        let (status, created) = ask(&gateway, caller, PUT, "", &put(chain, device, "new")).await;
        assert_eq!(status, 200, "{chain}: {created}");
        assert_eq!((&created["deviceId"], &created["moduleId"]), (&json!(device), &json!("new")));
        // it has keys, and the service has the same record
        let key = created["authentication"]["symmetricKey"]["primaryKey"].as_str().unwrap();
        assert_eq!(key.len(), 44);
        let (_, text) = gateway.owner(&format!("GET /devices/{device}/modules/new"), "", "").await;
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), created);
        assert_eq!(ask(&gateway, caller, GET, "", &one(chain, "new")).await, (200, created));
        let (_, after) = ask(&gateway, caller, LIST, "", &json!({ "authChain": chain })).await;
        let mut expected = ids(&before);
        expected.insert("new".into());
        assert_eq!(ids(&after), expected, "{chain}");
        // it is not created twice
        assert_eq!(ask(&gateway, caller, PUT, "", &put(chain, device, "new")).await.0, 409, "{chain}");
        assert_eq!(ask(&gateway, caller, DELETE, "", &one(chain, "new")).await.0, 204, "{chain}");
        assert_eq!(ask(&gateway, caller, GET, "", &one(chain, "new")).await.0, 404, "{chain}");
        assert_eq!(ask(&gateway, caller, DELETE, "", &one(chain, "new")).await.0, 404, "{chain}");
    }
    for rule in ["edge.module.put", "edge.module.get", "edge.module.list", "edge.module.delete"] {
        assert!(gateway.log.has(&format!("rule=\"{rule}\"")), "{rule}");
    }
    gateway.end().await;
}

#[tokio::test]
async fn a_change_and_a_deletion_need_the_current_etag() {
    let gateway = gateway().await;
    let written = put("edge1", "edge1", "filter");
    let (_, first) = ask(&gateway, "edge1", GET, "", &one("edge1", "filter")).await;
    let matching = |record: &Value| format!("If-Match: \"{}\"\r\n", record["etag"].as_str().unwrap());
    let (status, second) = ask(&gateway, "edge1", PUT, &matching(&first), &written).await;
    assert_eq!(status, 200, "{second}");
    assert_ne!(first["etag"], second["etag"]);
    for operation in [PUT, DELETE] {
        let body = if operation == PUT { written.clone() } else { one("edge1", "filter") };
        for etag in [matching(&first), "If-Match: \"another\"\r\n".into()] {
            assert_eq!(ask(&gateway, "edge1", operation, &etag, &body).await.0, 412, "{operation} {etag}");
        }
        let twice = [matching(&second), matching(&second)].concat();
        assert_eq!(ask(&gateway, "edge1", operation, &twice, &body).await.0, 400, "{operation}");
    }
    assert_eq!(ask(&gateway, "edge1", GET, "", &one("edge1", "filter")).await, (200, second.clone()));
    // a change of any version, and a deletion of this one
    let (status, third) = ask(&gateway, "edge1", PUT, "If-Match: *\r\n", &written).await;
    assert_eq!(status, 200);
    assert_eq!(ask(&gateway, "edge1", DELETE, &matching(&third), &one("edge1", "filter")).await.0, 204);
    gateway.end().await;
}

#[tokio::test]
async fn modules_of_other_devices_are_refused_with_one_answer() {
    let gateway = gateway().await;
    let mut answers = BTreeSet::new();
    for (what, caller, chain, device) in [
        ("another hub's child", "edge3", "leaf;edge3", "leaf"),
        ("another hub's child, by its chain", "edge3", "leaf;edge1", "leaf"),
        ("a device above", "edge1", "edge2;edge1", "edge2"),
        ("a device that is in no scope", "edge1", "alone;edge1", "alone"),
        ("an unknown device", "edge1", "ghost;edge1", "ghost"),
        ("a disabled edge device", "edge2", "off;edge2", "off"),
        ("a device below a disabled one", "edge2", "under;off;edge2", "under"),
        ("a chain without this edge hub", "edge1", "leaf", "leaf"),
        ("a name that begins as this one's", "edge1", "leaf;edge10", "leaf"),
    ] {
        for operation in [PUT, GET, LIST, DELETE] {
            let body = if operation == PUT { put(chain, device, "mod") } else { one(chain, "mod") };
            let (status, answer) = ask(&gateway, caller, operation, "", &body).await;
            assert_eq!(status, 403, "{what}: {operation}");
            answers.insert(answer.to_string());
        }
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    let (_, module) = gateway.owner("GET /devices/leaf/modules/mod", "", "").await;
    assert!(module.contains("\"moduleId\":\"mod\""), "it is still there: {module}");
    gateway.end().await;
}

#[tokio::test]
async fn a_request_needs_the_token_of_the_edge_hub_and_one_module() {
    let gateway = gateway().await;
    for operation in [PUT, GET, LIST, DELETE] {
        let body = if operation == PUT { put("edge1", "edge1", "new") } else { one("edge1", "filter") };
        for (who, headers) in [
            ("no token", String::new()),
            ("another module", authorization("edge1", "filter")),
            ("another edge hub", authorization("edge2", "$edgeHub")),
            ("a service", format!("Authorization: {}\r\n", gateway.policy_token("service"))),
            (
                "a policy that connects devices",
                format!("Authorization: {}\r\n", gateway.policy_token("device")),
            ),
            ("the owner", format!("Authorization: {}\r\n", gateway.policy_token("iothubowner"))),
        ] {
            let (status, _) = send(&gateway, "edge1", operation, &headers, &body).await;
            assert!(matches!(status, 401 | 403), "{who}: {status} {operation}");
        }
    }
    for (operation, body) in [
        (PUT, put("edge1", "leaf", "new")),
        (PUT, json!({ "authChain": "edge1", "module": { "deviceId": "edge1" } })),
        (PUT, json!({ "authChain": "edge1" })),
        (PUT, put("edge1;", "edge1", "new")),
        (PUT, put("edge1", "edge1", "a/b")),
        (GET, json!({ "authChain": "edge1" })),
        (DELETE, one("edge1", "")),
        (LIST, json!({})),
    ] {
        assert_eq!(ask(&gateway, "edge1", operation, "", &body).await.0, 400, "{operation} {body}");
    }
    // the reason is told to a policy that would connect this module
    let by_policy = format!("Authorization: {}\r\n", gateway.policy_token("device"));
    let (status, answer) = send(&gateway, "edge1", PUT, &by_policy, &put("edge1", "edge1", "new")).await;
    assert_eq!((status, &answer["errorCode"]), (403, &json!(401_002)), "{answer}");
    assert!(answer["Message"].as_str().unwrap().contains("own token"), "{answer}");
    let (_, modules) = ask(&gateway, "edge1", LIST, "", &json!({ "authChain": "edge1" })).await;
    assert_eq!(ids(&modules), BTreeSet::from(["$edgeHub".into(), "filter".into()]));
    // a disabled edge device has no edge hub
    let off = json!({ "deviceId": "edge1", "status": "disabled" }).to_string();
    assert_eq!(gateway.owner("PUT /devices/edge1", "If-Match: *\r\n", &off).await.0, 200);
    assert_eq!(ask(&gateway, "edge1", GET, "", &one("edge1", "filter")).await.0, 401);
    gateway.end().await;
}

#[tokio::test]
async fn only_an_edge_device_has_an_edge_hub() {
    let gateway = gateway().await;
    // created, and changed
    for (caller, chain, device, module, status) in [
        ("edge1", "leaf;edge1", "leaf", "$edgeHub", 403),
        ("edge1", "leaf;edge1", "leaf", "$edgeAgent", 403),
        ("edge2", "leaf2;edge1;edge2", "leaf2", "$edgeAgent", 403),
        ("edge1", "edge0;edge1", "edge0", "$edgeAgent", 200),
        ("edge1", "edge1", "edge1", "$edgeAgent", 200),
    ] {
        let (got, answer) = ask(&gateway, caller, PUT, "", &put(chain, device, module)).await;
        assert_eq!(got, status, "{device}/{module}: {answer}");
        let changed = ask(&gateway, caller, PUT, "If-Match: *\r\n", &put(chain, device, module)).await;
        assert_eq!(changed.0, status, "{device}/{module}: {}", changed.1);
    }
    // edge3 is an edge device no more: its module keeps its key, and manages nothing
    let plain = json!({ "deviceId": "edge3", "capabilities": { "iotEdge": false } }).to_string();
    let (status, answer) = gateway.owner("PUT /devices/edge3", "If-Match: *\r\n", &plain).await;
    assert_eq!(status, 200, "{answer}");
    for operation in [PUT, GET, LIST, DELETE] {
        let body = if operation == PUT { put("edge3", "edge3", "new") } else { one("edge3", "$edgeHub") };
        let (status, answer) = ask(&gateway, "edge3", operation, "", &body).await;
        assert_eq!(status, 403, "{operation}: {answer}");
    }
    gateway.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn modules_of_a_durable_registry_are_managed_by_the_same_rules() {
    let gateway = gateway_with(|dev, config| {
        let place = StorePlace::Sqlite(dev.file("hub.db"));
        config.store = Some(StoreConfig { place, key_file: None, authorities: None });
    })
    .await;
    let written = put("leaf;edge1", "leaf", "new");
    let change = |scope: &str| {
        let scope = format!("ms-azure-iot-edge://{scope}-1");
        json!({ "deviceId": "leaf", "status": "enabled", "deviceScope": scope }).to_string()
    };
    for _ in 0..2 {
        assert_eq!(ask(&gateway, "edge1", PUT, "", &written).await.0, 200);
        let (status, changed) = ask(&gateway, "edge1", PUT, "If-Match: *\r\n", &written).await;
        assert_eq!(status, 200, "{changed}");
        assert_eq!(ask(&gateway, "edge1", DELETE, "", &one("leaf;edge1", "new")).await.0, 204);
        // a device that moved away, and came back with another etag
        for (edge, status) in [("edge3", 403), ("edge1", 200)] {
            let moved = gateway.owner("PUT /devices/leaf", "If-Match: *\r\n", &change(edge)).await;
            assert_eq!(moved.0, 200, "{}", moved.1);
            let (got, answer) = ask(&gateway, "edge1", GET, "", &one("leaf;edge1", "mod")).await;
            assert_eq!(got, status, "{answer}");
        }
    }
    assert!(gateway.server.shutdown().await);
}
