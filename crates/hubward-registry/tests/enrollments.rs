//! Enrollments: selection, precedence and evidence.
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
use hubward_core::{DeviceId, Keys, MacKey, RegistrationId, Status, SymmetricKey, Thumbprint};
use hubward_registry::{
    Attestation, Derivation, Enrollment, Enrollments, Evidence, ProvisionError, SymmetricKeys, Thumbprints,
    derive_key,
};
use hubward_rustcrypto::HmacKey;
use proptest::prelude::*;

type All = Enrollments<HmacKey>;
/// The assigned id, and the group that matched, if any.
type Outcome = Result<(String, Option<String>), ProvisionError>;

fn rid(id: &str) -> RegistrationId<'_> {
    RegistrationId::parse(id).unwrap()
}

fn all() -> All {
    Enrollments::new(Derivation::AsPresented)
}

fn print(number: u8) -> Thumbprint {
    Thumbprint::Sha256([number; 32])
}

fn x509(number: u8) -> Attestation<HmacKey> {
    Attestation::X509(Thumbprints::new(Some(print(number)), None).unwrap())
}

fn by_key(name: &str) -> Attestation<HmacKey> {
    Attestation::SymmetricKey(pair(name))
}

fn outcome(selected: Result<hubward_registry::EnrollmentMatch<'_>, ProvisionError>) -> Outcome {
    selected.map(|selected| (selected.device_id.to_string(), selected.group.map(Into::into)))
}

/// Presents a token signed with `key`.
fn with_key(all: &All, id: &str, key: &SymmetricKey) -> Outcome {
    let tag = HmacKey::new(key).tag(&[b"token"]);
    let verifies = |keys: Keys<'_, HmacKey>| keys.matching(&[b"token"], tag.expose()).is_some();
    outcome(all.select(rid(id), &Evidence::Token(&verifies), HmacKey::new))
}

/// Presents the same token with the name of a group.
fn with_named_key(all: &All, id: &str, group: &str, key: &SymmetricKey) -> (Outcome, usize) {
    let tag = HmacKey::new(key).tag(&[b"token"]);
    let tries = core::cell::Cell::new(0);
    let verifies = |keys: Keys<'_, HmacKey>| {
        tries.set(tries.get() + 1);
        keys.matching(&[b"token"], tag.expose()).is_some()
    };
    let selected = all.select_named(rid(id), group, &Evidence::Token(&verifies), HmacKey::new);
    (outcome(selected), tries.get())
}

fn with_chain(all: &All, id: &str, chain: &[u8]) -> Outcome {
    let chain: Vec<_> = chain.iter().map(|number| print(*number)).collect();
    let (leaf, issuers) = chain.split_first().unwrap();
    outcome(all.select(rid(id), &Evidence::Chain { leaf: *leaf, issuers }, HmacKey::new))
}

fn derived(group: &str, id: &str) -> SymmetricKey {
    derive_key(&HmacKey::new(&raw(group)), id)
}

fn given(id: &str, group: Option<&str>) -> Outcome {
    Ok((id.into(), group.map(Into::into)))
}

#[test]
fn a_derived_key_equals_the_published_one() {
    let group = SymmetricKey::from_base64(
        "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==",
    );
    let key = derive_key(&HmacKey::new(&group.unwrap()), "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6");
    assert_eq!(key.expose_base64(&mut [0; 88]), "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=");
}

#[test]
fn a_token_signed_with_the_groups_own_key_is_refused() {
    let mut all = all();
    all.enroll_group("north", Enrollment::new(by_key("north")));
    for slot in ["north 1", "north 2"] {
        assert_eq!(with_key(&all, "pump", &derived(slot, "pump")), given("pump", Some("north")));
        assert_eq!(with_key(&all, "pump", &raw(slot)), Err(ProvisionError::NotEnrolled));
        assert_eq!(with_key(&all, "pump", &derived(slot, "pump2")), Err(ProvisionError::NotEnrolled));
    }
}

