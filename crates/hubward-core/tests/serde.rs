//! The feature `serde`: a round trip of each type, and the texts that it refuses.
#![allow(clippy::unwrap_used, reason = "a test")]

use hubward_core::{
    Authority, DeviceId, Hint, HostName, IdScope, Identity, ModuleId, Permissions, PolicyName,
    RegistrationId, Status, Thumbprint,
};
use serde_json::{from_str, to_string};

#[test]
fn names_are_their_text() {
    assert_eq!(to_string(&DeviceId::parse("a:b'c").unwrap()).unwrap(), r#""a:b'c""#);
    assert_eq!(from_str::<DeviceId<'_>>(r#""a:b'c""#).unwrap().as_str(), "a:b'c");
    assert_eq!(from_str::<ModuleId<'_>>(r#""mod1""#).unwrap().as_str(), "mod1");
    assert_eq!(from_str::<PolicyName<'_>>(r#""iothubowner""#).unwrap().as_str(), "iothubowner");
    assert_eq!(from_str::<HostName<'_>>(r#""hub.example""#).unwrap().as_str(), "hub.example");
    assert_eq!(from_str::<Authority<'_>>(r#""hub.example:443""#).unwrap().as_str(), "hub.example:443");
    assert_eq!(from_str::<RegistrationId<'_>>(r#""reg-1""#).unwrap().as_str(), "reg-1");
    assert_eq!(from_str::<IdScope<'_>>(r#""0ne00000001""#).unwrap().as_str(), "0ne00000001");
}

#[test]
fn a_name_is_validated_as_it_is_parsed() {
    for text in ["", "a/b", "a b", "..", "\u{e9}"] {
        let parsed = DeviceId::parse(text).unwrap_err().to_string();
        let error = from_str::<DeviceId<'_>>(&format!("\"{text}\"")).unwrap_err().to_string();
        assert!(error.starts_with(&parsed), "{error}");
    }
    assert!(from_str::<HostName<'_>>(r#""hub_1.example""#).is_err());
    assert!(from_str::<Authority<'_>>(r#""hub.example:70000""#).is_err());
    assert!(from_str::<PolicyName<'_>>(r#""own/er""#).is_err());
    assert!(from_str::<RegistrationId<'_>>(r#""reg.""#).is_err());
    assert!(from_str::<IdScope<'_>>(r#""0ne.1""#).is_err());
    assert!(from_str::<DeviceId<'_>>("7").is_err());
}

#[test]
fn a_name_is_borrowed_or_an_error_without_its_text() {
    let error = from_str::<DeviceId<'_>>(r#""pump\u002d7""#).unwrap_err().to_string();
    assert!(error.starts_with("device id: the text cannot be borrowed"), "{error}");
    assert!(!error.contains("pump"), "{error}");
}

#[test]
fn an_identity_is_named_by_its_kind() {
    let device = DeviceId::parse("dev1").unwrap();
    for (identity, json) in [
        (Identity::Device(device), r#"{"device":"dev1"}"#),
        (Identity::Module(device, ModuleId::parse("mod1").unwrap()), r#"{"module":["dev1","mod1"]}"#),
        (Identity::Policy(PolicyName::parse("service").unwrap()), r#"{"policy":"service"}"#),
    ] {
        assert_eq!(to_string(&identity).unwrap(), json);
        assert_eq!(from_str::<Identity<'_>>(json).unwrap(), identity);
    }
    for json in
        [r#"{"device":"a/b"}"#, r#"{"module":["dev1"]}"#, r#"{"module":["dev1",""]}"#, r#"{"user":"u"}"#]
    {
        assert!(from_str::<Identity<'_>>(json).is_err(), "{json}");
    }
}

#[test]
fn permissions_are_their_list() {
    let all = Permissions::all();
    for (permissions, json) in [
        (Permissions::empty(), r#""""#),
        (Permissions::DEVICE_CONNECT, r#""DeviceConnect""#),
        (all, r#""RegistryWrite, ServiceConnect, DeviceConnect""#),
    ] {
        assert_eq!(to_string(&permissions).unwrap(), json);
        assert_eq!(from_str::<Permissions>(json).unwrap(), permissions);
    }
    let error = from_str::<Permissions>(r#""RegistryRead,Owner""#).unwrap_err().to_string();
    assert!(error.starts_with("unknown permission at byte 13"), "{error}");
    assert!(from_str::<Permissions>("3").is_err());
}

#[test]
fn thumbprints_and_statuses_are_text() {
    for hex in ["AB".repeat(20), "0F".repeat(32)] {
        let json = format!("\"{hex}\"");
        let thumbprint: Thumbprint = from_str(&json).unwrap();
        assert!(thumbprint.matches(&hex.parse().unwrap()));
        assert_eq!(to_string(&thumbprint).unwrap(), json);
    }
    assert!(from_str::<Thumbprint>(r#""AB""#).is_err());
    for (status, json) in [(Status::Enabled, r#""enabled""#), (Status::Disabled, r#""disabled""#)] {
        assert_eq!(to_string(&status).unwrap(), json);
        assert_eq!(from_str::<Status>(json).unwrap(), status);
    }
    assert!(from_str::<Status>(r#""Enabled""#).is_err());
}

#[test]
fn a_hint_is_its_code() {
    assert_eq!(to_string(&Hint::Quoted).unwrap(), r#""quoted""#);
    assert_eq!(to_string(&Hint::WholeHost { label: "hub" }).unwrap(), r#""whole-host""#);
}
