//! Registration at the provisioning service. All names must refer to one registration, and the credential must be the one
//! that the enrollment requires.
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
#[path = "common/registering.rs"]
mod registering;

use common::{at, device, key};
use fleet::*;
use hubward::policy::Transport;
use hubward::registry::{Attestation, Enrollment, Thumbprints};
use hubward::sas::UnsignedToken;
use hubward::types::{Authority, IdScope, Status};
use hubward::x509::{Anchors, ValidityPolicy};
use hubward::{AuthError, BothCredentials, ProvisioningConfig, RegistrationCredentials, X509Config};
use hubward_ring::{Digests, signature};
use hubward_rustcrypto::HmacKey;
use rcgen::{BasicConstraints, IsCa};
use registering::*;
#[test]
fn own_key_or_derived_key_is_accepted() {
    let own = |id, key: &HmacKey| token(SCOPE, id, key, TODAY + 60);
    assert_eq!(mqtt("one", &own("one", &key("one primary"))), Ok("device-one -".into()));
    assert_eq!(mqtt("one", &own("one", &key("one secondary"))), Ok("device-one -".into()));
    assert_eq!(mqtt("m1", &own("m1", &member("m1"))), Ok("m1 keys".into()));
    for (id, key, code) in [
        ("one", key("another"), "token-wrong-signature"),
        ("one", member("one"), "token-wrong-signature"),
        ("off", key("off primary"), "disabled"),
        ("off", key("another"), "token-wrong-signature"),
        // the group's own key, and another member's derived key
        ("m1", key("group primary"), "unknown"),
        ("m1", member("m2"), "unknown"),
        ("m1", key("dummy"), "unknown"),
    ] {
        assert_eq!(mqtt(id, &own(id, &key)), Err(code), "{id}");
    }
    assert_eq!(mqtt("one", &token(SCOPE, "one", &key("one primary"), TODAY - 1)), Err("token-expired"));
    assert_eq!(mqtt("m1", &token(SCOPE, "m1", &member("m1"), TODAY - 1)), Err("token-expired"));
}

#[test]
fn a_named_group_is_proven_by_its_key() {
    let anchors = Anchors::new();
    let (rules, mut all) = (rules(&anchors), all());
    all.enroll_group("another", by_key("another"));
    let judged = |id: &str, group: &str, key: &HmacKey| {
        let (name, password) = (username(SCOPE, id), token(SCOPE, id, key, TODAY + 60));
        let presented = RegistrationCredentials::mqtt(id, &name, Some(&password));
        judge(&rules, &all, presented.map(|presented| presented.with_group(group)), TODAY)
    };
    assert_eq!(judged("m1", "keys", &member("m1")), Ok("m1 keys".into()));
    for group in ["another", "missing"] {
        assert_eq!(judged("m1", group, &member("m1")), Err("unknown"), "{group}");
    }
    assert_eq!(judged("m1", "keys", &key("group primary")), Err("unknown"));
    assert_eq!(judged("one", "keys", &key("one primary")), Ok("device-one -".into()));
    assert_eq!(judged("one", "keys", &member("one")), Err("token-wrong-signature"));
}

#[test]
fn mismatched_names_are_rejected() {
    let anchors = Anchors::new();
    let (rules, all) = (rules(&anchors), all());
    let own = token(SCOPE, "one", &key("one primary"), TODAY + 60);
    let elsewhere = token("0ne2", "one", &key("one primary"), TODAY + 60);
    let host = Authority::parse("contoso.azure-devices.net").unwrap();
    let at_a_hub =
        UnsignedToken::device(host, device("one"), at(TODAY + 60)).sign(&key("one primary")).to_string();
    for (client_id, scope, id, password, code) in [
        ("two", SCOPE, "one", &own, "client-id"),
        ("ONE", SCOPE, "one", &own, "client-id"),
        ("two", SCOPE, "two", &own, "identity-mismatch"),
        ("ONE", SCOPE, "ONE", &own, "identity-mismatch"),
        ("one", "0ne2", "one", &own, "id-scope-mismatch"),
        ("one", "0ne00000a0a", "one", &own, "id-scope-mismatch"),
        ("one", SCOPE, "one", &elsewhere, "id-scope-mismatch"),
        ("one", SCOPE, "one", &at_a_hub, "identity-mismatch"),
    ] {
        let name = username(scope, id);
        let presented = RegistrationCredentials::mqtt(client_id, &name, Some(password));
        assert_eq!(judge(&rules, &all, presented, TODAY), Err(code), "{client_id} {name}");
    }
    for username in [
        "0ne1/registrations/one",
        "0ne1/Registrations/one/api-version=1",
        "h.example/registrations/one/api-version=1",
        "0ne1/registrations//api-version=1",
        "0ne1/registrations/one/api-version=1&api-version=2",
        "0ne1/registrations/one/x/api-version=1",
    ] {
        let error = RegistrationCredentials::mqtt("one", username, None).err().map(|error| error.code());
        assert_eq!(error, Some("username"), "{username}");
    }
}

