//! CBS: tokens that are put on an AMQP connection, message by message.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::unreachable,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test"
)]

mod common;
use common::*;
use hubward::types::Status;
use hubward::{Cbs, CbsRequest, CbsResponse, CbsStep, LinkRole, LinkStep};

const KIND: &str = "servicebus.windows.net:sastoken";
const EVENTS: &str = "/devices/dev1/messages/events";

fn put(hub: &Hub, cbs: &mut Cbs, message: CbsRequest<'_>, now: u64) -> CbsResponse {
    let mut put = cbs.put_token(message, &hub.rules);
    loop {
        match put {
            CbsStep::NeedsLookup(question) => {
                let found = hub.registry.find(&question.lookup(), &[]);
                put = question.resume(found, at(now));
            }
            CbsStep::Replied(reply) => return reply,
        }
    }
}

/// Returns the status and the code of the reason.
fn judged(hub: &Hub, cbs: &mut Cbs, name: &str, token: &str) -> (i32, Option<&'static str>) {
    let reply = put(hub, cbs, CbsRequest::new("put-token", KIND, &format!("{HUB}{name}"), token), NOW);
    (reply.status_code(), reply.error().map(|error| error.code()))
}

fn by(name: &str, sr: &str) -> String {
    token(&format!("{HUB}{sr}"), &key(&format!("{name} primary")), NOW + 60, Some(name))
}

#[test]
fn only_a_session_that_was_rechecked_decides() {
    let (hub, mut cbs) = (hub(), Cbs::new());
    assert_eq!(judged(&hub, &mut cbs, "/devices/dev10", &own_token("dev10")), (200, None));
    let password = own_token("dev1");
    let presented = hubward::Credentials::amqp_plain("dev1@sas.contoso", &password).unwrap();
    // the compiler refuses another session that does not live for ever
    let other = Box::leak(Box::new(hub.admit(presented, NOW).unwrap().into_session()));
    let (none, another) = (None, Some(hub.checked(other, NOW)));
    for checked in [none, another] {
        for address in [EVENTS, "/devices/dev10/messages/events"] {
            let step = cbs.may_attach(LinkRole::Sender, address, &hub.rules, |_| checked);
            let LinkStep::Decided(decision) = step else { panic!("no policy is on the connection") };
            assert_eq!(decision.to_string(), "this connection has no valid token");
        }
    }
    assert!(hub.may_send(&mut cbs, "/devices/dev10/messages/events", NOW));
}

#[test]
fn link_needs_a_token() {
    let (hub, mut cbs) = (hub(), Cbs::new());
    assert_eq!(
        hub.attach(&mut cbs, LinkRole::Sender, EVENTS, NOW).unwrap_err().to_string(),
        "this connection has no valid token"
    );
    assert_eq!(judged(&hub, &mut cbs, "/devices/dev1", &own_token("dev1")), (200, None));
    assert!(hub.may_send(&mut cbs, EVENTS, NOW));
    assert!(hub.attach(&mut cbs, LinkRole::Receiver, "/devices/dev1/messages/devicebound", NOW).is_ok());
    assert!(!hub.may_send(&mut cbs, "/devices/dev10/messages/events", NOW));
    assert!(!hub.may_send(&mut cbs, "/devices/dev1/modules/mod1/messages/events", NOW));
    assert!(!hub.may_send(&mut cbs, "/messages/devicebound", NOW));
    assert!(!hub.may_send(&mut cbs, "$cbs", NOW), "an address outside of the endpoint table is denied");

    let module = token(&format!("{HUB}/devices/dev1/modules/mod1"), &key("dev1/mod1 primary"), NOW, None);
    assert_eq!(judged(&hub, &mut cbs, "%2Fdevices%2Fdev1%2Fmodules%2Fmod1", &module), (200, None));
    assert!(
        hub.may_send(&mut cbs, "/devices/dev1/modules/mod1/messages/events", NOW)
            && hub.may_send(&mut cbs, EVENTS, NOW)
    );
    assert_eq!(cbs.sessions().count(), 2);
}

