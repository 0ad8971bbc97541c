//! An edge hub acts on behalf of the identities below it: with its own token, for the identity that the chain names, if
//! the hub's hierarchy places that identity below it.
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
use hubward::sas::UnsignedToken;
use hubward::types::{
    Authority, Credential, IdScope, Identity, IdentityRecord, Keys, LookupResult, RecordVersion,
    RegistrationId, Status,
};
use hubward::{AuthChain, AuthError, AuthenticationStep, BothCredentials, Client, Credentials};
use rustls_pki_types::CertificateDer;

fn judge(edge: &Edge, id: &str, username: &str, password: &str) -> Result<String, &'static str> {
    Credentials::mqtt(id, username, Some(password))
        .and_then(|presented| edge.admit(presented, NOW).map(|admitted| admitted.identity().to_string()))
        .map_err(|error| error.code())
}

#[test]
fn edge_hub_acts_on_behalf_of_device_and_module_below_it() {
    let edge = edge();
    let password = edge_token("edge1");
    for (id, chain) in [
        ("leaf", "leaf;edge1"),
        ("leaf", "leaf;edge2;edge1"),
        ("leaf/mod", "leaf/mod;leaf;edge1"),
        // elements in between have no effect
        ("leaf", "leaf;missing;edge1"),
        // a module of its own device, and an edge hub below it
        ("edge1/temp", "edge1/temp;edge1"),
        ("edge2/$edgeHub", "edge2/$edgeHub;edge2;edge1"),
        ("a%3Bb+", "a%3Bb+;edge1"),
    ] {
        let name = on_behalf(id, chain);
        let presented = Credentials::mqtt(id, &name, Some(&password)).unwrap();
        let admitted = edge.admit(presented, NOW).unwrap();
        assert_eq!(admitted.actor().unwrap().to_string(), "edge1", "{chain}");
        assert!(admitted.decision().is_allow() && admitted.policy().is_none(), "{chain}");
        let own = match admitted.identity() {
            Identity::Module(device, module) => format!("devices/{device}/modules/{module}"),
            identity => format!("devices/{}", identity.device().unwrap()),
        };
        assert_eq!(own.strip_prefix("devices/").unwrap().replace("/modules", ""), id);
        let session = admitted.into_session();
        assert!(
            edge.checked(&session, NOW)
                .decide(&Operation::mqtt_publish(&format!("{own}/messages/events/")))
                .is_allow()
        );
        for other in ["devices/edge1/messages/events/", "devices/edge1/modules/$edgeHub/messages/events/"] {
            assert!(
                !edge.checked(&session, NOW).decide(&Operation::mqtt_publish(other)).is_allow(),
                "{chain}: {other}"
            );
        }
    }
    // with a chain of one element, the device acts for itself
    assert_eq!(
        judge(&edge, "leaf", &on_behalf("leaf", "leaf"), &own_token("leaf")),
        Ok("device leaf".into())
    );
    assert_eq!(judge(&edge, "leaf", &on_behalf("leaf", "leaf"), &password), Err("identity-mismatch"));
}