#[test]
fn over_amqp_and_http() {
    let anchors = Anchors::new();
    let (rules, all) = (rules(&anchors), all());
    let own = token(SCOPE, "one", &key("one primary"), TODAY + 60);
    let plain =
        |username: &str| judge(&rules, &all, RegistrationCredentials::amqp_plain(username, &own), TODAY);
    assert_eq!(plain("0ne00000A0A/registrations/one"), Ok("device-one -".into()));
    assert_eq!(plain("0ne00000A0A/registrations/two"), Err("identity-mismatch"));
    assert_eq!(plain("0ne2/registrations/one"), Err("id-scope-mismatch"));
    for username in ["", "0ne00000A0A/registrations/one/x", "0ne00000A0A/registrations/", "one@sas.contoso"] {
        assert_eq!(plain(username), Err("registration-path"), "{username}");
    }

    let http = |method, path: &'static str| {
        let registrant = RegistrationCredentials::http(method, path, Some(&own))
            .and_then(|presented| presented.start(&rules)?.resume(&all, HmacKey::new, at(TODAY)))
            .map_err(|error| error.code())?;
        Ok(registrant.decision().unwrap().is_ok())
    };
    let register = "/0ne00000A0A/registrations/one/register?api-version=2019-03-31";
    assert_eq!(http("PUT", register), Ok(true));
    assert_eq!(http("DELETE", register), Ok(false));
    assert_eq!(http("GET", "/0ne00000A0A/registrations/%6Fne/operations/4"), Ok(true));
    assert_eq!(http("PUT", "/0ne00000A0A/registrations/two/register"), Err("identity-mismatch"));
    assert_eq!(http("PUT", "/0ne2/registrations/one/register"), Err("id-scope-mismatch"));
    assert_eq!(http("PUT", "/registrations/one"), Err("registration-path"));
    let bearer = RegistrationCredentials::http("PUT", register, Some("Bearer a.b.c"));
    assert_eq!(bearer.err(), Some(AuthError::Scheme));
}

#[test]
fn registration_may_register_itself_only() {
    let anchors = Anchors::new();
    let (rules, all) = (rules(&anchors), all());
    let (own, name) = (token(SCOPE, "one", &key("one primary"), TODAY + 60), username(SCOPE, "one"));
    let presented = RegistrationCredentials::mqtt("one", &name, Some(&own)).unwrap();
    let question = presented.start(&rules).unwrap();
    assert_eq!(question.lookup().to_string(), "registration one in scope 0ne00000A0A");
    let registrant = question.resume(&all, HmacKey::new, at(TODAY)).unwrap();
    assert_eq!((registrant.id().as_str(), registrant.scope().as_str()), ("one", SCOPE));
    assert_eq!(registrant.until(), at(TODAY + 60));
    assert!(registrant.decision().is_none(), "MQTT CONNECT requests no operation");
    let may = |transport, verb, address| registrant.decide(transport, verb, address).is_ok();
    assert!(may(Transport::Mqtt, "publish", "$dps/registrations/PUT/iotdps-register/?$rid=1"));
    assert!(may(Transport::Mqtt, "subscribe", "$dps/registrations/res/#"));
    assert!(may(Transport::Amqp, "send", "/0ne00000A0A/registrations/one"));
    assert!(!may(Transport::Amqp, "receive", "0ne00000A0A/registrations/two"));
    assert!(!may(Transport::Http, "PUT", "/0ne00000A0A/registrations/two/register"));
    assert!(!may(Transport::Http, "GET", "/enrollments/one"));
}

