//! HTTPS: the gateway decides on the head of a request, and answers with the hub's codes.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
use common::*;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn device(primary: &str) -> String {
    let keys = json!({ "primaryKey": primary, "secondaryKey": KEY });
    json!({ "status": "enabled", "authentication": { "type": "sas", "symmetricKey": keys } }).to_string()
}

fn code(body: &str) -> u64 {
    serde_json::from_str::<Value>(body).unwrap()["errorCode"].as_u64().unwrap()
}

#[tokio::test]
async fn identities_are_created_changed_and_deleted() {
    let gateway = Gateway::start().await;
    let (status, body) = gateway.owner("PUT /devices/pump%207?api-version=1", "", &device(KEY)).await;
    assert_eq!((status, code(&body)), (501, 501_001), "an id has no space: there is no such path");
    for (request, headers, body, status, expected) in [
        ("GET /devices/pump-7", "", "", 404, Some(404_001)),
        ("PUT /devices/pump-7", "", &*device(KEY), 200, None),
        ("PUT /devices/pump-7", "", &*device(KEY), 409, Some(409_001)),
        ("PUT /devices/pump-7", "If-Match: \"0000000000000000\"\r\n", &*device(KEY), 412, Some(412_001)),
        ("PUT /devices/pump-8", "If-Match: *\r\n", &*device(KEY), 404, Some(404_001)),
        ("PUT /devices/pump-8", "", &*device("short"), 400, Some(400_004)),
        ("PUT /devices/pump-8", "", "{", 400, Some(400_004)),
        ("PUT /devices/pump-8", "", " [\"pump-8\"]", 400, Some(400_004)),
        ("PUT /devices/pump-8", "", "{\"deviceId\":\"pump-9\"}", 400, Some(400_004)),
        ("GET /devices/pump-8", "", "", 404, Some(404_001)),
        ("PUT /devices/pump-8/modules/m", "", "{}", 404, Some(404_001)),
        ("PUT /devices/pump-7/modules/m", "", "{\"moduleId\":\"m\"}", 200, None),
        ("PUT /devices/pump-7/modules/m", "", "{}", 409, Some(409_301)),
        ("GET /devices/pump-7/modules/n", "", "", 404, Some(404_010)),
        ("DELETE /devices/pump-7", "If-Match: \"other\"\r\n", "", 412, Some(412_001)),
        ("DELETE /devices/pump-7", "If-Match: \"*\"\r\n", "", 204, None),
        ("GET /devices/pump-7/modules/m", "", "", 404, Some(404_010)),
    ] {
        let (answer, text) = gateway.owner(request, headers, body).await;
        assert_eq!(answer, status, "{request}: {text}");
        assert_eq!(expected, expected.map(|_| code(&text)), "{request}");
    }
    gateway.end().await;
}

#[tokio::test]
async fn a_record_is_returned_as_it_was_written() {
    let gateway = Gateway::start().await;
    let (_, written) = gateway.owner("PUT /devices/a%2Bb", "", &device(KEY)).await;
    let (_, read) = gateway.owner("GET /devices/a%2Bb", "", "").await;
    assert_eq!(written, read);
    let record: Value = serde_json::from_str(&read).unwrap();
    assert_eq!((&record["deviceId"], &record["status"]), (&json!("a+b"), &json!("enabled")));
    assert_eq!(record["authentication"]["symmetricKey"], json!({ "primaryKey": KEY, "secondaryKey": KEY }));
    assert_eq!(record["connectionState"], "Disconnected");
    let etag = format!("If-Match: \"{}\"\r\n", record["etag"].as_str().unwrap());
    let disabled = json!({ "status": "disabled", "statusReason": "lent" }).to_string();
    let (status, body) = gateway.owner("PUT /devices/a%2Bb", &etag, &disabled).await;
    let changed: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &changed["statusReason"]), (200, &json!("lent")));
    assert_eq!(changed["authentication"], record["authentication"], "an absent field is unchanged");
    assert_eq!(gateway.owner("PUT /devices/a%2Bb", &etag, &disabled).await.0, 412, "the version has changed");
    gateway.end().await;
}

