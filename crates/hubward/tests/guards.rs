//! A guard of several stages has a test at each of them: an answer is compared with what was asked, a status is read, and
//! time goes on, at the first question, at the second, and when a session is rechecked.
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
use hubward::policy::Operation;
use hubward::registry::Authentication;
use hubward::types::{
    Credential, Identity, IdentityRecord, Keys, LookupResult, Permissions, PolicyRecord, RecordVersion,
    Status,
};
use hubward::x509::Anchors;
use hubward::{
    AuthError, AuthenticationStep, Credentials, HubConfig, PendingAuthentication, Session, SessionError,
    X509Config,
};
use hubward_ring::{Digests, signature};
use hubward_rustcrypto::HmacKey;

/// A token of the policy `device` for `dev1`.
fn by_policy() -> String {
    token(&format!("{HUB}/devices/dev1"), &key("device primary"), NOW, Some("device"))
}

/// The question for `dev1` itself, after the policy's key was found to have signed.
fn second<'a>(hub: &'a Hub, name: &'a str, password: &'a str) -> PendingAuthentication<'a, 'a, HmacKey> {
    let question = Credentials::mqtt("dev1", name, Some(password)).unwrap().start(&hub.rules).unwrap();
    assert_eq!(question.lookup().to_string(), "policy device");
    let found = hub.registry.find(&question.lookup(), &[]);
    let AuthenticationStep::NeedsLookup(question) = question.resume(found, at(NOW)).unwrap() else {
        unreachable!()
    };
    assert_eq!(question.lookup().to_string(), "device dev1");
    question
}

fn code(admission: Result<AuthenticationStep<'_, '_, HmacKey>, AuthError>) -> Result<(), &'static str> {
    admission.map(drop).map_err(|error| error.code())
}

#[test]
fn the_first_answer_is_about_the_policy_that_was_asked_for() {
    let (hub, name, password) = (hub(), username("dev1"), by_policy());
    // the very key that signed, in the row of another policy
    let primary = key("device primary");
    for (called, expected) in
        [("device", Ok(())), ("Device", Err("record-mismatch")), ("iothubowner", Err("record-mismatch"))]
    {
        let question = Credentials::mqtt("dev1", &name, Some(&password)).unwrap().start(&hub.rules).unwrap();
        let found = PolicyRecord::new(
            policy(called),
            Permissions::all(),
            RecordVersion::new(1, 1),
            Keys::one(&primary),
        );
        assert_eq!(code(question.resume(LookupResult::Policy(found), at(NOW))), expected, "{called}");
    }
}

#[test]
fn the_second_answer_is_about_the_device_that_was_asked_for() {
    let (hub, name, password) = (hub(), username("dev1"), by_policy());
    let record = |identity, status| {
        LookupResult::Identity(IdentityRecord::new(
            identity,
            status,
            RecordVersion::new(1, 1),
            Credential::<HmacKey>::None,
        ))
    };
    let dev1 = Identity::Device(device("dev1"));
    let judged = |found| code(second(&hub, &name, &password).resume(found, at(NOW)));
    assert_eq!(judged(record(dev1, Status::Enabled)), Ok(()));
    assert_eq!(judged(record(dev1, Status::Disabled)), Err("disabled"));
    assert_eq!(judged(LookupResult::NotFound), Err("unknown"));
    for other in [
        Identity::Device(device("DEV1")),
        Identity::Device(device("dev10")),
        Identity::Module(device("dev1"), module("mod1")),
        Identity::Policy(policy("dev1")),
    ] {
        assert_eq!(judged(record(other, Status::Enabled)), Err("record-mismatch"), "{other}");
    }
    let primary = key("device primary");
    let found =
        PolicyRecord::new(policy("dev1"), Permissions::all(), RecordVersion::new(1, 1), Keys::one(&primary));
    assert_eq!(judged(LookupResult::Policy(found)), Err("record-mismatch"));
}

