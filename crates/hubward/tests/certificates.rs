//! Devices and modules with certificates, by an authority or by a thumbprint. All names must refer to one identity.
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
use hubward::sas::UnsignedToken;
use hubward::types::{
    Authority, Credential, DeviceId, Identity, IdentityRecord, LookupResult, RecordVersion, Status,
    Thumbprint,
};
use hubward::x509::{Anchors, Crls, Revocation, ValidityPolicy, thumbprint::ThumbprintSlot};
use hubward::{
    AuthError, AuthenticationStep, BothCredentials, CertificateEvidence, Credentials, MAX_CERTIFICATE_BYTES,
    MAX_CERTIFICATES, PublicError, X509Config,
};
use hubward_ring::{Digests, signature};
use rcgen::{BasicConstraints, DnType, ExtendedKeyUsagePurpose, IsCa, date_time_ymd};
use rustls_pki_types::CertificateDer;

#[test]
fn authority_is_accepted() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let hub = hub_of(&anchors, unmatched_thumbprints());
    assert_eq!(connect(&hub, "ca1", &fleet.lasting(&entity("ca1")), TODAY), Ok("device ca1".into()));
    let module = fleet.lasting(&entity("ca1/mod1"));
    assert_eq!(connect(&hub, "ca1/mod1", &module, TODAY), Ok("module ca1/mod1".into()));

    let (name, shown) = (username("ca1"), fleet.lasting(&entity("ca1")));
    let presented = Credentials::mqtt("ca1", &name, None).unwrap().with_certificates(&shown);
    let admitted = hub.admit(presented, TODAY).unwrap();
    assert!(admitted.decision().is_allow());
    assert!(!admitted.decide(&Operation::mqtt_publish("devices/ca10/messages/events/")).is_allow());
    assert_eq!((admitted.key_slot(), admitted.policy().is_none()), (None, true));
    let Some(CertificateEvidence::Authority { anchor: 0, issuers }) = admitted.evidence() else { panic!() };
    let above = fleet.above_lasting();
    let [found, malleated, root] = &**issuers else { panic!() };
    assert!(
        found.matches(&above[0])
            && malleated.matches(&sha256(&malleated_form(&shown[1])))
            && root.matches(&above[1])
    );
}

#[test]
fn thumbprint_of_either_kind_in_either_slot_is_accepted() {
    let fleet = Fleet::new();
    let anchors = Anchors::new();
    // any certificate, a CA's, or one with another name: the registered thumbprint is enough
    let mut odd = entity("anything");
    odd.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    for shown in [self_signed(&entity("pinned")), self_signed(&odd), fleet.strange(&entity("x"))] {
        let (new, old) = (sha256(&shown[0]), sha1(&shown[0]));
        for (kept, slot) in [
            (pins(Some(new), None), ThumbprintSlot::Primary),
            (pins(None, Some(new)), ThumbprintSlot::Secondary),
            (pins(Some(Thumbprint::Sha1([7; 20])), Some(old)), ThumbprintSlot::Secondary),
        ] {
            let hub = hub_of(&anchors, kept);
            let name = username("pinned");
            let presented = Credentials::mqtt("pinned", &name, None).unwrap().with_certificates(&shown);
            let admitted = hub.admit(presented, TODAY).unwrap();
            assert!(matches!(admitted.evidence(), Some(CertificateEvidence::Pin(found)) if *found == slot));
            assert_eq!(admitted.into_session().until(), at(LEAF_END));
        }
        let hub = hub_of(&anchors, unmatched_thumbprints());
        assert_eq!(connect(&hub, "pinned", &shown, TODAY), Err("certificate-not-pinned"));
    }
}