#[tokio::test]
async fn lists_bulk_requests_and_statistics() {
    let gateway = Gateway::start().await;
    let ids = |body: &str| -> Vec<String> {
        let list: Vec<Value> = serde_json::from_str(body).unwrap();
        list.iter().map(|it| it["moduleId"].as_str().or(it["deviceId"].as_str()).unwrap().into()).collect()
    };
    assert_eq!(
        ids(&gateway.owner("GET /devices/?top=5&api-version=1", "", "").await.1),
        ["dev1", "dev-x509"]
    );
    assert_eq!(ids(&gateway.owner("GET /devices?top=1", "", "").await.1), ["dev1"]);
    assert_eq!(gateway.owner("GET /devices?top=0", "", "").await.0, 400);
    assert_eq!(ids(&gateway.owner("GET /devices/dev1/modules", "", "").await.1), ["mod1"]);
    let lines = json!([
        { "id": "x", "importMode": "create", "status": "enabled" },
        { "id": "dev1", "importMode": "create", "status": "enabled" },
        { "id": "dev-x509", "importMode": "delete" },
    ]);
    let (status, body) = gateway.owner("POST /devices", "", &lines.to_string()).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["isSuccessful"]), (400, &json!(false)));
    let errors = json!([
        { "deviceId": "dev1", "moduleId": null, "errorCode": 409_001, "errorStatus": "DeviceAlreadyExists" },
    ]);
    assert_eq!(body["errors"], errors, "the other lines are applied");
    let twice = json!([{ "id": "y", "status": "enabled" }, { "id": "y", "status": "enabled" }]);
    assert_eq!(gateway.owner("POST /devices", "", &twice.to_string()).await.0, 400);
    let many: Vec<_> = (0..101).map(|n| json!({ "id": format!("d{n}"), "status": "enabled" })).collect();
    assert_eq!(gateway.owner("POST /devices", "", &json!(many).to_string()).await.0, 400);
    assert_eq!(gateway.owner("POST /devices", "", &json!(many[..100]).to_string()).await.0, 200);
    let (_, body) = gateway.owner("GET /statistics/devices", "", "").await;
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["totalDeviceCount"], 102);
    // a device has at most 50 modules, one of them is `mod1`
    let modules: Vec<_> = (0..51).map(|n| json!({ "id": "dev1", "moduleId": format!("m{n}") })).collect();
    let (status, body) = gateway.owner("POST /devices", "", &json!(modules).to_string()).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    let refused: Vec<&Value> = body["errors"].as_array().unwrap().iter().map(|it| &it["moduleId"]).collect();
    assert_eq!((status, refused), (400, vec![&json!("m49"), &json!("m50")]));
    assert_eq!(ids(&gateway.owner("GET /devices/dev1/modules", "", "").await.1).len(), 50);
    // those that exist may be changed, and deleted
    let again = json!([
        { "id": "dev1", "moduleId": "m0" },
        { "id": "dev1", "moduleId": "m1", "importMode": "delete" },
        { "id": "dev1", "moduleId": "m50" },
    ]);
    assert_eq!(gateway.owner("POST /devices", "", &again.to_string()).await.0, 200);
    gateway.end().await;
}

#[tokio::test]
async fn services_leave_out_statuses_and_send_empty_keys() {
    let gateway = Gateway::start().await;
    let sas = json!({ "type": "sas", "symmetricKey": { "primaryKey": "", "secondaryKey": "" } });
    let device = json!({ "deviceId": "a", "authentication": sas });
    assert_eq!(gateway.owner("PUT /devices/a", "", &device.to_string()).await.0, 200);
    let disabled = json!({ "deviceId": "b", "status": "disabled", "authentication": sas });
    assert_eq!(gateway.owner("PUT /devices/b", "", &disabled.to_string()).await.0, 200);
    let lines = json!([
        { "id": "c", "importMode": "create", "authentication": sas },
        { "id": "b", "importMode": "update", "statusReason": "x" },
        { "id": "a", "importMode": "Delete" },
    ]);
    let (status, body) = gateway.owner("POST /devices", "", &lines.to_string()).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(gateway.owner("GET /devices/a", "", "").await.0, 404);
    for (id, status) in [("b", "disabled"), ("c", "enabled")] {
        let (_, body) = gateway.owner(&format!("GET /devices/{id}"), "", "").await;
        let record: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(record["status"], status, "{id}");
        let key = record["authentication"]["symmetricKey"]["primaryKey"].as_str().unwrap();
        assert_eq!(key.len(), 44, "the hub generates 32 bytes");
    }
    let (status, body) = gateway.owner("GET /statistics/service", "", "").await;
    assert_eq!((status, body.as_str()), (200, "{\"connectedDeviceCount\":0}"));
    gateway.end().await;
}

