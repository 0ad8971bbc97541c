//! Users of the directory: from the result of the caller's JWT library to a decision by roles.
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
use hubward::policy::Operation;
use std::sync::LazyLock;

use hubward::policy::roles::{Access, ArmScope, DenyAssignment, built_in};
use hubward::{
    Bearer, Cbs, CbsRequest, DirectoryConfig, HUB_AUDIENCE, LinkRole, Principal, PrincipalRecord,
    PublicError, User, UserDenial, UserLinkDecision,
};

const ARM: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Devices/IotHubs/contoso";
const JWT: &str = "Bearer aaaa.bbbb.cccc";
const USER: &str = "11111111-0000-0000-0000-000000000000";
const GROUP: &str = "22222222-0000-0000-0000-000000000000";

fn rules() -> &'static DirectoryConfig {
    static CONFIG: LazyLock<DirectoryConfig> =
        LazyLock::new(|| DirectoryConfig::new(ArmScope::parse(ARM).unwrap()));
    &CONFIG
}

fn admitted<'p>(ids: &'p [&'p str]) -> User<'static, 'p> {
    let found = PrincipalRecord::Verified(Principal::new(ids, HUB_AUDIENCE, at(NOW + 1)));
    Bearer::http("GET", "/devices/dev1", JWT).unwrap().start(rules()).resume(found, at(NOW)).unwrap()
}

#[test]
fn header_must_be_a_bearer_token() {
    let code = |header: &str| Bearer::http("GET", "/devices/dev1", header).err().map(|error| error.code());
    assert_eq!(code(JWT), None);
    assert_eq!(code("bearer a.b.c"), None, "schemes have no case (RFC 9110, 11.1)");
    assert_eq!(code("SharedAccessSignature sr=x"), Some("authorization-scheme"));
    let long = format!("Bearer {}.b.c", "a".repeat(16 * 1024));
    for header in [
        "Bearer",
        "Bearer ",
        "Bearer a.b",
        "Bearer a..c",
        "Bearer a.b.c.d",
        "Bearer  a.b.c",
        "Bearer a.b.c=",
        &long,
    ] {
        assert_eq!(code(header), Some("bearer"), "{header:.20}");
    }
    let question = Bearer::http("GET", "/devices/dev1", JWT).unwrap().start(rules());
    assert_eq!(question.token(), "aaaa.bbbb.cccc");
    assert!(!format!("{question:?}").contains("aaaa"));
}

#[test]
fn audience_and_expiry_are_checked() {
    let judge = |found| {
        let question = Bearer::http("GET", "/devices/dev1", JWT).unwrap().start(rules());
        question.resume(found, at(NOW)).err().map(|error| (error.code(), error.public()))
    };
    let says = |ids, audience, expiry| PrincipalRecord::Verified(Principal::new(ids, audience, at(expiry)));
    let refused = |code| Some((code, PublicError::Unauthorized));
    assert_eq!(judge(says(&[USER], HUB_AUDIENCE, NOW + 1)), None);
    assert_eq!(judge(says(&[USER], HUB_AUDIENCE, NOW)), refused("bearer-expired"));
    assert_eq!(judge(says(&[USER], "https://iothubs.azure.net/", NOW + 1)), refused("audience-mismatch"));
    assert_eq!(judge(says(&[USER], "https://management.azure.com", NOW + 1)), refused("audience-mismatch"));
    assert_eq!(judge(says(&[], HUB_AUDIENCE, NOW + 1)), refused("bearer-refused"));
    assert_eq!(judge(says(&["", GROUP], HUB_AUDIENCE, NOW + 1)), refused("bearer-refused"));
    assert_eq!(judge(PrincipalRecord::Refused), refused("bearer-refused"));
}

#[test]
fn roles_of_user_or_group_decide() {
    let mut access = Access::new();
    assert!(!admitted(&[USER]).decision(&access).is_allow());
    access.assign(GROUP, built_in("IoT Hub Data Reader").unwrap(), "/subscriptions/s").unwrap();
    assert!(!admitted(&[USER]).decision(&access).is_allow());
    let user = admitted(&[USER, GROUP]);
    assert_eq!(user.decision(&access).to_string(), "assignment 0 allows it");
    assert!(!user.decide(&Operation::http("PUT", "/devices/dev1"), &access).is_allow());
    let denied = built_in("IoT Hub Data Reader").unwrap().clone();
    access.deny(DenyAssignment::new(denied, ARM).unwrap().with_principal(USER).unwrap()).unwrap();
    assert_eq!(user.decision(&access).to_string(), "deny assignment 0 denies it");
}

#[test]
fn user_cannot_call_device_endpoints_regardless_of_roles() {
    let mut access = Access::new();
    access.assign(USER, built_in("IoT Hub Data Contributor").unwrap(), "/").unwrap();
    let user = admitted(&[USER]);
    let denied = |operation| match user.decide(&operation, &access) {
        hubward::UserDecision::Deny(denial) => Some(denial),
        hubward::UserDecision::Allow { .. } => None,
    };
    assert_eq!(denied(Operation::http("PUT", "/devices/dev1")), None);
    assert_eq!(denied(Operation::http("GET", "/secrets")), Some(UserDenial::UnknownOperation));
    for operation in [
        Operation::http("POST", "/devices/dev1/messages/events"),
        Operation::mqtt_connect(),
        Operation::mqtt_publish("devices/dev1/messages/events/"),
        Operation::amqp_send("/devices/dev1/messages/events"),
    ] {
        assert_eq!(denied(operation), Some(UserDenial::DeviceEndpoint), "{operation}");
    }
}

