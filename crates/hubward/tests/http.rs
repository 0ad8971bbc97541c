//! HTTP requests with an `Authorization` header: the identity, and the decision on the request.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
use common::*;
use hubward::types::{Credential, Identity, IdentityRecord, Keys, LookupResult, RecordVersion, Status};
use hubward::{AuthError, Credentials};

const EVENTS: &str = "/devices/dev1/messages/events?api-version=2020-03-13";

fn by(name: &str, sr: &str) -> String {
    token(&format!("{HUB}{sr}"), &key(&format!("{name} primary")), NOW, Some(name))
}

fn allowed(result: Result<String, &'static str>) -> bool {
    result.unwrap().contains(" may HTTP ")
}

#[test]
fn device_sends_for_itself() {
    let hub = hub();
    assert!(allowed(hub.http("POST", EVENTS, &own_token("dev1"))));
    assert!(allowed(hub.http("POST", "/devices/a%2Bb/messages/events?api-version=1", &own_token("a+b"))));
    // the token names the caller, and the path another device
    let denied = hub.http("POST", EVENTS, &own_token("dev10")).unwrap();
    assert!(denied.starts_with("device `dev10` may not HTTP POST /devices/dev1/messages/events"), "{denied}");
    assert_eq!(hub.http("POST", EVENTS, &own_token("off")), Err("disabled"));
    assert_eq!(hub.http("POST", EVENTS, &own_token("ghost")), Err("unknown"));
}

#[test]
fn device_cannot_read_the_registry() {
    let hub = hub();
    let decision = hub.http("GET", "/devices/dev1?api-version=1", &own_token("dev1")).unwrap();
    assert!(decision.contains("may not HTTP GET /devices/dev1"), "{decision}");
    let decision = hub.http("DELETE", "/devices/dev10", &own_token("dev1")).unwrap();
    assert!(decision.contains("may not"), "{decision}");
}

#[test]
fn policy_has_its_permissions_within_its_resource() {
    let hub = hub();
    assert!(allowed(hub.http("GET", "/devices/dev1", &by("registryRead", ""))));
    assert!(!allowed(hub.http("PUT", "/devices/dev1", &by("registryRead", ""))));
    assert!(allowed(hub.http("PUT", "/devices/dev1", &by("iothubowner", ""))));
    assert!(allowed(hub.http("GET", "/devices/dev1", &by("registryRead", "/devices/dev1"))));
    assert!(!allowed(hub.http("GET", "/devices/dev10", &by("registryRead", "/devices/dev1"))));
    assert!(!allowed(hub.http("GET", "/devices/dev1", &by("service", ""))));
    assert_eq!(hub.http("GET", "/devices/dev1", &by("ghost", "")), Err("unknown"));
}

#[test]
fn policy_connects_an_enabled_device() {
    let hub = hub();
    assert!(allowed(hub.http("POST", EVENTS, &by("device", "/devices"))));
    assert!(!allowed(hub.http("POST", EVENTS, &by("service", ""))));
    assert_eq!(hub.http("POST", "/devices/off/messages/events", &by("device", "")), Err("disabled"));
    assert_eq!(hub.http("POST", "/devices/ghost/messages/events", &by("device", "")), Err("unknown"));
    for narrow in ["/devices/dev10", "/devices/dev1/messages", "/devices/dev1/messages/events"] {
        let denied = hub.http("POST", EVENTS, &by("device", narrow)).unwrap();
        assert!(denied.contains("names no device of this address"), "no record was checked: {denied}");
    }
}

#[test]
fn other_schemes_and_unknown_operations_are_rejected() {
    let hub = hub();
    assert_eq!(hub.http("GET", "/devices/dev1", "Bearer abc"), Err("authorization-scheme"));
    assert_eq!(hub.http("GET", "/devices/dev1", ""), Err("authorization-scheme"));
    assert!(!allowed(hub.http("GET", "/secrets", &by("iothubowner", ""))));
    assert!(!allowed(hub.http("GET", "/devices/dev1/../dev10", &by("iothubowner", ""))));
}

#[test]
fn host_must_be_this_hub() {
    let hub = hub();
    let request = |host: &str| {
        let (own, path) = (own_token("dev1"), EVENTS);
        let presented = Credentials::http("POST", path, host, Some(&own)).map_err(|error| error.code())?;
        hub.admit(presented, NOW).map(drop).map_err(|error| error.code())
    };
    assert_eq!(request(HUB), Ok(()));
    assert_eq!(request(&format!("{HUB}:8443")), Ok(()), "a port is no part of its name");
    assert_eq!(request("contoso"), Err("hub-mismatch"));
    assert_eq!(request("fabrikam.azure-devices.net"), Err("hub-mismatch"));
    assert_eq!(request(&format!("{HUB}:99999")), Err("host"));
    assert_eq!(request(&format!("user@{HUB}")), Err("host"));
}

#[test]
fn record_must_match_the_decoded_name() {
    let hub = hub();
    let (path, own, primary) =
        ("/devices/a%2Bb/messages/events?api-version=1", own_token("a+b"), key("a+b primary"));
    let answered = |identity: Identity<'_>| {
        let presented = Credentials::http("POST", path, HUB, Some(&own)).unwrap();
        let keys = Credential::Keys(Keys::one(&primary));
        let found = IdentityRecord::new(identity, Status::Enabled, RecordVersion::new(1, 1), keys);
        presented.start(&hub.rules).unwrap().resume(LookupResult::Identity(found), at(NOW)).map(drop)
    };
    assert_eq!(answered(Identity::Device(device("a+b"))), Ok(()));
    for other in [
        Identity::Device(device("a%2Bb")),
        Identity::Device(device("a%2bb")),
        Identity::Device(device("A+b")),
        Identity::Module(device("a+b"), module("a+b")),
        Identity::Policy(policy("ab")),
    ] {
        assert_eq!(answered(other), Err(AuthError::RecordMismatch), "{other}");
    }
}
