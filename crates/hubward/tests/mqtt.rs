//! MQTT CONNECT of a device or a module. All names must refer to one identity.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
use common::*;
use hubward::sas::UnsignedToken;
use hubward::types::{Authority, IdScope, RegistrationId};
use hubward::types::{
    DeviceId, Identity, IdentityRecord, LookupResult, Permissions, PolicyRecord, RecordVersion, Status,
};
use hubward::{AuthError, AuthenticationStep, Credentials};

#[test]
fn device_and_module_are_authenticated() {
    let hub = hub();
    assert_eq!(hub.mqtt("dev1", &username("dev1"), &own_token("dev1")), Ok("device dev1".into()));
    assert_eq!(hub.mqtt("a+b", &username("a+b"), &own_token("a+b")), Ok("device a+b".into()));
    let sr = format!("{HUB}%2Fdevices%2Fdev1%2Fmodules%2Fmod1");
    let password = token(&sr, &key("dev1/mod1 secondary"), NOW, None);
    assert_eq!(hub.mqtt("dev1/mod1", &username("dev1/mod1"), &password), Ok("module dev1/mod1".into()));
}

#[test]
fn usernames_of_every_form() {
    let hub = hub();
    let password = own_token("dev1");
    for query in [
        "?api-version=2021-04-12",
        "api-version=2016-11-14",
        "?api-version=2021-04-12&DeviceClientType=py%2F1.0&model-id=dtmi%3Aa",
    ] {
        let username = format!("{}/dev1/{query}", HUB.to_uppercase());
        assert_eq!(hub.mqtt("dev1", &username, &password), Ok("device dev1".into()), "{query}");
    }
    for end in ["", "/", "/?"] {
        let username = format!("{HUB}/dev1{end}");
        assert_eq!(hub.mqtt("dev1", &username, &password), Ok("device dev1".into()), "{username}");
        let sr = format!("{HUB}%2Fdevices%2Fdev1%2Fmodules%2Fmod1");
        let module = token(&sr, &key("dev1/mod1 primary"), NOW, None);
        let username = format!("{HUB}/dev1/mod1{end}");
        assert_eq!(hub.mqtt("dev1/mod1", &username, &module), Err("username"), "a module needs its query");
        let error = Credentials::mqtt("dev1/mod1", &username, None).unwrap_err().to_string();
        assert!(error.contains("api-version"), "{error}");
    }
    for (username, code) in [
        (HUB.to_owned(), "username"),
        (format!("{HUB}/"), "username"),
        (format!("{HUB}//"), "username"),
        (format!("{HUB}%2Fdev1"), "username"),
        (format!("{HUB}/dev1?api-version=2021-04-12"), "client-id"),
        (format!("{HUB}/dev1//"), "username"),
        (format!("{HUB}/dev1/?x=1"), "username"),
        (format!("{HUB}.evil/dev1"), "hub-mismatch"),
        (format!("{HUB}@evil.net/dev1"), "hub-mismatch"),
        (format!("{HUB}/dev10"), "client-id"),
        (format!("{HUB}/dev1/?api-version="), "username"),
        (format!("{HUB}/dev1/?api-version=1&api-version=2"), "username"),
        (format!("{HUB}/dev1/?api-version=1&x=1&X=2"), "username"),
        (format!("{HUB}/dev1/?api%2Dversion=1"), "username"),
        (format!("{HUB}/dev1/?api-version=1&auth-chain=dev1%3B"), "username"),
        (format!("{HUB}/dev1/?api-version=1&auth-chain=dev1%3Bdev10"), "identity-mismatch"),
        (format!("{HUB}/dev1/mod1/x/?api-version=1"), "username"),
        ("/dev1/?api-version=1".into(), "username"),
        ("fabrikam.azure-devices.net/dev1/?api-version=1".into(), "hub-mismatch"),
        (format!("{HUB}.evil/dev1/?api-version=1"), "hub-mismatch"),
    ] {
        assert_eq!(hub.mqtt("dev1", &username, &password), Err(code), "{username}");
    }
}

