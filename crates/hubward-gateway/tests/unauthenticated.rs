//! Peers that are not authenticated: they cannot exhaust the connections of devices, and nothing that they can read
//! reveals whether an identity exists.
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
use std::collections::BTreeMap;

use common::amqp::Amqp;
use common::client::*;
use common::frames::{SASL, plain};
use common::*;
use fe2o3_amqp::types::messaging::{ApplicationProperties, Body, Message};
use fe2o3_amqp::types::primitives::Value;
use hubward::Client;
use hubward::types::{DeviceId, ModuleId, PolicyName};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// A key that no identity has.
const WRONG: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

async fn gateway() -> Gateway {
    Gateway::with(|_, config| {
        config.amqps = Some("127.0.0.1:0".into());
        config.metrics = Some("127.0.0.1:0".into());
        config.limits.refusal_delay = Duration::ZERO;
    })
    .await
}

/// Reads all bytes until the gateway closes.
async fn all(mut stream: impl tokio::io::AsyncRead + Unpin) -> Vec<u8> {
    let mut answer = Vec::new();
    let read = async {
        let _ = stream.read_to_end(&mut answer).await;
    };
    timeout(Duration::from_secs(20), read).await.unwrap();
    answer
}

#[tokio::test]
async fn unauthenticated_connections_are_displaced() {
    let gateway = Gateway::with(|_, config| {
        config.amqps = Some("127.0.0.1:0".into());
        config.limits.max_connections = 6;
        config.limits.max_unproven = 4;
    })
    .await;
    let mut device = gateway.dev1().await;
    let mut idle = Vec::new();
    for n in 0..30 {
        let mut stream = match n % 3 {
            0 => gateway.mqtt().await,
            1 => gateway.amqp_stream().await,
            _ => {
                dial(&tls(&gateway.dev.file("ca.pem"), None), gateway.server.https().unwrap()).await.unwrap()
            }
        };
        // half a request, to stay connected
        stream.write_all(b"GET /healthz HTTP/1.1\r\n").await.unwrap();
        idle.push(stream);
    }
    let mut module = gateway.mqtt().await;
    let username = "localhost/dev1/mod1/?api-version=2021-04-12";
    let connect = connect("dev1/mod1", username, Some(&gateway.module_token()), None);
    assert_eq!(ask(&mut module, &connect).await, connack(0));
    assert_eq!(ask(&mut device, &publish(EVENTS, 1, b"x")).await, puback());
    assert!(gateway.counter("hubward_connections_crowded_out_total") >= 26);
    all(idle.remove(0)).await;
    gateway.end().await;
}

#[tokio::test]
async fn health_checks_and_refused_requests_do_not_keep_a_connection() {
    let gateway = Gateway::with(|_, config| config.limits.connect_timeout = Duration::from_millis(500)).await;
    let tls = tls(&gateway.dev.file("ca.pem"), None);
    let request = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let mut healthy = dial(&tls, gateway.server.https().unwrap()).await.unwrap();
    healthy.write_all(request("/healthz").as_bytes()).await.unwrap();
    assert!(all(healthy).await.ends_with(b"\r\n\r\nok\n"));
    // refused requests do not extend the time of a connection
    let mut refused = dial(&tls, gateway.server.https().unwrap()).await.unwrap();
    let mut answers = 0;
    let asked = async {
        let mut answer = [0; 4096];
        while refused.write_all(request("/devices/dev1").as_bytes()).await.is_ok()
            && matches!(
                timeout(Duration::from_millis(50), refused.read(&mut answer)).await,
                Ok(Ok(1..)) | Err(_)
            )
        {
            answers += 1;
        }
    };
    timeout(Duration::from_secs(30), asked).await.unwrap();
    assert!(answers > 1);
    gateway.end().await;
}

/// An identity that a peer probes for: its names over each transport, and a token signed with a wrong key.
struct Probe {
    what: &'static str,
    client_id: String,
    username: String,
    path: String,
    sasl: String,
    cbs: String,
    token: String,
}

