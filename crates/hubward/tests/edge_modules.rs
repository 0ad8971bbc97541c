//! An IoT Edge device manages its own modules over HTTP, with its own credential and no other.
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
use core::convert::Infallible;

use common::*;
use hubward::registry::{Authentication, Capabilities, Change};
use hubward::types::{Identity, LookupResult, Status};
use hubward::{Credentials, FoundRecord, OwnedRecord, RecordRequest, Store};
use hubward_rustcrypto::HmacKey;

const METHODS: [&str; 3] = ["GET", "PUT", "DELETE"];

fn edge_hub() -> Hub {
    let mut hub = compat();
    for id in ["Edge1", "edge10"] {
        let keys = Authentication::Sas(pair(id));
        let edge = Change::new().with_capabilities(Capabilities::EDGE);
        hub.registry.create(Identity::Device(device(id)), keys, edge).unwrap();
        let keys = Authentication::Sas(pair(&format!("{id}/$edgeAgent")));
        hub.registry.create_module(device(id), module("$edgeAgent"), keys).unwrap();
    }
    hub
}

fn own(sr: &str, signer: &str) -> String {
    token(&format!("{HUB}{sr}"), &key(signer), NOW + 30, None)
}

fn by(name: &str, sr: &str) -> String {
    token(&format!("{HUB}{sr}"), &key(&format!("{name} primary")), NOW + 30, Some(name))
}

/// Returns `true` if each method is allowed for a module, and `GET` for the list.
fn all(hub: &Hub, device: &str, token: &str) -> Vec<bool> {
    let module = format!("/devices/{device}/modules/%24edgeAgent?api-version=2017-11-08-preview");
    let list = format!("/devices/{device}/modules?api-version=2021-04-12");
    let one = METHODS.map(|method| hub.http(method, &module, token).unwrap());
    let requests = [one.to_vec(), vec![hub.http("GET", &list, token).unwrap()]].concat();
    requests.iter().map(|decision| decision.contains(" may HTTP ")).collect()
}

#[test]
fn edge_device_manages_its_own_modules() {
    let hub = edge_hub();
    assert_eq!(all(&hub, "Edge1", &own("/devices/Edge1", "Edge1 primary")), [true; 4]);
    assert_eq!(all(&hub, "Edge1", &own("%2Fdevices%2FEdge1", "Edge1 secondary")), [true; 4]);
    assert_eq!(all(&hub, "Edge1", &own("/devices/edge1", "Edge1 primary")), [true; 4], "some write it lower");
    // a service still needs its permissions, and they suffice
    assert_eq!(all(&hub, "Edge1", &by("iothubowner", "")), [true; 4]);
    assert_eq!(all(&hub, "Edge1", &by("iothubowner", "/devices/Edge1")), [true; 4]);
    assert_eq!(all(&hub, "Edge1", &by("registryRead", "")), [true, false, false, true]);
}

#[test]
fn no_other_caller_does() {
    let mut hub = edge_hub();
    let edge1 = own("/devices/Edge1", "Edge1 primary");
    for (device, token) in [
        ("edge10", edge1.clone()),
        ("dev1", edge1.clone()),
        // not an edge device
        ("dev1", own_token("dev1")),
        // not a module, and not by a policy that connects devices
        ("Edge1", own("/devices/Edge1/modules/%24edgeAgent", "Edge1/$edgeAgent primary")),
        ("Edge1", by("device", "")),
        ("Edge1", by("device", "/devices/Edge1")),
        ("Edge1", by("service", "/devices/Edge1")),
    ] {
        assert_eq!(all(&hub, device, &token), [false; 4], "{device}");
    }
    let one = "/devices/Edge1/modules/m";
    assert_eq!(hub.http("PUT", one, &own("/devices/edge1", "edge10 primary")), Err("token-wrong-signature"));
    for (method, path) in [
        ("GET", "/devices/Edge1"),
        ("PUT", "/devices/Edge1"),
        ("DELETE", "/devices/Edge1"),
        ("POST", "/devices"),
        ("GET", "/twins/Edge1"),
        ("PUT", "/twins/Edge1/modules/m"),
        ("PUT", "/devices/Edge1%2Fmodules%2Fm"),
        ("PUT", "/devices/Edge1/modules/../../dev1/modules/m"),
        ("POST", "/devices/Edge1/modules/m"),
    ] {
        let decision = hub.http(method, path, &edge1).unwrap();
        assert!(decision.contains(" may not HTTP "), "{decision}");
    }
    let no_longer = Change::new().with_capabilities(Capabilities::default());
    hub.registry
        .update(Identity::Device(device("Edge1")), no_longer, hubward::registry::Precondition::Any)
        .unwrap();
    assert_eq!(all(&hub, "Edge1", &edge1), [false; 4], "it is an edge device no longer");
    hub.registry.set_status(device("Edge1"), Status::Disabled).unwrap();
    assert_eq!(hub.http("GET", one, &edge1), Err("disabled"));
}

#[test]
fn session_of_an_edge_device_manages_no_modules() {
    let hub = edge_hub();
    let password = own("/devices/Edge1", "Edge1 primary");
    let name = username("Edge1");
    let presented = Credentials::mqtt("Edge1", &name, Some(&password)).unwrap();
    let session = hub.admit(presented, NOW).unwrap().into_session();
    let put = hubward::policy::Operation::http("PUT", "/devices/Edge1/modules/m");
    assert!(!hub.checked(&session, NOW).decide(&put).is_allow(), "the request has a credential of its own");
}

/// A store that returns records of its own, as a database's does.
struct Rows {
    hub: Hub,
    edge_device: bool,
}

impl Store<HmacKey> for Rows {
    type Error = Infallible;

    fn find(&self, request: &RecordRequest<'_>) -> Result<FoundRecord<'_, HmacKey>, Infallible> {
        let LookupResult::Identity(found) = self.hub.registry.find(request.lookup(), &[]) else {
            return Ok(None.into());
        };
        let keys = Authentication::Sas(pair("Edge1"));
        let record = OwnedRecord::new(found.identity(), found.status(), found.version(), keys);
        Ok(record.with_edge_device(self.edge_device).into())
    }
}

#[test]
fn a_record_of_a_store_tells_that_its_device_is_an_edge_device() {
    let path = "/devices/Edge1/modules/%24edgeAgent?api-version=2017-11-08-preview";
    let token = own("/devices/Edge1", "Edge1 primary");
    for edge_device in [true, false] {
        let rows = Rows { hub: edge_hub(), edge_device };
        let credentials = Credentials::http("PUT", path, HUB, Some(&token)).unwrap();
        let result = rows.hub.rules.authenticate(credentials, &rows, || at(NOW));
        assert_eq!(result.unwrap().decision().is_allow(), edge_device);
    }
}
