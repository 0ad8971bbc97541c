//! Records: creation, changes, deletion, and their preconditions.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::unreachable,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test"
)]

mod common;
use common::*;
use hubward_core::{Status, Thumbprint};
use hubward_registry::{
    Authentication, AuthenticationView, Capabilities, Change, DeviceScope, ETag, GenerationId, Precondition,
    RegistryError, StatusReason, Thumbprints, ThumbprintsError,
};

#[test]
fn a_full_counter_refuses_changes() {
    let mut hub = Hub::unseeded().with_first_change(u64::MAX);
    assert_eq!(hub.create(who("gate"), sas("gate"), Change::new()).err(), Some(RegistryError::Full));
    assert!(hub.is_empty());
    let mut hub = Hub::unseeded().with_first_change((1 << 63) - 1);
    hub.create(who("gate"), sas("gate"), Change::new()).unwrap();
    let (version, etag) = (hub.get(who("gate")).unwrap().version(), hub.get(who("gate")).unwrap().etag());
    let change = Change::new().with_authentication(sas("other"));
    assert_eq!(hub.update(who("gate"), change, Precondition::Any), Err(RegistryError::Full));
    let gate = hub.get(who("gate")).unwrap();
    assert_eq!((gate.version(), gate.etag()), (version, etag));
    hub.delete(who("gate"), Precondition::Any).unwrap();
}

#[test]
fn all_fields_are_stored() {
    let mut hub = Hub::unseeded();
    let scope = |text: &str| DeviceScope::new(text).unwrap();
    let rest = Change::new()
        .with_status(Status::Disabled)
        .with_status_reason(Some(StatusReason::new("lost in the field, été").unwrap()))
        .with_capabilities(Capabilities::EDGE)
        .with_device_scope(Some(scope("ms-azure-iot-edge://gate-1")))
        .with_parent_scopes(vec![scope("ms-azure-iot-edge://top-1")])
        .with_generation_id(GenerationId::new("637204583457382910").unwrap());
    let etag = hub.create(who("gate"), sas("gate"), rest).unwrap().etag();
    let gate = hub.get(who("gate")).unwrap();
    assert_eq!(gate.identity(), who("gate"));
    assert_eq!(gate.etag(), etag);
    assert_eq!(gate.status(), Status::Disabled);
    assert_eq!(gate.status_reason(), Some("lost in the field, été"));
    assert!(gate.capabilities().iot_edge);
    assert_eq!(gate.device_scope().unwrap().as_str(), "ms-azure-iot-edge://gate-1");
    assert_eq!(gate.parent_scopes().len(), 1);
    assert_eq!(gate.generation_id().to_string(), "637204583457382910");
    let AuthenticationView::Sas(keys) = gate.authentication() else { panic!() };
    assert_eq!(keys.expose_primary().unwrap().expose(), raw("gate 1").expose());
    assert_eq!(keys.expose_secondary().unwrap().expose(), raw("gate 2").expose());
}

#[test]
fn an_update_keeps_the_other_fields() {
    let mut hub = Hub::unseeded();
    hub.create(who("a"), sas("a"), Change::new().with_status(Status::Disabled)).unwrap();
    let before = hub.get(who("a")).unwrap().version();
    let reason = Some(StatusReason::new("stolen").unwrap());
    hub.update(who("a"), Change::new().with_status_reason(reason), Precondition::Any).unwrap();
    let a = hub.get(who("a")).unwrap();
    assert_eq!((a.status(), a.status_reason()), (Status::Disabled, Some("stolen")));
    assert_eq!(a.version(), before, "a status reason does not change the version");
    hub.update(who("a"), Change::new().with_status_reason(None), Precondition::Any).unwrap();
    assert_eq!(hub.get(who("a")).unwrap().status_reason(), None);
}

#[test]
fn an_old_etag_changes_nothing() {
    let mut hub = Hub::unseeded();
    let old = hub.create(who("a"), sas("a"), Change::new()).unwrap().etag();
    let new = hub.update(who("a"), Change::new(), Precondition::IfMatch(old)).unwrap();
    assert_ne!(old, new, "a change of nothing is a version too");
    let disable = || Change::new().with_status(Status::Disabled);
    let refused = hub.update(who("a"), disable(), Precondition::IfMatch(old)).unwrap_err();
    assert_eq!((refused, refused.code()), (RegistryError::EtagMismatch, 412_001));
    assert_eq!(hub.delete(who("a"), Precondition::IfMatch(old)), Err(RegistryError::EtagMismatch));
    assert_eq!(hub.get(who("a")).unwrap().status(), Status::Enabled);
    assert_eq!(hub.get(who("a")).unwrap().etag(), new);
    hub.update(who("a"), disable(), Precondition::Any).unwrap();
    let forced = hub.get(who("a")).unwrap().etag();
    hub.delete(who("a"), Precondition::IfMatch(forced)).unwrap();
    assert!(hub.get(who("a")).is_none());
}

#[test]
fn an_etag_is_never_reused() {
    let mut hub = Hub::unseeded();
    let first = hub.create(who("a"), sas("a"), Change::new()).unwrap().etag();
    hub.delete(who("a"), Precondition::Any).unwrap();
    hub.create(who("a"), sas("a"), Change::new()).unwrap();
    assert_eq!(hub.delete(who("a"), Precondition::IfMatch(first)), Err(RegistryError::EtagMismatch));
}

#[test]
fn an_etag_is_parsed_from_its_http_forms() {
    let mut hub = Hub::unseeded();
    let etag = hub.create(who("a"), sas("a"), Change::new()).unwrap().etag();
    for text in [format!("{etag}"), format!("\"{etag}\""), format!("W/\"{etag}\"")] {
        assert_eq!(text.parse::<ETag>(), Ok(etag), "{text}");
    }
    for text in [
        "",
        "*",
        "W/",
        "\"",
        "1",
        "000000000000000g",
        "+000000000000001",
        "W/0000000000000001",
        "\"0000000000000001",
    ] {
        assert!(text.parse::<ETag>().is_err(), "{text}");
    }
}