#[test]
fn mismatched_names_are_rejected() {
    let edge = edge();
    let (edge1, edge10) = (edge_token("edge1"), edge_token("edge10"));
    let by = |sr: &str, signer: &str, skn| token(&format!("{HUB}{sr}"), &key(signer), NOW, skn);
    let hub = "/devices/edge1/modules/%24edgeHub";
    let leaf = own_token("leaf");
    for (id, name, password, code) in [
        // the client id and the username
        ("leaf10", on_behalf("leaf", "leaf;edge1"), &edge1, "client-id"),
        ("leaf/mod", on_behalf("leaf", "leaf/mod;leaf;edge1"), &edge1, "client-id"),
        // the username and the first element of the chain
        ("leaf", on_behalf("leaf", "leaf10;edge1"), &edge1, "auth-chain-target"),
        ("leaf", on_behalf("leaf", "LEAF;edge1"), &edge1, "auth-chain-target"),
        ("leaf", on_behalf("leaf", "leaf/mod;leaf;edge1"), &edge1, "auth-chain-target"),
        ("leaf/mod", on_behalf("leaf/mod", "leaf;edge1"), &edge1, "auth-chain-target"),
        ("leaf", on_behalf("leaf", "other"), &leaf, "auth-chain-target"),
        // the last element of the chain and the token
        ("leaf", on_behalf("leaf", "leaf;edge1"), &edge10, "identity-mismatch"),
        ("leaf", on_behalf("leaf", "leaf;edge10"), &edge1, "identity-mismatch"),
        ("leaf", on_behalf("leaf", "leaf;EDGE1"), &edge1, "identity-mismatch"),
        ("leaf", on_behalf("leaf", "leaf;edge1"), &leaf, "identity-mismatch"),
        ("leaf", on_behalf("leaf", "leaf;edge1"), &own_token("edge1"), "identity-mismatch"),
        (
            "leaf",
            on_behalf("leaf", "leaf;edge1"),
            &by("/devices/edge1/modules/temp", "edge1/temp primary", None),
            "identity-mismatch",
        ),
        (
            "leaf",
            on_behalf("leaf", "leaf;edge1"),
            &by("/devices/edge1/modules/%24edgehub", "edge1/$edgeHub primary", None),
            "identity-mismatch",
        ),
        // a policy cannot act as an edge hub, regardless of its token's resource
        (
            "leaf",
            on_behalf("leaf", "leaf;edge1"),
            &by(hub, "device primary", Some("device")),
            "identity-mismatch",
        ),
        (
            "leaf",
            on_behalf("leaf", "leaf;edge1"),
            &by("", "iothubowner primary", Some("iothubowner")),
            "identity-mismatch",
        ),
        // the token and its key
        (
            "leaf",
            on_behalf("leaf", "leaf;edge1"),
            &by(hub, "edge10/$edgeHub primary", None),
            "token-wrong-signature",
        ),
        ("leaf", on_behalf("leaf", "leaf;edge1"), &by(hub, "leaf primary", None), "token-wrong-signature"),
        ("leaf", on_behalf("leaf", "leaf;edge1"), &by(hub, "edge1 primary", None), "token-wrong-signature"),
        // the last element and the hierarchy, where one name is a prefix of the other
        ("leaf", on_behalf("leaf", "leaf;edge10"), &edge10, "not-in-hierarchy"),
        ("leaf10", on_behalf("leaf10", "leaf10;edge1"), &edge1, "not-in-hierarchy"),
        ("leaf", on_behalf("leaf", "leaf;edge1;edge10"), &edge10, "not-in-hierarchy"),
        ("dev1", on_behalf("dev1", "dev1;edge1"), &edge1, "not-in-hierarchy"),
        // the host
        ("leaf", on_behalf("leaf", "leaf;edge1").replace("contoso", "fabrikam"), &edge1, "hub-mismatch"),
        (
            "leaf",
            on_behalf("leaf", "leaf;edge1"),
            &token(
                "fabrikam.example/devices/edge1/modules/%24edgeHub",
                &key("edge1/$edgeHub primary"),
                NOW,
                None,
            ),
            "hub-mismatch",
        ),
        // missing and disabled identities
        ("ghost", on_behalf("ghost", "ghost;edge1"), &edge1, "unknown"),
        (
            "leaf",
            on_behalf("leaf", "leaf;ghost"),
            &by("/devices/ghost/modules/%24edgeHub", "dummy", None),
            "unknown",
        ),
        ("off", on_behalf("off", "off;edge1"), &edge1, "disabled"),
    ] {
        assert_eq!(judge(&edge, id, &name, password), Err(code), "{name}");
    }
}

#[test]
fn disabled_edge_device_cannot_act_on_behalf_of_others() {
    let mut edge = edge();
    edge.hub.registry.set_status(device("edge1"), Status::Disabled).unwrap();
    let name = on_behalf("leaf", "leaf;edge1");
    assert_eq!(judge(&edge, "leaf", &name, &edge_token("edge1")), Err("disabled"));
}

#[test]
fn store_without_hierarchy_permits_no_delegation() {
    let edge = edge();
    let (name, password) = (on_behalf("leaf", "leaf;edge1"), edge_token("edge1"));
    let presented = Credentials::mqtt("leaf", &name, Some(&password)).unwrap();
    assert_eq!(edge.hub.admit(presented, NOW).err(), Some(AuthError::NotInHierarchy));
}