fn probes() -> Vec<Probe> {
    let wrong = key(WRONG);
    let until = at(now() + 600);
    let of = |what, id: &str, module: Option<&str>| {
        let (device, name) = (DeviceId::parse(id).unwrap(), module.map(|it| format!("{id}/{it}")));
        let token = match module {
            None => Client::device(host(), device).token(until).sign(&wrong).to_string(),
            Some(module) => {
                let module = ModuleId::parse(module).unwrap();
                Client::module(host(), device, module).token(until).sign(&wrong).to_string()
            }
        };
        let client_id = name.unwrap_or_else(|| id.to_owned());
        let inner = module.map(|it| format!("/modules/{it}")).unwrap_or_default();
        Probe {
            what,
            username: format!("localhost/{client_id}/?api-version=2021-04-12"),
            client_id,
            path: format!("/devices/{id}{inner}/messages/events"),
            sasl: format!("{id}{inner}@sas.localhost"),
            cbs: format!("localhost/devices/{id}{inner}"),
            token,
        }
    };
    let policy = |what, name: &str| {
        let token = Client::service(host(), PolicyName::parse(name).unwrap()).token(until).sign(&wrong);
        Probe {
            what,
            client_id: "dev1".into(),
            username: USERNAME.into(),
            path: "/devices/dev1".into(),
            sasl: format!("{name}@sas.root.localhost"),
            cbs: "localhost/messages/devicebound".into(),
            token: token.to_string(),
        }
    };
    vec![
        of("an unknown device", "ghost", None),
        of("a wrong key", "dev1", None),
        of("a disabled device", "off1", None),
        of("a device with a thumbprint", "pin1", None),
        of("a device of an authority", "dev-x509", None),
        of("a module", "dev1", Some("mod1")),
        of("an unknown module", "dev1", Some("ghost")),
        policy("a policy", "service"),
        policy("an unknown policy", "ghosts"),
    ]
}