#[test]
fn mismatched_names_are_rejected() {
    let hub = hub();
    let dev1 = own_token("dev1");
    assert_eq!(hub.mqtt("dev10", &username("dev1"), &dev1), Err("client-id"));
    assert_eq!(hub.mqtt("dev1", &username("dev10"), &dev1), Err("client-id"));
    assert_eq!(hub.mqtt("dev10", &username("dev10"), &dev1), Err("identity-mismatch"));
    assert_eq!(
        hub.mqtt("dev1/mod1", &username("dev1/mod1"), &dev1),
        Err("identity-mismatch"),
        "a device is no module"
    );
    assert_eq!(hub.mqtt("DEV1", &username("DEV1"), &dev1), Err("identity-mismatch"), "ids have a case");
    let module = token(&format!("{HUB}/devices/dev1/modules/mod1"), &key("dev1/mod1 primary"), NOW, None);
    assert_eq!(
        hub.mqtt("dev1", &username("dev1"), &module),
        Err("identity-mismatch"),
        "nor a module a device"
    );
    let other_hub = token("fabrikam.azure-devices.net/devices/dev1", &key("dev1 primary"), NOW, None);
    assert_eq!(hub.mqtt("dev1", &username("dev1"), &other_hub), Err("hub-mismatch"));
}

#[test]
fn key_permits_only_its_own_identity() {
    let hub = hub();
    let by = |signer: &str, sr: &str, skn| token(&format!("{HUB}{sr}"), &key(signer), NOW, skn);
    assert_eq!(
        hub.mqtt("dev1", &username("dev1"), &by("dev10 primary", "/devices/dev1", None)),
        Err("token-wrong-signature")
    );
    assert_eq!(hub.mqtt("dev1", &username("dev1"), &by("dev1 primary", "", None)), Err("token-nobodys-key"));
    let as_policy = by("dev1 primary", "/devices/dev1", Some("device"));
    assert_eq!(hub.mqtt("dev1", &username("dev1"), &as_policy), Err("token-wrong-signature"));
    assert_eq!(hub.mqtt("x509", &username("x509"), &by("dummy", "/devices/x509", None)), Err("not-by-token"));
    assert_eq!(hub.mqtt("ghost", &username("ghost"), &by("dummy", "/devices/ghost", None)), Err("unknown"));
    assert_eq!(hub.mqtt("off", &username("off"), &own_token("off")), Err("disabled"));
    assert_eq!(
        hub.mqtt("off", &username("off"), &by("dev1 primary", "/devices/off", None)),
        Err("token-wrong-signature")
    );
}

#[test]
fn policy_connects_an_existing_device() {
    let hub = hub();
    let by = |name: &str, sr: &str| {
        token(&format!("{HUB}{sr}"), &key(&format!("{name} primary")), NOW, Some(name))
    };
    for sr in ["", "/devices", "/devices/dev1"] {
        assert_eq!(hub.mqtt("dev1", &username("dev1"), &by("device", sr)), Ok("device dev1".into()), "{sr}");
    }
    assert_eq!(
        hub.mqtt("dev10", &username("dev10"), &by("device", "/devices/dev1")),
        Err("identity-mismatch")
    );
    assert_eq!(hub.mqtt("off", &username("off"), &by("device", "")), Err("disabled"));
    assert_eq!(hub.mqtt("ghost", &username("ghost"), &by("device", "")), Err("unknown"));
    assert_eq!(
        hub.mqtt("dev1", &username("dev1"), &by("registryWrite", "")),
        Err("unknown"),
        "no such policy"
    );

    let password = by("service", "");
    // without DeviceConnect the result does not tell which devices exist
    for id in ["dev1", "off", "ghost"] {
        assert_eq!(hub.mqtt(id, &username(id), &password), Err("policy-connects-no-device"), "{id}");
    }
}

#[test]
fn lenient_comparison_does_not_change_the_lookup() {
    let twice = |id: &str, signer: &str| token(&format!("{HUB}%2Fdevices%2F{id}"), &key(signer), NOW, None);
    let a_b = twice("a%252Bb", "a+b primary");
    assert_eq!(hub().mqtt("a+b", &username("a+b"), &a_b), Err("identity-mismatch"));
    assert_eq!(compat().mqtt("a+b", &username("a+b"), &a_b), Ok("device a+b".into()));
    // the lookup has the name that the transport carries
    assert_eq!(compat().mqtt("a%2Bb", &username("a%2Bb"), &a_b), Err("unknown"));
    let lower = twice("dev1", "dev1 primary");
    assert_eq!(compat().mqtt("DEV1", &username("DEV1"), &lower), Err("unknown"));
}