#[test]
fn record_must_match_its_lookup() {
    let edge = edge();
    let (name, password) = (on_behalf("leaf", "leaf;edge1"), edge_token("edge1"));
    let start = || {
        let presented = Credentials::mqtt("leaf", &name, Some(&password)).unwrap();
        let question = presented.start(&edge.hub.rules).unwrap();
        assert_eq!(question.lookup().to_string(), "module edge1/$edgeHub");
        assert!(question.actor().is_none(), "no token is verified yet");
        question
    };
    let second = || {
        let question = start();
        let found = edge.hub.registry.find(&question.lookup(), &[]);
        let AuthenticationStep::NeedsLookup(question) = question.resume(found, at(NOW)).unwrap() else {
            unreachable!()
        };
        assert_eq!(question.lookup().to_string(), "device leaf");
        assert_eq!(question.actor().unwrap().to_string(), "edge1");
        question
    };
    let above = [device("edge1")];
    let primary = key("edge1/$edgeHub primary");
    let record = |identity| {
        let keys = Credential::Keys(Keys::one(&primary));
        LookupResult::Identity(
            IdentityRecord::new(identity, Status::Enabled, RecordVersion::new(1, 1), keys)
                .with_ancestors(&above),
        )
    };
    for other in [
        Identity::Device(device("edge1")),
        Identity::Device(device("leaf")),
        Identity::Module(device("EDGE1"), module("$edgeHub")),
        Identity::Module(device("edge1"), module("$edgehub")),
        Identity::Module(device("leaf"), module("$edgeHub")),
    ] {
        assert_eq!(start().resume(record(other), at(NOW)).err(), Some(AuthError::RecordMismatch), "{other}");
    }
    for other in [Identity::Device(device("LEAF")), Identity::Module(device("leaf"), module("mod"))] {
        assert_eq!(second().resume(record(other), at(NOW)).err(), Some(AuthError::RecordMismatch), "{other}");
    }
    assert!(second().resume(record(Identity::Device(device("leaf"))), at(NOW)).is_ok());
    assert_eq!(second().resume(LookupResult::NotFound, at(NOW)).err(), Some(AuthError::Unknown));
    let late = second().resume(record(Identity::Device(device("leaf"))), at(NOW + 3601));
    assert_eq!(late.err().map(|error| error.code()), Some("token-expired"));
    // ancestors are compared by whole names
    for near in ["edge10", "edge", "EDGE1", "edge1;", "xedge1"] {
        let near = [device(near)];
        let keys = Credential::Keys(Keys::one(&primary));
        let leaf = IdentityRecord::new(
            Identity::Device(device("leaf")),
            Status::Enabled,
            RecordVersion::new(1, 1),
            keys,
        );
        let answer = second().resume(LookupResult::Identity(leaf.with_ancestors(&near)), at(NOW));
        assert_eq!(answer.err(), Some(AuthError::NotInHierarchy));
    }
}

#[test]
fn registration_token_cannot_act_on_behalf_of_others() {
    let edge = edge();
    let (scope, id) = (IdScope::parse("0ne1").unwrap(), RegistrationId::parse("edge1").unwrap());
    let registration = UnsignedToken::registration(scope, id, at(NOW)).sign(&key("edge1/$edgeHub primary"));
    let name = on_behalf("leaf", "leaf;edge1");
    assert_eq!(judge(&edge, "leaf", &name, &registration.to_string()), Err("registration-token"));
}

#[test]
fn certificate_cannot_act_on_behalf_of_others() {
    let mut edge = edge();
    let (name, password) = (on_behalf("leaf", "leaf;edge1"), edge_token("edge1"));
    let shown = [CertificateDer::from(&b"not even one"[..])];
    let with = |edge: &Edge, password| {
        let presented = Credentials::mqtt("leaf", &name, password).unwrap().with_certificates(&shown);
        edge.admit(presented, NOW)
            .map(|admitted| admitted.identity().to_string())
            .map_err(|error| error.code())
    };
    assert_eq!(with(&edge, None), Err("auth-chain-certificate"));
    assert_eq!(with(&edge, Some(&password)), Err("both-credentials"));
    edge.hub.rules = edge.hub.rules.with_both_credentials(BothCredentials::CertificateWins);
    assert_eq!(with(&edge, Some(&password)), Err("auth-chain-certificate"));
    edge.hub.rules = edge.hub.rules.with_both_credentials(BothCredentials::TokenWins);
    assert_eq!(with(&edge, Some(&password)), Ok("device leaf".into()));
}

#[test]
fn ids_of_the_actor_compare_by_the_token_rules() {
    // some edge hubs escape `$` twice
    let twice = token(
        &format!("{HUB}%2Fdevices%2Fedge1%2Fmodules%2F%2524edgeHub"),
        &key("edge1/$edgeHub primary"),
        NOW,
        None,
    );
    let name = on_behalf("leaf", "leaf;edge1");
    let mut edge = edge();
    assert_eq!(judge(&edge, "leaf", &name, &twice), Err("identity-mismatch"));
    edge.hub.rules = edge.hub.rules.with_token_rules(hubward::sas::TokenRules::HUB_COMPAT);
    assert_eq!(judge(&edge, "leaf", &name, &twice), Ok("device leaf".into()));
    // the lenient comparison does not extend to the hierarchy
    assert_eq!(judge(&edge, "leaf", &on_behalf("leaf", "leaf;Edge1"), &twice), Err("unknown"));
}