#[test]
fn mismatched_names_are_rejected() {
    let (hub, mut cbs) = (hub(), Cbs::new());
    let module = token(&format!("{HUB}/devices/dev1/modules/mod1"), &key("dev1/mod1 primary"), NOW, None);
    let elsewhere = token("fabrikam.example/devices/dev1", &key("dev1 primary"), NOW, None);
    for (name, token, code) in [
        ("/devices/dev10", own_token("dev1"), "identity-mismatch"),
        ("/devices/DEV1", own_token("dev1"), "identity-mismatch"),
        ("/devices/dev1/modules/mod1", own_token("dev1"), "identity-mismatch"),
        ("/devices/dev10", module, "identity-mismatch"),
        ("", own_token("dev1"), "identity-mismatch"),
        ("/devices", own_token("dev1"), "identity-mismatch"),
        ("/devices/dev1/messages", own_token("dev1"), "identity-mismatch"),
        (".evil/devices/dev1", own_token("dev1"), "hub-mismatch"),
        ("/devices/dev1", elsewhere, "hub-mismatch"),
        ("/devices/dev10", by("device", "/devices/dev1"), "identity-mismatch"),
        ("", by("service", "/messages/events"), "identity-mismatch"),
        ("/messages/devicebound", by("service", "/messages/events"), "identity-mismatch"),
        ("/devices/ghost", by("device", ""), "unknown"),
        ("/devices/off", own_token("off"), "disabled"),
    ] {
        assert_eq!(judged(&hub, &mut cbs, name, &token), (401, Some(code)), "{name}");
    }
    assert_eq!(cbs.sessions().count(), 0);
}

#[test]
fn other_messages_are_malformed() {
    let (hub, mut cbs) = (hub(), Cbs::new());
    let (name, own) = (format!("{HUB}/devices/dev1"), own_token("dev1"));
    for (operation, kind, name, token, code) in [
        ("delete-token", KIND, name.as_str(), own.as_str(), "cbs-operation"),
        ("put-token", "jwt", &name, &own, "cbs-type"),
        ("put-token", KIND, "", &own, "cbs-name"),
        ("put-token", KIND, "amqps://contoso/devices/dev1", &own, "cbs-uri"),
        ("put-token", KIND, "https://contoso@evil.net", &own, "cbs-uri"),
        ("put-token", KIND, &name, "", "token-scheme"),
    ] {
        let reply = put(&hub, &mut cbs, CbsRequest::new(operation, kind, name, token), NOW);
        assert_eq!((reply.status_code(), reply.description()), (400, "malformed"), "{code}");
        assert_eq!(reply.error().unwrap().code(), code);
    }
}

#[test]
fn service_is_limited_to_the_name_of_its_put() {
    let (hub, mut cbs) = (hub(), Cbs::new());
    assert_eq!(judged(&hub, &mut cbs, "/messages/events", &by("iothubowner", "")), (200, None));
    assert!(!hub.may_send(&mut cbs, "/messages/devicebound", NOW));
    assert_eq!(judged(&hub, &mut cbs, "", &by("iothubowner", "")), (200, None));
    assert!(hub.may_send(&mut cbs, "/messages/devicebound", NOW));
    assert!(
        !hub.may_send(&mut cbs, EVENTS, NOW),
        "a policy acts as a device only after a put for the device's name"
    );
    assert_eq!(judged(&hub, &mut cbs, "/devices/dev1", &by("iothubowner", "")), (200, None));
    assert!(hub.may_send(&mut cbs, EVENTS, NOW));
    assert!(!hub.may_send(&mut cbs, "/devices/dev10/messages/events", NOW));
}

#[test]
fn token_for_one_audience_keeps_those_for_others() {
    let (hub, mut cbs) = (hub(), Cbs::new());
    for (name, held) in [("", 1), ("/messages/events", 2), ("", 2), ("/messages/events", 2)] {
        assert_eq!(judged(&hub, &mut cbs, name, &by("iothubowner", "")), (200, None));
        assert!(
            hub.may_send(&mut cbs, "/messages/devicebound", NOW),
            "what was put for the hub still counts"
        );
        assert_eq!(cbs.sessions().count(), held, "{name}");
    }
}