#[test]
fn record_of_another_identity_is_rejected() {
    let hub = hub();
    let (name, password) = (username("dev1"), own_token("dev1"));
    let start = || Credentials::mqtt("dev1", &name, Some(&password)).unwrap().start(&hub.rules).unwrap();
    // the right key, in the record of a name in another case
    let primary = key("dev1 primary");
    let wrong = [
        Identity::Device(DeviceId::parse("DEV1").unwrap()),
        Identity::Module(device("dev1"), module("mod1")),
        Identity::Policy(policy("dev1")),
    ];
    for identity in wrong {
        let keys = hubward::types::Credential::Keys(hubward::types::Keys::one(&primary));
        let found = IdentityRecord::new(identity, Status::Enabled, RecordVersion::new(1, 1), keys);
        assert_eq!(
            start().resume(LookupResult::Identity(found), at(NOW)).err(),
            Some(AuthError::RecordMismatch)
        );
    }
}

#[test]
fn pending_authentication_can_be_held_across_an_await() {
    fn is_send<T: Send>(_: &T) {}
    let hub = hub();
    let (name, password) = (username("dev1"), own_token("dev1"));
    is_send(&Credentials::mqtt("dev1", &name, Some(&password)).unwrap().start(&hub.rules).unwrap());
}

#[test]
fn aliases_are_accepted_and_other_hosts_are_not() {
    let mut hub = hub();
    hub.rules = hub.rules.with_aliases([Authority::parse("localhost:8443").unwrap()]);
    let by_alias = token("localhost%3A8443%2Fdevices%2Fdev1", &key("dev1 primary"), NOW, None);
    assert_eq!(hub.mqtt("dev1", &username("dev1"), &by_alias), Ok("device dev1".into()));
    for host in ["localhost", "localhost%3A8883", "localhost%3A844"] {
        let password = token(&format!("{host}%2Fdevices%2Fdev1"), &key("dev1 primary"), NOW, None);
        assert_eq!(hub.mqtt("dev1", &username("dev1"), &password), Err("hub-mismatch"), "{host}");
    }
}

#[test]
fn device_id_as_skn_is_configurable() {
    let with = |sr: &str, signer: &str, skn| token(&format!("{HUB}{sr}"), &key(signer), NOW, Some(skn));
    let own = with("/devices/dev1", "dev1 primary", "dev1");
    assert_eq!(hub().mqtt("dev1", &username("dev1"), &own), Err("unknown"));
    let mut hub = compat();
    assert_eq!(hub.mqtt("dev1", &username("dev1"), &own), Ok("device dev1".into()));
    // the key must be the named device's, and the resource no wider than the device
    for (sr, signer, skn) in [
        ("/devices/dev1", "dev10 primary", "dev1"),
        ("/devices/dev1", "dev1 primary", "dev10"),
        ("/devices", "dev1 primary", "dev1"),
        ("", "dev1 primary", "dev1"),
    ] {
        assert!(hub.mqtt("dev1", &username("dev1"), &with(sr, signer, skn)).is_err(), "{sr} {signer} {skn}");
    }
    // a policy of that name has priority; there is no second lookup
    hub.registry.set_policy(policy("dev1"), Permissions::empty(), pair("another"));
    assert_eq!(hub.mqtt("dev1", &username("dev1"), &own), Err("token-wrong-signature"));
}

#[test]
fn session_of_a_device_id_as_skn_rests_on_the_device() {
    let hub = compat();
    let password = token(&format!("{HUB}/devices/dev1"), &key("dev1 primary"), NOW, Some("dev1"));
    let name = username("dev1");
    let admitted = hub.admit(Credentials::mqtt("dev1", &name, Some(&password)).unwrap(), NOW).unwrap();
    assert!(admitted.decision().is_allow());
    let session = admitted.into_session();
    assert_eq!(session.lookups().map(|lookup| lookup.to_string()).collect::<Vec<_>>(), ["device dev1"]);
    assert_eq!(session.recheck(&hub.answers(&session), at(NOW)).map(drop), Ok(()));
}