#[test]
fn malformed_chains_are_errors_with_an_offset() {
    for (chain, text) in [
        ("", "at byte 0: empty element"),
        (";edge1", "at byte 0: empty element"),
        ("leaf;", "at byte 5: empty element"),
        ("leaf;;edge1", "at byte 5: empty element"),
        ("leaf;a b", "at byte 5: expected a device id, or `device/module` as the first element"),
        ("leaf;..", "at byte 5: expected a device id, or `device/module` as the first element"),
        ("leaf;edge1/m", "at byte 5: expected a device id, or `device/module` as the first element"),
        ("a/b/c;a", "at byte 0: expected a device id, or `device/module` as the first element"),
        ("/m;a", "at byte 0: expected a device id, or `device/module` as the first element"),
        ("leaf/m;edge1", "at byte 7: the first element is a module, and the second is not its device"),
        ("leaf;edge1;leaf", "at byte 11: duplicate element"),
        ("leaf;edge1;edge1", "at byte 11: duplicate element"),
        ("edge1;edge1", "at byte 6: duplicate element"),
        (
            "edge1/$edgeHub;edge1",
            "at byte 0: an edge hub must connect without an auth-chain that ends at itself",
        ),
    ] {
        let error = AuthChain::parse(chain).unwrap_err().to_string();
        assert_eq!(error, format!("auth-chain, {text}"), "{chain}");
        assert!(AuthChain::parse_encoded(chain).is_err(), "{chain}");
    }
    let long: Vec<String> = (0..17).map(|at| format!("d{at}")).collect();
    assert!(AuthChain::parse(&long[..16].join(";")).is_ok());
    let error = AuthChain::parse(&long.join(";")).unwrap_err().to_string();
    assert_eq!(error, "auth-chain, at byte 54: longer than sixteen elements or 4,096 bytes");
    let bytes = "x".repeat(4097);
    assert!(AuthChain::parse(&bytes).unwrap_err().to_string().ends_with("4,096 bytes"));
    // in a username the offset counts from the start of the username
    let name = format!("{}&auth-chain=leaf%3Ba%20b", username("leaf"));
    let error = Credentials::mqtt("leaf", &name, Some("")).unwrap_err();
    let at = name.find("a%20b").unwrap();
    assert!(
        error.to_string().starts_with(&format!("username, at byte {at}: `auth-chain`: expected a device id")),
        "{error}"
    );
    assert_eq!(error.public().to_string(), "malformed");
    // a chain is split before its elements are decoded, and they are decoded once
    let chain = AuthChain::parse_encoded("a%253Bb%3bedge%31").unwrap();
    assert_eq!(
        (chain.target().to_string(), chain.actor().unwrap().to_string()),
        ("device a%3Bb".into(), "edge1".into())
    );
    let chain = AuthChain::parse("a%3Bb").unwrap();
    assert_eq!((chain.target().to_string(), chain.actor().is_none()), ("device a%3Bb".into(), true));
}

#[test]
fn client_output_is_authenticated() {
    let edge = edge();
    let host = Authority::parse(HUB).unwrap();
    let above = [device("edge2"), device("edge1")];
    for (client, identity, above) in [
        (Client::device(host, device("leaf")), "device leaf", &above[..]),
        (Client::device(host, device("a%3Bb+")), "device a%3Bb+", &above[1..]),
        (Client::module(host, device("edge1"), module("temp")), "module edge1/temp", &above[1..]),
        (Client::module(host, device("edge2"), module("$edgeHub")), "module edge2/$edgeHub", &above[..]),
    ] {
        let client = client.with_ancestors(above);
        let (id, name) = (client.mqtt_client_id().to_string(), client.mqtt_username().to_string());
        let password = client.token(at(NOW)).sign(&key("edge1/$edgeHub primary")).to_string();
        assert_eq!(judge(&edge, &id, &name, &password), Ok(identity.to_owned()), "{name}");
        let written = client.auth_chain().to_string();
        let chain = AuthChain::parse(&written).unwrap();
        assert_eq!(chain.target().to_string(), identity);
        assert_eq!(chain.actor().unwrap().to_string(), "edge1");
    }
}

#[test]
fn other_spellings_of_the_parameter_are_rejected() {
    let edge = edge();
    for name in ["Auth-Chain", "AUTH-CHAIN", "auth%2Dchain"] {
        let name = format!("{}&{name}=leaf%3Bedge1", username("leaf"));
        assert_eq!(judge(&edge, "leaf", &name, &own_token("leaf")), Err("username"), "{name}");
    }
    let twice = format!("{}&auth-chain=leaf%3Bedge1", on_behalf("leaf", "leaf;edge1"));
    assert_eq!(judge(&edge, "leaf", &twice, &edge_token("edge1")), Err("username"));
}

#[test]
fn delegation_allocates_nothing() {
    let edge = edge();
    let (name, password) = (on_behalf("leaf", "leaf;edge1"), edge_token("edge1"));
    let count = allocation_counter::measure(|| {
        let admitted = edge.admit(Credentials::mqtt("leaf", &name, Some(&password)).unwrap(), NOW).unwrap();
        assert!(admitted.decision().is_allow());
    });
    assert_eq!(count.count_total, 0);
}
