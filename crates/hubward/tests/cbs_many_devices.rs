//! One token of a policy for the links of many devices, as pooled clients and field gateways use it.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
use common::*;
use hubward::types::{Permissions, Status};
use hubward::{Cbs, CbsRequest, CbsStep, Credentials, LinkDecision, LinkDenial, LinkRole, LinkStep};

const KIND: &str = "azure-devices.net:sastoken";

fn by(name: &str, sr: &str, until: u64) -> String {
    token(&format!("{HUB}{sr}"), &key(&format!("{name} primary")), until, Some(name))
}

fn put(hub: &Hub, cbs: &mut Cbs, name: &str, token: &str) -> i32 {
    let name = format!("{HUB}{name}");
    let mut step = cbs.put_token(CbsRequest::new("put-token", KIND, &name, token), &hub.rules);
    loop {
        match step {
            CbsStep::NeedsLookup(pending) => {
                let found = hub.registry.find(&pending.lookup(), &[]);
                step = pending.resume(found, at(NOW));
            }
            CbsStep::Replied(reply) => return reply.status_code(),
        }
    }
}

/// Returns the device's session of an allowed link, or the code and the text of the denial.
fn send(hub: &Hub, cbs: &mut Cbs, address: &str) -> Result<String, (String, String)> {
    let decision = match cbs.may_attach(LinkRole::Sender, address, &hub.rules, |it| hub.valid(it, NOW)) {
        LinkStep::Decided(decision) => decision,
        LinkStep::NeedsLookup(pending) => {
            let found = hub.registry.find(&pending.lookup(), &[]);
            pending.resume(&found, at(NOW))
        }
    };
    match decision {
        LinkDecision::Allow(session, _) => Ok(session.identity().to_string()),
        LinkDecision::Deny(denial) => Err((denial.code().to_owned(), denial.to_string())),
    }
}

fn code(hub: &Hub, cbs: &mut Cbs, address: &str) -> String {
    send(hub, cbs, address).unwrap_or_else(|(code, _)| code)
}

fn events(id: &str) -> String {
    format!("/devices/{id}/messages/events")
}

#[test]
fn each_link_is_one_device_s() {
    let hub = compat();
    for (name, sr) in [("", ""), ("/devices", ""), ("/devices", "/devices")] {
        let mut cbs = Cbs::new();
        assert_eq!(put(&hub, &mut cbs, name, &by("device", sr, NOW + 60)), 200);
        assert_eq!(code(&hub, &mut cbs, &events("dev1")), "device dev1");
        assert_eq!(code(&hub, &mut cbs, &format!("amqps://{HUB}:5671/devices/dev10/twin")), "device dev10");
        assert_eq!(code(&hub, &mut cbs, "devices/dev1/modules/mod1/messages/events"), "module dev1/mod1");
        assert_eq!(cbs.sessions().count(), 4, "the policy and three identities");
        assert_eq!(code(&hub, &mut cbs, &events("dev1")), "device dev1");
        assert_eq!(cbs.sessions().count(), 4, "a second link needs no lookup");
        for session in cbs.sessions() {
            assert!(session.recheck(&hub.answers(session), at(NOW)).is_ok());
        }
    }
}

#[test]
fn strict_rules_refuse_it_and_say_why() {
    let hub = hub();
    let mut cbs = Cbs::new();
    let name = format!("{HUB}/devices");
    for (name, sr) in [(HUB, ""), (&*name, "/devices")] {
        let token = by("device", sr, NOW + 60);
        let put = cbs.put_token(
            CbsRequest::new("put-token", "servicebus.windows.net:sastoken", name, &token),
            &hub.rules,
        );
        let CbsStep::NeedsLookup(pending) = put else { unreachable!() };
        let found = hub.registry.find(&pending.lookup(), &[]);
        assert!(matches!(pending.resume(found, at(NOW)), CbsStep::Replied(reply) if reply.error().is_none()));
        let (code, text) = send(&hub, &mut cbs, &events("dev1")).unwrap_err();
        assert_eq!(code, "names-no-device");
        assert!(text.contains("has DeviceConnect, and its token names no device"), "{text}");
    }
    assert_eq!(cbs.sessions().count(), 2);
}

