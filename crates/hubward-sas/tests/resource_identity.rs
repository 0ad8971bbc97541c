//! The identity that a token's resource is for, before and after verification.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;
use common::*;
use hubward_core::{DeviceId, Identity, KeySlot, Keys, ModuleId, PolicyName};
use hubward_sas::TokenRules;

fn identity<'n>(device: &'n str, module: Option<&'n str>) -> Identity<'n> {
    let device = DeviceId::parse(device).unwrap();
    match module {
        Some(module) => Identity::Module(device, ModuleId::parse(module).unwrap()),
        None => Identity::Device(device),
    }
}

#[test]
fn a_resource_is_for_one_device_or_module() {
    let (strict, field) = (TokenRules::STRICT, TokenRules::HUB_COMPAT);
    // resource, device, module, by the strict rules, with each leniency
    let cases: &[(&str, &str, Option<&str>, bool, bool)] = &[
        ("h/devices/d", "d", None, true, true),
        ("h/devices/d", "e", None, false, false),
        ("h/devices/d", "d", Some("m"), false, false),
        ("h/devices/d/modules/m", "d", Some("m"), true, true),
        ("h/devices/d/modules/m", "d", Some("n"), false, false),
        ("h/devices/d/modules/m", "e", Some("m"), false, false),
        ("h/devices/d/modules/m", "d", None, false, false),
        ("h/devices/D/modules/m", "d", Some("m"), false, true),
        ("h/devices/d/modules/M", "d", Some("m"), false, true),
        ("h/devices/d/modules/%2524edgeHub", "d", Some("$edgeHub"), false, true),
        ("h/devices/d/modules/%24edgeHub", "d", Some("$edgeHub"), true, true),
    ];
    for (resource, device, module, exact, lenient) in cases {
        let text = token(resource, &EXPIRY.to_string());
        let (parsed, key) = (parse(&text).unwrap(), key());
        let verified = parsed.verify_for_any_host(Keys::one(&key), at(EXPIRY), &strict).unwrap();
        let known = identity(device, *module);
        for (rules, expected) in [(&strict, *exact), (&field, *lenient)] {
            assert_eq!(parsed.is_for(&known, rules), expected, "{resource} for {known}");
            assert_eq!(verified.is_for(&known, rules), expected, "verified, {resource} for {known}");
        }
    }
}

#[test]
fn a_verified_token_has_what_the_text_claims() {
    let text = format!("{}&skn=service", token("h/devices/d", &EXPIRY.to_string()));
    let (parsed, key, other) = (parse(&text).unwrap(), key(), other_key());
    let keys = Keys::pair(&other, &key);
    let verified = parsed.verify_for_any_host(keys, at(EXPIRY), &TokenRules::STRICT).unwrap();
    for policy in [parsed.policy(), verified.policy()] {
        assert!(policy.is_some_and(|name| name.eq_decoded("service")));
    }
    for resource in [parsed.resource(), verified.resource()] {
        assert_eq!(resource.as_received(), "h/devices/d");
    }
    assert_eq!((parsed.expires().as_secs(), verified.expires().as_secs()), (EXPIRY, EXPIRY));
    let service = Identity::Policy(PolicyName::parse("service").unwrap());
    assert!(parsed.signer().is(&service) && verified.signer().is(&service));
    assert_eq!(verified.key_slot(), KeySlot::Secondary);
}
