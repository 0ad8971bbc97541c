//! The console: who may read it, and that it changes nothing.
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

use common::amqp::Amqp;
use common::client::*;
use common::*;
use hubward::Client;
use hubward::types::DeviceId;
use hubward_gateway::{Config, ConsoleAddress, Dev};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A client id that would be a script if a page inserted it as HTML.
const HOSTILE: &str = "<img src=x onerror=alert(1)>";

/// A key that no policy and no device has.
const NO_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

async fn gateway() -> Gateway {
    Gateway::with(with_console).await
}

fn with_console(_: &Dev, config: &mut Config) {
    config.console = Some("127.0.0.1:0".parse().unwrap());
    config.amqps = Some("127.0.0.1:0".into());
}

/// Sends a request, and returns its status, its head and its body.
async fn send(gateway: &Gateway, request: &str, headers: &str, body: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(gateway.server.console().unwrap()).await.unwrap();
    let text = format!("{request} HTTP/1.1\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len());
    // a refused request may be answered before its body is read
    let _ = stream.write_all(text.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, head.to_lowercase(), body.to_owned())
}

fn own(gateway: &Gateway) -> String {
    gateway.server.console().unwrap().to_string()
}

/// Reads with a token, as the page does.
async fn get(gateway: &Gateway, path: &str, token: &str) -> (u16, Value) {
    let headers = format!("Host: {}\r\nAuthorization: {token}\r\n", own(gateway));
    let (status, _, body) = send(gateway, &format!("GET {path}"), &headers, "").await;
    (status, serde_json::from_str(&body).unwrap_or_default())
}

async fn explain(gateway: &Gateway, pasted: &Value) -> (u16, Value) {
    let token = gateway.policy_token("iothubowner");
    let headers =
        format!("Host: {}\r\nAuthorization: {token}\r\nContent-Type: application/json\r\n", own(gateway));
    let (status, _, body) = send(gateway, "POST /api/explain", &headers, &pasted.to_string()).await;
    (status, serde_json::from_str(&body).unwrap_or_default())
}

#[tokio::test]
async fn only_a_token_with_both_rights_reads() {
    let gateway = gateway().await;
    let headers = format!("Host: {}\r\n", own(&gateway));
    for path in ["/api/refusals", "/api/sessions", "/api/rates"] {
        let (status, head, body) = send(&gateway, &format!("GET {path}"), &headers, "").await;
        assert_eq!(status, 401, "{path}: {body}");
        assert!(head.contains("www-authenticate: sharedaccesssignature"), "{head}");
        assert_eq!(get(&gateway, path, &gateway.policy_token("iothubowner")).await.0, 200, "{path}");
        // one right only: RegistryRead, and ServiceConnect
        for policy in ["registryRead", "service"] {
            let (status, told) = get(&gateway, path, &gateway.policy_token(policy)).await;
            assert_eq!((status, &told["code"]), (403, &json!("missing-right")), "{policy} {path}");
        }
        // a device's own token, a wrong signature, and no token at all
        let forged = gateway.policy_token("iothubowner").replace("sig=", "sig=A");
        for token in [gateway.token(), forged, "Bearer a.b.c".into(), String::new()] {
            let (status, _) = get(&gateway, path, &token).await;
            assert!(status == 401 || status == 403, "{status} {path}");
        }
    }
    let (status, _, _) = send(&gateway, "POST /api/explain", &headers, "{}").await;
    assert_eq!(status, 401);
    for (request, expected) in
        [("GET /", 200), ("GET /console.js", 200), ("GET /metrics", 404), ("PUT /api/rates", 404)]
    {
        assert_eq!(send(&gateway, request, &headers, "").await.0, expected, "{request}");
    }
    // none of it is a decision of the hub
    assert!(gateway.log.lines().is_empty(), "{:#?}", gateway.log.lines());
    gateway.end().await;
}

#[tokio::test]
async fn a_rolled_or_weakened_policy_is_refused_at_the_next_request() {
    let gateway = gateway().await;
    let token = gateway.policy_token("iothubowner");
    assert_eq!(get(&gateway, "/api/sessions", &token).await.0, 200);
    let policies = gateway.dev.file("policies.json");
    let text = std::fs::read_to_string(&policies).unwrap();
    let mut all: Value = serde_json::from_str(&text).unwrap();
    let of = |all: &Value| {
        all.as_array().unwrap().iter().position(|policy| policy["keyName"] == "iothubowner").unwrap()
    };
    let at = of(&all);
    all[at]["rights"] = json!("RegistryRead");
    std::fs::write(&policies, all.to_string()).unwrap();
    gateway.server.reload().unwrap();
    assert_eq!(get(&gateway, "/api/sessions", &token).await.0, 403);
    std::fs::write(&policies, text.replace(all[at]["primaryKey"].as_str().unwrap(), NO_KEY)).unwrap();
    gateway.server.reload().unwrap();
    assert_eq!(get(&gateway, "/api/sessions", &token).await.0, 401);
    std::fs::write(&policies, text).unwrap();
    gateway.server.reload().unwrap();
    assert_eq!(get(&gateway, "/api/sessions", &token).await.0, 200);
    gateway.end().await;
}

#[tokio::test]
async fn pages_of_other_sites_are_refused_before_the_token() {
    let gateway = gateway().await;
    let (own, token) = (own(&gateway), gateway.policy_token("iothubowner"));
    let port = gateway.server.console().unwrap().port();
    for (headers, expected) in [
        (format!("Host: {own}\r\n"), ""),
        (format!("Host: localhost:{port}\r\n"), ""),
        (format!("Host: {own}\r\nOrigin: http://{own}\r\nSec-Fetch-Site: same-origin\r\n"), ""),
        // DNS rebinding: another name leads here
        (format!("Host: rebound.example:{port}\r\n"), "foreign-host"),
        (
            format!("Host: rebound.example:{port}\r\nOrigin: http://rebound.example:{port}\r\n"),
            "foreign-host",
        ),
        ("Host: localhost\r\n".into(), "foreign-host"),
        (format!("Host: localhost:{}\r\n", port ^ 1), "foreign-host"),
        // another site's page
        (format!("Host: {own}\r\nOrigin: http://other.example\r\n"), "foreign-origin"),
        (format!("Host: {own}\r\nOrigin: null\r\n"), "foreign-origin"),
        (format!("Host: {own}\r\nOrigin: http://localhost:{port}\r\n"), "foreign-origin"),
        (format!("Host: {own}\r\nSec-Fetch-Site: cross-site\r\n"), "foreign-origin"),
    ] {
        for path in ["/", "/console.js", "/api/sessions"] {
            let all = format!("{headers}Authorization: {token}\r\n");
            let (status, _, body) = send(&gateway, &format!("GET {path}"), &all, "").await;
            assert_eq!(status, if expected.is_empty() { 200 } else { 403 }, "{headers} {path} {body}");
            assert!(body.contains(expected), "{headers} {path} {body}");
        }
    }
    gateway.end().await;
}

#[tokio::test]
async fn each_answer_has_the_headers_of_a_closed_page() {
    let gateway = gateway().await;
    let host = format!("Host: {}\r\n", own(&gateway));
    for (request, headers) in [
        ("GET /", &*host),
        ("GET /console.css", &host),
        ("GET /api/rates", &host),
        ("GET /none", &host),
        ("GET /", ""),
    ] {
        let (_, head, _) = send(&gateway, request, headers, "").await;
        for expected in [
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';",
            "form-action 'none'; frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cache-control: no-store",
            "cross-origin-resource-policy: same-origin",
        ] {
            assert!(head.contains(expected), "{request}: {expected}\n{head}");
        }
        assert!(!head.contains("unsafe") && !head.contains("access-control") && !head.contains("set-cookie"));
    }
    gateway.end().await;
}

#[test]
fn the_page_has_no_inline_script_and_inserts_text_only() {
    let page = include_str!("../src/console/page/index.html");
    let script = include_str!("../src/console/page/console.js");
    for sink in [
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "document.write",
        "eval(",
        "Function(",
        "DOMParser",
        "srcdoc",
        "localStorage",
        "sessionStorage",
        "indexedDB",
        "document.cookie",
        "location",
        "postMessage",
        "import(",
    ] {
        assert!(!script.contains(sink), "{sink}");
    }
    for inline in ["style=", " onclick", " onload", "javascript:", "<style", "http://", "https://"] {
        assert!(!page.contains(inline), "{inline}");
    }
    assert_eq!(page.matches("<script").count(), 1);
    // the only address of another origin is the name of a namespace
    assert_eq!(script.matches("://").count(), 1);
    assert!(script.contains("\"http://www.w3.org/2000/svg\""));
}

#[tokio::test]
async fn a_refusal_is_shown_with_the_sentence_of_the_log() {
    let gateway = gateway().await;
    let token = gateway.policy_token("iothubowner");
    let (_, empty) = get(&gateway, "/api/refusals", &token).await;
    assert_eq!(empty, json!({ "changes": 0, "refusals": [] }));
    let mut stream = gateway.mqtt().await;
    let password = dev1_token(&key(NO_KEY), now() + 60);
    assert_eq!(ask(&mut stream, &connect("dev1", USERNAME, Some(&password), None)).await, connack(5));
    let (_, told) = get(&gateway, "/api/refusals?since=0", &token).await;
    let refused = &told["refusals"][0];
    let line = gateway.log.last();
    for (name, expected) in
        [("who", "device dev1"), ("what", "MQTT connect"), ("code", "token-wrong-signature")]
    {
        assert_eq!(refused[name], expected, "{told}");
    }
    for name in ["sentence", "code", "peer", "rule"] {
        let text = refused[name].as_str().unwrap();
        assert!(!text.is_empty() && line.contains(text), "{name}: {text} is not in {line}");
    }
    let changes = told["changes"].as_u64().unwrap();
    assert_eq!(get(&gateway, &format!("/api/refusals?since={changes}"), &token).await.0, 204);

    // a denied operation has a sentence in the log too, and a hint at once
    let mut device = gateway.dev1().await;
    assert_eq!(ask(&mut device, &publish("devices/dev2/messages/events/", 1, b"")).await, None);
    let (_, told) = get(&gateway, "/api/refusals", &token).await;
    let refused = &told["refusals"][0];
    assert_eq!(refused["code"], "identity-mismatch", "{told}");
    assert!(refused["hint"]["sentence"].as_str().is_some_and(|hint| !hint.is_empty()), "{told}");
    let line = gateway.log.last();
    assert!(line.contains(refused["sentence"].as_str().unwrap()), "{line}");
    // what is not an id is not shown at all
    let mut device = gateway.dev1().await;
    let topic = format!("devices/{HOSTILE}/messages/events/");
    assert_eq!(ask(&mut device, &publish(&topic, 1, b"")).await, None);
    let (_, told) = get(&gateway, "/api/refusals", &token).await;
    assert_eq!(told["refusals"][0]["code"], "unknown-operation", "{told}");
    assert!(!told.to_string().contains('<'), "{told}");
    let mut stream = gateway.mqtt().await;
    let username = format!("localhost/{HOSTILE}/?api-version=2021-04-12");
    assert!(ask(&mut stream, &connect(HOSTILE, &username, Some(&password), None)).await.is_some());
    let (_, told) = get(&gateway, "/api/refusals", &token).await;
    assert_eq!(told["refusals"][0]["who"], "unknown peer");
    assert!(!told["refusals"][0].to_string().contains('<'), "{told}");
    let headers = format!("Host: {}\r\nAuthorization: {token}\r\n", own(&gateway));
    let (_, head, _) = send(&gateway, "GET /api/refusals", &headers, "").await;
    assert!(head.contains("content-type: application/json"), "{head}");
    gateway.end().await;
}

#[tokio::test]
async fn connections_are_listed_with_their_credentials_until_they_end() {
    let gateway = gateway().await;
    let token = gateway.policy_token("iothubowner");
    let expires = now() + 3600;
    let mut device = gateway.mqtt().await;
    let connected = connect("dev1", USERNAME, Some(&gateway.token_until(expires)), None);
    assert_eq!(ask(&mut device, &connected).await, connack(0));
    let mut by_certificate = gateway.mqtt_with("dev-x509").await;
    let connected = connect("dev-x509", "localhost/dev-x509/?api-version=2021-04-12", None, None);
    assert_eq!(ask(&mut by_certificate, &connected).await, connack(0));
    let service = gateway.amqp_service().await;
    let (_, told) = get(&gateway, "/api/sessions", &token).await;
    let of = |who: &str| {
        let all = told["sessions"].as_array().unwrap();
        all.iter().find(|session| session["who"] == who).unwrap_or_else(|| panic!("{who} in {told}")).clone()
    };
    assert_eq!(told["connections"], 3);
    assert_eq!(of("device dev1")["credential"], "a token of its own");
    assert_eq!(of("device dev1")["transport"], "MQTT");
    assert!(of("device dev1")["until"].as_str().unwrap().ends_with('Z'));
    assert_eq!(of("device dev-x509")["credential"], "a certificate of an authority");
    let all = told["sessions"].as_array().unwrap();
    assert!(all.iter().any(|session| session["transport"] == "AMQP"), "{told}");
    let (_, rates) = get(&gateway, "/api/rates", &token).await;
    assert_eq!((&rates["hub"], &rates["identities"]), (&json!("localhost"), &json!(2)));
    drop(service);
    device.write_all(&DISCONNECT).await.unwrap();
    device.flush().await.unwrap();
    assert_eq!(answer(&mut device).await, None);
    while get(&gateway, "/api/sessions", &token).await.1["connections"] != 1 {
        tokio::task::yield_now().await;
    }
    gateway.end().await;
}

#[tokio::test]
async fn a_connection_with_many_identities_is_listed_with_a_few_of_them() {
    let gateway = gateway().await;
    let mut connection = Amqp::open(gateway.amqp_stream().await, None).await.unwrap();
    let mut cbs = connection.cbs().await;
    for n in 0..10 {
        let id = format!("d{n}");
        let body = json!({ "deviceId": id, "status": "enabled" }).to_string();
        let (_, record) = gateway.owner(&format!("PUT /devices/{id}"), "", &body).await;
        let record: Value = serde_json::from_str(&record).unwrap();
        let own = key(record["authentication"]["symmetricKey"]["primaryKey"].as_str().unwrap());
        let client = Client::device(host(), DeviceId::parse(&id).unwrap());
        let token = client.token(at(now() + 600)).sign(&own).to_string();
        assert_eq!(cbs.put(&format!("localhost/devices/{id}"), &token).await, 200);
    }
    let (_, told) = get(&gateway, "/api/sessions", &gateway.policy_token("iothubowner")).await;
    let more: Vec<_> = told["sessions"].as_array().unwrap().iter().map(|one| one["more"].clone()).collect();
    assert_eq!((&told["connections"], more), (&json!(1), vec![json!(0), json!(0), json!(0), json!(6)]));
    gateway.end().await;
}

#[tokio::test]
async fn an_explanation_is_the_verdict_of_a_connect_and_leaves_no_trace() {
    let gateway = gateway().await;
    let mut device = gateway.dev1().await;
    let (lines, metrics) = (gateway.log.lines(), gateway.server.metrics());
    let connect = |password: &str| json!({ "kind": "mqtt", "clientId": "dev1", "username": USERNAME, "password": password });
    let (status, told) = explain(&gateway, &connect(&gateway.token())).await;
    assert_eq!((status, &told["verdict"]), (200, &json!("allow")), "{told}");
    assert_eq!(told["who"], "device dev1");
    assert_eq!(told["credential"], "a token of its own");
    let (_, told) = explain(&gateway, &connect(&format!("\"{}\"", gateway.token()))).await;
    assert_eq!((&told["verdict"], &told["hint"]["code"]), (&json!("deny"), &json!("quoted")), "{told}");
    // the module of another device, and a name that is hostile
    let (_, told) = explain(&gateway, &connect(&gateway.module_token())).await;
    assert_eq!(told["verdict"], "deny", "{told}");
    let hostile = json!({ "kind": "mqtt", "clientId": HOSTILE, "username": USERNAME });
    let (status, told) = explain(&gateway, &hostile).await;
    assert_eq!((status, &told["code"]), (200, &json!("client-id")), "{told}");
    // a request, and a denial by its endpoint
    let request = |line: &str, token: &str| {
        let request = format!("{line} HTTP/1.1\nHost: localhost\nAuthorization: {token}\n");
        json!({ "kind": "http", "request": request })
    };
    let (_, told) =
        explain(&gateway, &request("GET /devices/dev1", &gateway.policy_token("registryRead"))).await;
    assert_eq!((&told["verdict"], &told["rule"]), (&json!("allow"), &json!("identity.read")), "{told}");
    let (_, told) =
        explain(&gateway, &request("DELETE /devices/dev1", &gateway.policy_token("registryRead"))).await;
    assert_eq!((&told["verdict"], &told["code"]), (&json!("deny"), &json!("missing-right")), "{told}");
    assert!(told["sentence"].as_str().unwrap().contains("RegistryWrite"), "{told}");
    let pem = std::fs::read_to_string(gateway.dev.file("dev-x509.pem")).unwrap();
    let certificate = json!({
        "kind": "mqtt", "clientId": "dev-x509", "username": "localhost/dev-x509/?api-version=2021-04-12",
        "certificates": pem,
    });
    let (_, told) = explain(&gateway, &certificate).await;
    assert_eq!(told["verdict"], "allow", "{told}");
    let sasl = json!({ "kind": "amqp", "username": "dev1@sas.localhost", "password": gateway.token() });
    assert_eq!(explain(&gateway, &sasl).await.1["verdict"], "allow");

    // dev1 is connected as before: no seat was taken, nothing was logged, counted or listed
    assert_eq!(ask(&mut device, &PINGREQ).await, Some(PINGRESP));
    assert_eq!(gateway.log.lines(), lines);
    assert_eq!(gateway.server.metrics(), metrics);
    let (_, told) = get(&gateway, "/api/sessions", &gateway.policy_token("iothubowner")).await;
    assert_eq!(told["connections"], 1);
    gateway.end().await;
}

#[tokio::test]
async fn explanations_are_bounded_in_size_form_and_rate() {
    let gateway = gateway().await;
    let (status, _) =
        explain(&gateway, &json!({ "kind": "mqtt", "clientId": "x".repeat(70_000), "username": "" })).await;
    assert_eq!(status, 413);
    let secret = "SharedAccessSignature sr=x&sig=abcdefghijklmnop";
    for wrong in
        [json!({ "kind": secret }), json!([secret]), json!({ "kind": "http", "request": secret, "more": 1 })]
    {
        let (status, told) = explain(&gateway, &wrong).await;
        assert_eq!(status, 400);
        assert!(!told.to_string().contains("abcdefgh"), "{told}");
    }
    // a form of another page cannot send JSON
    let token = gateway.policy_token("iothubowner");
    let headers =
        format!("Host: {}\r\nAuthorization: {token}\r\nContent-Type: text/plain\r\n", own(&gateway));
    let pasted = json!({ "kind": "mqtt", "clientId": "dev1", "username": USERNAME });
    assert_eq!(send(&gateway, "POST /api/explain", &headers, &pasted.to_string()).await.0, 415);
    let mut statuses = Vec::new();
    while statuses.last() != Some(&429) {
        statuses.push(explain(&gateway, &pasted).await.0);
        assert!(statuses.len() < 10_000, "no limit on the rate");
    }
    // reading is not limited by it
    assert_eq!(get(&gateway, "/api/rates", &token).await.0, 200);
    gateway.end().await;
}

#[test]
fn no_address_off_this_machine_is_accepted() {
    for address in ["0.0.0.0:9080", "[::]:9080", "192.0.2.1:9080", "hub.example:9080"] {
        let error = address.parse::<ConsoleAddress>().unwrap_err().to_string();
        assert!(error.contains("127.0.0.1:PORT"), "{error}");
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_hubward-gateway"))
            .args(["serve", "--dev", "--console", address])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8(output.stderr).unwrap().contains("--console"), "{address}");
    }
}
