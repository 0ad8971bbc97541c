//! Hints about refused credentials. They are computed apart from the refusal.
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
use common::*;
use hubward::registry::{Attestation, Derivation, Enrollment, Enrollments, derive_key};
use hubward::sas::TokenRules;
use hubward::types::{IdScope, RegistrationId, SymmetricKey};
use hubward::{CbsRequest, ProvisioningConfig, RegistrationCredentials, explain};
use hubward_rustcrypto::HmacKey;

#[test]
fn names_of_mqtt_are_explained() {
    let code = |client_id: &str, username: &str| {
        explain::mqtt(client_id, username, Some(&own_token("dev1"))).map_or("none", |hint| hint.code())
    };
    for (client_id, username, expected) in [
        ("dev1", "h.net/dev1/?api-version=2021-04-12", "none"),
        ("dev1", "h.net/dev1", "none"),
        ("Dev1", "h.net/dev1/?api-version=2021-04-12", "case-differs"),
        ("dev1/Mod", "h.net/dev1/mod/?api-version=2021-04-12", "case-differs"),
        ("dev1", "h.net/dev10/?api-version=2021-04-12", "none"),
        ("dev1", "h.net/dev1/?api-version=1&DeviceClientType=agent/2.0", "slash-in-query"),
        ("dev1", "h.net/dev1?api-version=2021-04-12", "no-slash-before-query"),
        ("dev1", "https://h.net/dev1/?api-version=2021-04-12", "scheme-in-host"),
        ("dev1", "contoso/dev1/?api-version=2021-04-12", "short-hub-name"),
        ("Reg-1", "0ne1/registrations/reg-1/api-version=2019-03-31", "case-differs"),
        ("reg-1", "0ne1/registrations/reg-1/api-version=2019-03-31", "none"),
    ] {
        assert_eq!(code(client_id, username), expected, "{client_id} {username}");
    }
    let quoted = format!("\"{}\"", own_token("dev1"));
    assert_eq!(explain::mqtt("d", "h.net/d", Some(&quoted)).unwrap().code(), "quoted");
    assert_eq!(explain::http(&quoted).unwrap().code(), "quoted");
    let put = CbsRequest::new("put-token", "jwt", "h.net", &quoted);
    assert!(explain::cbs(&put).is_none(), "a bearer token is another library's");
    let put = CbsRequest::new("put-token", "azure-devices.net:sastoken", "h.net", &quoted);
    assert_eq!(explain::cbs(&put).unwrap().code(), "quoted");
}

#[test]
fn whole_host_of_sasl_is_named_by_its_label() {
    for username in [
        "iothubowner@sas.root.contoso.azure-devices.net",
        "dev1@sas.contoso.azure-devices.net",
        "a@sas.b@sas.contoso.azure-devices.net",
    ] {
        let hint = explain::amqp_plain(username, "x").unwrap();
        assert_eq!(hint.code(), "whole-host");
        assert!(hint.to_string().contains("`contoso`"), "{hint}");
    }
    for username in ["dev1@sas.contoso", "dev1@contoso.azure-devices.net", "dev1@sas.co ntoso.net", ""] {
        assert!(explain::amqp_plain(username, "x").is_none(), "{username}");
    }
    let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    assert_eq!(explain::amqp_plain("dev1@sas.contoso", key).unwrap().code(), "key-for-token");
}

#[test]
fn underived_key_of_a_group_is_named_whether_or_not_the_device_exists() {
    let rules = ProvisioningConfig::new(IdScope::parse("0ne1").unwrap(), key("dummy"))
        .with_token_rules(TokenRules::HUB_COMPAT);
    let mut enrollments = Enrollments::new(Derivation::AsPresented);
    enrollments.enroll_group("g", Enrollment::new(Attestation::SymmetricKey(pair("group"))));
    enrollments.enroll(
        RegistrationId::parse("own").unwrap(),
        Enrollment::new(Attestation::SymmetricKey(pair("own"))),
    );
    let make = |key: &SymmetricKey| HmacKey::new(key);
    let upper = HmacKey::new(&derive_key(&key("group primary"), "PUMP-9"));
    for id in ["pump-9", "own", "nothing-enrolled"] {
        for (signer, expected) in [
            (key("group primary"), "group-key-not-derived"),
            (key("group secondary"), "group-key-not-derived"),
            (key("another"), "none"),
        ] {
            let sr = format!("0ne1%2Fregistrations%2F{id}");
            let password = token(&sr, &signer, NOW, Some("registration"));
            let username = format!("0ne1/registrations/{id}/api-version=2019-03-31");
            let presented = RegistrationCredentials::mqtt(id, &username, Some(&password)).unwrap();
            let hint = presented.explain(&rules, &enrollments, make, at(NOW));
            assert_eq!(hint.map_or("none", |hint| hint.code()), expected, "{id}");
        }
    }
    let password = token("0ne1%2Fregistrations%2Fpump-9", &upper, NOW, Some("registration"));
    let username = "0ne1/registrations/pump-9/api-version=2019-03-31";
    let presented = RegistrationCredentials::mqtt("pump-9", username, Some(&password)).unwrap();
    let hint = presented.explain(&rules, &enrollments, make, at(NOW));
    assert_eq!(hint.unwrap().code(), "derived-from-other-spelling");
}