#[test]
fn mismatched_names_are_rejected() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let shown = fleet.lasting(&entity("ca1"));
    let mut hub = hub_of(&anchors, pins(Some(sha256(&shown[0])), None));
    // client id and username
    let ca1_name = username("ca1");
    assert_eq!(Credentials::mqtt("ca10", &ca1_name, None).err(), Some(AuthError::ClientId));
    // the names of the transport and of the certificate
    for (id, cn) in [
        ("ca1", "ca10"),
        ("ca10", "ca1"),
        ("ca1", "CA1"),
        ("ca1", "ca1/mod1"),
        ("ca1/mod1", "ca1"),
        ("ca1/mod1", "ca10/mod1"),
        ("ca1/mod1", "ca1/mod2"),
        ("ca1", "ca1 "),
    ] {
        let shown = fleet.lasting(&entity(cn));
        assert_eq!(connect(&hub, id, &shown, TODAY), Err("certificate-identity-mismatch"), "{id} {cn}");
    }
    let mut twice = entity("ca1");
    twice.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 3]), "ca10");
    assert_eq!(connect(&hub, "ca1", &fleet.lasting(&twice), TODAY), Err("certificate-identity-mismatch"));
    // the identity of the thumbprint and another one
    assert_eq!(connect(&hub, "pinned", &shown, TODAY), Ok("device pinned".into()));
    assert_eq!(connect(&hub, "ca10", &shown, TODAY), Err("certificate-identity-mismatch"));
    // the hub's name
    let elsewhere = "fabrikam.azure-devices.net/ca1/?api-version=1";
    let presented = Credentials::mqtt("ca1", elsewhere, None).unwrap().with_certificates(&shown);
    assert_eq!(hub.admit(presented, TODAY).err(), Some(AuthError::HubMismatch));
    // the certificate and the token: the one that is not selected has no effect
    let own = |id| {
        let host = Authority::parse(HUB).unwrap();
        UnsignedToken::device(host, device(id), at(TODAY + 60)).sign(&key("sas primary")).to_string()
    };
    let both = |hub: &Hub, id: &str, token: &str, shown: &Shown| {
        let username = username(id);
        let presented = Credentials::mqtt(id, &username, Some(token)).unwrap().with_certificates(shown);
        hub.admit(presented, TODAY).map(|admitted| name(&admitted)).map_err(|error| error.code())
    };
    let ca1 = shown;
    assert_eq!(both(&hub, "sas", &own("sas"), &ca1), Err("both-credentials"));
    assert_eq!(both(&hub, "ca1", &own("sas"), &ca1), Err("both-credentials"));
    hub.rules = hub.rules.with_both_credentials(BothCredentials::TokenWins);
    assert_eq!(both(&hub, "sas", &own("sas"), &ca1), Ok("device sas".into()));
    assert_eq!(both(&hub, "ca1", &own("sas"), &ca1), Err("identity-mismatch"));
    assert_eq!(both(&hub, "ca1", &own("ca1"), &ca1), Err("not-by-token"), "the certificate has no effect");
    hub.rules = hub.rules.with_both_credentials(BothCredentials::CertificateWins);
    assert_eq!(both(&hub, "ca1", &own("sas"), &ca1), Ok("device ca1".into()));
    assert_eq!(both(&hub, "sas", &own("sas"), &ca1), Err("not-by-certificate"), "the token has no effect");
    assert_eq!(
        both(&hub, "ca1", "no token at all", &ca1),
        Ok("device ca1".into()),
        "the token is not parsed"
    );
}

#[test]
fn invalid_certificates_are_rejected() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let hub = hub_of(&anchors, unmatched_thumbprints());
    let good = |id| fleet.lasting(&entity(id));
    let mut authority = entity("ca1");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let mut server = entity("ca1");
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let mut later = entity("ca1");
    later.not_before = date_time_ymd(2026, 2, 1);
    let without_intermediate = vec![good("ca1")[0].clone()];
    for (id, shown, now, code) in [
        ("ca1", fleet.strange(&entity("ca1")), TODAY, "certificate-unknown-issuer"),
        ("ca1", self_signed(&entity("ca1")), TODAY, "certificate-unknown-issuer"),
        ("ca1", without_intermediate, TODAY, "certificate-unknown-issuer"),
        ("ca1", fleet.forged(&entity("ca1")), TODAY, "certificate-wrong-signature"),
        ("ca1", good("ca1"), LEAF_END + 1, "certificate-expired"),
        ("ca1", fleet.brief(&entity("ca1")), BRIEF_END + 1, "certificate-expired"),
        ("ca1", fleet.lasting(&later), TODAY, "certificate-not-yet-valid"),
        ("ca1", fleet.lasting(&authority), TODAY, "certificate-of-an-authority"),
        ("ca1", fleet.lasting(&server), TODAY, "certificate-purpose"),
        ("ca-off", good("ca-off"), TODAY, "disabled"),
        ("ghost", good("ghost"), TODAY, "unknown"),
        ("none", good("none"), TODAY, "not-by-certificate"),
        ("sas", good("sas"), TODAY, "not-by-certificate"),
        ("pinned", good("pinned"), TODAY, "certificate-not-pinned"),
        ("ca1", vec![CertificateDer::from_slice(b"0\x03no!").into_owned()], TODAY, "certificate-malformed"),
        ("ca1", vec![good("ca1")[0].clone(); MAX_CERTIFICATES + 1], TODAY, "too-many-certificates"),
        ("ca1", vec![vec![0; MAX_CERTIFICATE_BYTES + 1].into()], TODAY, "too-many-certificates"),
        ("ca1", vec![], TODAY, "no-credential"),
    ] {
        assert_eq!(connect(&hub, id, &shown, now), Err(code), "{id}");
    }
    // without X509Rules every certificate is rejected
    let bare = common::hub();
    assert_eq!(connect(&bare, "x509", &good("x509"), TODAY), Err("certificates-not-judged"));
}

#[test]
fn identity_with_a_certificate_cannot_use_a_token() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let hub = hub_of(&anchors, unmatched_thumbprints());
    for id in ["ca1", "pinned"] {
        let password = token(&format!("{HUB}/devices/{id}"), &key("dummy"), TODAY + 60, None);
        assert_eq!(hub.mqtt(id, &username(id), &password), Err("not-by-token"));
    }
}

