//! AMQP links that an edge hub attaches on behalf of the identities below it.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test"
)]

mod common;
#[path = "common/fleet.rs"]
mod fleet;
use common::edge::*;
use common::*;
use hubward::registry::Authentication;
use hubward::sas::TokenRules;
use hubward::types::{LookupResult, Status};
use hubward::{
    AUTH_CHAIN_PROPERTY, AuthChain, AuthError, CBS_OPERATION, CBS_TYPE, Cbs, CbsRequest, CbsStep,
    Credentials, LinkRole,
};

const HUB_NAME: &str = "/devices/edge1/modules/%24edgeHub";
const HUB_EVENTS: &str = "/devices/edge1/modules/%24edgeHub/messages/events";
const LEAF_EVENTS: &str = "/devices/leaf/messages/events";

fn put(edge: &Edge, cbs: &mut Cbs, name: &str, token: &str, now: u64) -> i32 {
    let name = format!("{HUB}{name}");
    let mut put = cbs.put_token(CbsRequest::new(CBS_OPERATION, CBS_TYPE, &name, token), &edge.hub.rules);
    loop {
        match put {
            CbsStep::NeedsLookup(question) => {
                let found = edge.find(&question.lookup());
                put = question.resume(found, at(now));
            }
            CbsStep::Replied(reply) => return reply.status_code(),
        }
    }
}

fn on_behalf(edge: &Edge, cbs: &mut Cbs, chain: &str, now: u64) -> Result<(), &'static str> {
    let result = AuthChain::parse(chain).map_err(AuthError::from).and_then(|chain| {
        let question = cbs.on_behalf(&chain, at(now))?;
        assert_eq!(question.actor().to_string(), chain.actor().unwrap().to_string());
        let found = edge.find(&question.lookup());
        question.resume(&found, at(now))
    });
    result.map_err(|error| error.code())
}

fn attach(edge: &Edge, cbs: &mut Cbs, role: LinkRole, address: &str, now: u64) -> bool {
    let Ok(decision) = edge.hub.rules.may_attach(cbs, role, address, edge, || at(now));
    decision.is_allow()
}

fn may(edge: &Edge, cbs: &mut Cbs, address: &str, now: u64) -> bool {
    attach(edge, cbs, LinkRole::Sender, address, now)
}

#[test]
fn delegated_link_needs_the_edge_hub_s_token_and_the_hierarchy() {
    assert_eq!(AUTH_CHAIN_PROPERTY, "com.microsoft:auth-chain");
    let (edge, mut cbs) = (edge(), Cbs::new());
    assert_eq!(on_behalf(&edge, &mut cbs, "leaf;edge1", NOW), Err("no-delegation-token"));
    assert_eq!(put(&edge, &mut cbs, HUB_NAME, &edge_token("edge1"), NOW), 200);
    assert!(may(&edge, &mut cbs, HUB_EVENTS, NOW) && !may(&edge, &mut cbs, LEAF_EVENTS, NOW));
    assert_eq!(on_behalf(&edge, &mut cbs, "leaf;edge1", NOW), Ok(()));
    assert!(may(&edge, &mut cbs, LEAF_EVENTS, NOW) && may(&edge, &mut cbs, HUB_EVENTS, NOW));
    assert!(attach(&edge, &mut cbs, LinkRole::Receiver, "/devices/leaf/messages/devicebound", NOW));
    for other in [
        "/devices/leaf10/messages/events",
        "/devices/leaf/modules/mod/messages/events",
        "/devices/edge1/messages/events",
        "/messages/devicebound",
    ] {
        assert!(!may(&edge, &mut cbs, other, NOW), "{other}");
    }
    assert_eq!(on_behalf(&edge, &mut cbs, "leaf/mod;leaf;edge2;edge1", NOW), Ok(()));
    assert!(may(&edge, &mut cbs, "/devices/leaf/modules/mod/messages/events", NOW));
    let sessions: Vec<_> = cbs.sessions().map(|session| session.identity().to_string()).collect();
    assert_eq!(sessions, ["module edge1/$edgeHub", "device leaf", "module leaf/mod"]);
}