#[test]
fn decision_allocates_nothing() {
    let mut access = Access::new();
    access.assign(USER, built_in("IoT Hub Data Contributor").unwrap(), "/").unwrap();
    let ids = [USER];
    // the configuration is made once, before
    let _ = rules();
    let count = allocation_counter::measure(|| assert!(admitted(&ids).decision(&access).is_allow()));
    assert_eq!(count.count_total, 0);
}

#[test]
fn what_has_expired_on_a_connection_leaves_room_for_users_and_devices() {
    let (hub, mut cbs) = (hub(), Cbs::with_limit(1));
    let put_device = |cbs: &mut Cbs, expiry: u64, now: u64| {
        let token = token(&format!("{HUB}/devices/dev1"), &key("dev1 primary"), expiry, None);
        let name = format!("{HUB}/devices/dev1");
        let request = CbsRequest::new("put-token", "servicebus.windows.net:sastoken", &name, &token);
        let Ok(response) = hub.rules.put_token(cbs, request, &hub.registry, || at(now));
        response.status_code()
    };
    let put_user = |cbs: &mut Cbs, now: u64| {
        let request = CbsRequest::new("put-token", "jwt", HUB, "aaaa.bbbb.cccc");
        let pending = cbs.put_bearer(request, &hub.rules, rules()).unwrap();
        let ids = [USER];
        let found = PrincipalRecord::Verified(Principal::new(&ids, HUB_AUDIENCE, at(now + 60)));
        pending.resume(found, at(now)).status_code()
    };
    assert_eq!(put_device(&mut cbs, NOW + 60, NOW), 200);
    assert_eq!(put_user(&mut cbs, NOW), 401, "the connection is full");
    assert_eq!(put_user(&mut cbs, NOW + 1000), 200, "the device's token has expired");
    assert_eq!(put_device(&mut cbs, NOW + 3000, NOW + 1001), 401);
    assert_eq!(put_device(&mut cbs, NOW + 3000, NOW + 1100), 200, "the user's token has expired");
}

#[test]
fn a_user_s_links_follow_its_roles_and_end_with_its_token() {
    let (hub, mut cbs) = (hub(), Cbs::new());
    let mut access = Access::new();
    access.assign(GROUP, built_in("IoT Hub Data Contributor").unwrap(), "/").unwrap();
    let request = CbsRequest::new("put-token", "jwt", HUB, "aaaa.bbbb.cccc");
    let pending = cbs.put_bearer(request, &hub.rules, rules()).unwrap();
    let ids = [USER, GROUP];
    let found = PrincipalRecord::Verified(Principal::new(&ids, HUB_AUDIENCE, at(NOW + 60)));
    assert_eq!(pending.resume(found, at(NOW)).status_code(), 200);
    let attach = |role, address: &str, now| match cbs.user_may_attach(
        role,
        address,
        &hub.rules,
        rules(),
        &access,
        at(now),
    ) {
        UserLinkDecision::Allow(user, operation) => {
            assert_eq!((user.object_id(), user.until()), (USER, at(NOW + 60)));
            Ok(operation.address().to_owned())
        }
        UserLinkDecision::Deny(denial) => Err(denial),
    };
    let uri = format!("amqps://{HUB}:5671/messages/devicebound");
    assert_eq!(attach(LinkRole::Sender, &uri, NOW), Ok("/messages/devicebound".to_owned()));
    assert_eq!(attach(LinkRole::Sender, &uri, NOW + 60), Err(UserDenial::NoUser));
    let other = "amqps://other.example/messages/devicebound";
    assert_eq!(attach(LinkRole::Sender, other, NOW), Err(UserDenial::UnknownOperation));
    let device = "/devices/dev1/messages/events";
    assert_eq!(attach(LinkRole::Sender, device, NOW), Err(UserDenial::DeviceEndpoint));
    // the SDK for Python names the scope of the directory
    for (name, status) in [
        ("https://iothubs.azure.net/.default", 200),
        ("https://iothubs.azure.net", 200),
        ("amqps://hub.example:5671/", 401),
        ("https://iothubs.azure.net/other", 400),
        ("https://other.example/.default", 400),
        ("/.default", 400),
    ] {
        let request = CbsRequest::new("put-token", "bearer", name, "Bearer aaaa.bbbb.cccc");
        let mut cbs = Cbs::new();
        let found = PrincipalRecord::Verified(Principal::new(&ids, HUB_AUDIENCE, at(NOW + 60)));
        let response = cbs.put_bearer(request, &hub.rules, rules());
        let response =
            response.map(|pending| pending.resume(found, at(NOW))).unwrap_or_else(|refused| refused);
        assert_eq!(response.status_code(), status, "{name}");
    }
    assert_eq!(cbs.users(at(NOW + 59)).count(), 1);
    assert_eq!(cbs.users(at(NOW + 60)).count(), 0);
    cbs.retain_users(|user| user.object_id() == USER);
    assert_eq!(cbs.users(at(NOW)).count(), 1);
    cbs.retain_users(|user| user.object_id() != USER);
    assert_eq!(cbs.users(at(NOW)).count(), 0);
}
