//! Certificates over AMQP and HTTP.
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
#[path = "common/fleet.rs"]
mod fleet;

use common::*;
use fleet::*;
use hubward::registry::Authentication;
use hubward::sas::UnsignedToken;
use hubward::types::{Authority, Status};
use hubward::{BothCredentials, Cbs, CbsRequest, CbsStep, Credentials};

#[test]
fn over_amqp_with_sasl_external() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let pinned = self_signed(&entity("anything"));
    let own_name = self_signed(&entity("pinned"));
    let mut hub = hub_of(&anchors, pins(Some(sha256(&pinned[0])), Some(sha256(&own_name[0]))));
    hub.registry.create_device(device("a@b"), Authentication::CertificateAuthority).unwrap();
    let external = |response, hostname, shown: &Shown| {
        Credentials::amqp_external(response, hostname, shown)
            .and_then(|presented| hub.admit(presented, TODAY).map(|admitted| name(&admitted)))
            .map_err(|error| error.code())
    };
    let (ca1, module) = (fleet.lasting(&entity("ca1")), fleet.lasting(&entity("ca1/mod1")));
    let (at_sign, odd) = (fleet.lasting(&entity("a@b")), fleet.lasting(&entity("a/b/c")));
    let (self_made, nothing) = (self_signed(&entity("ca1")), vec![]);
    for (response, hostname, shown, expected) in [
        ("ca1@contoso", None, &ca1, Ok("device ca1")),
        ("ca1@CONTOSO", Some(HUB), &ca1, Ok("device ca1")),
        ("ca1@contoso", Some("contoso.azure-devices.net:5671"), &ca1, Ok("device ca1")),
        ("a@b@contoso", None, &at_sign, Ok("device a@b")),
        ("ca1/modules/mod1@contoso", None, &module, Ok("module ca1/mod1")),
        ("pinned@contoso", None, &pinned, Ok("device pinned")),
        // with an empty response the certificate's common name is the claimed identity
        ("", Some(HUB), &ca1, Ok("device ca1")),
        ("", None, &module, Ok("module ca1/mod1")),
        ("", None, &own_name, Ok("device pinned")),
        ("", None, &pinned, Err("unknown")),
        ("", None, &self_made, Err("certificate-unknown-issuer")),
        ("", None, &odd, Err("no-identity-claimed")),
        ("", None, &nothing, Err("no-credential")),
        // mismatched names
        ("ca10@contoso", None, &ca1, Err("certificate-identity-mismatch")),
        ("ca1@contoso", None, &module, Err("certificate-identity-mismatch")),
        ("ca1@fabrikam", None, &ca1, Err("hub-mismatch")),
        ("ca1@contoso", Some("fabrikam.azure-devices.net"), &ca1, Err("hub-mismatch")),
        ("ca1@contoso", Some("contoso.example"), &ca1, Err("hub-mismatch")),
        ("", Some("fabrikam.azure-devices.net"), &ca1, Err("hub-mismatch")),
        ("ca1@contoso", Some("a b"), &ca1, Err("host")),
        // malformed responses
        ("ca1", None, &ca1, Err("sasl-username")),
        ("ca1@sas.contoso", None, &ca1, Err("sasl-username")),
        ("ca1/mod1@contoso", None, &ca1, Err("sasl-username")),
        ("@contoso", None, &ca1, Err("sasl-username")),
        ("ca1@contoso", None, &nothing, Err("no-credential")),
    ] {
        assert_eq!(
            external(response, hostname, shown),
            expected.map(str::to_owned),
            "{response} {hostname:?}"
        );
    }
}