#[test]
fn validity_of_a_thumbprint_certificate_is_configurable() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let shown = self_signed(&entity("pinned"));
    let mut hub = hub_of(&anchors, pins(Some(sha256(&shown[0])), None));
    let later = LEAF_END + 1;
    assert_eq!(connect(&hub, "pinned", &shown, later), Err("certificate-expired"));
    let x509 = X509Config::new(anchors.clone(), signature::ALL, &Digests);
    hub.rules = hub.rules.with_x509(x509.with_validity(ValidityPolicy::IgnoreForThumbprint));
    assert_eq!(connect(&hub, "pinned", &shown, later), Ok("device pinned".into()));
    assert_eq!(session(&hub, "pinned", &shown).until(), at(u64::MAX), "the session does not expire");
    // this does not apply to authorities
    assert_eq!(connect(&hub, "ca1", &fleet.lasting(&entity("ca1")), later), Err("certificate-expired"));
}

#[test]
fn record_of_another_identity_is_rejected() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let hub = hub_of(&anchors, unmatched_thumbprints());
    let (name, shown) = (username("ca1"), fleet.lasting(&entity("ca1")));
    let start = || {
        let presented = Credentials::mqtt("ca1", &name, None).unwrap().with_certificates(&shown);
        presented.start(&hub.rules).unwrap()
    };
    let record = |identity, stamp| {
        let stamp = RecordVersion::new(1, stamp);
        LookupResult::Identity(IdentityRecord::new(
            identity,
            Status::Enabled,
            stamp,
            Credential::CertificateAuthority,
        ))
    };
    let ca1 = Identity::Device(device("ca1"));
    for identity in [
        Identity::Device(DeviceId::parse("CA1").unwrap()),
        Identity::Module(device("ca1"), module("mod1")),
        Identity::Policy(policy("ca1")),
    ] {
        assert_eq!(start().resume(record(identity, 1), at(TODAY)).err(), Some(AuthError::RecordMismatch));
    }
    // the second record: of another identity, changed since the first, missing, and too late
    let second = |answer, now| {
        let question = start();
        assert!(question.issuers().is_empty(), "the certificate is not verified yet");
        let AuthenticationStep::NeedsLookup(question) = question.resume(record(ca1, 1), at(TODAY)).unwrap()
        else {
            panic!()
        };
        assert_eq!(question.issuers().len(), 3);
        question.resume(answer, at(now)).map(drop).map_err(|error| error.code())
    };
    assert_eq!(second(record(ca1, 1), LEAF_END), Ok(()));
    assert_eq!(second(record(Identity::Device(device("ca10")), 1), TODAY), Err("record-mismatch"));
    assert_eq!(second(record(ca1, 2), TODAY), Err("record-mismatch"));
    assert_eq!(second(LookupResult::NotFound, TODAY), Err("unknown"));
    assert_eq!(second(record(ca1, 1), LEAF_END + 1), Err("certificate-expired-meanwhile"));
}

#[test]
fn client_is_told_one_word() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let hub = hub_of(&anchors, unmatched_thumbprints());
    let public = |id: &str, shown: &Shown| {
        let name = username(id);
        let presented = Credentials::mqtt(id, &name, None).unwrap().with_certificates(shown);
        hub.admit(presented, TODAY).err().map(|error| error.public())
    };
    for (id, shown) in [
        ("ghost", fleet.lasting(&entity("ghost"))),
        ("ca1", fleet.forged(&entity("ca1"))),
        ("pinned", fleet.lasting(&entity("pinned"))),
        ("sas", fleet.lasting(&entity("sas"))),
        ("ca-off", fleet.lasting(&entity("ca-off"))),
    ] {
        assert_eq!(public(id, &shown), Some(PublicError::Unauthorized), "{id}");
    }
}

#[test]
fn revocation_lists_are_configurable() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let mut hub = hub_of(&anchors, unmatched_thumbprints());
    let (mut good, mut bad) = (entity("ca1"), entity("ca1"));
    (good.serial_number, bad.serial_number) = (Some(7_u64.into()), Some(8_u64.into()));
    let (good, bad) = (fleet.lasting(&good), fleet.lasting(&bad));
    assert_eq!(connect(&hub, "ca1", &bad, TODAY), Ok("device ca1".into()));
    let lists = fleet.lists(&[8]);
    let crls = Crls::parse(&lists).unwrap();
    let x509 = X509Config::new(anchors.clone(), signature::ALL, &Digests);
    hub.rules = hub.rules.with_x509(x509.with_revocation(Revocation::by(&crls)));
    assert_eq!(connect(&hub, "ca1", &good, TODAY), Ok("device ca1".into()));
    assert_eq!(connect(&hub, "ca1", &bad, TODAY), Err("certificate-revoked"));
    // an intermediate without a list
    assert_eq!(connect(&hub, "ca1", &fleet.brief(&entity("ca1")), TODAY), Err("certificate-status-unknown"));
}