#[test]
fn own_certificate_or_group_authority_is_accepted() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let (mut rules, mut all) = (rules(&anchors), all());
    let mut authority = entity("own");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let (own, old) = (self_signed(&authority), self_signed(&entity("old")));
    let [above, root] = fleet.above_lasting();
    all.enroll(rid("own"), by_certificate(sha256(&own[0])).with_device_id(device("given")));
    all.enroll_group("by root", by_certificate(root));
    let register = |rules: &_, all: &All, id: &str, shown: &Shown, now| {
        let name = username(SCOPE, id);
        let presented = RegistrationCredentials::mqtt(id, &name, None);
        judge(rules, all, presented.map(|presented| presented.with_certificates(shown)), now)
    };
    let lasting = |id: &str| fleet.lasting(&entity(id));
    all.enroll(rid("old"), by_certificate(sha1(&old[0])));
    assert_eq!(register(&rules, &all, "own", &own, TODAY), Ok("given -".into()), "regardless of the issuer");
    assert_eq!(
        register(&rules, &all, "old", &old, TODAY),
        Ok("old -".into()),
        "by either kind of thumbprint"
    );
    assert_eq!(register(&rules, &all, "m1", &lasting("m1"), TODAY), Ok("m1 by root".into()));
    for (id, shown, now, code) in [
        ("own", lasting("own"), TODAY, "not-by-certificate"),
        ("old", lasting("old"), TODAY, "not-by-certificate"),
        ("own", own.clone(), LEAF_END + 1, "certificate-expired"),
        ("one", lasting("one"), TODAY, "not-by-certificate"),
        ("m1", lasting("m2"), TODAY, "certificate-identity-mismatch"),
        ("m1", lasting("M1"), TODAY, "certificate-identity-mismatch"),
        ("m1", fleet.strange(&entity("m1")), TODAY, "certificate-unknown-issuer"),
        ("m1", fleet.forged(&entity("m1")), TODAY, "certificate-wrong-signature"),
        ("m1", lasting("m1"), LEAF_END + 1, "certificate-expired"),
        ("m1", fleet.brief(&entity("m1")), BRIEF_END + 1, "certificate-expired"),
    ] {
        assert_eq!(register(&rules, &all, id, &shown, now), Err(code), "{id} {code}");
    }
    // the nearest issuer decides, even if it denies; other certificates match the root's group
    all.enroll_group("by intermediate", by_certificate(above));
    assert_eq!(register(&rules, &all, "m1", &lasting("m1"), TODAY), Ok("m1 by intermediate".into()));
    all.enroll_group("by intermediate", by_certificate(above).with_status(Status::Disabled));
    assert_eq!(register(&rules, &all, "m1", &lasting("m1"), TODAY), Err("disabled"));
    let mut malleated = lasting("m1");
    malleated[1] = malleated_form(&malleated[1]);
    assert_eq!(
        register(&rules, &all, "m1", &malleated, TODAY),
        Err("disabled"),
        "the second form of a signature needs no key"
    );
    assert_eq!(register(&rules, &all, "m1", &fleet.brief(&entity("m1")), TODAY), Ok("m1 by root".into()));
    // an intermediate outside of the path is not an issuer
    let mut extra = lasting("m1");
    extra.extend(fleet.brief(&entity("m1")).into_iter().skip(1));
    assert_eq!(register(&rules, &all, "m1", &extra, TODAY), Err("disabled"));

    let x509 = X509Config::new(anchors.clone(), signature::ALL, &Digests);
    rules = rules.with_x509(x509.with_validity(ValidityPolicy::IgnoreForThumbprint));
    assert_eq!(register(&rules, &all, "own", &own, LEAF_END + 1), Ok("given -".into()));
    rules = ProvisioningConfig::new(IdScope::parse(SCOPE).unwrap(), key("dummy"));
    assert_eq!(register(&rules, &all, "own", &own, TODAY), Err("certificates-not-judged"));
    let name = username(SCOPE, "own");
    let presented = RegistrationCredentials::mqtt("own", &name, None).unwrap().with_certificates(&own);
    assert_eq!(presented.start(&rules).err(), Some(AuthError::CertificatesNotJudged), "no lookup");
}