#[test]
fn existing_and_missing_identities() {
    let mut hub = Hub::unseeded();
    let any = Precondition::Any;
    assert_eq!(
        hub.create(who("a/m"), sas("m"), Change::new()).err(),
        Some(RegistryError::NotFound),
        "no device"
    );
    hub.create(who("a"), sas("a"), Change::new()).unwrap();
    assert_eq!(hub.create(who("a"), sas("b"), Change::new()).err(), Some(RegistryError::Exists));
    hub.create(who("a/m"), sas("m"), Change::new()).unwrap();
    assert_eq!(hub.create(who("a/m"), sas("m"), Change::new()).err(), Some(RegistryError::Exists));
    assert_eq!(hub.update(who("b"), Change::new(), any), Err(RegistryError::NotFound));
    assert_eq!(hub.delete(who("a/n"), any), Err(RegistryError::NotFound));
    assert_eq!(hub.len(), 2);
    hub.delete(who("a"), any).unwrap();
    assert!(hub.is_empty(), "its modules went with it");
    hub.create(who("a"), sas("a"), Change::new()).unwrap();
    assert!(hub.get(who("a/m")).is_none());
}

#[test]
fn a_module_has_its_devices_status() {
    let mut hub = Hub::unseeded();
    hub.create(who("a"), sas("a"), Change::new()).unwrap();
    hub.create(who("a/m"), sas("m"), Change::new()).unwrap();
    let refused = hub.update(who("a/m"), Change::new().with_status(Status::Disabled), Precondition::Any);
    assert_eq!(refused, Err(RegistryError::NotOfAModule));
    let edge = Change::new().with_capabilities(Capabilities::EDGE);
    let refused = hub.create(who("a/n"), sas("n"), edge).map(drop);
    assert_eq!(refused, Err(RegistryError::NotOfAModule));
    assert!(hub.get(who("a/n")).is_none());
    hub.update(who("a"), Change::new().with_status(Status::Disabled), Precondition::Any).unwrap();
    assert_eq!(hub.get(who("a/m")).unwrap().status(), Status::Disabled);
}

#[test]
fn thumbprints_are_of_one_algorithm() {
    let print = |digits: usize, digit: &str| digit.repeat(digits).parse::<Thumbprint>().unwrap();
    let (one, two, short) = (print(64, "a"), print(64, "B"), print(40, "c"));
    assert_eq!(Thumbprints::new(None, None).unwrap_err(), ThumbprintsError::Neither);
    assert_eq!(Thumbprints::new(Some(one), Some(short)).unwrap_err(), ThumbprintsError::DifferentLength);
    let second_only = Thumbprints::new(None, Some(two)).unwrap();
    assert!(second_only.matches(&print(64, "b")) && !second_only.matches(&one));
    let mut hub = Hub::unseeded();
    let pinned = Authentication::SelfSigned(Thumbprints::new(Some(one), Some(two)).unwrap());
    hub.create(who("x"), pinned, Change::new()).unwrap();
    let AuthenticationView::SelfSigned(kept) = hub.get(who("x")).unwrap().authentication() else { panic!() };
    assert!(kept.matches(&one) && kept.matches(&two) && !kept.matches(&short));
}

#[test]
fn texts_have_limits() {
    assert!(StatusReason::new(&"é".repeat(128)).is_ok(), "characters, not bytes");
    let error = StatusReason::new(&"é".repeat(129)).unwrap_err();
    assert_eq!(error.to_string(), "status reason: 129 characters, at most 128 allowed");
    assert!(GenerationId::new(&"1".repeat(129)).is_err());
    assert!(DeviceScope::new(&"1".repeat(257)).is_err());
}

#[test]
fn a_device_is_followed_by_its_modules() {
    let mut hub = Hub::unseeded();
    for id in ["gone", "a", "b", "b/m", "a/m"] {
        hub.create(who(id), sas(id), Change::new()).unwrap();
    }
    hub.delete(who("gone"), Precondition::Any).unwrap();
    // it reuses the slot of the deleted module, which is before its device
    hub.create(who("b/n"), sas("n"), Change::new()).unwrap();
    let order: Vec<_> = hub.iter().map(|view| view.identity().to_string()).collect();
    assert_eq!(order, ["device a", "module a/m", "device b", "module b/m", "module b/n"]);
}

#[test]
fn parts_have_each_device_once_with_its_modules() {
    let mut hub = Hub::unseeded();
    assert!(hub.part(0).is_none());
    let ids: Vec<String> = (0..2500).map(|n| format!("d{n}")).collect();
    for id in &ids {
        hub.create(who(id), sas("key"), Change::new()).unwrap();
    }
    // a module in the last part of a device in the first one, and a part with fewer devices
    hub.create(who("d0/m"), sas("key"), Change::new()).unwrap();
    for id in &ids[1100..1200] {
        hub.delete(who(id), Precondition::Any).unwrap();
    }
    let names = |part: u32| -> Option<Vec<String>> {
        Some(hub.part(part)?.map(|view| view.identity().to_string()).collect())
    };
    let parts: Vec<Vec<String>> = (0..).map_while(names).collect();
    assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [1025, 924, 452]);
    assert_eq!(parts[0][..2], ["device d0", "module d0/m"]);
    let all: Vec<String> = hub.iter().map(|view| view.identity().to_string()).collect();
    assert_eq!(parts.concat(), all);
    assert!(hub.part(u32::MAX).is_none());
}