#[test]
fn an_individual_enrollment_precedes_its_group() {
    let mut all = all();
    all.enroll_group("north", Enrollment::new(by_key("north")));
    all.enroll(rid("Pump"), Enrollment::new(by_key("own")).with_device_id(DeviceId::parse("Pump").unwrap()));
    assert_eq!(with_key(&all, "pump", &raw("own 2")), given("Pump", None));
    let by_group = with_key(&all, "pump", &derived("north 1", "pump"));
    assert_eq!(by_group, Err(ProvisionError::Mismatch), "the group is not asked");
    assert_eq!(with_chain(&all, "pump", &[1, 2]), Err(ProvisionError::Mismatch));
    all.enroll(rid("PUMP"), Enrollment::new(by_key("own")).with_status(Status::Disabled));
    assert_eq!(with_key(&all, "pump", &raw("own 1")), Err(ProvisionError::Disabled));
    assert!(all.withdraw(rid("pump")) && !all.withdraw(rid("pump")));
    assert_eq!(with_key(&all, "pump", &derived("north 1", "pump")), given("pump", Some("north")));
    assert!(all.withdraw_group("north"));
    assert_eq!(with_key(&all, "pump", &derived("north 1", "pump")), Err(ProvisionError::NotEnrolled));
}

#[test]
fn an_individual_enrollment_may_be_by_its_issuer() {
    let mut all = all();
    let issuer = || Attestation::Issuer(Thumbprints::new(Some(print(2)), Some(print(4))).unwrap());
    all.enroll(rid("pump"), Enrollment::new(issuer()));
    for chain in [&[1, 2][..], &[1, 3, 2], &[1, 4]] {
        assert_eq!(with_chain(&all, "pump", chain), given("pump", None), "{chain:?}");
    }
    // another issuer, its own certificate as a device's, and another device
    assert_eq!(with_chain(&all, "pump", &[1, 3]), Err(ProvisionError::Mismatch));
    assert_eq!(with_chain(&all, "pump", &[2]), Err(ProvisionError::Mismatch));
    assert_eq!(with_chain(&all, "pump2", &[1, 2]), Err(ProvisionError::NotEnrolled));
    assert_eq!(with_key(&all, "pump", &raw("own 1")), Err(ProvisionError::Mismatch));
    all.enroll(rid("pump"), Enrollment::new(issuer()).with_status(Status::Disabled));
    assert_eq!(with_chain(&all, "pump", &[1, 2]), Err(ProvisionError::Disabled));
    // a group by its issuer
    all.enroll_group("west", Enrollment::new(issuer()));
    assert_eq!(with_chain(&all, "pump2", &[1, 4]), given("pump2", Some("west")));
}

#[test]
fn a_disabled_match_denies() {
    let mut all = all();
    all.enroll_group("near", Enrollment::new(x509(2)).with_status(Status::Disabled));
    all.enroll_group("far", Enrollment::new(x509(3)));
    assert_eq!(with_chain(&all, "pump", &[1, 2, 3]), Err(ProvisionError::Disabled));
    assert_eq!(with_chain(&all, "pump", &[1, 3, 2]), given("pump", Some("far")));
    assert_eq!(with_chain(&all, "pump", &[2]), Err(ProvisionError::NotEnrolled), "no group is of its leaf");
    // two groups with one key: the first by name matches
    all.enroll_group(
        "a",
        Enrollment::new(Attestation::SymmetricKey(SymmetricKeys::one(HmacKey::new(&raw("k")))))
            .with_status(Status::Disabled),
    );
    all.enroll_group(
        "b",
        Enrollment::new(Attestation::SymmetricKey(SymmetricKeys::one(HmacKey::new(&raw("k"))))),
    );
    assert_eq!(with_key(&all, "pump", &derived("k", "pump")), Err(ProvisionError::Disabled));
}