#[test]
fn registered_thumbprint_needs_the_registration_id_as_common_name() {
    let anchors = Anchors::new();
    let (rules, mut all) = (rules(&anchors), all());
    let shown = self_signed(&entity("own"));
    for id in ["own", "another"] {
        all.enroll(rid(id), by_certificate(sha256(&shown[0])));
    }
    for (id, expected) in [("own", Ok("own -".into())), ("another", Err("certificate-identity-mismatch"))] {
        let name = username(SCOPE, id);
        let presented = RegistrationCredentials::mqtt(id, &name, None);
        let presented = presented.map(|presented| presented.with_certificates(&shown));
        assert_eq!(judge(&rules, &all, presented, TODAY), expected, "{id}");
    }
}

#[test]
fn registration_with_an_auth_chain_is_rejected() {
    let own = token(SCOPE, "one", &key("one primary"), TODAY + 60);
    for (chain, refused) in [("", false), ("&auth-chain=one%3Bedge1", true), ("&auth-chain=one", true)] {
        let name = username(SCOPE, "one") + chain;
        assert_eq!(RegistrationCredentials::mqtt("one", &name, Some(&own)).is_err(), refused, "{name}");
    }
}

#[test]
fn over_amqp_with_sasl_external() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let (rules, mut all) = (rules(&anchors), all());
    all.enroll_group("by root", by_certificate(fleet.above_lasting()[1]));
    let shown = fleet.lasting(&entity("m1"));
    let register = |address: &'static str| {
        judge(&rules, &all, RegistrationCredentials::amqp_external(address, &shown), TODAY)
    };
    assert_eq!(register("/0ne00000A0A/registrations/m1"), Ok("m1 by root".into()));
    assert_eq!(register("0ne00000A0A/registrations/m2"), Err("certificate-identity-mismatch"));
    assert_eq!(register("0ne2/registrations/m1"), Err("id-scope-mismatch"));
    assert_eq!(register("/devices/m1"), Err("registration-path"));
}

#[test]
fn an_individual_by_its_issuer_needs_a_valid_path() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let (rules, mut all) = (rules(&anchors), all());
    let issuer = Thumbprints::new(Some(fleet.above_lasting()[1]), None).unwrap();
    all.enroll(rid("m1"), Enrollment::new(Attestation::Issuer(issuer)));
    let by = |shown: &Shown, now| {
        judge(
            &rules,
            &all,
            RegistrationCredentials::amqp_external("0ne00000A0A/registrations/m1", shown),
            now,
        )
    };
    let own = fleet.lasting(&entity("m1"));
    assert_eq!(by(&own, TODAY), Ok("m1 -".into()));
    assert!(by(&own, TODAY + 1_000_000_000).is_err(), "it has expired");
    assert_eq!(by(&fleet.lasting(&entity("m2")), TODAY), Err("certificate-identity-mismatch"));
    let others = [fleet.forged(&entity("m1")), fleet.strange(&entity("m1"))];
    assert!(others.iter().all(|shown| by(shown, TODAY).is_err()), "another issuer");
}

#[test]
fn certificate_with_a_token_needs_a_preference() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let mut all = all();
    all.enroll_group("by root", by_certificate(fleet.above_lasting()[1]));
    let (shown, name) = (fleet.lasting(&entity("m1")), username(SCOPE, "m1"));
    let password = token(SCOPE, "m1", &member("m1"), TODAY + 60);
    let register = |rules: ProvisioningConfig<HmacKey>| {
        let presented = RegistrationCredentials::mqtt("m1", &name, Some(&password)).unwrap();
        judge(&rules, &all, Ok(presented.with_certificates(&shown)), TODAY)
    };
    let with = |both| rules(&anchors).with_both_credentials(both);
    assert_eq!(register(rules(&anchors)), Err("both-credentials"));
    assert_eq!(register(with(BothCredentials::TokenWins)), Ok("m1 keys".into()));
    assert_eq!(register(with(BothCredentials::CertificateWins)), Ok("m1 by root".into()));
    let nothing = RegistrationCredentials::mqtt("m1", &name, None);
    assert_eq!(judge(&rules(&anchors), &all, nothing, TODAY), Err("no-credential"));
}