#[test]
fn unknown_and_disabled_devices_get_one_refusal() {
    let hub = compat();
    let mut cbs = Cbs::new();
    assert_eq!(put(&hub, &mut cbs, "", &by("device", "", NOW + 60)), 200);
    for (id, expected) in [("off", "disabled"), ("ghost", "unknown"), ("dev10/modules/ghost", "unknown")] {
        let step_address = events(id);
        let step = cbs.may_attach(LinkRole::Sender, &step_address, &hub.rules, |it| hub.valid(it, NOW));
        let LinkStep::NeedsLookup(pending) = step else { panic!("each needs a record") };
        let found = hub.registry.find(&pending.lookup(), &[]);
        let decision = pending.resume(&found, at(NOW));
        assert!(
            matches!(decision, LinkDecision::Deny(LinkDenial::Device(error)) if error.code() == expected)
        );
    }
    assert_eq!(cbs.sessions().count(), 1, "no session is added");
    // the record of another device
    let address = events("dev1");
    let LinkStep::NeedsLookup(pending) =
        cbs.may_attach(LinkRole::Sender, &address, &hub.rules, |it| hub.valid(it, NOW))
    else {
        panic!("it needs a record")
    };
    let found = hub.registry.find(&hubward::types::Lookup::Device(device("dev10").segment()), &[]);
    assert!(!pending.resume(&found, at(NOW)).is_allow());
}

#[test]
fn policy_opens_what_its_permissions_and_resource_cover() {
    let hub = compat();
    for (name, sr, signer, address, expected) in [
        ("", "", "service", "/devices/dev1/messages/events", "missing-right"),
        ("", "", "registryRead", "/devices/dev1/messages/events", "missing-right"),
        ("/devices/dev1", "/devices/dev1", "device", "/devices/dev1/messages/events", "device dev1"),
        ("/devices/dev1", "/devices/dev1", "device", "/devices/dev10/messages/events", "identity-mismatch"),
        ("/devices/dev1", "", "device", "/devices/dev10/messages/events", "identity-mismatch"),
        ("/messages/events", "", "iothubowner", "/devices/dev1/messages/events", "names-no-device"),
        ("", "", "device", "/messages/devicebound", "missing-right"),
        ("", "", "device", "/devices/dev1/messages/nothing", "unknown-operation"),
        ("", "", "iothubowner", "/messages/devicebound", "policy iothubowner"),
        ("", "", "device", "amqps://fabrikam.azure-devices.net/devices/dev1/messages/events", "hub-mismatch"),
    ] {
        let mut cbs = Cbs::new();
        assert_eq!(put(&hub, &mut cbs, name, &by(signer, sr, NOW + 60)), 200, "{signer} for {name}");
        assert_eq!(code(&hub, &mut cbs, address), expected, "{signer} for {name}: {address}");
    }
    // SASL PLAIN, limited by the token's resource
    for (sr, id, expected) in [
        ("", "dev1", "device dev1"),
        ("/devices/dev1", "dev1", "device dev1"),
        ("/devices/dev1", "dev10", "names-no-device"),
        ("/messages", "dev1", "names-no-device"),
    ] {
        let password = by("device", sr, NOW + 60);
        let presented = Credentials::amqp_plain("device@sas.root.contoso", &password).unwrap();
        let mut cbs = Cbs::new().with_session(hub.admit(presented, NOW).unwrap().into_session());
        assert_eq!(code(&hub, &mut cbs, &events(id)), expected, "{sr}");
    }
}

#[test]
fn device_s_name_with_a_policy_s_token_is_that_device_or_no_identity() {
    let hub = compat();
    let plain = |username: &str, signer: &str| {
        let password = by(signer, "", NOW + 60);
        let presented = Credentials::amqp_plain(username, &password).map_err(|error| error.code())?;
        hub.admit(presented, NOW)
            .map(|admitted| admitted.identity().to_string())
            .map_err(|error| error.code())
    };
    for id in ["dev1", "dev10", "off", "ghost", "service", "dev1/modules/mod1"] {
        for signer in ["service", "registryRead"] {
            let username = format!("{id}@sas.contoso");
            assert_eq!(plain(&username, signer), Err("policy-connects-no-device"), "{username}");
            let mut cbs = Cbs::new();
            assert_eq!(put(&hub, &mut cbs, &format!("/devices/{id}"), &by(signer, "", NOW + 60)), 401);
            assert_eq!(code(&hub, &mut cbs, "/messages/devicebound"), "no-token");
        }
    }
    assert_eq!(plain("dev1@sas.contoso", "iothubowner"), Ok("device dev1".into()));
    assert_eq!(plain("off@sas.contoso", "iothubowner"), Err("disabled"));
    assert_eq!(plain("ghost@sas.contoso", "iothubowner"), Err("unknown"));
}

