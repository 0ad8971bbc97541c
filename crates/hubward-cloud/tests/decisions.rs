//! Decisions of grants: the right of the table, or the reason with its code and its hint.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
use common::*;
use hubward_cloud::service_bus::{self, Audience, Right, Rights, Rule};
use hubward_cloud::storage::{
    Access, Context, Permission, Permissions, Resource, Sas, SasKind, UnsignedSas, Version,
};
use hubward_cloud::{Decision, IpRange, RightKind, ServiceBusKey, TopicKey, event_grid};
use hubward_rustcrypto::GeneralKey;

/// Returns the code and the hint of a denial.
fn denied(decision: Decision) -> (&'static str, &'static str) {
    let Decision::Deny(denial) = decision else { panic!("{decision}") };
    let text = decision.to_string();
    assert!(
        text.starts_with("denied: ") && text.contains(denial.code()) && text.ends_with(denial.hint()),
        "{text}"
    );
    (denial.code(), denial.hint())
}

#[test]
fn a_storage_grant_decides_with_the_right_that_a_request_needs() {
    let (key, blob) = (account_key(), Resource::blob("acct1", "cont", "a/b.txt").unwrap());
    let text = UnsignedSas::new(SasKind::Blob, Version::LATEST)
        .unwrap()
        .with_permissions(Permissions::parse(SasKind::Blob, "r").unwrap())
        .with_start(at(EXPIRY - 60))
        .and_then(|unsigned| unsigned.with_expiry(at(EXPIRY)))
        .and_then(|unsigned| unsigned.with_addresses(IpRange::parse("10.0.0.1").unwrap()))
        .and_then(UnsignedSas::https_only)
        .unwrap()
        .sign(&blob, &key)
        .unwrap()
        .to_string();
    let sas = Sas::parse(&text).unwrap();
    let grant = sas.verify(&blob, &key, &Context::new(at(EXPIRY))).unwrap();
    let access = |permission, now| Access::new(&blob, permission, at(now)).with_address([10, 0, 0, 1].into());
    let read = access(Permission::Read, EXPIRY);

    let allowed = grant.decide(&read);
    assert_eq!(allowed, Decision::Allow(RightKind::Storage(Permission::Read)));
    assert_eq!(
        allowed.to_string(),
        "allowed by the right to read content, properties and metadata; peek at messages; query entities"
    );
    let Decision::Deny(denial) = grant.decide(&access(Permission::Write, EXPIRY)) else { panic!("no right") };
    assert_eq!(denial.right(), RightKind::Storage(Permission::Write));
    assert_eq!(
        denial.to_string(),
        "denied: the token does not have the permission Write (grant-permission); the request needs the right to write \
        content, properties and metadata; sign with the permission letter"
    );
    let other = Resource::blob("acct1", "cont", "a/c.txt").unwrap();
    for (decision, code, hint) in [
        (
            grant.decide(&Access::new(&other, Permission::Read, at(EXPIRY))),
            "grant-resource",
            "sign for the resource",
        ),
        (grant.decide(&access(Permission::Read, EXPIRY + 1)), "grant-time", "sign a new token"),
        (grant.decide(&access(Permission::Read, EXPIRY - 61)), "grant-time", "set the start"),
        (
            grant.decide(&Access::new(&blob, Permission::Read, at(EXPIRY))),
            "grant-address",
            "sign for the client's",
        ),
        (grant.decide(&read.without_tls()), "grant-protocol", "use HTTPS"),
    ] {
        let (own, advice) = denied(decision);
        assert_eq!(own, code);
        assert!(advice.starts_with(hint), "{advice}");
        // a decision is what `judge` says
        assert!(!decision.is_allow());
    }
    assert!(grant.judge(&read).is_ok());
}

#[test]
fn a_grant_of_event_hubs_decides() {
    let key = ServiceBusKey::<GeneralKey>::from_text(KEY).unwrap();
    let own = "sb://ns.example/hub1/publishers/dev1";
    let text =
        service_bus::UnsignedToken::new(Audience::new(own).unwrap(), "r", at(EXPIRY)).unwrap().sign(&key);
    let (text, rule) = (text.to_string(), Rule::new("r", "sb://ns.example", Rights::new(&[Right::Send])));
    let grant = service_bus::Token::parse(&text).unwrap().verify(&rule, &[&key], at(EXPIRY)).unwrap();
    assert_eq!(
        grant.decide(own, Right::Send, at(EXPIRY)),
        Decision::Allow(RightKind::ServiceBus(Right::Send))
    );
    assert_eq!(denied(grant.decide(own, Right::Listen, at(EXPIRY))).0, "grant-publisher");
    assert_eq!(denied(grant.decide("sb://ns.example/hub1", Right::Send, at(EXPIRY))).0, "grant-resource");
    assert_eq!(denied(grant.decide(own, Right::Send, at(EXPIRY + 1))).0, "grant-time");
}

#[test]
fn a_grant_of_event_grid_decides() {
    let key = TopicKey::<GeneralKey>::from_base64(KEY).unwrap();
    let url = "https://t.example/api/events";
    let text = event_grid::UnsignedToken::new(url, at(EXPIRY)).unwrap().sign(&key).to_string();
    let grant = event_grid::Token::parse(&text).unwrap().verify(&[&key], at(EXPIRY)).unwrap();
    assert_eq!(grant.decide(url, at(EXPIRY)), Decision::Allow(RightKind::EventGridPublish));
    let elsewhere = grant.decide("https://u.example/api/events", at(EXPIRY));
    assert_eq!(denied(elsewhere), ("grant-resource", "sign for the topic's URL"));
    assert_eq!(denied(grant.decide(url, at(EXPIRY + 1))).0, "grant-time");
}
