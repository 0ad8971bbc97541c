//! Records that a store of rows gives, with their numbers.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use common::*;
use hubward_core::{DeviceId, Identity, LookupResult, Permissions, PolicyName, RecordVersion, Status};
use hubward_registry::{
    Authentication, Capabilities, Change, DeviceScope, GenerationId, RecordNumbers, Registry, RegistryError,
    StatusReason,
};
use hubward_rustcrypto::HmacKey;

const NUMBERS: RecordNumbers = RecordNumbers { etag: 4, generation: 1, primary: 2, secondary: 3 };

fn full() -> Change<HmacKey> {
    Change::new()
        .with_status(Status::Disabled)
        .with_status_reason(Some(StatusReason::new("stolen").unwrap()))
        .with_capabilities(Capabilities::EDGE)
        .with_device_scope(Some(DeviceScope::new("scope").unwrap()))
        .with_parent_scopes(vec![DeviceScope::new("parent").unwrap()])
        .with_generation_id(GenerationId::new("g1").unwrap())
}

#[test]
fn a_new_record_has_the_numbers_of_the_store() {
    let mut hub = Hub::with_seed(&[7; 16]);
    hub.restore(who("dev1"), sas("a"), full(), NUMBERS).unwrap();
    let view = hub.get(who("dev1")).unwrap();
    assert_eq!(view.numbers(), NUMBERS);
    assert_eq!(view.etag().to_string(), "0000000000000004");
    assert_eq!(view.version(), RecordVersion::new(1, 2));
    assert_eq!(view.secondary_version(), Some(RecordVersion::new(1, 3)));
    assert_eq!(view.given_generation_id(), Some("g1"));
    assert_eq!(view.status(), Status::Disabled);
}

#[test]
fn a_record_that_exists_is_replaced_as_a_whole() {
    let mut hub = Hub::unseeded();
    hub.restore(who("dev1"), sas("a"), full(), NUMBERS).unwrap();
    hub.restore(who("dev1/mod1"), sas("m"), Change::new(), NUMBERS).unwrap();
    let numbers = RecordNumbers { etag: 14, generation: 11, primary: 12, secondary: 0 };
    hub.restore(who("dev1"), Authentication::CertificateAuthority, Change::new(), numbers).unwrap();
    let view = hub.get(who("dev1")).unwrap();
    assert_eq!(view.numbers(), numbers);
    assert_eq!((view.status(), view.status_reason()), (Status::Enabled, None));
    assert_eq!((view.capabilities(), view.given_generation_id()), (Capabilities::default(), None));
    assert!(view.device_scope().is_none() && view.parent_scopes().is_empty());
    let device = DeviceId::parse("dev1").unwrap();
    let modules: Vec<_> = hub.modules(device).map(|view| view.identity().to_string()).collect();
    assert_eq!(modules, ["module dev1/mod1"]);
}

#[test]
fn a_module_needs_its_device_and_has_no_attributes_of_one() {
    let mut hub = Hub::unseeded();
    let module = who("dev1/mod1");
    assert_eq!(hub.restore(module, sas("m"), Change::new(), NUMBERS), Err(RegistryError::NotFound));
    hub.restore(who("dev1"), sas("a"), Change::new(), NUMBERS).unwrap();
    assert_eq!(hub.restore(module, sas("m"), full(), NUMBERS), Err(RegistryError::NotOfAModule));
    hub.restore(module, sas("m"), Change::new(), NUMBERS).unwrap();
    assert_eq!(hub.restore(module, sas("n"), full(), NUMBERS), Err(RegistryError::NotOfAModule));
    assert_eq!(hub.get(module).unwrap().numbers(), NUMBERS);
}

#[test]
fn a_policy_has_the_version_of_the_store() {
    let mut hub = Registry::unseeded();
    let name = PolicyName::parse("service").unwrap();
    for (number, rights) in [(7, Permissions::all()), (8, Permissions::SERVICE_CONNECT)] {
        hub.restore_policy(name, rights, pair("p"), RecordVersion::new(number, number));
        let LookupResult::Policy(record) = hub.find(&Identity::Policy(name).lookup(), &[]) else { panic!() };
        assert_eq!((record.rights(), record.version()), (rights, RecordVersion::new(number, number)));
    }
    let policies: Vec<_> = hub.policies().map(|policy| policy.name().to_string()).collect();
    assert_eq!(policies, ["service"]);
    let keys = hub.policies().next().unwrap().keys();
    assert_eq!(keys.expose_primary().unwrap().expose(), raw("p 1").expose());
}