/// Returns an HTTP answer without its date.
async fn http(gateway: &Gateway, request: &str) -> String {
    let tls = tls(&gateway.dev.file("ca.pem"), None);
    let mut stream = dial(&tls, gateway.server.https().unwrap()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = String::from_utf8(all(stream).await).unwrap();
    answer.lines().filter(|line| !line.starts_with("date:")).collect::<Vec<_>>().join("\n")
}

/// Reads the metrics over HTTP.
async fn scraped(gateway: &Gateway) -> BTreeMap<String, f64> {
    let mut stream = tokio::net::TcpStream::connect(gateway.server.metrics_address().unwrap()).await.unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let answer = String::from_utf8(all(stream).await).unwrap();
    let lines = answer.split_once("\r\n\r\n").unwrap().1.lines().filter(|line| {
        // a handshake is before any name, and its time varies
        let time = ["hubward_handshake_seconds_bucket", "hubward_handshake_seconds_sum"];
        !line.starts_with('#') && !time.iter().any(|name| line.starts_with(name))
    });
    let values = lines.map(|line| line.rsplit_once(' ').unwrap());
    values.map(|(name, value)| (name.to_owned(), value.parse().unwrap())).collect()
}

/// Returns the bytes that a peer reads for one probe over each transport.
async fn reads(gateway: &Gateway, probe: &Probe) -> Vec<String> {
    let mut read = Vec::new();
    let mut mqtt = gateway.mqtt().await;
    mqtt.write_all(&connect(&probe.client_id, &probe.username, Some(&probe.token), None)).await.unwrap();
    read.push(format!("{:?}", all(mqtt).await));

    let request = format!(
        "POST {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: {}\r\n\r\n",
        probe.path, probe.token
    );
    read.push(http(gateway, &request).await);

    let mut sasl = gateway.amqp_stream().await;
    sasl.write_all(&[SASL, &plain(&probe.sasl, &probe.token)].concat()).await.unwrap();
    read.push(format!("{:?}", all(sasl).await));

    let mut amqp = Amqp::open(gateway.amqp_stream().await, None).await.unwrap();
    let mut cbs = amqp.cbs().await;
    let properties = ApplicationProperties::builder()
        .insert("operation", "put-token".to_owned())
        .insert("type", "servicebus.windows.net:sastoken".to_owned())
        .insert("name", probe.cbs.clone())
        .build();
    let put = Message::builder().application_properties(properties).value(probe.token.clone()).build();
    read.push(format!("{:?}", cbs.puts.send(put).await));
    let answer = cbs.answers.recv::<Body<Value>>().await.unwrap();
    cbs.answers.accept(&answer).await.unwrap();
    read.push(format!("{:?}", answer.into_message()));
    // a link of that identity, after the token was put
    let address = probe.cbs.split_once('/').map_or("", |(_, path)| path);
    read.push(format!("{:?}", amqp.sender(&format!("/{address}")).await.map(drop)));
    let _ = amqp.connection.close().await;

    for path in ["/healthz", "/metrics", "/no/such/thing"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        read.push(http(gateway, &request).await);
    }
    read
}

#[tokio::test]
async fn answers_and_metrics_do_not_reveal_whether_an_identity_exists() {
    let gateway = gateway().await;
    let disabled = json!({ "status": "disabled", "authentication": { "type": "sas" } });
    let thumbprint = "AB".repeat(32);
    let pinned = json!({ "status": "enabled", "authentication": {
        "type": "selfSigned",
        "x509Thumbprint": { "primaryThumbprint": thumbprint, "secondaryThumbprint": thumbprint },
    } });
    for (id, record) in [("off1", disabled), ("pin1", pinned)] {
        let (status, body) = gateway.owner(&format!("PUT /devices/{id}"), "", &record.to_string()).await;
        assert_eq!(status, 200, "{body}");
    }
    // once before, for metrics that exist only after the first probe
    reads(&gateway, &probes()[0]).await;
    let mut seen: Vec<(Vec<String>, BTreeMap<String, String>)> = Vec::new();
    for probe in probes() {
        let before = scraped(&gateway).await;
        let read = reads(&gateway, &probe).await;
        // wait until the connections of the probe have ended
        let open = async {
            while gateway.counter("hubward_connections_open") > 0 {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(20), open).await.unwrap();
        let after = scraped(&gateway).await;
        let changed = after.iter().map(|(name, value)| {
            (name.clone(), (value - before.get(name).copied().unwrap_or(0.0)).to_string())
        });
        let changed: BTreeMap<_, _> = changed.collect();
        let log = gateway.log.lines();
        assert!(log.iter().any(|line| line.contains("reason=")), "{log:#?}");
        assert_eq!(read[6..], reads(&gateway, &probes()[0]).await[6..], "{}", probe.what);
        assert_eq!(read[7], read[8], "this port serves no metrics");
        if let Some((first, counted)) = seen.first() {
            assert_eq!(&read, first, "{}", probe.what);
            assert_eq!(&changed, counted, "{}", probe.what);
        }
        seen.push((read, changed));
    }
    let refused =
        &seen[0].1["hubward_decisions_total{transport=\"mqtt\",verdict=\"deny\",code=\"unproven\"}"];
    assert_eq!(refused, "1");
    // the log has the true code
    for code in ["unknown", "token-wrong-signature", "not-by-token"] {
        assert!(gateway.log.has(&format!("code=\"{code}\"")), "{code}: {:#?}", gateway.log.lines());
    }
    gateway.end().await;
}

#[tokio::test]
async fn the_metrics_listener_serves_only_metrics() {
    let gateway = gateway().await;
    for (path, status) in [("/metrics", "200"), ("/healthz", "404"), ("/devices", "404")] {
        let address = gateway.server.metrics_address().unwrap();
        assert!(address.ip().is_loopback());
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream
            .write_all(
                format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes(),
            )
            .await
            .unwrap();
        let answer = String::from_utf8(all(stream).await).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
    }
    gateway.end().await;
}

#[tokio::test]
async fn a_subscribe_with_too_many_filters_ends_the_connection_without_a_decision() {
    let gateway = gateway().await;
    for (count, served) in [(32, true), (33, false), (20_000, false)] {
        let mut device = gateway.dev1().await;
        let before = gateway.log.lines().len();
        let answer = ask(&mut device, &subscribe(&vec!["#"; count])).await;
        assert_eq!(answer.is_some(), served);
        assert_eq!(gateway.log.lines().len() - before, if served { count } else { 0 });
    }
    gateway.end().await;
}

#[tokio::test]
async fn a_recheck_that_changes_nothing_is_not_logged() {
    let gateway = gateway().await;
    let mut device = gateway.amqp_dev1().await;
    let mut links = Vec::new();
    for _ in 0..20 {
        links.push(device.sender(amqp::SENDS).await.unwrap());
    }
    let before = gateway.log.lines().len();
    let (status, _) =
        gateway.owner("PUT /devices/other", "", "{\"authentication\":{\"type\":\"sas\"}}").await;
    assert_eq!(status, 200);
    for link in &mut links {
        link.send("x").await.unwrap();
    }
    assert_eq!(gateway.log.lines().len() - before, 21, "{:#?}", &gateway.log.lines()[before..]);
    gateway.end().await;
}

#[tokio::test]
async fn a_refusal_is_logged_with_its_reason_and_an_unknown_operation_redacted() {
    let gateway = gateway().await;
    let mut peer = gateway.mqtt().await;
    let wrong = dev1_token(&key(WRONG), now() + 600);
    assert_eq!(ask(&mut peer, &connect("dev1", USERNAME, Some(&wrong), None)).await, connack(5));
    let line = gateway.log.last();
    assert!(line.contains("code=\"token-wrong-signature\" reason=\""), "{line}");
    let mut device = gateway.dev1().await;
    assert_eq!(ask(&mut device, &publish(&format!("$iothub/twin/{WRONG}/x"), 1, b"x")).await, None);
    let line = gateway.log.last();
    assert!(line.contains("what=\"MQTT publish $iothub/twin/*/*\"") && !line.contains("AAAA"), "{line}");
    gateway.end().await;
}
