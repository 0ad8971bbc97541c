//! The tokens that a registration is tried with: the cost of a refusal, the spelling of an id, and the number of groups.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
#[path = "common/fleet.rs"]
mod fleet;
#[path = "common/registering.rs"]
mod registering;

use common::{at, key};
use fleet::TODAY;
use hubward::registry::{
    Attestation, Derivation, Enrollment, Enrollments, SymmetricKeys, Thumbprints, derive_key,
};
use hubward::types::{IdScope, MacKey, Status, SymmetricKey, Thumbprint};
use hubward::x509::Anchors;
use hubward::{ProvisioningConfig, RegistrationCredentials};
use hubward_rustcrypto::HmacKey;
use registering::*;

#[test]
fn every_rejection_of_a_token_costs_the_same() {
    use core::sync::atomic::{AtomicUsize, Ordering};
    #[derive(Debug)]
    struct Counting<'c>(HmacKey, &'c AtomicUsize);
    impl MacKey for Counting<'_> {
        fn tag(&self, parts: &[&[u8]]) -> hubward::types::Tag {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.tag(parts)
        }
    }
    let tags = AtomicUsize::new(0);
    let counting = |name: &str| Counting(key(name), &tags);
    let by_key = |name: &str| Enrollment::new(Attestation::SymmetricKey(SymmetricKeys::one(counting(name))));
    let rules = ProvisioningConfig::new(IdScope::parse(SCOPE).unwrap(), counting("dummy"));
    let mut all = Enrollments::new(Derivation::AsPresented);
    all.enroll(rid("one"), by_key("one primary"));
    all.enroll(rid("off"), by_key("off primary").with_status(Status::Disabled));
    let print = Thumbprints::new(Some(Thumbprint::Sha256([7; 32])), None).unwrap();
    all.enroll(rid("x509"), Enrollment::new(Attestation::X509(print)));
    let make = |key: &SymmetricKey| Counting(HmacKey::new(key), &tags);
    let mut groups = 0;
    loop {
        let closed = HmacKey::new(&derive_key(&key("closed"), "member"));
        for (id, signer, code) in [
            ("one", key("another"), "token-wrong-signature"),
            ("off", key("off primary"), "disabled"),
            ("x509", key("another"), "not-by-token"),
            ("ghost", key("another"), "unknown"),
            ("member", closed, if groups > 0 { "disabled" } else { "unknown" }),
        ] {
            let (name, password) = (username(SCOPE, id), token(SCOPE, id, &signer, TODAY + 60));
            let presented = RegistrationCredentials::mqtt(id, &name, Some(&password)).unwrap();
            let question = presented.start(&rules).unwrap();
            tags.store(0, Ordering::Relaxed);
            let error = question.resume(&all, make, at(TODAY)).unwrap_err();
            assert_eq!((error.code(), error.public().to_string()), (code, "unauthorized".into()), "{id}");
            // a group derives a key, and each verification has two tags
            assert_eq!(tags.load(Ordering::Relaxed), 2 + 3 * groups, "{id} with {groups} groups");
        }
        // the disabled group is neither the first nor the last one
        match groups {
            0 => {
                all.enroll_group("b", by_key("closed").with_status(Status::Disabled));
                all.enroll_group("a", by_key("first"));
                all.enroll_group("c", by_key("last"));
                groups = 3;
            }
            _ => break,
        }
    }
}

#[test]
fn a_key_is_derived_from_either_spelling_where_that_is_allowed() {
    let anchors = Anchors::default();
    let rules = rules(&anchors);
    for (derivation, id, spelled, accepted) in [
        (Derivation::AsPresented, "SN-7", "SN-7", true),
        (Derivation::AsPresented, "SN-7", "sn-7", false),
        (Derivation::AsPresentedOrLowerCase, "SN-7", "SN-7", true),
        (Derivation::AsPresentedOrLowerCase, "SN-7", "sn-7", true),
        (Derivation::AsPresentedOrLowerCase, "sn-7", "SN-7", false),
    ] {
        let mut all = Enrollments::new(derivation);
        all.enroll_group("a", by_key("other"));
        all.enroll_group("b", by_key("group"));
        let (name, password) = (username(SCOPE, id), token(SCOPE, id, &member(spelled), TODAY + 60));
        let presented = RegistrationCredentials::mqtt(id, &name, Some(&password)).unwrap();
        let registered = rules.authenticate(presented, &all, HmacKey::new, at(TODAY));
        assert_eq!(registered.map(drop).is_ok(), accepted, "{derivation:?} {id} {spelled}");
    }
}

#[test]
fn a_token_is_tried_with_the_first_groups_up_to_a_limit() {
    let anchors = Anchors::default();
    let rules = rules(&anchors);
    let enrolled = |count: usize, limit: Option<usize>| {
        let mut all = Enrollments::new(Derivation::AsPresented);
        if let Some(limit) = limit {
            all = all.with_most_groups(limit);
        }
        for at in 1..count {
            all.enroll_group(&format!("a{at:03}"), by_key("other"));
        }
        all.enroll_group("z", by_key("group"));
        let (name, password) = (username(SCOPE, "m1"), token(SCOPE, "m1", &member("m1"), TODAY + 60));
        let presented = RegistrationCredentials::mqtt("m1", &name, Some(&password)).unwrap();
        rules.authenticate(presented, &all, HmacKey::new, at(TODAY)).map(drop).map_err(|error| error.code())
    };
    assert_eq!(enrolled(hubward::registry::MOST_GROUPS, None), Ok(()));
    assert_eq!(enrolled(hubward::registry::MOST_GROUPS + 1, None), Err("unknown"));
    assert_eq!((enrolled(3, Some(3)), enrolled(4, Some(3))), (Ok(()), Err("unknown")));
}