#[test]
fn mismatched_names_are_rejected() {
    let (edge, mut cbs) = (edge(), Cbs::new());
    put(&edge, &mut cbs, HUB_NAME, &edge_token("edge1"), NOW);
    for (chain, code) in [
        // the last element of the chain and the identity of the put token
        ("leaf;edge10", "no-delegation-token"),
        ("leaf;EDGE1", "no-delegation-token"),
        ("leaf;edge1;edge2", "no-delegation-token"),
        ("leaf", "no-delegation-token"),
        // the chain and the hierarchy
        ("leaf10;edge1", "not-in-hierarchy"),
        ("dev1;edge1", "not-in-hierarchy"),
        ("edge2;edge1", "not-in-hierarchy"),
        ("LEAF;edge1", "unknown"),
        ("ghost;edge1", "unknown"),
        ("off;edge1", "disabled"),
        // AMQP's chain is not percent-encoded
        ("leaf%3Bedge1", "no-delegation-token"),
        ("leaf;;edge1", "auth-chain"),
        ("edge1/$edgeHub;edge1", "auth-chain"),
    ] {
        assert_eq!(on_behalf(&edge, &mut cbs, chain, NOW), Err(code), "{chain}");
    }
    assert_eq!(cbs.sessions().count(), 1);
    // the address and the chain
    assert_eq!(on_behalf(&edge, &mut cbs, "leaf;edge1", NOW), Ok(()));
    assert!(!may(&edge, &mut cbs, "/devices/leaf10/messages/events", NOW));
}

#[test]
fn edge_hub_needs_a_token_of_its_own() {
    let edge = edge();
    let policy = token(&format!("{HUB}/devices/edge1"), &key("device primary"), NOW + 60, Some("device"));
    let device = own_token("edge1");
    let module =
        token(&format!("{HUB}/devices/edge1/modules/temp"), &key("edge1/temp primary"), NOW + 60, None);
    for (name, token) in
        [(HUB_NAME, &policy), ("/devices/edge1", &device), ("/devices/edge1/modules/temp", &module)]
    {
        let mut cbs = Cbs::new();
        assert_eq!(put(&edge, &mut cbs, name, token, NOW), 200, "{name}");
        assert_eq!(on_behalf(&edge, &mut cbs, "leaf;edge1", NOW), Err("no-delegation-token"), "{name}");
    }
    // an edge hub that is itself connected by delegation cannot delegate
    let mut cbs = Cbs::new();
    put(&edge, &mut cbs, HUB_NAME, &edge_token("edge1"), NOW);
    assert_eq!(on_behalf(&edge, &mut cbs, "edge2/$edgeHub;edge2;edge1", NOW), Ok(()));
    assert!(may(&edge, &mut cbs, "/devices/edge2/modules/$edgeHub/messages/events", NOW));
    assert_eq!(on_behalf(&edge, &mut cbs, "leaf;edge2", NOW), Err("no-delegation-token"));
}

/// The token of SASL PLAIN permits delegation; the certificate of SASL EXTERNAL does not.
#[test]
fn token_of_sasl_plain_permits_delegation() {
    let edge = edge();
    let token = edge_token("edge1");
    let presented = Credentials::amqp_plain("edge1/modules/$edgeHub@sas.contoso", &token).unwrap();
    let mut cbs = Cbs::new().with_session(edge.admit(presented, NOW).unwrap().into_session());
    assert_eq!(on_behalf(&edge, &mut cbs, "leaf;edge1", NOW), Ok(()));
    assert!(may(&edge, &mut cbs, LEAF_EVENTS, NOW));

    let fleet = fleet::Fleet::new();
    let anchors = fleet.anchors();
    let mut hub = fleet::hub_of(&anchors, fleet::unmatched_thumbprints());
    let by_authority = Authentication::CertificateAuthority;
    hub.registry.create_module(device("ca1"), module("$edgeHub"), by_authority).unwrap();
    let shown = fleet.lasting(&fleet::entity("ca1/$edgeHub"));
    let presented = Credentials::amqp_external("", Some(HUB), &shown).unwrap();
    let mut cbs = Cbs::new().with_session(hub.admit(presented, fleet::TODAY).unwrap().into_session());
    assert!(hub.may_send(&mut cbs, "/devices/ca1/modules/$edgeHub/messages/events", fleet::TODAY));
    let chain = AuthChain::parse("ca10;ca1").unwrap();
    assert_eq!(cbs.on_behalf(&chain, at(fleet::TODAY)).err(), Some(AuthError::NoDelegationToken));
}

