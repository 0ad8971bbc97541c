//! No secret that a peer sends in a wrong field is logged, at any level and by any crate, or returned in an answer.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use common::client::{ask, connect, publish, subscribe};
use common::{Gateway, USERNAME};
use hubward_testkit::echo;

#[tokio::test]
async fn secrets_in_wrong_fields_are_not_logged() {
    let gateway = Gateway::with(|_, config| {
        config.limits.refusal_delay = core::time::Duration::ZERO;
    })
    .await;
    let secret = echo::secret();
    for (name, text) in echo::copied() {
        for packet in [
            connect(&text, USERNAME, Some("x"), None),
            connect("dev1", &text, Some("x"), None),
            connect("dev1", &format!("localhost/{text}/?api-version=2021-04-12"), Some("x"), None),
            connect("dev1", USERNAME, Some(&text), Some(&text)),
        ] {
            ask(&mut gateway.mqtt().await, &packet).await;
        }
        // requests of an authenticated device
        for topic in [text.clone(), format!("devices/{text}/messages/events/")] {
            ask(&mut gateway.dev1().await, &publish(&topic, 1, b"x")).await;
            ask(&mut gateway.dev1().await, &subscribe(&[&topic])).await;
        }
        let header = text.replace('\n', " ");
        let (_, body) = gateway.http("GET /devices/dev1", &format!("Authorization: {header}\r\n"), "").await;
        assert_eq!(secret.found_in(&body), None, "{name}: {body}");
        if !text.contains([' ', '\n']) {
            for path in [format!("/devices/{text}"), format!("/{text}"), format!("/devices?{text}=1")] {
                let (_, body) = gateway.owner(&format!("GET {path}"), "", "").await;
                assert_eq!(secret.found_in(&body), None, "{name}: {body}");
            }
            let (_, body) = gateway.owner("PUT /devices/dev1", "If-Match: *\r\n", &text).await;
            assert_eq!(secret.found_in(&body), None, "{name}: {body}");
        }
        for line in gateway.log.lines() {
            assert_eq!(secret.found_in(&line), None, "{name}: {line}");
        }
    }
    gateway.end().await;
}
