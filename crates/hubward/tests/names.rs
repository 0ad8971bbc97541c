//! Every name that a transport carries against every other: all must refer to one identity at one hub.
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
use common::edge::*;
use common::*;
use hubward::policy::Operation;
use hubward::registry::Authentication;
use hubward::sas::UnsignedToken;
use hubward::types::Authority;
use hubward::{CBS_OPERATION, CBS_TYPE, Cbs, CbsRequest, CbsStep, Credentials};

/// Identities whose names are easily confused.
const WHO: [&str; 6] = ["dev1", "dev10", "a+b", "dev1/mod1", "dev1/mod2", "dev10/mod1"];
const HOSTS: [&str; 2] = [HUB, "fabrikam.azure-devices.net"];

fn hub_of_them() -> Hub {
    let mut hub = hub();
    for (id, name) in [("dev1", "mod2"), ("dev10", "mod1")] {
        let keys = Authentication::Sas(pair(&format!("{id}/{name}")));
        hub.registry.create_module(device(id), module(name), keys).unwrap();
    }
    hub
}

/// `{start}dev1{middle}mod1`.
fn path(identity: &str, start: &str, middle: &str) -> String {
    match identity.split_once('/') {
        Some((device, module)) => format!("{start}{device}{middle}{module}"),
        None => format!("{start}{identity}"),
    }
}

/// Returns the identity's own token.
fn own(identity: &str, host: &str) -> String {
    let host = Authority::parse(host).unwrap();
    let unsigned = match identity.split_once('/') {
        Some((id, name)) => UnsignedToken::module(host, device(id), module(name), at(NOW)),
        None => UnsignedToken::device(host, device(identity), at(NOW)),
    };
    unsigned.sign(&key(&format!("{identity} primary"))).to_string()
}

/// Returns every pair of a host and an identity, with its token.
fn tokens() -> Vec<(&'static str, &'static str, String)> {
    HOSTS.iter().flat_map(|host| WHO.map(|identity| (*host, identity, own(identity, host)))).collect()
}

#[test]
fn mqtt_client_id_username_token_and_topic() {
    let (hub, tokens) = (hub_of_them(), tokens());
    let (mut judged, mut admitted) = (0, 0);
    for client_id in WHO {
        for user in WHO {
            for host in HOSTS {
                let name = format!("{host}/{user}/?api-version=2021-04-12");
                for (token_host, token_who, token) in &tokens {
                    let result = Credentials::mqtt(client_id, &name, Some(token))
                        .and_then(|presented| Ok(hub.admit(presented, NOW)?.into_session()));
                    let agree = client_id == user && user == *token_who && host == HUB && *token_host == HUB;
                    assert_eq!(result.is_ok(), agree, "{client_id}, {name}, {token_who} at {token_host}");
                    judged += 1;
                    let Ok(session) = result else { continue };
                    admitted += 1;
                    for topic in WHO {
                        let text = path(topic, "devices/", "/modules/") + "/messages/events/";
                        let allowed =
                            hub.checked(&session, NOW).decide(&Operation::mqtt_publish(&text)).is_allow();
                        assert_eq!(allowed, topic == client_id, "{client_id} publishes to {text}");
                    }
                }
            }
        }
    }
    println!("{judged} connects, {admitted} admitted");
    assert_eq!(admitted, WHO.len());
}

#[test]
fn sasl_username_and_token() {
    let (hub, tokens) = (hub_of_them(), tokens());
    for identity in WHO {
        for label in ["contoso", "fabrikam"] {
            let name = path(identity, "", "/modules/") + "@sas." + label;
            for (token_host, token_who, token) in &tokens {
                let result =
                    Credentials::amqp_plain(&name, token).and_then(|presented| hub.admit(presented, NOW));
                let agree = label == "contoso" && *token_host == HUB && identity == *token_who;
                assert_eq!(result.is_ok(), agree, "{name}, {token_who} at {token_host}");
                let Ok(admitted) = result else { continue };
                for link in WHO {
                    let address = path(link, "/devices/", "/modules/") + "/messages/events";
                    let allowed = admitted.decide(&Operation::amqp_send(&address)).is_allow();
                    assert_eq!(allowed, link == identity, "{name} attaches to {address}");
                }
            }
        }
    }
}

