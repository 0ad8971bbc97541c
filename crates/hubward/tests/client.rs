//! What a client writes is what admission reads, on every transport and for every name.
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
use hubward::core::Authority;
use hubward::registry::Authentication;
use hubward::{CBS_OPERATION, CBS_TYPE, Cbs, Client, Presented, Put, PutToken};

fn everywhere(hub: &Hub, client: Client<'_>, signer: &str, who: &str) {
    let token = client.token(at(NOW + 60)).sign(&key(signer)).to_string();
    let id = client.mqtt_client_id().to_string();
    if !id.is_empty() {
        assert_eq!(hub.mqtt(&id, &client.mqtt_username().to_string(), &token), Ok(who.into()));
    }
    let username = client.sasl_username().to_string();
    let admitted = hub.admit(Presented::amqp_plain(&username, &token).unwrap(), NOW).unwrap();
    assert_eq!(admitted.identity().to_string(), who);

    let name = client.cbs_name().to_string();
    let mut cbs = Cbs::new();
    let mut put = cbs.put_token(PutToken::new(CBS_OPERATION, CBS_TYPE, &name, &token), &hub.rules);
    let reply = loop {
        match put {
            Put::Needs(question) => {
                let found = hub.registry.find(&question.lookup());
                put = question.answer(found, at(NOW));
            }
            Put::Replied(reply) => break reply,
        }
    };
    assert_eq!(reply.status_code(), 200, "{name}");
    assert_eq!(cbs.sessions().next().unwrap().identity().to_string(), who);
}

#[test]
fn every_transport_reads_what_is_written() {
    let mut hub = hub();
    let host = Authority::parse(HUB).unwrap();
    for id in ["d", "a@sas.b", "%41", "a%2Fb", "#+?;=$'(),:!*", "..."] {
        hub.registry.create_device(device(id), Authentication::Sas(pair("k"))).unwrap();
        hub.registry.create_module(device(id), module(id), Authentication::Sas(pair("m"))).unwrap();
        everywhere(&hub, Client::device(host, device(id)), "k primary", &format!("device {id}"));
        let own = Client::module(host, device(id), module(id));
        everywhere(&hub, own, "m secondary", &format!("module {id}/{id}"));
        let vouched = Client::device(host, device(id)).signed_by(policy("device"));
        everywhere(&hub, vouched, "device primary", &format!("device {id}"));
    }
    everywhere(&hub, Client::service(host, policy("service")), "service primary", "policy service");
}