#[test]
fn delegation_without_a_matching_record_permits_nothing() {
    let (edge, mut cbs) = (edge(), Cbs::new());
    put(&edge, &mut cbs, HUB_NAME, &edge_token_until("edge1", NOW + 10), NOW);
    let chain = AuthChain::parse("leaf;edge1").unwrap();
    drop(cbs.on_behalf(&chain, at(NOW)).unwrap());
    let missing: LookupResult<'_, hubward_rustcrypto::HmacKey> = LookupResult::NotFound;
    assert_eq!(cbs.on_behalf(&chain, at(NOW)).unwrap().resume(&missing, at(NOW)), Err(AuthError::Unknown));
    let other = edge.find(&hubward::types::Lookup::Device(device("leaf10").segment()));
    assert_eq!(
        cbs.on_behalf(&chain, at(NOW)).unwrap().resume(&other, at(NOW)),
        Err(AuthError::RecordMismatch)
    );
    let silent = edge.hub.registry.find(&chain.target(), &[]);
    assert_eq!(
        cbs.on_behalf(&chain, at(NOW)).unwrap().resume(&silent, at(NOW)),
        Err(AuthError::NotInHierarchy)
    );
    let good = edge.find(&chain.target());
    let leeway = edge.hub.rules.token().leeway.as_secs();
    let late = cbs.on_behalf(&chain, at(NOW)).unwrap().resume(&good, at(NOW + 11 + leeway));
    assert_eq!(late, Err(AuthError::NoDelegationToken));
    assert!(cbs.on_behalf(&chain, at(NOW + 11 + leeway)).is_err());
    assert!(!may(&edge, &mut cbs, LEAF_EVENTS, NOW));
    assert_eq!(cbs.sessions().count(), 1);
}

#[test]
fn delegated_identities_count_towards_the_limit() {
    let (edge, mut cbs) = (edge(), Cbs::with_limit(2));
    put(&edge, &mut cbs, HUB_NAME, &edge_token("edge1"), NOW);
    assert_eq!(on_behalf(&edge, &mut cbs, "leaf;edge1", NOW), Ok(()));
    assert_eq!(on_behalf(&edge, &mut cbs, "leaf;edge1", NOW), Ok(()), "twice is once");
    assert_eq!(on_behalf(&edge, &mut cbs, "leaf/mod;leaf;edge1", NOW), Err("too-many-identities"));
}

#[test]
fn invalid_sessions_are_removed() {
    let retained = |change: fn(&mut Edge)| {
        let (mut edge, mut cbs) = (edge(), Cbs::new());
        put(&edge, &mut cbs, HUB_NAME, &edge_token("edge1"), NOW);
        on_behalf(&edge, &mut cbs, "leaf;edge1", NOW).unwrap();
        change(&mut edge);
        cbs.retain(|session| edge.recheck(session, NOW).is_ok());
        (may(&edge, &mut cbs, HUB_EVENTS, NOW), may(&edge, &mut cbs, LEAF_EVENTS, NOW))
    };
    assert_eq!(retained(|_| {}), (true, true));
    assert_eq!(
        retained(|edge| edge.hub.registry.set_status(device("leaf"), Status::Disabled).unwrap()),
        (true, false)
    );
    assert_eq!(
        retained(|edge| edge.hub.registry.set_status(device("edge1"), Status::Disabled).unwrap()),
        (false, false)
    );
    assert_eq!(retained(|edge| drop(edge.above.remove("leaf"))), (true, false));
    let roll = |edge: &mut Edge| {
        let keys = Authentication::Sas(pair("rolled"));
        edge.hub.registry.set_module_authentication(device("edge1"), module("$edgeHub"), keys).unwrap();
    };
    assert_eq!(retained(roll), (false, false));
}

