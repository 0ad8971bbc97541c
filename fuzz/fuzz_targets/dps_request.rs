//! Any operation at the provisioning service: a registering device reaches its own registration only, and a service none.
#![no_main]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a failed step is a finding")]

use hubward_core::{DeviceId, IdScope, RegistrationId};
use hubward_policy::Transport;
use hubward_policy::provisioning::{
    ProvisioningDenial, ProvisioningPrincipal, ProvisioningRights, RequiredPermission, decide_provisioning,
};
use libfuzzer_sys::fuzz_target;

const SCOPE: &str = "0ne00000A0A";

// The first byte is the transport; then two lines: the verb and the address.
fuzz_target!(|text: &str| {
    let (transport, rest) = match text.as_bytes() {
        [b'h', ..] => (Transport::Http, &text[1..]),
        [b'm', ..] => (Transport::Mqtt, &text[1..]),
        [b'a', ..] => (Transport::Amqp, &text[1..]),
        _ => return,
    };
    let Some((verb, address)) = rest.split_once('\n') else { return };
    let registrant = |scope, id| {
        ProvisioningPrincipal::registrant_assertion(
            IdScope::parse(scope).unwrap(),
            RegistrationId::parse(id).unwrap(),
        )
    };
    let own = decide_provisioning(&registrant(SCOPE, "dev-1"), transport, verb, address);
    assert_eq!(own.is_ok(), model(transport, verb, address, SCOPE, "dev-1"), "{verb} {address}: {own:?}");
    for (scope, id) in [(SCOPE, "dev-10"), (SCOPE, "dev"), ("0ne00000A0", "dev-1"), ("0ne1", "x")] {
        let other = decide_provisioning(&registrant(scope, id), transport, verb, address);
        assert_eq!(other.is_ok(), model(transport, verb, address, scope, id), "{verb} {address}: {other:?}");
    }

    let all = "ServiceConfig, EnrollmentWrite, RegistrationStatusWrite".parse().unwrap();
    let service = ProvisioningPrincipal::policy_assertion;
    match (own, decide_provisioning(&service(all), transport, verb, address)) {
        (Ok(_), by_service) => assert_eq!(by_service, Err(ProvisioningDenial::NotADevice)),
        (Err(denial), Ok(endpoint)) => {
            let RequiredPermission::Right(right) = endpoint.opens() else {
                panic!("a service used the endpoint of a device")
            };
            assert_eq!(denial, ProvisioningDenial::MissingRight(right));
            let none = decide_provisioning(&service(ProvisioningRights::default()), transport, verb, address);
            assert_eq!(none, Err(denial));
        }
        (Err(_), Err(_)) => {}
    }
});

/// Returns whether a device with this id may do the operation: the table of the documentation, word by word.
fn model(transport: Transport, verb: &str, address: &str, scope: &str, id: &str) -> bool {
    match transport {
        Transport::Mqtt => {
            let publish = ["PUT/iotdps-register/?$rid=", "GET/iotdps-get-operationstatus/?$rid="];
            let topic = address.strip_prefix("$dps/registrations/");
            match verb {
                "publish" => publish.iter().any(|form| {
                    let value = topic.and_then(|topic| topic.strip_prefix(form));
                    value.is_some_and(is_publishable)
                }),
                "subscribe" => topic == Some("res/#"),
                _ => false,
            }
        }
        Transport::Http => {
            let path = address.split('?').next().unwrap_or_default();
            let path = path.strip_prefix('/').filter(|path| !path.contains('#'));
            let Some(names) = path.and_then(names) else { return false };
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            match (verb, names.as_slice()) {
                ("PUT", [s, "registrations", i, "register"]) | ("POST", [s, "registrations", i]) => {
                    (*s, *i) == (scope, id)
                }
                ("GET", [s, "registrations", i, "operations", operation]) => {
                    (*s, *i) == (scope, id) && DeviceId::parse(operation).is_ok()
                }
                _ => false,
            }
        }
        _ => {
            let Some(names) = names(address.strip_prefix('/').unwrap_or(address)) else { return false };
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            matches!(verb, "send" | "receive") && names == [scope, "registrations", id]
        }
    }
}

fn is_publishable(rest: &str) -> bool {
    !rest.is_empty()
        && rest.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'+' | b'#'))
}

/// Splits a path, and decodes each of its names once: visible ASCII without a separator.
fn names(path: &str) -> Option<Vec<String>> {
    path.split('/').map(decoded).collect()
}

fn decoded(name: &str) -> Option<String> {
    let mut parts = name.split('%');
    let mut text = parts.next()?.to_owned();
    for part in parts {
        let digits = part.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        text.push(char::from(u8::from_str_radix(digits, 16).ok()?));
        text.push_str(&part[2..]);
    }
    text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'\\')).then_some(text)
}