#[test]
fn links_after_a_certificate() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let mut hub = hub_of(&anchors, unmatched_thumbprints());
    let shown = fleet.lasting(&entity("ca1"));
    let open = |hub: &Hub| {
        let presented = Credentials::amqp_external("", Some(HUB), &shown).unwrap();
        Cbs::new().with_session(hub.admit(presented, TODAY).unwrap().into_session())
    };
    let may_send = |hub: &Hub, cbs: &mut Cbs, address: &str| hub.may_send(cbs, address, TODAY);
    let (ca1, sas) = ("/devices/ca1/messages/events", "/devices/sas/messages/events");
    let host = Authority::parse(HUB).unwrap();
    let primary = key("sas primary");
    let own = UnsignedToken::device(host, device("sas"), at(TODAY + 60)).sign(&primary).to_string();
    let put = |hub: &Hub, cbs: &mut Cbs, id: &str| {
        let (kind, name) = ("servicebus.windows.net:sastoken", format!("{HUB}/devices/{id}"));
        let put = cbs.put_token(CbsRequest::new("put-token", kind, &name, &own), &hub.rules);
        let reply = match put {
            CbsStep::Replied(reply) => reply,
            CbsStep::NeedsLookup(question) => {
                let found = hub.registry.find(&question.lookup(), &[]);
                let CbsStep::Replied(reply) = question.resume(found, at(TODAY)) else { unreachable!() };
                reply
            }
        };
        reply.error().map(|error| error.code())
    };
    let mut cbs = open(&hub);
    assert!(may_send(&hub, &mut cbs, ca1) && !may_send(&hub, &mut cbs, sas));
    assert!(!may_send(&hub, &mut cbs, "/devices/ca10/messages/events"));
    // a token after the certificate
    assert_eq!(put(&hub, &mut cbs, "sas"), Some("both-credentials"));
    hub.rules = hub.rules.with_both_credentials(BothCredentials::CertificateWins);
    assert_eq!(put(&hub, &mut cbs, "sas"), Some("both-credentials"));
    assert!(may_send(&hub, &mut cbs, ca1) && !may_send(&hub, &mut cbs, sas));
    hub.rules = hub.rules.with_both_credentials(BothCredentials::TokenWins);
    assert_eq!(put(&hub, &mut cbs, "ca1"), Some("identity-mismatch"));
    assert_eq!(put(&hub, &mut cbs, "sas"), None);
    assert!(may_send(&hub, &mut cbs, ca1) && may_send(&hub, &mut cbs, sas), "each by its own credential");
    hub.registry.set_status(device("ca1"), Status::Disabled).unwrap();
    cbs.retain(|session| session.recheck(&hub.answers(session), at(TODAY)).is_ok());
    assert!(!may_send(&hub, &mut cbs, ca1) && may_send(&hub, &mut cbs, sas));
}

#[test]
fn over_http() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let hub = hub_of(&anchors, unmatched_thumbprints());
    let (shown, nothing) = (fleet.lasting(&entity("ca1")), vec![]);
    let request = |method, path, host, shown: &Shown| {
        Credentials::http(method, path, host, None)
            .and_then(|presented| {
                let admitted = hub.admit(presented.with_certificates(shown), TODAY)?;
                Ok(admitted.decision().is_allow())
            })
            .map_err(|error| error.code())
    };
    let events = "/devices/ca1/messages/events?api-version=1";
    assert_eq!(request("POST", events, HUB, &shown), Ok(true));
    assert_eq!(request("POST", events, "Contoso.azure-devices.net:443", &shown), Ok(true));
    for (path, host, code) in [
        ("/devices/ca10/messages/events", HUB, "certificate-identity-mismatch"),
        ("/devices/ca1/modules/mod1/messages/events", HUB, "certificate-identity-mismatch"),
        (events, "fabrikam.azure-devices.net", "hub-mismatch"),
        (events, "evil.contoso.azure-devices.net", "hub-mismatch"),
        (events, "contoso.azure-devices.net.", "host"),
        (events, "", "host"),
        // a service cannot use a certificate
        ("/devices/ca1", HUB, "no-identity-claimed"),
        ("/devices/ca1/messages/unknown", HUB, "no-identity-claimed"),
    ] {
        assert_eq!(request("POST", path, host, &shown), Err(code), "{path} {host}");
    }
    assert_eq!(request("POST", events, HUB, &nothing), Err("no-credential"));
}
