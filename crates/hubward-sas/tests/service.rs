//! Minting, key derivation, renewal, requirements and clock hints.
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
use core::time::Duration;

use hubward_core::{
    Authority, DeviceId, IdScope, Identity, Keys, Lookup, ModuleId, PolicyName, RegistrationId, ResourcePath,
    SymmetricKey,
};
use hubward_rustcrypto::HmacKey;
use hubward_sas::{
    ClockHint, DeviceTokens, LifetimeError, Margin, MintError, RenewalPlan, RequirementError, Requirements,
    SasToken, TokenRules, UnsignedToken, VerifyError, derive_device_key, expires_after,
};

const NOW: u64 = 1_800_000_000;

fn service() -> DeviceTokens<'static, HmacKey> {
    let host = Authority::parse("h.example").unwrap();
    DeviceTokens::new(host, PolicyName::parse("device").unwrap(), key(), Duration::from_secs(3600))
}

fn device(id: &str) -> DeviceId<'_> {
    DeviceId::parse(id).unwrap()
}

#[test]
fn a_token_is_minted_for_the_caller_alone() {
    let mint = |wanted, life| {
        service()
            .mint(device("d1"), wanted, at(NOW), Duration::from_secs(life))
            .map(|token| token.to_string())
    };
    let module = Identity::Module(device("d1"), ModuleId::parse("$edgeHub").unwrap());
    for (wanted, sr) in [
        (Identity::Device(device("d1")), "h.example%2Fdevices%2Fd1"),
        (module, "h.example%2Fdevices%2Fd1%2Fmodules%2F%24edgeHub"),
    ] {
        let text = mint(wanted, 3600).unwrap();
        let token = parse(&text).unwrap();
        assert_eq!(token.resource().as_received(), sr);
        assert!(matches!(token.signer(), Lookup::Policy(name) if name.eq_decoded("device")));
        assert_eq!(token.expires(), at(NOW + 3600));
        assert!(token.verify_for_any_host(Keys::one(&key()), at(NOW), &TokenRules::STRICT).is_ok());
    }
    assert_eq!(mint(Identity::Device(device("d10")), 60), Err(MintError::AnotherDevice));
    assert_eq!(mint(Identity::Device(device("D1")), 60), Err(MintError::AnotherDevice));
    let hub = Identity::Policy(PolicyName::parse("iothubowner").unwrap());
    assert_eq!(mint(hub, 60), Err(MintError::NotADevice));
    let too_long = MintError::TooLong { asked: Duration::from_secs(3601), max: Duration::from_secs(3600) };
    assert_eq!(mint(Identity::Device(device("d1")), 3601), Err(too_long));
    assert_eq!(too_long.to_string(), "the lifetime is 3601 s, and at most 3600 s are allowed");
    assert_eq!(mint(Identity::Device(device("d1")), 0), Err(MintError::Lifetime(LifetimeError::Zero)));
    assert!(!format!("{:?}", service()).contains(&KEY[..4]));
}

#[test]
fn a_device_key_is_derived_from_the_key_of_its_group() {
    // the known answer of the provisioning service's documentation
    let group = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==";
    let group = HmacKey::new(&SymmetricKey::from_base64(group).unwrap());
    let id = RegistrationId::parse("sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6").unwrap();
    let derived = derive_device_key(&group, id);
    assert_eq!(derived.expose_base64(&mut [0; 88]), "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=");
    // the device signs with its own key, and the group's key does not verify it
    let scope = IdScope::parse("0ne00AB12CD").unwrap();
    let text = UnsignedToken::registration(scope, id, at(NOW)).sign(&HmacKey::new(&derived)).to_string();
    assert!(text.ends_with("&skn=registration"));
    let verify = |key: &HmacKey| {
        parse(&text).unwrap().verify_for_any_host(Keys::one(key), at(NOW), &TokenRules::STRICT).is_ok()
    };
    assert!(verify(&HmacKey::new(&derived)));
    assert!(!verify(&group));
}

#[test]
fn an_expiry_out_of_range_is_refused() {
    let after = |now, life| expires_after(at(now), Duration::from_secs(life)).map(|expiry| expiry.as_secs());
    assert_eq!(after(NOW, 60), Ok(NOW + 60));
    assert_eq!(after(NOW, 0), Err(LifetimeError::Zero));
    assert_eq!(after(u64::MAX, 1), Err(LifetimeError::Range));
    assert_eq!(after(NOW, i64::MAX.unsigned_abs()), Err(LifetimeError::Range));
    assert_eq!(expires_after(at(NOW), Duration::from_millis(999)), Err(LifetimeError::Zero));
}

#[test]
fn a_plan_renews_before_the_expiry() {
    let plan =
        |margin, jitter| RenewalPlan::new(at(NOW), at(NOW + 3600), margin, Duration::from_secs(jitter));
    assert_eq!(plan(Margin::default(), 0).renew_at, at(NOW + 3600 - 540));
    assert_eq!(plan(Margin::default(), 100).renew_at, at(NOW + 3600 - 640));
    assert_eq!(
        plan(Margin::default(), 9999).renew_at,
        at(NOW + 3600 - 1080),
        "jitter is limited to the margin"
    );
    assert_eq!(plan(Margin::Before(Duration::from_secs(120)), 0).renew_at, at(NOW + 3480));
    for margin in [Margin::Percent(100), Margin::Percent(255), Margin::Before(Duration::MAX)] {
        assert_eq!(plan(margin, u64::MAX).renew_at, at(NOW), "not before the plan was made");
    }
    let plan = plan(Margin::Percent(0), 5);
    assert_eq!(plan.renew_at, plan.expires);
    assert!(!plan.is_due(at(NOW + 3599)) && plan.is_due(at(NOW + 3600)));
    assert_eq!(plan.wait(at(NOW)), Duration::from_secs(3600));
    assert_eq!(plan.wait(at(u64::MAX)), Duration::ZERO);
    let late = RenewalPlan::new(at(NOW), at(NOW - 1), Margin::default(), Duration::ZERO);
    assert!(late.is_due(at(NOW)), "an expired token is due");
}

