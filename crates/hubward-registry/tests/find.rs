//! Lookups: borrowed, byte by byte, one or many.
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
use core::hint::black_box;

use allocation_counter::measure;
use common::*;
use hubward_core::{Credential, Lookup, LookupResult, Segment, Thumbprint};
use hubward_registry::{Authentication, Change, Precondition, Thumbprints};
use hubward_rustcrypto::HmacKey;

fn hub() -> Hub {
    let mut hub = Hub::with_seed(&[9; 16]);
    for id in ["a", "a+b", "dev/m", "long", "dev/long"] {
        let long = id.replace("long", &"x".repeat(128));
        let device = long.split('/').next().unwrap();
        if hub.get(who(device)).is_none() {
            hub.create(who(device), sas("d"), Change::new()).unwrap();
        }
        if device != long {
            hub.create(who(&long), sas("m"), Change::new()).unwrap();
        }
    }
    hub
}

fn name(found: &LookupResult<'_, HmacKey>) -> String {
    match found {
        LookupResult::Identity(found) => found.identity().to_string(),
        _ => "not found".into(),
    }
}

fn device(text: &str) -> Lookup<'_> {
    Lookup::Device(Segment::encoded(text).unwrap())
}

fn module<'a>(device: &'a str, module: &'a str) -> Lookup<'a> {
    Lookup::Module(Segment::encoded(device).unwrap(), Segment::encoded(module).unwrap())
}

#[test]
fn ids_are_decoded_once_and_compared_byte_by_byte() {
    let (hub, long) = (hub(), "x".repeat(128));
    assert_eq!(name(&hub.find(&device("a%2Bb"), &[])), "device a+b");
    assert_eq!(name(&hub.find(&device("a%2bb"), &[])), "device a+b");
    assert_eq!(name(&hub.find(&device("A"), &[])), "not found");
    assert_eq!(name(&hub.find(&device("a%252Bb"), &[])), "not found", "never twice");
    assert_eq!(name(&hub.find(&module("dev", "%6D"), &[])), "module dev/m");
    assert_eq!(name(&hub.find(&device(&long), &[])), format!("device {long}"));
    assert_eq!(name(&hub.find(&module("dev", &long), &[])), format!("module dev/{long}"));
    assert_eq!(name(&hub.find(&device(&format!("{long}x")), &[])), "not found");
    assert_eq!(name(&hub.find(&module("a", "m"), &[])), "not found");
}

#[test]
fn a_device_id_with_a_slash_does_not_match_a_module() {
    let hub = hub();
    assert_eq!(name(&hub.find(&device("dev%2Fm"), &[])), "not found");
    assert_eq!(name(&hub.find(&Lookup::Device(Segment::plain("dev/m").unwrap()), &[])), "not found");
    assert_eq!(name(&hub.find(&module("dev%2Fm", "m"), &[])), "not found");
    assert_eq!(name(&hub.find(&module("d", "ev%2Fm"), &[])), "not found");
}

#[test]
fn lookups_do_not_allocate() {
    let (hub, long) = (hub(), "x".repeat(128));
    let lookups = [device("a"), device("a%2Bb"), device(&long), module("dev", "m"), device("missing")];
    let counted = measure(|| {
        for lookup in &lookups {
            black_box(hub.find(lookup, &[]));
        }
    });
    assert_eq!(counted.count_total, 0);
}

#[test]
fn debug_output_has_no_key() {
    let mut hub = hub();
    hub.set_policy(
        hubward_core::PolicyName::parse("p").unwrap(),
        hubward_core::Permissions::all(),
        pair("secret"),
    );
    hub.create(who("s"), sas("secret"), Change::new()).unwrap();
    let printed = format!("{hub:?} {:?} {:?}", hub.get(who("s")).unwrap(), pair("secret"));
    let bytes = format!("{:?}", b"secret");
    assert!(!printed.contains("secret") && !printed.contains(bytes.trim_matches(['[', ']'])));
}

#[test]
fn the_record_has_the_credential() {
    let mut hub = Hub::unseeded();
    let (one, other) = (Thumbprint::Sha256([1; 32]), Thumbprint::Sha256([2; 32]));
    let both = Thumbprints::new(Some(one), Some(other)).unwrap();
    let secondary = Thumbprints::new(None, Some(other)).unwrap();
    for (id, authentication) in [
        ("keys", sas("k")),
        ("both", Authentication::SelfSigned(both)),
        ("secondary", Authentication::SelfSigned(secondary)),
        ("authority", Authentication::CertificateAuthority),
        ("nothing", Authentication::None),
    ] {
        hub.create(who(id), authentication, Change::new()).unwrap();
    }
    let by = |hub: &Hub, id: &str| match hub.find(&device(id), &[]) {
        LookupResult::Identity(found) => match found.credential() {
            Credential::Keys(_) => "keys".to_owned(),
            Credential::Thumbprints { primary, secondary } => {
                let fits =
                    |kept: &Option<&Thumbprint>, wanted: &Thumbprint| kept.map(|kept| kept.matches(wanted));
                format!("{:?} {:?}", fits(primary, &one), fits(secondary, &other))
            }
            Credential::CertificateAuthority => "authority".into(),
            Credential::None => "nothing".into(),
            _ => "something new".into(),
        },
        _ => "not found".into(),
    };
    for id in ["keys", "authority", "nothing"] {
        assert_eq!(by(&hub, id), id);
    }
    assert_eq!(by(&hub, "both"), "Some(true) Some(true)");
    assert_eq!(by(&hub, "secondary"), "None Some(true)");
    hub.update(who("both"), Change::new().with_authentication(sas("k")), Precondition::Any).unwrap();
    assert_eq!(by(&hub, "both"), "keys");
}