#[test]
fn change_of_the_policy_ends_all_and_an_eviction_ends_one() {
    let mut hub = compat();
    let open = |hub: &Hub| {
        let mut cbs = Cbs::new();
        assert_eq!(put(hub, &mut cbs, "", &by("device", "", NOW + 60)), 200);
        for id in ["dev1", "dev10"] {
            assert_eq!(code(hub, &mut cbs, &events(id)), format!("device {id}"));
        }
        cbs
    };
    let valid = |hub: &Hub, cbs: &mut Cbs, now: u64| {
        cbs.retain(|session| session.recheck(&hub.answers(session), at(now)).is_ok());
        cbs.sessions().map(|session| session.identity().to_string()).collect::<Vec<_>>()
    };
    let mut cbs = open(&hub);
    cbs.retain(|session| session.identity().to_string() != "device dev1");
    assert_eq!(valid(&hub, &mut cbs, NOW), ["policy device", "device dev10"], "eviction of dev1");

    let mut cbs = open(&hub);
    hub.registry.set_status(device("dev1"), Status::Disabled).unwrap();
    assert_eq!(valid(&hub, &mut cbs, NOW), ["policy device", "device dev10"]);
    assert_eq!(code(&hub, &mut cbs, &events("dev1")), "disabled", "and it is looked up again");
    hub.registry.set_status(device("dev1"), Status::Enabled).unwrap();

    let mut cbs = open(&hub);
    assert!(valid(&hub, &mut cbs, NOW + 60 + 301).is_empty(), "expiry");
    let mut cbs = open(&hub);
    hub.registry.set_policy(policy("device"), Permissions::SERVICE_CONNECT, pair("device"));
    assert!(valid(&hub, &mut cbs, NOW).is_empty(), "fewer permissions");
    hub.registry.set_policy(policy("device"), Permissions::DEVICE_CONNECT, pair("device"));
    let mut cbs = open(&hub);
    hub.registry.set_policy(policy("device"), Permissions::DEVICE_CONNECT, pair("rolled"));
    assert!(valid(&hub, &mut cbs, NOW).is_empty(), "another key");
}

#[test]
fn new_token_of_the_policy_renews_its_devices() {
    let hub = compat();
    let mut cbs = Cbs::new();
    let until = |cbs: &Cbs| cbs.sessions().map(|session| session.until().as_secs()).collect::<Vec<_>>();
    assert_eq!(put(&hub, &mut cbs, "", &by("device", "", NOW + 60)), 200);
    assert_eq!(code(&hub, &mut cbs, &events("dev1")), "device dev1");
    assert_eq!(put(&hub, &mut cbs, "", &by("device", "", NOW + 3600)), 200);
    assert_eq!(until(&cbs), [NOW + 3900, NOW + 3900]);
    // for another name it is a token of its own
    assert_eq!(put(&hub, &mut cbs, "/devices", &by("device", "", NOW + 7200)), 200);
    assert_eq!(until(&cbs), [NOW + 3900, NOW + 3900, NOW + 7500]);
    // another policy's token for the same name takes the devices with it
    assert_eq!(put(&hub, &mut cbs, "", &by("service", "", NOW + 60)), 200);
    let left: Vec<_> = cbs.sessions().map(|session| session.identity().to_string()).collect();
    assert_eq!(left, ["policy device", "policy service"]);
}

#[test]
fn number_of_devices_is_limited() {
    let hub = compat();
    let mut cbs = Cbs::with_limit(2);
    assert_eq!(put(&hub, &mut cbs, "", &by("device", "", NOW + 60)), 200);
    assert_eq!(code(&hub, &mut cbs, &events("dev1")), "device dev1");
    assert_eq!(code(&hub, &mut cbs, &events("dev10")), "too-many-identities");
    assert_eq!(code(&hub, &mut cbs, &events("dev1")), "device dev1");
}