#[test]
fn registration_token_is_rejected() {
    let name = "0ne1/registrations/reg-1/api-version=2019-03-31";
    let (scope, id) = (IdScope::parse("0ne1").unwrap(), RegistrationId::parse("reg-1").unwrap());
    let token = UnsignedToken::registration(scope, id, at(NOW)).sign(&key("k")).to_string();
    assert_eq!(hub().mqtt("registrations/reg-1", name, &token), Err("hub-mismatch"));
    assert_eq!(hub().mqtt("dev1", &username("dev1"), &token), Err("registration-token"));
}

#[test]
fn policy_s_token_names_a_device_exactly() {
    // a policy's token for `DEV1` must not connect `dev1`, which can belong to another owner
    let by_policy =
        |sr: &str| token(&format!("{HUB}/devices/{sr}"), &key("device primary"), NOW, Some("device"));
    assert_eq!(compat().mqtt("dev1", &username("dev1"), &by_policy("DEV1")), Err("identity-mismatch"));
    assert_eq!(compat().mqtt("a+b", &username("a+b"), &by_policy("a%252Bb")), Err("identity-mismatch"));
    assert_eq!(compat().mqtt("dev1", &username("dev1"), &by_policy("dev1")), Ok("device dev1".into()));
}

#[test]
fn expiry_is_checked_at_the_second_lookup() {
    let hub = hub();
    let password = token(&format!("{HUB}/devices/dev1"), &key("device primary"), NOW + 10, Some("device"));
    let name = username("dev1");
    let presented = Credentials::mqtt("dev1", &name, Some(&password)).unwrap();
    let question = presented.start(&hub.rules).unwrap();
    let found = hub.registry.find(&question.lookup(), &[]);
    let AuthenticationStep::NeedsLookup(question) = question.resume(found, at(NOW)).unwrap() else {
        unreachable!()
    };
    let found = hub.registry.find(&question.lookup(), &[]);
    assert_eq!(question.resume(found, at(NOW + 11)).err().map(|error| error.code()), Some("token-expired"));
}

#[test]
fn identity_s_record_is_rejected_for_a_policy() {
    let hub = hub();
    let primary = key("device primary");
    let password = token(&format!("{HUB}/devices/off"), &primary, NOW, Some("device"));
    let name = username("off");
    let presented = Credentials::mqtt("off", &name, Some(&password)).unwrap();
    let question = presented.start(&hub.rules).unwrap();
    let keys = hubward::types::Credential::Keys(hubward::types::Keys::one(&primary));
    let identity = Identity::Policy(policy("device"));
    let found = IdentityRecord::new(identity, Status::Enabled, RecordVersion::new(1, 1), keys);
    assert_eq!(
        question.resume(LookupResult::Identity(found), at(NOW)).err(),
        Some(AuthError::RecordMismatch)
    );
}

#[test]
fn policy_s_record_is_rejected_for_a_device_of_the_same_name() {
    // the device sends its id as `skn`: no policy has that name, so the device's key is looked up
    let hub = compat();
    let (name, primary) = (username("dev1"), key("dev1 primary"));
    let password = token(&format!("{HUB}/devices/dev1"), &primary, NOW, Some("dev1"));
    let presented = Credentials::mqtt("dev1", &name, Some(&password)).unwrap();
    let question = presented.start(&hub.rules).unwrap();
    let AuthenticationStep::NeedsLookup(question) = question.resume(LookupResult::NotFound, at(NOW)).unwrap()
    else {
        unreachable!()
    };
    assert_eq!(question.lookup().to_string(), "device dev1");
    let keys = hubward::types::Keys::one(&primary);
    let found = PolicyRecord::new(policy("dev1"), Permissions::all(), RecordVersion::new(1, 1), keys);
    assert_eq!(question.resume(LookupResult::Policy(found), at(NOW)).err(), Some(AuthError::RecordMismatch));
}