#[test]
fn registration_ids_are_case_insensitive() {
    let mut compat = Enrollments::new(Derivation::AsPresentedOrLowerCase);
    compat.enroll_group("north", Enrollment::new(by_key("north")));
    let mut strict = all();
    strict.enroll_group("north", Enrollment::new(by_key("north")));
    for all in [&compat, &strict] {
        assert_eq!(with_key(all, "Pump", &derived("north 1", "Pump")), given("pump", Some("north")));
    }
    assert_eq!(with_key(&compat, "Pump", &derived("north 1", "pump")), given("pump", Some("north")));
    assert_eq!(with_key(&strict, "Pump", &derived("north 1", "pump")), Err(ProvisionError::NotEnrolled));
}

#[test]
fn a_registration_id_in_a_certificate_has_at_most_64_bytes() {
    let mut all = all();
    all.enroll_group("g", Enrollment::new(x509(2)));
    let (longest, longer) = ("x".repeat(64), "x".repeat(65));
    assert_eq!(with_chain(&all, &longest, &[1, 2]), given(&longest, Some("g")));
    let refused = with_chain(&all, &longer, &[1, 2]);
    assert_eq!(refused, Err(ProvisionError::TooLongForCertificate { len: 65, max: 64 }));
    all.enroll(rid(&longer), Enrollment::new(by_key("own")));
    assert_eq!(with_key(&all, &longer, &raw("own 1")), given(&longer, None), "a token may");
}

#[test]
fn the_caller_assigns_the_hub() {
    let mut all = all();
    all.enroll_group("g", Enrollment::new(x509(2)));
    let evidence = Evidence::Chain { leaf: print(1), issuers: &[print(2)] };
    let (selected, hub) = all
        .provision(rid("pump"), &evidence, HmacKey::new, |selected| {
            (selected.group == Some("g")).then_some("hub-north")
        })
        .unwrap();
    assert_eq!((&*selected.device_id, hub), ("pump", "hub-north"));
    let none = all.provision(rid("pump"), &evidence, HmacKey::new, |_| None::<()>);
    assert_eq!(none.unwrap_err(), ProvisionError::NoHub);
    let mut asked = false;
    let stranger = Evidence::Chain { leaf: print(2), issuers: &[] };
    all.provision(rid("pump"), &stranger, HmacKey::new, |_| {
        asked = true;
        Some(())
    })
    .unwrap_err();
    assert!(!asked, "no hub is chosen for a stranger");
}

/// An enrollment of the model: group or not, the number of the id or name, X.509 or not, the credential, and enabled
/// or not.
type Row = (bool, usize, bool, u8, bool);

const NAMES: [&str; 3] = ["a", "b", "c"];

fn key_name(number: u8) -> String {
    format!("key {number}")
}

/// Evaluates the rows in the documented order.
fn model(rows: &[Row], id: usize, token: Option<(u8, bool)>, chain: &[u8]) -> Outcome {
    // the last one of a name counts
    let of = |group: bool, name: usize| rows.iter().rev().find(|row| row.0 == group && row.1 == name);
    let decide = |row: &Row| {
        let group = row.0.then(|| NAMES[row.1].to_owned());
        if row.4 { Ok((NAMES[id].to_owned(), group)) } else { Err(ProvisionError::Disabled) }
    };
    if let Some(row) = of(false, id) {
        let proven = match token {
            Some((key, derived)) => row.2 && key == row.3 && !derived,
            None => !row.2 && chain[0] == row.3,
        };
        return if proven { decide(row) } else { Err(ProvisionError::Mismatch) };
    }
    let groups: Vec<_> = (0..3).filter_map(|name| of(true, name)).collect();
    let found = match token {
        Some((key, derived)) => groups.into_iter().find(|row| row.2 && row.3 == key && derived),
        None => {
            chain[1..].iter().find_map(|issuer| groups.iter().copied().find(|row| !row.2 && row.3 == *issuer))
        }
    };
    found.map_or(Err(ProvisionError::NotEnrolled), decide)
}