#[test]
fn cbs_name_token_and_link() {
    let (hub, tokens) = (hub_of_them(), tokens());
    for identity in WHO {
        for host in HOSTS {
            let name = path(identity, &format!("{host}/devices/"), "/modules/");
            for (token_host, token_who, token) in &tokens {
                let mut cbs = Cbs::new();
                let put = cbs.put_token(CbsRequest::new(CBS_OPERATION, CBS_TYPE, &name, token), &hub.rules);
                let status = match put {
                    CbsStep::NeedsLookup(question) => {
                        let found = hub.registry.find(&question.lookup(), &[]);
                        let CbsStep::Replied(reply) = question.resume(found, at(NOW)) else { unreachable!() };
                        reply.status_code()
                    }
                    CbsStep::Replied(reply) => reply.status_code(),
                };
                // the name of a device may carry the token of its module
                let module = token_who.split_once('/').is_some_and(|(device, _)| device == identity);
                let agree = host == HUB && *token_host == HUB && (identity == *token_who || module);
                assert_eq!(status, if agree { 200 } else { 401 }, "{name}, {token_who} at {token_host}");
                for link in WHO {
                    let address = path(link, "/devices/", "/modules/") + "/messages/events";
                    let allowed = hub.may_send(&mut cbs, &address, NOW);
                    assert_eq!(allowed, agree && link == *token_who, "{name}, {token_who}: {address}");
                }
            }
        }
    }
}

#[test]
fn http_host_path_and_token() {
    let (hub, tokens) = (hub_of_them(), tokens());
    for identity in WHO {
        let path =
            path(identity, "/devices/", "/modules/").replace('+', "%2B") + "/messages/events?api-version=1";
        for host in HOSTS {
            for (token_host, token_who, token) in &tokens {
                let allowed = Credentials::http("POST", &path, host, Some(token))
                    .and_then(|presented| Ok(hub.admit(presented, NOW)?.decision().is_allow()));
                let agree = host == HUB && *token_host == HUB && identity == *token_who;
                assert_eq!(allowed == Ok(true), agree, "{host}{path}, {token_who} at {token_host}");
            }
        }
    }
}

/// The resource of a policy's token is compared by whole names on every transport.
#[test]
fn policy_resource_and_named_identity() {
    let hub = hub_of_them();
    for resource in
        ["", "devices", "twins", "devices/dev1", "devices/dev10", "devices/dev", "devices/dev1/modules/mod1"]
    {
        let sr = format!("{HUB}/{resource}");
        let token = token(sr.trim_end_matches('/'), &key("device primary"), NOW, Some("device"));
        for identity in WHO {
            let names = path(identity, "devices/", "/modules/");
            let covers =
                names == resource || resource.is_empty() || names.starts_with(&format!("{resource}/"));
            let mqtt = hub.mqtt(identity, &username(identity), &token).is_ok();
            assert_eq!(mqtt, covers, "MQTT: {identity} by {resource}");
            let sasl = path(identity, "", "/modules/") + "@sas.contoso";
            let sasl = Credentials::amqp_plain(&sasl, &token).and_then(|presented| hub.admit(presented, NOW));
            assert_eq!(sasl.is_ok(), covers, "SASL: {identity} by {resource}");
            let request = format!("/{}/messages/events", names.replace('+', "%2B"));
            let http = Credentials::http("POST", &request, HUB, Some(&token))
                .and_then(|presented| Ok(hub.admit(presented, NOW)?.decision().is_allow()));
            assert_eq!(http == Ok(true), covers, "HTTP: {identity} by {resource}");
        }
    }
}

/// The username, both ends of the chain, the token, and the hierarchy.
#[test]
fn auth_chain_username_token_and_hierarchy() {
    let edge = edge();
    let targets = ["leaf", "leaf10", "leaf/mod", "edge1/temp", "dev1"];
    let hubs = ["edge1", "edge10", "edge2"];
    let (mut judged, mut admitted) = (0, 0);
    for user in targets {
        for target in targets {
            for actor in hubs {
                let mut chain = target.replace('/', "%2F");
                for id in target.split_once('/').map(|(own, _)| own).into_iter().chain([actor]) {
                    if !chain.ends_with(&format!("%3B{id}")) {
                        chain = format!("{chain}%3B{id}");
                    }
                }
                let name = format!("{}&auth-chain={chain}", username(user));
                for signer in hubs {
                    let token = edge_token(signer);
                    let result = Credentials::mqtt(user, &name, Some(&token))
                        .and_then(|presented| edge.admit(presented, NOW));
                    let above = edge.above.get(target).is_some_and(|above| above.contains(&device(actor)));
                    let agree = user == target && actor == signer && above;
                    assert_eq!(result.is_ok(), agree, "{name} by {signer}: {:?}", result.err());
                    judged += 1;
                    admitted += usize::from(agree);
                }
            }
        }
    }
    println!("{judged} connects on behalf, {admitted} admitted");
    assert_eq!(admitted, 6);
}