#[test]
fn each_requirement_has_an_error_of_its_own() {
    let text = UnsignedToken::service(
        Authority::parse("h.example").unwrap(),
        PolicyName::parse("service").unwrap(),
        at(NOW),
    )
    .sign(&key())
    .to_string();
    let service =
        parse(&text).unwrap().verify_for_any_host(Keys::one(&key()), at(NOW), &TokenRules::STRICT).unwrap();
    let own = device1();
    let own =
        parse(&own).unwrap().verify_for_any_host(Keys::one(&key()), at(EXPIRY), &TokenRules::STRICT).unwrap();
    let path = |text| ResourcePath::parse(text).unwrap();
    let policies = [PolicyName::parse("service").unwrap(), PolicyName::parse("owner").unwrap()];
    let none = Requirements::new();
    assert_eq!(service.check(&none), Ok(()));
    assert_eq!(service.check(&none.with_resource(path("H.example/devices/d"))), Ok(()));
    assert_eq!(
        service.check(&none.with_resource(path("h.example.evil"))),
        Err(RequirementError::AnotherResource)
    );
    assert_eq!(
        own.check(&none.with_resource(path("myhub.azure-devices.net"))),
        Err(RequirementError::AnotherResource)
    );
    assert_eq!(service.check(&none.with_policies(&policies)), Ok(()));
    assert_eq!(service.check(&none.with_policies(&policies[1..])), Err(RequirementError::PolicyNotAllowed));
    assert_eq!(service.check(&none.with_policies(&[])), Err(RequirementError::PolicyNotAllowed));
    assert_eq!(own.check(&none.with_policies(&policies)), Err(RequirementError::NotByPolicy));
}

#[test]
fn a_clock_difference_is_reported() {
    let hint = |expiry: u64, now| {
        let text = token(SR, &expiry.to_string());
        let error = parse(&text)
            .unwrap()
            .verify_for_any_host(Keys::one(&key()), at(now), &TokenRules::STRICT)
            .unwrap_err();
        error.clock_hint()
    };
    assert_eq!(hint(NOW - 7200, NOW), Some(ClockHint::SignerBehind(7200)));
    assert_eq!(hint(3600, NOW), Some(ClockHint::SignerNotSet));
    let year = TokenRules::STRICT.max_lifetime.unwrap().as_secs();
    assert_eq!(hint(NOW + year + 60, NOW), Some(ClockHint::SignerAhead(60)));
    assert_eq!(
        VerifyError::WrongSignature.clock_hint(),
        None,
        "a token with a wrong signature gives no hint"
    );
    let words = ClockHint::SignerBehind(7200).to_string();
    assert_eq!(words, "the token is old, or the signer's clock is behind the verifier's by 2 h or more");
}

#[test]
fn signing_returns_the_needed_size_and_does_not_allocate() {
    let unsigned = UnsignedToken::device(Authority::parse("h.example").unwrap(), device("d1"), at(NOW));
    let key = key();
    let mut buffer = [0; 256];
    let count = allocation_counter::measure(|| {
        assert!(unsigned.sign(&key).write_into(&mut buffer).is_ok());
        let plan = RenewalPlan::new(at(NOW), at(NOW + 60), Margin::default(), Duration::ZERO);
        assert!(!plan.is_due(at(NOW)));
    });
    assert_eq!(count.count_total, 0);
    let signed = unsigned.sign(&key);
    let needed = signed.to_string().len();
    assert_eq!(signed.write_into(&mut vec![0; needed - 1]).unwrap_err().needed, needed);
    assert_eq!(signed.write_into(&mut []).unwrap_err().needed, needed);
    assert_eq!(signed.write_into(&mut vec![0; needed]).unwrap(), signed.to_string());
    let message = unsigned.to_be_signed(&mut buffer).unwrap().to_vec();
    assert_eq!(message, b"h.example%2Fdevices%2Fd1\n1800000000");
    assert_eq!(unsigned.to_be_signed(&mut []).unwrap_err().needed, message.len());
}

#[test]
fn the_longest_names_are_signed() {
    let id = "%".repeat(128);
    let host = format!("{}.{}.{}.{}", "a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(61));
    let unsigned = UnsignedToken::module(
        Authority::parse(&host).unwrap(),
        device(&id),
        ModuleId::parse(&id).unwrap(),
        at(i64::MAX.unsigned_abs()),
    );
    let text = unsigned.sign(&key()).to_string();
    let token = SasToken::parse(&text, &TokenRules::HUB_COMPAT).unwrap();
    assert!(token.verify_for_any_host(Keys::one(&key()), at(NOW), &TokenRules::HUB_COMPAT).is_ok());
}

#[test]
fn an_external_key_signs_in_two_steps() {
    let unsigned = UnsignedToken::device(Authority::parse("h.example").unwrap(), device("d1"), at(NOW));
    let mut buffer = [0; 128];
    let message = unsigned.to_be_signed(&mut buffer).unwrap();
    let tag = hubward_core::MacKey::tag(&key(), &[message]);
    assert_eq!(unsigned.finish(tag).to_string(), unsigned.sign(&key()).to_string());
}
