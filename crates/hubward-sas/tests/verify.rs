//! Verification: the signature first, then the expiry, by the rules of the verifier.
#![allow(
    missing_docs,
    unreachable_pub,
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
use hubward_core::Keys;
use hubward_rustcrypto::HmacKey;
use hubward_sas::{TokenRules, VerifyError};

#[test]
fn an_expiry_error_needs_a_valid_signature() {
    let text = device1();
    let late = |key: HmacKey| {
        let keys = Keys::one(&key);
        parse(&text).unwrap().verify_for_any_host(keys, at(EXPIRY + 9), &TokenRules::STRICT).err()
    };
    assert_eq!(late(other_key()), Some(VerifyError::WrongSignature));
    let expired = late(key()).unwrap();
    assert_eq!(expired, VerifyError::Expired { expiry: EXPIRY, now: EXPIRY + 9, leeway: 0 });
    assert_eq!(
        expired.to_string(),
        "expired 9 s before `now`, at 2030-01-01T00:00:00Z, and the leeway is 0 s"
    );
}

#[test]
fn a_token_is_valid_until_its_expiry_and_the_leeway() {
    let text = device1();
    let mut rules = TokenRules::STRICT;
    for leeway in [0, 60] {
        rules.leeway = core::time::Duration::from_secs(leeway);
        let key = key();
        let verify = |now| parse(&text).unwrap().verify_for_any_host(Keys::one(&key), at(now), &rules);
        let token = verify(EXPIRY).unwrap();
        assert_eq!(token.until(&rules).as_secs(), EXPIRY + leeway);
        let (last, late) = (EXPIRY + leeway, EXPIRY + leeway + 1);
        assert!(verify(last).is_ok() && token.require_unexpired(at(last), &rules).is_ok());
        let expired = VerifyError::Expired { expiry: EXPIRY, now: late, leeway };
        assert_eq!(verify(late).err(), Some(expired));
        assert_eq!(token.require_unexpired(at(late), &rules), Err(expired));
    }
    rules.leeway = core::time::Duration::MAX;
    assert_eq!(verify(&text, EXPIRY).unwrap().until(&rules).as_secs(), u64::MAX, "it does not wrap");
}

#[test]
fn the_lifetime_is_limited_by_the_rules() {
    let text = device1();
    let mut rules = TokenRules::STRICT;
    rules.max_lifetime = Some(core::time::Duration::from_secs(3600));
    let at_time = |now| parse(&text).unwrap().verify_for_any_host(Keys::one(&key()), at(now), &rules);
    assert!(at_time(EXPIRY - 3600).is_ok());
    assert!(at_time(EXPIRY - 3601).is_err());
    let error = at_time(EXPIRY - 3660).err();
    assert_eq!(error, Some(VerifyError::TooLongLived { expiry: EXPIRY, now: EXPIRY - 3660, max: 3600 }));
    let text = "expires 1 h 1 min after `now`, at 2030-01-01T00:00:00Z, and at most 1 h are allowed";
    assert_eq!(error.unwrap().to_string(), text);
}

#[test]
fn the_strict_rules_accept_a_lifetime_of_a_leap_year() {
    const LEAP_YEAR: u64 = 31_622_400;
    let (text, key) = (device1(), key());
    let verify = |now| {
        parse(&text).unwrap().verify_for_any_host(Keys::one(&key), at(now), &TokenRules::STRICT).map(drop)
    };
    assert_eq!(verify(EXPIRY - LEAP_YEAR), Ok(()));
    let now = EXPIRY - LEAP_YEAR - 1;
    assert_eq!(verify(now), Err(VerifyError::TooLongLived { expiry: EXPIRY, now, max: LEAP_YEAR }));
}

#[test]
fn the_vectors_of_the_project_verify() {
    for (sr, sig) in [
        (SR, SIG),
        ("myhub.azure-devices.net%2fdevices%2fdevice1", "qAlakZkWIS1WNEp+IyKCexjCMvu5KDp/kyyBYZ/V8kI="),
        ("myhub.azure-devices.net/devices/device1", "Md+iVu1WaVtTga4lT2JVC5+88A8wG+93Bka3mRjC2/A="),
        (
            "myhub.azure-devices.net%2Fdevices%2Fn%2540m.et%2523st%2Fmodules%2F%2524edgeAgent",
            "1Gp/x7I0PafiE6znjDsAJ0R7qe7EZyOjdx1jC5RhYvI=",
        ),
        ("0ne00000001%2Fregistrations%2Fsn-007", "p1CAcS+7q/5C71Z53cJ2D2SoqawCrB0AaMT5pRR5jlw="),
    ] {
        let text = format!("SharedAccessSignature sr={sr}&sig={sig}&se={EXPIRY}");
        assert!(verify(&text, EXPIRY).is_ok(), "{sr}");
    }
    let service = "SharedAccessSignature sr=myhub.azure-devices.net&sig=khSw3Hu42nfiGmvv0z8UfhaVjclOsrYKOsP3H0wMCJU=\
        &se=1893456000&skn=iothubowner";
    assert!(verify(service, EXPIRY).is_ok());
}

#[test]
fn both_providers_agree() {
    let ring = hubward_ring::HmacKey::new(&hubward_core::SymmetricKey::from_base64(KEY).unwrap());
    let text = device1();
    assert!(
        parse(&text).unwrap().verify_for_any_host(Keys::one(&ring), at(EXPIRY), &TokenRules::STRICT).is_ok()
    );
    // a trait object is a key too
    let dynamic: &dyn hubward_core::MacKey = &ring;
    assert!(
        parse(&text)
            .unwrap()
            .verify_for_any_host(Keys::one(&dynamic), at(EXPIRY), &TokenRules::STRICT)
            .is_ok()
    );
}

#[test]
fn parsing_and_verifying_do_not_allocate() {
    let (text, key) = (device1(), key());
    let count = allocation_counter::measure(|| {
        for rules in [TokenRules::STRICT, TokenRules::HUB_COMPAT] {
            let token = hubward_sas::SasToken::parse(&text, &rules).unwrap();
            let now = at(EXPIRY - 60);
            assert!(token.verify_for_any_host(Keys::pair(&key, &key), now, &rules).is_ok());
        }
    });
    assert_eq!(count.count_total, 0);
}

#[test]
fn a_parsed_token_is_small() {
    // it is moved into each result
    assert!(size_of::<hubward_sas::SasToken<'_>>() <= 104);
    assert!(size_of::<hubward_sas::VerifiedToken<'_>>() <= 64);
}