#[test]
fn the_leeway_holds_for_the_second_answer_too() {
    let (hub, name, password) = (compat(), username("dev1"), by_policy());
    let leeway = hub.rules.token().leeway.as_secs();
    assert!(leeway > 0);
    let answered = |now| {
        let question = second(&hub, &name, &password);
        let found = hub.registry.find(&question.lookup(), &[]);
        code(question.resume(found, at(now)))
    };
    assert_eq!(answered(NOW + leeway), Ok(()));
    assert_eq!(answered(NOW + leeway + 1), Err("token-expired"));
}

#[test]
fn a_device_that_names_itself_as_its_policy_is_asked_for_once() {
    let (hub, name) = (compat(), username("ghost"));
    let password = token(&format!("{HUB}/devices/ghost"), &key("ghost primary"), NOW, Some("ghost"));
    let question = Credentials::mqtt("ghost", &name, Some(&password)).unwrap().start(&hub.rules).unwrap();
    let AuthenticationStep::NeedsLookup(question) = question.resume(LookupResult::NotFound, at(NOW)).unwrap()
    else {
        unreachable!()
    };
    assert_eq!(question.lookup().to_string(), "device ghost");
    assert_eq!(code(question.resume(LookupResult::NotFound, at(NOW))), Err("unknown"));
}

#[test]
fn a_policy_gives_a_device_the_right_to_connect_and_no_other() {
    let (hub, name) = (hub(), username("dev1"));
    let password = token(HUB, &key("iothubowner primary"), NOW, Some("iothubowner"));
    let admitted = hub.admit(Credentials::mqtt("dev1", &name, Some(&password)).unwrap(), NOW).unwrap();
    assert_eq!(admitted.into_session().to_string(), format!("device dev1 with DeviceConnect until {NOW}"));
}

#[test]
fn a_policy_s_token_for_a_module_reaches_no_sibling() {
    let (hub, name) = (hub(), username("dev1/mod1"));
    let sibling = Operation::http("POST", "/twins/dev1/modules/mod2/methods");
    let decided = |password: &str| {
        let presented = Credentials::mqtt("dev1/mod1", &name, Some(password)).unwrap();
        hub.admit(presented, NOW).unwrap().decide(&sibling).is_allow()
    };
    let sr = format!("{HUB}/devices/dev1/modules/mod1");
    assert!(decided(&token(&sr, &key("dev1/mod1 primary"), NOW, None)), "its own token does");
    assert!(!decided(&token(&sr, &key("device primary"), NOW, Some("device"))));
}

/// A session of `dev1`'s by the policy `device`, and answers about both.
fn rechecked(policy_found: PolicyRecord<'_, HmacKey>) -> Result<(), SessionError> {
    let (hub, name, password) = (hub(), username("dev1"), by_policy());
    let presented = Credentials::mqtt("dev1", &name, Some(&password)).unwrap();
    let session: Session = hub.admit(presented, NOW).unwrap().into_session();
    let mut answers = hub.answers(&session);
    let LookupResult::Policy(own) = &answers[0] else { unreachable!() };
    let found =
        PolicyRecord::new(policy_found.name(), policy_found.rights(), own.version(), *policy_found.keys());
    answers[0] = LookupResult::Policy(found);
    session.recheck(&answers, at(NOW)).map(drop)
}

#[test]
fn a_recheck_is_about_the_policy_that_signed_and_its_rights() {
    let primary = key("device primary");
    let found =
        |name, rights| PolicyRecord::new(policy(name), rights, RecordVersion::new(1, 1), Keys::one(&primary));
    let connect = Permissions::DEVICE_CONNECT;
    assert_eq!(rechecked(found("device", connect)), Ok(()));
    assert_eq!(rechecked(found("Device", connect)), Err(SessionError::RecordMismatch));
    assert_eq!(rechecked(found("service", connect)), Err(SessionError::RecordMismatch));
    // a store may keep the stamp where only the rights change
    assert_eq!(rechecked(found("device", Permissions::REGISTRY_READ)), Err(SessionError::RightsReduced));
    assert_eq!(rechecked(found("device", Permissions::all())), Ok(()));
}