#[tokio::test]
async fn refusals_have_the_codes_of_a_hub() {
    let gateway = Gateway::start().await;
    let header = |token: String| format!("Authorization: {token}\r\n");
    let by = |policy: &str| header(gateway.policy_token(policy));
    let twice = by("iothubowner") + &by("iothubowner");
    for (request, headers, status, expected) in [
        ("GET /devices/dev1", String::new(), 401, 401_003),
        ("GET /devices/ghost", String::new(), 401, 401_003),
        ("GET /devices/dev1", header("Bearer a.b.c".into()), 401, 401_003),
        ("GET /devices/dev1", header("hunter2".into()), 401, 401_003),
        ("GET /devices/dev1", twice, 401, 401_003),
        ("GET /devices/dev1", by("iothubowner") + "Host: elsewhere\r\n", 401, 401_003),
        ("GET /devices/dev1", by("device"), 403, 401_002),
        ("GET /devices/ghost", by("device"), 403, 401_002),
        ("DELETE /devices/dev1", by("registryRead"), 403, 401_002),
        ("GET /devices/dev1", header(gateway.token()), 403, 401_002),
        ("GET /twins/dev1", by("registryRead"), 403, 401_002),
        ("GET /twins/dev1", by("service"), 501, 501_001),
        ("GET /no/such/thing", by("service"), 501, 501_001),
        ("GET /no/such/thing", String::new(), 401, 401_003),
    ] {
        let (answer, text) = gateway.http(request, &headers, "").await;
        assert_eq!((answer, code(&text)), (status, expected), "{request} {headers}");
    }
    assert_eq!(gateway.http("GET /healthz", "", "").await, (200, "ok\n".into()));
    let metrics = gateway.server.metrics();
    assert!(
        metrics.contains(
            "hubward_decisions_total{transport=\"https\",verdict=\"deny\",code=\"missing-right\"} 5"
        ),
        "{metrics}"
    );
    gateway.end().await;
}

#[tokio::test]
async fn a_device_sends_telemetry_for_itself_only() {
    let gateway = Gateway::start().await;
    let own = format!("Authorization: {}\r\n", gateway.token());
    let events = "POST /devices/dev1/messages/events?api-version=1";
    assert_eq!(gateway.http(events, &own, "hello").await.0, 204);
    // the token is right, and the path is another device's
    assert_eq!(gateway.http("POST /devices/dev2/messages/events", &own, "hello").await.0, 403);
    let long = "x".repeat(256 * 1024);
    assert_eq!(gateway.http(events, &own, &long).await.0, 204);
    assert_eq!(gateway.http(events, &own, &(long + "x")).await.0, 413);
    assert_eq!(gateway.counter("hubward_messages_total"), 2);

    let file = |ending| gateway.dev.file(&format!("dev-x509.{ending}"));
    let tls = client::tls(&gateway.dev.file("ca.pem"), Some((&file("pem"), &file("key"))));
    let own_endpoint = "POST /devices/dev-x509/messages/events";
    assert_eq!(gateway.http_over(&tls, own_endpoint, "", "hello").await.0, 204);
    assert_eq!(gateway.http_over(&tls, events, "", "hello").await.0, 401, "the certificate is not dev1's");
    assert_eq!(
        gateway.http_over(&tls, events, &own, "hello").await.0,
        401,
        "a token and a certificate together"
    );
    assert_eq!(gateway.http_over(&tls, "GET /devices/dev-x509", "", "").await.0, 401);
    gateway.end().await;
}

