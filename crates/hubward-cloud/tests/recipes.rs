//! The recipes "The services around a hub" of docs/COOKBOOK.md, as they are written there.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use core::time::Duration;

use hubward_cloud::service_bus::{self, Audience, Right, Rights, Rule, Token};
use hubward_cloud::storage::{
    Access, Context, Permission, Permissions, Resource, Sas, SasKind, Service, UnsignedSas, UploadUri,
    Version,
};
use hubward_cloud::{AccountKey, ServiceBusKey};
use hubward_core::{DeviceId, UnixTime};
use hubward_rustcrypto::GeneralKey;

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

#[test]
fn verify_an_event_hubs_token() {
    let (now, expires) = (at(1_893_455_000), at(1_893_456_000));
    let (primary, secondary) = (
        ServiceBusKey::<GeneralKey>::from_text("another key of the same rule").unwrap(),
        ServiceBusKey::<GeneralKey>::from_text(KEY).unwrap(),
    );
    let hub = Audience::new("sb://ns.servicebus.windows.net/telemetry").unwrap();
    let text = service_bus::UnsignedToken::new(hub, "send", expires).unwrap().sign(&secondary).to_string();

    let rule = Rule::new("send", "sb://ns.servicebus.windows.net/telemetry", Rights::new(&[Right::Send]));
    let grant = Token::parse(&text).unwrap().verify(&rule, &[&primary, &secondary], now).unwrap();
    let url = "https://ns.servicebus.windows.net/telemetry/messages";
    assert!(grant.judge(url, Right::Send, now).is_ok());
    assert!(grant.judge(url, Right::Listen, now).is_err());
    assert!(grant.judge("https://ns.servicebus.windows.net/telemetry2/messages", Right::Send, now).is_err());
}

#[test]
fn give_a_device_an_upload_uri() {
    let expires = at(1_893_456_000);
    let key = AccountKey::<GeneralKey>::from_base64(KEY).unwrap();
    let blob = Resource::blob("contosoacct", "uploads", "pump-7/log.txt").unwrap();
    let permissions = Permissions::new(SasKind::Blob, &[Permission::Create, Permission::Write]).unwrap();
    let unsigned = UnsignedSas::new(SasKind::Blob, Version::LATEST).unwrap().with_permissions(permissions);
    let token = unsigned.with_expiry(expires).unwrap().https_only().unwrap().sign(&blob, &key).unwrap();

    let (host, token) = ("contosoacct.blob.core.windows.net", token.to_string());
    let parse =
        |id| UploadUri::parse(host, "uploads", "pump-7/log.txt", &token, DeviceId::parse(id).unwrap());
    assert_eq!(parse("pump-7").unwrap().resource().account(), "contosoacct");
    assert!(parse("pump").is_err());
}

#[test]
fn check_a_blob_sas_in_a_proxy() {
    let now = at(1_893_455_000);
    let key = AccountKey::<GeneralKey>::from_base64(KEY).unwrap();
    let blob = Resource::blob("contosoacct", "plant", "dev1/log 1.txt").unwrap();
    let permissions = Permissions::new(SasKind::Blob, &[Permission::Read]).unwrap();
    let unsigned = UnsignedSas::new(SasKind::Blob, Version::LATEST).unwrap().with_permissions(permissions);
    let token = unsigned.with_expiry(at(1_893_456_000)).unwrap().sign(&blob, &key).unwrap().to_string();

    // GET /plant/dev1/log%201.txt?{token}&timeout=30
    let query = format!("{token}&timeout=30");
    let allowed = |path, permission| {
        let resource = Resource::from_path(Service::Blob, "contosoacct", path).unwrap();
        let sas = Sas::parse_request(&query).unwrap();
        let grant = sas.verify(&resource, &key, &Context::new(now));
        let access = Access::new(&resource, permission, now).with_address([10, 0, 0, 1].into());
        grant.is_ok_and(|grant| grant.judge(&access).is_ok())
    };
    assert!(allowed("/plant/dev1/log%201.txt", Permission::Read));
    assert!(!allowed("/plant/dev1/log%201.txt", Permission::Write));
    assert!(!allowed("/plant/dev2/log%201.txt", Permission::Read));
}
