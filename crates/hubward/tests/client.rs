//! The names and tokens that a client writes are accepted, on every transport and for every name.
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
#[path = "common/fleet.rs"]
mod fleet;
use common::*;
use fleet::{Fleet, TODAY, entity, hub_of, name, unmatched_thumbprints};
use hubward::registry::{Attestation, Authentication, Derivation, Enrollment, Enrollments};
use hubward::types::{Authority, IdScope, RegistrationId};
use hubward::{
    CBS_OPERATION, CBS_TYPE, Cbs, CbsRequest, CbsStep, Client, Credentials, ProvisioningConfig,
    RegistrationClient, RegistrationCredentials,
};
use hubward_rustcrypto::HmacKey;

fn everywhere(hub: &Hub, client: Client<'_>, signer: &str, identity: &str) {
    let token = client.token(at(NOW + 60)).sign(&key(signer)).to_string();
    let id = client.mqtt_client_id().to_string();
    if !id.is_empty() {
        assert_eq!(hub.mqtt(&id, &client.mqtt_username().to_string(), &token), Ok(identity.into()));
    }
    let username = client.sasl_username().to_string();
    let admitted = hub.admit(Credentials::amqp_plain(&username, &token).unwrap(), NOW).unwrap();
    assert_eq!(admitted.identity().to_string(), identity);

    let name = client.cbs_name().to_string();
    let mut cbs = Cbs::new();
    let mut put = cbs.put_token(CbsRequest::new(CBS_OPERATION, CBS_TYPE, &name, &token), &hub.rules);
    let reply = loop {
        match put {
            CbsStep::NeedsLookup(question) => {
                let found = hub.registry.find(&question.lookup(), &[]);
                put = question.resume(found, at(NOW));
            }
            CbsStep::Replied(reply) => break reply,
        }
    };
    assert_eq!(reply.status_code(), 200, "{name}");
    assert_eq!(cbs.sessions().next().unwrap().identity().to_string(), identity);
}

#[test]
fn client_output_is_accepted_on_every_transport() {
    let mut hub = hub();
    let host = Authority::parse(HUB).unwrap();
    for id in ["d", "a@sas.b", "%41", "a%2Fb", "#+?;=$'(),:!*", "..."] {
        hub.registry.create_device(device(id), Authentication::Sas(pair("k"))).unwrap();
        hub.registry.create_module(device(id), module(id), Authentication::Sas(pair("m"))).unwrap();
        everywhere(&hub, Client::device(host, device(id)), "k primary", &format!("device {id}"));
        let own = Client::module(host, device(id), module(id));
        everywhere(&hub, own, "m secondary", &format!("module {id}/{id}"));
        let by_policy = Client::device(host, device(id)).with_policy(policy("device"));
        everywhere(&hub, by_policy, "device primary", &format!("device {id}"));
    }
    everywhere(&hub, Client::service(host, policy("service")), "service primary", "policy service");
}

#[test]
fn client_output_is_accepted_with_a_certificate() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let mut hub = hub_of(&anchors, unmatched_thumbprints());
    let host = Authority::parse(HUB).unwrap();
    for id in ["d", "a@b", "%41", "#+?;=$'(),:!*"] {
        let (device, module) = (device(id), module(id));
        hub.registry.create_device(device, Authentication::CertificateAuthority).unwrap();
        hub.registry.create_module(device, module, Authentication::CertificateAuthority).unwrap();
        for (client, cn) in [
            (Client::device(host, device), id.into()),
            (Client::module(host, device, module), format!("{id}/{id}")),
        ] {
            let shown = fleet.lasting(&entity(&cn));
            let (client_id, username) =
                (client.mqtt_client_id().to_string(), client.mqtt_username().to_string());
            let presented = Credentials::mqtt(&client_id, &username, None).unwrap().with_certificates(&shown);
            assert!(name(&hub.admit(presented, TODAY).unwrap()).ends_with(&cn));
            let response = client.sasl_external().to_string();
            let presented =
                Credentials::amqp_external(&response, Some(client.host().as_str()), &shown).unwrap();
            assert!(name(&hub.admit(presented, TODAY).unwrap()).ends_with(&cn));
        }
    }
}

#[test]
fn registration_client_output_is_accepted_on_every_transport() {
    let mut all = Enrollments::new(Derivation::AsPresented);
    let rules = ProvisioningConfig::new(IdScope::parse("0ne1").unwrap(), key("dummy"));
    for id in ["sn-7", "A.b_c:d"] {
        let id = RegistrationId::parse(id).unwrap();
        all.enroll(id, Enrollment::new(Attestation::SymmetricKey(pair("k"))));
        let client = RegistrationClient::new(IdScope::parse("0ne1").unwrap(), id);
        let token = client.token(at(NOW + 60)).sign(&key("k primary")).to_string();
        let (username, address) = (client.mqtt_username().to_string(), client.address().to_string());
        let path = client.http_register().to_string();
        for presented in [
            RegistrationCredentials::mqtt(client.mqtt_client_id().as_str(), &username, Some(&token)),
            RegistrationCredentials::amqp_plain(&address, &token),
            RegistrationCredentials::http("PUT", &path, Some(&token)),
        ] {
            let question = presented.unwrap().start(&rules).unwrap();
            let registrant = question.resume(&all, HmacKey::new, at(NOW)).unwrap();
            assert_eq!(registrant.id(), id);
            assert!(registrant.decision().is_none_or(|decision| decision.is_ok()));
        }
    }
}