#[tokio::test]
async fn a_session_that_ends_before_the_body_arrives_changes_nothing() {
    let gateway = Gateway::start().await;
    let tls = client::tls(&gateway.dev.file("ca.pem"), None);
    let mut stream = client::dial(&tls, gateway.server.https().unwrap()).await.unwrap();
    let (token, body) = (gateway.policy_token("iothubowner"), device(KEY));
    let head = format!(
        "PUT /devices/late HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Authorization: {token}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    while !gateway.log.has("identity.write") {
        tokio::task::yield_now().await;
    }
    // replace the policy's keys
    let file = gateway.dev.file("policies.json");
    let mut policies: Vec<Value> = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let owner = policies.iter_mut().find(|policy| policy["keyName"] == "iothubowner").unwrap();
    (owner["primaryKey"], owner["secondaryKey"]) = (json!(KEY), json!(KEY));
    std::fs::write(&file, json!(policies).to_string()).unwrap();
    gateway.server.reload().unwrap();

    stream.write_all(body.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.starts_with(b"HTTP/1.1 401 "), "{}", String::from_utf8_lossy(&answer));
    assert!(gateway.log.last().contains("rule=\"session\""), "{}", gateway.log.last());
    assert_eq!(gateway.owner("GET /devices/late", "", "").await.0, 404);
    gateway.end().await;
}

#[tokio::test]
async fn a_key_in_place_of_an_id_is_not_logged() {
    let gateway = Gateway::start().await;
    assert_eq!(gateway.http(&format!("POST /devices/{KEY}/messages/events"), "", "").await.0, 401);
    assert!(gateway.log.has("HTTP events.send") && !gateway.log.has(KEY), "{}", gateway.log.last());
    gateway.end().await;
}

#[tokio::test]
async fn a_write_without_a_status_does_not_enable_a_disabled_device() {
    let gateway = Gateway::start().await;
    let disabled = json!({ "status": "disabled", "statusReason": "lent" }).to_string();
    assert_eq!(gateway.owner("PUT /devices/dev1", "If-Match: *\r\n", &disabled).await.0, 200);
    let read = async || {
        let (_, body) = gateway.owner("GET /devices/dev1", "", "").await;
        let record: Value = serde_json::from_str(&body).unwrap();
        let text = |name: &str| record[name].as_str().unwrap().to_owned();
        (text("status"), text("etag"))
    };
    let keys = json!({ "type": "sas", "symmetricKey": { "primaryKey": KEY, "secondaryKey": KEY } });
    for body in [
        json!({}),
        json!({ "status": null }),
        json!({ "Status": "enabled" }),
        json!({ "deviceId": "dev1", "authentication": keys }),
        json!({ "authentication": { "type": "certificateAuthority" } }),
        json!({ "capabilities": { "iotEdge": true } }),
        json!({ "statusReason": null }),
    ] {
        let body = body.to_string();
        for by_etag in [false, true] {
            let if_match = if by_etag { format!("\"{}\"", read().await.1) } else { "*".to_owned() };
            let if_match = format!("If-Match: {if_match}\r\n");
            let (status, answer) = gateway.owner("PUT /devices/dev1", &if_match, &body).await;
            assert_eq!(status, 200, "{answer}");
            assert_eq!(read().await.0, "disabled", "{body}");
            gateway.owner("PUT /devices/dev1/modules/mod1", "If-Match: *\r\n", &body).await;
            assert_eq!(read().await.0, "disabled", "{body}");
        }
        assert_eq!(gateway.owner("PUT /devices/dev1", "", &body).await.0, 409);
        for mode in ["createOrUpdate", "create", "update", "createOrUpdateIfMatchETag"] {
            let mut line: Value = serde_json::from_str(&body).unwrap();
            (line["id"], line["importMode"], line["eTag"]) =
                (json!("dev1"), json!(mode), json!(read().await.1));
            gateway.owner("POST /devices", "", &json!([line]).to_string()).await;
            assert_eq!(read().await.0, "disabled", "{line}");
        }
    }
    // the file, read again with an unchanged device and a new module
    let file = gateway.dev.file("devices.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}\n{{\"id\":\"dev1\",\"moduleId\":\"new\"}}\n")).unwrap();
    assert_eq!(gateway.server.reload().unwrap().set, 1);
    assert_eq!(read().await.0, "disabled");
    let enabled = json!({ "status": "enabled" }).to_string();
    assert_eq!(gateway.owner("PUT /devices/dev1", "If-Match: *\r\n", &enabled).await.0, 200);
    assert_eq!(read().await.0, "enabled", "an explicit status applies");
    gateway.end().await;
}