proptest! {
    #[test]
    fn selection_agrees_with_a_plain_reading(
        rows in prop::collection::vec((any::<bool>(), 0..3_usize, any::<bool>(), 0..4_u8, prop::bool::weighted(0.7)), 0..8),
        chains in prop::collection::vec(prop::collection::vec(0..5_u8, 1..5), 1..6),
    ) {
        let mut all = all();
        for (group, name, by_token, proof, on) in &rows {
            let attestation = if *by_token {
                Attestation::SymmetricKey(SymmetricKeys::one(HmacKey::new(&raw(&key_name(*proof)))))
            } else {
                x509(*proof)
            };
            let enrollment = Enrollment::new(attestation);
            let enrollment = if *on { enrollment } else { enrollment.with_status(Status::Disabled) };
            if *group { all.enroll_group(NAMES[*name], enrollment) } else { all.enroll(rid(NAMES[*name]), enrollment) }
        }
        for (id, name) in NAMES.iter().enumerate() {
            for chain in &chains {
                prop_assert_eq!(with_chain(&all, name, chain), model(&rows, id, None, chain));
            }
            for key in 0..5 {
                for is_derived in [false, true] {
                    let own = key_name(key);
                    let presented = if is_derived { derived(&own, name) } else { raw(&own) };
                    let expected = model(&rows, id, Some((key, is_derived)), &[]);
                    prop_assert_eq!(with_key(&all, name, &presented), expected);
                }
            }
        }
    }
}

#[test]
fn a_named_group_is_the_only_one_that_is_tried() {
    let mut all = all();
    for name in ["east", "north", "south"] {
        all.enroll_group(name, Enrollment::new(by_key(name)));
    }
    all.enroll_group("certificates", Enrollment::new(x509(1)));
    all.enroll_group("off", Enrollment::new(by_key("off")).with_status(Status::Disabled));
    let member = derived("north 1", "pump");
    assert_eq!(with_named_key(&all, "pump", "north", &member), (given("pump", Some("north")), 1));
    // the name is a claim: another group's key proves no membership, and neither does the group's own
    for (group, key) in
        [("south", &member), ("north", &raw("north 1")), ("north", &derived("north 1", "pump2"))]
    {
        assert_eq!(
            with_named_key(&all, "pump", group, key),
            (Err(ProvisionError::NotEnrolled), 1),
            "{group}"
        );
    }
    // a group that does not exist, or has no key, costs the same, and matches nothing
    for group in ["missing", "certificates", ""] {
        for key in [&member, &derived("east 1", "pump")] {
            assert_eq!(
                with_named_key(&all, "pump", group, key),
                (Err(ProvisionError::NotEnrolled), 1),
                "{group}"
            );
        }
    }
    assert_eq!(
        with_named_key(&all, "pump", "off", &derived("off 1", "pump")),
        (Err(ProvisionError::Disabled), 1)
    );
    // an individual enrollment has precedence, and its refusal costs one group more
    all.enroll(rid("pump"), Enrollment::new(by_key("own")));
    assert_eq!(with_named_key(&all, "pump", "north", &raw("own 1")), (given("pump", None), 1));
    assert_eq!(with_named_key(&all, "pump", "north", &member), (Err(ProvisionError::Mismatch), 2));
}

#[test]
fn a_changed_group_is_found_by_its_new_certificates_only() {
    let mut all = all();
    let two = |a, b| Attestation::X509(Thumbprints::new(Some(print(a)), Some(print(b))).unwrap());
    all.enroll_group("b", Enrollment::new(two(1, 2)));
    all.enroll_group("a", Enrollment::new(two(2, 2)));
    assert_eq!(with_chain(&all, "pump", &[9, 1]), given("pump", Some("b")));
    assert_eq!(with_chain(&all, "pump", &[9, 2]), given("pump", Some("a")), "the first by name");
    all.enroll_group("a", Enrollment::new(two(3, 4)));
    assert_eq!(with_chain(&all, "pump", &[9, 2]), given("pump", Some("b")));
    assert_eq!(with_chain(&all, "pump", &[9, 4]), given("pump", Some("a")));
    assert!(all.withdraw_group("b"));
    assert_eq!(with_chain(&all, "pump", &[9, 1]), Err(ProvisionError::NotEnrolled));
    all.enroll_group("a", Enrollment::new(by_key("a")));
    assert_eq!(with_chain(&all, "pump", &[9, 4]), Err(ProvisionError::NotEnrolled));
}