#[test]
fn number_of_identities_is_limited() {
    let (hub, mut cbs) = (hub(), Cbs::with_limit(1));
    let long = own_token("dev1");
    let short = token(&format!("{HUB}/devices/dev1"), &key("dev1 primary"), NOW + 1, None);
    assert_eq!(judged(&hub, &mut cbs, "/devices/dev1", &long), (200, None));
    assert_eq!(judged(&hub, &mut cbs, "/devices/dev10", &own_token("dev10")).1, Some("too-many-identities"));
    assert_eq!(
        judged(&hub, &mut cbs, "/devices/dev1", &short),
        (200, None),
        "a renewal does not count as another identity"
    );
    let name = format!("{HUB}/devices/dev10");
    let token = own_token("dev10");
    let message = CbsRequest::new("put-token", KIND, &name, &token);
    let leeway = hub.rules.token().leeway.as_secs();
    assert_eq!(
        put(&hub, &mut cbs, message, NOW + 2 + leeway).status_code(),
        200,
        "an expired session is removed"
    );
}

#[test]
fn invalid_sessions_are_removed() {
    let (mut hub, mut cbs) = (hub(), Cbs::new());
    judged(&hub, &mut cbs, "/devices/dev1", &own_token("dev1"));
    judged(&hub, &mut cbs, "/devices/dev10", &own_token("dev10"));
    hub.registry.set_status(device("dev1"), Status::Disabled).unwrap();
    cbs.retain(|session| session.recheck(&hub.answers(session), at(NOW)).is_ok());
    assert!(
        !hub.may_send(&mut cbs, EVENTS, NOW) && hub.may_send(&mut cbs, "/devices/dev10/messages/events", NOW)
    );
}

/// An event on a connection.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Message {
    /// A token for the identity of that index, valid until that time.
    Good(usize, u64),
    /// A token for the first device, signed with another key.
    Forged,
    /// The second device's token, put for the first.
    Mismatched,
    /// A valid token whose put is dropped.
    Dropped,
    /// A valid token for an identity that the store does not know.
    Unknown,
    /// A policy's token for the first device, valid until that time.
    ByPolicy(u64),
    /// The same, dropped before the second lookup.
    HalfByPolicy,
    /// The session of the first device is no longer valid.
    Gone,
    /// Ten seconds pass.
    Later,
}

const NAMES: [&str; 3] = ["/devices/dev1", "/devices/dev10", ""];
const ADDRESSES: [&str; 3] = [EVENTS, "/devices/dev10/messages/events", "/messages/devicebound"];

/// Returns `true` if a link of the identity is allowed after `history`: if the last token for it that was valid when it
/// was put has not expired. Written for obviousness, not for speed.
fn model(history: &[Message], identity: usize) -> bool {
    let time = |upto: usize| 10 * history[..upto].iter().filter(|m| **m == Message::Later).count() as u64;
    let last = (0..history.len()).rev().find_map(|at| match history[at] {
        Message::Good(whose, until) if whose == identity && time(at) <= until => Some(Some(until)),
        Message::ByPolicy(until) if identity == 0 && time(at) <= until => Some(Some(until)),
        Message::Gone if identity == 0 => Some(None),
        _ => None,
    });
    last.flatten().is_some_and(|until| time(history.len()) <= until)
}