#[test]
fn renewal_after_a_key_rotation_renews_delegated_sessions() {
    let (mut edge, mut cbs) = (edge(), Cbs::new());
    put(&edge, &mut cbs, HUB_NAME, &edge_token("edge1"), NOW);
    on_behalf(&edge, &mut cbs, "leaf;edge1", NOW).unwrap();
    let keys = Authentication::Sas(pair("rolled"));
    edge.hub.registry.set_module_authentication(device("edge1"), module("$edgeHub"), keys).unwrap();
    let renewed = token(&format!("{HUB}{HUB_NAME}"), &key("rolled primary"), NOW + 7200, None);
    assert_eq!(put(&edge, &mut cbs, HUB_NAME, &renewed, NOW), 200);
    cbs.retain(|session| edge.recheck(session, NOW + 3601).is_ok());
    assert!(may(&edge, &mut cbs, LEAF_EVENTS, NOW + 3601) && may(&edge, &mut cbs, HUB_EVENTS, NOW + 3601));
}

/// Returns the expiry of the session that `edge1` opened on behalf of `leaf`, after another token was put for `name`.
fn until_after(name: &str, token: &str) -> u64 {
    let (edge, mut cbs) = (edge(), Cbs::new());
    put(&edge, &mut cbs, HUB_NAME, &edge_token("edge1"), NOW);
    on_behalf(&edge, &mut cbs, "leaf;edge1", NOW).unwrap();
    assert_eq!(put(&edge, &mut cbs, name, token, NOW), 200, "{name}");
    let leaf = cbs.sessions().find(|session| session.identity().to_string() == "device leaf");
    leaf.unwrap().until().as_secs()
}

#[test]
fn only_the_own_token_of_the_edge_hub_renews_its_delegations() {
    let (before, later) = (NOW + 3600, NOW + 7200);
    assert_eq!(until_after(HUB_NAME, &edge_token_until("edge1", later)), later);
    let by_policy = token(&format!("{HUB}{HUB_NAME}"), &key("device primary"), later, Some("device"));
    assert_eq!(until_after(HUB_NAME, &by_policy), before, "a policy's token for it");
    let other = "/devices/edge10/modules/%24edgeHub";
    assert_eq!(until_after(other, &edge_token_until("edge10", later)), before, "another edge hub's");
    let device = token(&format!("{HUB}/devices/dev1"), &key("dev1 primary"), later, None);
    assert_eq!(until_after("/devices/dev1", &device), before, "a device's");
}

/// An event on a connection of an edge hub.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Message {
    /// A token of the edge hub's own, valid until that time.
    EdgeHub(u64),
    /// A policy's token for the edge hub, valid until that time.
    ByPolicy(u64),
    /// A token of the edge hub's, signed with another key.
    Forged,
    /// The device's own token, valid until that time.
    Leaf(u64),
    /// A link for the device, which is below the edge hub in the hierarchy.
    OnBehalf,
    /// A link for the device, which is not below the edge hub in the hierarchy.
    NotInHierarchy,
    /// A link for the device whose delegation is dropped.
    Dropped,
    /// Ten seconds pass.
    Later,
}

