//! Decisions of the provisioning service: the rights of services and the registrations of devices.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test asserts subjects, and a failed step is a failed test"
)]

use hubward_core::{IdScope, RegistrationId};
use hubward_policy::Transport;
use hubward_policy::provisioning::{
    PROVISIONING_ENDPOINTS, ProvisioningDenial, ProvisioningPrincipal, ProvisioningRights,
    RequiredPermission, decide_provisioning,
};

fn registrant(id: &str) -> ProvisioningPrincipal<'_> {
    ProvisioningPrincipal::registrant_assertion(
        IdScope::parse("0ne00000A0A").unwrap(),
        RegistrationId::parse(id).unwrap(),
    )
}

#[test]
fn a_device_registers_itself_alone() {
    let (http, mqtt, amqp) = (Transport::Http, Transport::Mqtt, Transport::Amqp);
    for (transport, verb, address, expected) in [
        (http, "PUT", "/0ne00000A0A/registrations/dev-1/register?api-version=2019-03-31", None),
        (http, "POST", "/0ne00000A0A/registrations/dev%2D1", None),
        (http, "GET", "/0ne00000A0A/registrations/dev-1/operations/4.d0a671905ea5b2c8", None),
        (mqtt, "publish", "$dps/registrations/PUT/iotdps-register/?$rid=1", None),
        (mqtt, "publish", "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=1&operationId=4.d0", None),
        (mqtt, "subscribe", "$dps/registrations/res/#", None),
        (
            http,
            "PUT",
            "/0ne00000A0A/registrations/dev-10/register",
            Some(ProvisioningDenial::AnotherRegistration),
        ),
        (
            http,
            "PUT",
            "/0ne00000a0a/registrations/dev-1/register",
            Some(ProvisioningDenial::AnotherRegistration),
        ),
        (
            http,
            "PUT",
            "/0ne00000A0A/registrations/dev-1%2Fx/register",
            Some(ProvisioningDenial::UnknownOperation),
        ),
        (mqtt, "subscribe", "$dps/registrations/#", Some(ProvisioningDenial::UnknownOperation)),
        (mqtt, "subscribe", "#", Some(ProvisioningDenial::UnknownOperation)),
        (amqp, "send", "0ne00000A0A/registrations/dev-1", None),
        (amqp, "receive", "/0ne00000A0A/registrations/dev-1", None),
        (amqp, "send", "0ne00000A0A/registrations/dev-10", Some(ProvisioningDenial::AnotherRegistration)),
        (amqp, "send", "/0ne2/registrations/dev-1", Some(ProvisioningDenial::AnotherRegistration)),
        (amqp, "send", "/0ne00000A0A/registrations/dev-1/x", Some(ProvisioningDenial::UnknownOperation)),
        (
            http,
            "GET",
            "/registrations/dev-1",
            Some(ProvisioningDenial::MissingRight(ProvisioningRights::REGISTRATION_READ)),
        ),
    ] {
        let denial = decide_provisioning(&registrant("dev-1"), transport, verb, address).err();
        assert_eq!(denial, expected, "{verb} {address}");
    }
}

#[test]
fn a_service_needs_the_right_of_the_endpoint() {
    let names = [
        "ServiceConfig",
        "EnrollmentRead",
        "EnrollmentWrite",
        "RegistrationStatusRead",
        "RegistrationStatusWrite",
    ];
    let mut judged = 0;
    for mask in 1..32_u32 {
        let granted: Vec<_> =
            (0..5).filter(|bit| mask >> bit & 1 == 1).filter_map(|bit| names.get(bit)).copied().collect();
        let rights: ProvisioningRights = granted.join(", ").parse().unwrap();
        for endpoint in PROVISIONING_ENDPOINTS {
            let address = endpoint.pattern().replace(['{', '}'], "");
            let decided = decide_provisioning(
                &ProvisioningPrincipal::policy_assertion(rights),
                endpoint.transport(),
                endpoint.verb(),
                &address,
            );
            let expected = match endpoint.opens() {
                RequiredPermission::Right(right) => {
                    let right = right.to_string();
                    let stronger = right.replace("Read", "Write");
                    granted.iter().any(|word| *word == right || *word == stronger)
                }
                _ => false,
            };
            assert_eq!(decided.ok() == Some(endpoint), expected, "{granted:?}: {address}");
            judged += 1;
        }
    }
    assert_eq!(judged, 31 * PROVISIONING_ENDPOINTS.len());
    assert!("EnrollmentRead,Owner".parse::<ProvisioningRights>().is_err());
    assert!("".parse::<ProvisioningRights>().is_err());
}