fn every_order(alphabet: &[Message], depth: u32) {
    let mut hub = hub();
    let mut rules = hubward::sas::TokenRules::STRICT;
    rules.leeway = core::time::Duration::ZERO;
    hub.rules = hub.rules.with_token_rules(rules);
    let names = NAMES.map(|name| format!("{HUB}{name}"));
    let text = |message: &Message| match message {
        Message::Good(2, until) => token(HUB, &key("service primary"), NOW + until, Some("service")),
        Message::Good(whose, until) => {
            let signer = key(["dev1 primary", "dev10 secondary"][*whose]);
            token(&names[*whose], &signer, NOW + until, None)
        }
        Message::ByPolicy(until) => token(&names[0], &key("device primary"), NOW + until, Some("device")),
        Message::HalfByPolicy => token(&names[0], &key("device primary"), NOW + 100, Some("device")),
        Message::Forged => token(&names[0], &key("dev10 primary"), NOW + 100, None),
        Message::Mismatched => token(&names[1], &key("dev10 primary"), NOW + 100, None),
        Message::Dropped | Message::Unknown => own_token("dev1"),
        Message::Later | Message::Gone => String::new(),
    };
    let tokens: Vec<String> = alphabet.iter().map(text).collect();
    let mut history = Vec::new();
    for mut number in 0..alphabet.len().pow(depth) {
        let (mut cbs, mut now) = (Cbs::new(), NOW);
        history.clear();
        for step in 0..depth {
            let letter = number % alphabet.len();
            number /= alphabet.len();
            let message = alphabet[letter];
            let whose = if let Message::Good(whose, _) = message { whose } else { 0 };
            let sent = CbsRequest::new("put-token", KIND, &names[whose], &tokens[letter]);
            let verified = match message {
                Message::Later => {
                    now += 10;
                    true
                }
                Message::Dropped => {
                    assert!(matches!(cbs.put_token(sent, &hub.rules), CbsStep::NeedsLookup(_)));
                    true
                }
                Message::Unknown => match cbs.put_token(sent, &hub.rules) {
                    CbsStep::NeedsLookup(question) => {
                        let put = question.resume(hubward::types::LookupResult::NotFound, at(now));
                        assert!(matches!(put, CbsStep::Replied(reply) if reply.status_code() == 401));
                        true
                    }
                    CbsStep::Replied(_) => unreachable!(),
                },
                Message::HalfByPolicy => {
                    let CbsStep::NeedsLookup(question) = cbs.put_token(sent, &hub.rules) else {
                        unreachable!()
                    };
                    let found = hub.registry.find(&question.lookup(), &[]);
                    assert!(matches!(question.resume(found, at(now)), CbsStep::NeedsLookup(_)));
                    true
                }
                Message::Gone => {
                    cbs.retain(|session| session.identity().to_string() != "device dev1");
                    true
                }
                Message::Good(_, until) | Message::ByPolicy(until) => {
                    (put(&hub, &mut cbs, sent, now).status_code() == 200) == (now - NOW <= until)
                }
                Message::Forged | Message::Mismatched => put(&hub, &mut cbs, sent, now).status_code() == 401,
            };
            history.push(message);
            assert!(verified, "{history:?}");
            // a prefix is the end of a shorter order, and is checked there
            if step + 1 == depth {
                for (identity, address) in ADDRESSES.iter().enumerate() {
                    let allowed = hub.may_send(&mut cbs, address, now);
                    assert_eq!(allowed, model(&history, identity), "{address} after {history:?}");
                }
                // no token was ever put for these
                for address in ["/devices/dev/messages/events", "/devices/dev1/modules/mod1/messages/events"]
                {
                    let allowed = hub.may_send(&mut cbs, address, now);
                    assert!(!allowed, "{address} after {history:?}");
                }
            }
        }
    }
}

#[test]
fn every_order_of_messages_to_depth_six() {
    use Message::*;
    let few = [Good(0, 10), Good(0, 30), Forged, Good(1, 20), Good(2, 10), Later];
    for depth in 1..=6 {
        every_order(&few, depth);
    }
}

#[test]
fn every_order_of_all_messages_to_depth_four() {
    use Message::*;
    let all = [
        Good(0, 10),
        Good(0, 30),
        Forged,
        Mismatched,
        Dropped,
        Unknown,
        ByPolicy(20),
        HalfByPolicy,
        Gone,
        Good(1, 20),
        Good(2, 10),
        Later,
    ];
    for depth in 1..=4 {
        every_order(&all, depth);
    }
}