/// Returns whether links of the edge hub and of the device are allowed after `history`. Written for obviousness, not for
/// speed.
fn model(history: &[Message]) -> (bool, bool) {
    let (mut time, mut own, mut by_policy, mut leaf) = (0, None, None, None);
    for message in history {
        let counts = |until: &u64| *until >= time;
        match message {
            Message::EdgeHub(until) if counts(until) => {
                (own, by_policy) = (Some(*until), None);
                // delegated sessions last as long as the edge hub's
                if let Some((before, true)) = leaf.filter(|(before, _)| counts(before)) {
                    let _: u64 = before;
                    leaf = Some((*until, true));
                }
            }
            Message::ByPolicy(until) if counts(until) => (own, by_policy) = (None, Some(*until)),
            Message::Leaf(until) if counts(until) => leaf = Some((*until, false)),
            Message::OnBehalf => {
                if let Some(until) = own.filter(counts) {
                    leaf = Some((until, true));
                }
            }
            Message::Later => time += 10,
            _ => {}
        }
    }
    let good = |until: Option<u64>| until.is_some_and(|until| until >= time);
    (good(own) || good(by_policy), good(leaf.map(|(until, _)| until)))
}

fn every_order(alphabet: &[Message], depth: u32) {
    let mut edge = edge();
    let mut rules = TokenRules::STRICT;
    rules.leeway = core::time::Duration::ZERO;
    edge.hub.rules = edge.hub.rules.with_token_rules(rules);
    let sr = format!("{HUB}{HUB_NAME}");
    let text = |message: &Message| match message {
        Message::EdgeHub(until) => edge_token_until("edge1", NOW + until),
        Message::ByPolicy(until) => token(&sr, &key("device primary"), NOW + until, Some("device")),
        Message::Forged => token(&sr, &key("edge10/$edgeHub primary"), NOW + 100, None),
        Message::Leaf(until) => {
            token(&format!("{HUB}/devices/leaf"), &key("leaf primary"), NOW + until, None)
        }
        _ => String::new(),
    };
    let tokens: Vec<String> = alphabet.iter().map(text).collect();
    let chain = AuthChain::parse("leaf;edge1").unwrap();
    let (mut history, mut states) = (Vec::new(), 0);
    for mut number in 0..alphabet.len().pow(depth) {
        let (mut cbs, mut now) = (Cbs::new(), NOW);
        history.clear();
        for _ in 0..depth {
            let letter = number % alphabet.len();
            number /= alphabet.len();
            let (message, token) = (alphabet[letter], &tokens[letter]);
            match message {
                Message::EdgeHub(_) | Message::ByPolicy(_) | Message::Forged => {
                    put(&edge, &mut cbs, HUB_NAME, token, now);
                }
                Message::Leaf(_) => drop(put(&edge, &mut cbs, "/devices/leaf", token, now)),
                Message::OnBehalf => drop(on_behalf(&edge, &mut cbs, "leaf;edge1", now)),
                Message::NotInHierarchy => {
                    if let Ok(question) = cbs.on_behalf(&chain, at(now)) {
                        let found = edge.hub.registry.find(&question.lookup(), &[]);
                        assert_eq!(question.resume(&found, at(now)), Err(AuthError::NotInHierarchy));
                    }
                }
                Message::Dropped => drop(cbs.on_behalf(&chain, at(now))),
                Message::Later => now += 10,
            }
            history.push(message);
        }
        let allowed = (may(&edge, &mut cbs, HUB_EVENTS, now), may(&edge, &mut cbs, LEAF_EVENTS, now));
        assert_eq!(allowed, model(&history), "{history:?}");
        for never in
            ["/devices/leaf10/messages/events", "/devices/edge1/messages/events", "/messages/devicebound"]
        {
            assert!(!may(&edge, &mut cbs, never, now), "{never} after {history:?}");
        }
        states += 1;
    }
    println!("{states} orders of {depth} messages agree with the model");
}

#[test]
fn every_order_of_a_few_messages_to_depth_six() {
    use Message::*;
    let few = [EdgeHub(10), EdgeHub(30), Leaf(20), OnBehalf, Later];
    for depth in 1..=6 {
        every_order(&few, depth);
    }
}

#[test]
fn every_order_of_all_messages_to_depth_four() {
    use Message::*;
    let all =
        [EdgeHub(10), EdgeHub(30), ByPolicy(20), Forged, Leaf(20), OnBehalf, NotInHierarchy, Dropped, Later];
    for depth in 1..=4 {
        every_order(&all, depth);
    }
}