#[test]
fn a_disabled_device_s_thumbprint_is_rejected() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let shown = self_signed(&entity("pinned"));
    let mut hub = hub_of(&anchors, pins(Some(sha256(&shown[0])), None));
    assert_eq!(connect(&hub, "pinned", &shown, TODAY), Ok("device pinned".into()));
    hub.registry.set_status(device("pinned"), Status::Disabled).unwrap();
    assert_eq!(connect(&hub, "pinned", &shown, TODAY), Err("disabled"));
}

#[test]
fn without_rules_for_certificates_nothing_is_asked() {
    let fleet = Fleet::new();
    let (shown, name) = (fleet.lasting(&entity("dev1")), username("dev1"));
    let mut hub = hub();
    hub.registry.set_device_authentication(device("dev1"), Authentication::CertificateAuthority).unwrap();
    let rules: &HubConfig<HmacKey> = &hub.rules;
    let presented = Credentials::mqtt("dev1", &name, None).unwrap().with_certificates(&shown);
    assert_eq!(presented.start(rules).err(), Some(AuthError::CertificatesNotJudged));
}

#[test]
fn the_hub_of_the_response_and_the_hostname_are_the_same() {
    let fleet = Fleet::new();
    let shown = fleet.lasting(&entity("ca1"));
    let external = |response, host| Credentials::amqp_external(response, Some(host), &shown).map(drop);
    assert_eq!(external("ca1@contoso", HUB), Ok(()));
    // one is this hub and the other is not, either way
    assert_eq!(external("ca1@fabrikam", HUB), Err(AuthError::HubMismatch));
    assert_eq!(external("ca1@contoso", "fabrikam.azure-devices.net"), Err(AuthError::HubMismatch));
}

#[test]
fn another_authority_does_not_replace_that_of_the_evidence() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let hub = hub_of(&anchors, unmatched_thumbprints());
    let session = session(&hub, "ca1", &fleet.lasting(&entity("ca1")));
    let other = [fleet.strange(&entity("ca1"))[1].clone()];
    let others = Anchors::parse(&other).unwrap();
    let rules = X509Config::new(others, signature::ALL, &Digests);
    assert_eq!(session.recheck_authority(&rules), Err(SessionError::AuthorityRemoved));
}

#[test]
fn a_session_rests_on_the_one_key_that_signed() {
    let (hub, name) = (hub(), username("dev1"));
    let (primary, secondary) = (key("dev1 primary"), key("dev1 secondary"));
    let record = |first, second| {
        let keys = Credential::Keys(Keys::pair(&primary, &secondary));
        let identity = Identity::Device(device("dev1"));
        let record = IdentityRecord::new(identity, Status::Enabled, RecordVersion::new(1, first), keys);
        LookupResult::Identity(record.with_secondary_version(RecordVersion::new(1, second)))
    };
    let [by_first, by_second] = [&primary, &secondary].map(|signer| {
        let password = token(&format!("{HUB}/devices/dev1"), signer, NOW, None);
        let question = Credentials::mqtt("dev1", &name, Some(&password)).unwrap().start(&hub.rules).unwrap();
        let AuthenticationStep::Authenticated(admitted) = question.resume(record(1, 2), at(NOW)).unwrap()
        else {
            unreachable!()
        };
        admitted.into_session()
    });
    let (holds, ended) = (Ok(()), Err(SessionError::KeysReplaced));
    for (stamps, first, second) in [
        ((1, 2), holds, holds),
        ((3, 2), ended, holds),
        ((1, 3), holds, ended),
        // exchanged
        ((2, 1), holds, holds),
        ((3, 4), ended, ended),
    ] {
        let recheck = |session: &Session| session.recheck(&[record(stamps.0, stamps.1)], at(NOW)).map(drop);
        assert_eq!((recheck(&by_first), recheck(&by_second)), (first, second), "{stamps:?}");
    }
}
