//! Devices and modules with certificates: by a chain or by a thumbprint, and one identity or nothing.
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

use common::{HUB, HubWith, at, device, key, module, pair, policy, token, username};
use fleet::{BRIEF_END, Fleet, LEAF_END, NOW, Shown, entity, self_signed, sha1, sha256};
use hubward::core::{
    Authority, Credential, DeviceId, Found, FoundIdentity, HostName, Identity, Permissions, Stamp, Status,
    Thumbprint,
};
use hubward::policy::Operation;
use hubward::registry::{Authentication, Listed, Registry, Thumbprints};
use hubward::sas::Unsigned;
use hubward::x509::{Anchors, PinSlot, ValidityPolicy};
use hubward::{
    Admission, Admitted, AuthError, BothCredentials, Ended, MAX_CERTIFICATE_BYTES, MAX_CERTIFICATES,
    Presented, Public, Rules, Session, Vouched, X509Rules,
};
use hubward_ring::{Digests, signature};
use rcgen::{BasicConstraints, DnType, ExtendedKeyUsagePurpose, IsCa, date_time_ymd};
use rustls_pki_types::CertificateDer;

/// By a chain: `ca1`, `ca10`, its module `ca1/mod1`, `ca-off`. By thumbprints: `pinned`. By tokens: `sas`. By nothing:
/// `none`.
fn hub<'r>(anchors: &'r Anchors<'r>, pins: Thumbprints) -> HubWith<'r> {
    let mut registry = Registry::new();
    for (id, authentication) in [
        ("ca1", Authentication::CertificateAuthority),
        ("ca10", Authentication::CertificateAuthority),
        ("ca-off", Authentication::CertificateAuthority),
        ("pinned", Authentication::SelfSigned(pins)),
        ("sas", Authentication::Sas(pair("sas"))),
        ("none", Authentication::None),
    ] {
        registry.create_device(device(id), authentication).unwrap();
    }
    registry.create_module(device("ca1"), module("mod1"), Authentication::CertificateAuthority).unwrap();
    registry.set_status(device("ca-off"), Status::Disabled).unwrap();
    registry.set_policy(policy("device"), Permissions::DEVICE_CONNECT, pair("device"));
    let x509 = X509Rules::new(anchors, signature::ALL, &Digests);
    let rules = Rules::new(HostName::parse(HUB).unwrap(), key("decoy")).with_x509(x509);
    HubWith { registry, rules }
}

fn pins(primary: Option<Thumbprint>, secondary: Option<Thumbprint>) -> Thumbprints {
    Thumbprints::new(primary, secondary).unwrap()
}

fn nobody() -> Thumbprints {
    pins(Some(Thumbprint::Sha256([7; 32])), None)
}

/// Who is admitted, or the code of the refusal.
fn connect(hub: &HubWith<'_>, id: &str, shown: &Shown, now: u64) -> Result<String, &'static str> {
    let username = username(id);
    Presented::mqtt(id, &username, None)
        .and_then(|presented| {
            hub.admit(presented.with_certificates(shown), now).map(|admitted| name(&admitted))
        })
        .map_err(|error| error.code())
}

fn name(admitted: &Admitted<'_>) -> String {
    admitted.identity().to_string()
}

fn session(hub: &HubWith<'_>, id: &str, shown: &Shown) -> Session {
    let username = username(id);
    let presented = Presented::mqtt(id, &username, None).unwrap().with_certificates(shown);
    hub.admit(presented, NOW).unwrap().into_session()
}

#[test]
fn by_a_chain() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let hub = hub(&anchors, nobody());
    assert_eq!(connect(&hub, "ca1", &fleet.lasting(&entity("ca1")), NOW), Ok("device ca1".into()));
    let module = fleet.lasting(&entity("ca1/mod1"));
    assert_eq!(connect(&hub, "ca1/mod1", &module, NOW), Ok("module ca1/mod1".into()));

    let (name, shown) = (username("ca1"), fleet.lasting(&entity("ca1")));
    let presented = Presented::mqtt("ca1", &name, None).unwrap().with_certificates(&shown);
    let admitted = hub.admit(presented, NOW).unwrap();
    assert!(admitted.decision().is_allow());
    assert!(!admitted.decide(&Operation::mqtt_publish("devices/ca10/messages/events/")).is_allow());
    assert_eq!((admitted.key_slot(), admitted.policy().is_none()), (None, true));
    let Some(Vouched::Authority { anchor: 0, issuers }) = admitted.vouched() else { panic!() };
    let above = fleet.above_lasting();
    assert_eq!(issuers.len(), 2);
    assert!(issuers.iter().zip(&above).all(|(found, wanted)| found.matches(wanted)));
}

#[test]
fn by_a_thumbprint_of_either_kind_in_either_slot() {
    let fleet = Fleet::new();
    let anchors = Anchors::new();
    // anybody's, a CA's, about somebody else: who registered the thumbprint has vouched for it
    let mut odd = entity("anything");
    odd.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    for shown in [self_signed(&entity("pinned")), self_signed(&odd), fleet.strange(&entity("x"))] {
        let (new, old) = (sha256(&shown[0]), sha1(&shown[0]));
        for (kept, slot) in [
            (pins(Some(new), None), PinSlot::Primary),
            (pins(None, Some(new)), PinSlot::Secondary),
            (pins(Some(Thumbprint::Sha1([7; 20])), Some(old)), PinSlot::Secondary),
        ] {
            let hub = hub(&anchors, kept);
            let name = username("pinned");
            let presented = Presented::mqtt("pinned", &name, None).unwrap().with_certificates(&shown);
            let admitted = hub.admit(presented, NOW).unwrap();
            assert!(matches!(admitted.vouched(), Some(Vouched::Pin(found)) if *found == slot));
            assert_eq!(admitted.into_session().until(), LEAF_END);
        }
        let hub = hub(&anchors, nobody());
        assert_eq!(connect(&hub, "pinned", &shown, NOW), Err("certificate-not-pinned"));
    }
}

#[test]
fn every_pair_of_names_that_can_disagree() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let shown = fleet.lasting(&entity("ca1"));
    let mut hub = hub(&anchors, pins(Some(sha256(&shown[0])), None));
    // client id and username
    let ca1_name = username("ca1");
    assert_eq!(Presented::mqtt("ca10", &ca1_name, None).err(), Some(AuthError::ClientId));
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
        assert_eq!(connect(&hub, id, &shown, NOW), Err("certificate-another-identity"), "{id} {cn}");
    }
    let mut twice = entity("ca1");
    twice.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 3]), "ca10");
    assert_eq!(connect(&hub, "ca1", &fleet.lasting(&twice), NOW), Err("certificate-another-identity"));
    // the identity of the pin and another's
    assert_eq!(connect(&hub, "pinned", &shown, NOW), Ok("device pinned".into()));
    assert_eq!(connect(&hub, "ca10", &shown, NOW), Err("certificate-another-identity"));
    // the hub's name
    let elsewhere = "fabrikam.azure-devices.net/ca1/?api-version=1";
    let presented = Presented::mqtt("ca1", elsewhere, None).unwrap().with_certificates(&shown);
    assert_eq!(hub.admit(presented, NOW).err(), Some(AuthError::AnotherHub));
    // the certificate and the token: whichever speaks, the other moves nothing
    let own = |id| {
        let host = Authority::parse(HUB).unwrap();
        Unsigned::device(host, device(id), at(NOW + 60)).sign(&key("sas primary")).to_string()
    };
    let both = |hub: &HubWith<'_>, id: &str, token: &str, shown: &Shown| {
        let username = username(id);
        let presented = Presented::mqtt(id, &username, Some(token)).unwrap().with_certificates(shown);
        hub.admit(presented, NOW).map(|admitted| name(&admitted)).map_err(|error| error.code())
    };
    let ca1 = shown;
    assert_eq!(both(&hub, "sas", &own("sas"), &ca1), Err("both-credentials"));
    assert_eq!(both(&hub, "ca1", &own("sas"), &ca1), Err("both-credentials"));
    hub.rules = hub.rules.with_both_credentials(BothCredentials::TokenWins);
    assert_eq!(both(&hub, "sas", &own("sas"), &ca1), Ok("device sas".into()));
    assert_eq!(both(&hub, "ca1", &own("sas"), &ca1), Err("another-identity"));
    assert_eq!(both(&hub, "ca1", &own("ca1"), &ca1), Err("not-by-token"), "the certificate moves nothing");
    hub.rules = hub.rules.with_both_credentials(BothCredentials::CertificateWins);
    assert_eq!(both(&hub, "ca1", &own("sas"), &ca1), Ok("device ca1".into()));
    assert_eq!(both(&hub, "sas", &own("sas"), &ca1), Err("not-by-certificate"), "the token moves nothing");
    assert_eq!(both(&hub, "ca1", "no token at all", &ca1), Ok("device ca1".into()), "and is not read");
}

#[test]
fn what_no_certificate_gets_past() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let hub = hub(&anchors, nobody());
    let good = |id| fleet.lasting(&entity(id));
    let mut authority = entity("ca1");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let mut server = entity("ca1");
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let mut later = entity("ca1");
    later.not_before = date_time_ymd(2026, 2, 1);
    let without_intermediate = vec![good("ca1")[0].clone()];
    for (id, shown, now, code) in [
        ("ca1", fleet.strange(&entity("ca1")), NOW, "certificate-unknown-issuer"),
        ("ca1", self_signed(&entity("ca1")), NOW, "certificate-unknown-issuer"),
        ("ca1", without_intermediate, NOW, "certificate-unknown-issuer"),
        ("ca1", fleet.forged(&entity("ca1")), NOW, "certificate-wrong-signature"),
        ("ca1", good("ca1"), LEAF_END + 1, "certificate-expired"),
        ("ca1", fleet.brief(&entity("ca1")), BRIEF_END + 1, "certificate-expired"),
        ("ca1", fleet.lasting(&later), NOW, "certificate-not-yet-valid"),
        ("ca1", fleet.lasting(&authority), NOW, "certificate-of-an-authority"),
        ("ca1", fleet.lasting(&server), NOW, "certificate-purpose"),
        ("ca-off", good("ca-off"), NOW, "disabled"),
        ("ghost", good("ghost"), NOW, "unknown"),
        ("none", good("none"), NOW, "not-by-certificate"),
        ("sas", good("sas"), NOW, "not-by-certificate"),
        ("pinned", good("pinned"), NOW, "certificate-not-pinned"),
        ("ca1", vec![CertificateDer::from_slice(b"0\x03no!").into_owned()], NOW, "certificate-malformed"),
        ("ca1", vec![good("ca1")[0].clone(); MAX_CERTIFICATES + 1], NOW, "too-many-certificates"),
        ("ca1", vec![vec![0; MAX_CERTIFICATE_BYTES + 1].into()], NOW, "too-many-certificates"),
        ("ca1", vec![], NOW, "no-credential"),
    ] {
        assert_eq!(connect(&hub, id, &shown, now), Err(code), "{id}");
    }
    // and without rules for certificates, none
    let bare = common::hub();
    assert_eq!(connect(&bare, "x509", &good("x509"), NOW), Err("certificates-not-judged"));
}

#[test]
fn who_proves_itself_by_a_certificate_has_no_token() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let hub = hub(&anchors, nobody());
    for id in ["ca1", "pinned"] {
        let password = token(&format!("{HUB}/devices/{id}"), &key("decoy"), NOW + 60, None);
        assert_eq!(hub.mqtt(id, &username(id), &password), Err("not-by-token"));
    }
}

#[test]
fn the_dates_of_a_pinned_certificate_are_a_rule() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let shown = self_signed(&entity("pinned"));
    let mut hub = hub(&anchors, pins(Some(sha256(&shown[0])), None));
    let later = LEAF_END + 1;
    assert_eq!(connect(&hub, "pinned", &shown, later), Err("certificate-expired"));
    let x509 = X509Rules::new(&anchors, signature::ALL, &Digests);
    hub.rules = hub.rules.with_x509(x509.with_validity(ValidityPolicy::IgnoreForThumbprint));
    assert_eq!(connect(&hub, "pinned", &shown, later), Ok("device pinned".into()));
    assert_eq!(session(&hub, "pinned", &shown).until(), u64::MAX, "a proof without an end of its own");
    // which is no rule for chains
    assert_eq!(connect(&hub, "ca1", &fleet.lasting(&entity("ca1")), later), Err("certificate-expired"));
}

#[test]
fn a_session_ends_with_the_first_certificate_of_its_path() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let hub = hub(&anchors, nobody());
    assert_eq!(session(&hub, "ca1", &fleet.lasting(&entity("ca1"))).until(), LEAF_END);
    let session = session(&hub, "ca1", &fleet.brief(&entity("ca1")));
    assert_eq!(session.until(), BRIEF_END);
    let answers = hub.answers(&session);
    assert_eq!(session.recheck(&answers, at(BRIEF_END)), Ok(()));
    let now = BRIEF_END + 1;
    assert_eq!(session.recheck(&answers, at(now)), Err(Ended::Expired { until: BRIEF_END, now }));
}

#[test]
fn a_session_ends_with_what_it_rests_on() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let shown = self_signed(&entity("pinned"));
    let kept = pins(Some(sha256(&shown[0])), None);
    let mut hub = hub(&anchors, kept);
    let (pinned, chained) =
        (session(&hub, "pinned", &shown), session(&hub, "ca1", &fleet.lasting(&entity("ca1"))));
    let recheck = |hub: &HubWith<'_>, session: &Session| session.recheck(&hub.answers(session), at(NOW));
    assert_eq!((recheck(&hub, &pinned), recheck(&hub, &chained)), (Ok(()), Ok(())));
    for id in ["pinned", "ca1"] {
        hub.registry.set_status(device(id), Status::Disabled).unwrap();
    }
    assert_eq!(
        (recheck(&hub, &pinned), recheck(&hub, &chained)),
        (Err(Ended::Disabled), Err(Ended::Disabled))
    );
    for id in ["pinned", "ca1"] {
        hub.registry.set_status(device(id), Status::Enabled).unwrap();
    }
    assert_eq!((recheck(&hub, &pinned), recheck(&hub, &chained)), (Ok(()), Ok(())));
    hub.registry.set_device_authentication(device("pinned"), Authentication::SelfSigned(kept)).unwrap();
    hub.registry.set_device_authentication(device("ca1"), Authentication::None).unwrap();
    let replaced = Err(Ended::KeysReplaced);
    assert_eq!((recheck(&hub, &pinned), recheck(&hub, &chained)), (replaced, replaced));
    hub.registry.delete_device(device("ca1")).unwrap();
    assert_eq!(recheck(&hub, &chained), Err(Ended::Deleted));
}

#[test]
fn a_session_ends_when_its_authority_is_taken_off() {
    let fleet = Fleet::new();
    let (anchors, empty) = (fleet.anchors(), Anchors::new());
    let shown = self_signed(&entity("pinned"));
    let hub = hub(&anchors, pins(Some(sha256(&shown[0])), None));
    let (pinned, chained) =
        (session(&hub, "pinned", &shown), session(&hub, "ca1", &fleet.lasting(&entity("ca1"))));
    let rules = |anchors| X509Rules::new(anchors, signature::ALL, &Digests);
    assert_eq!(chained.recheck_authority(&rules(&anchors)), Ok(()));
    assert_eq!(chained.recheck_authority(&rules(&empty)), Err(Ended::AuthorityRemoved));
    assert_eq!(pinned.recheck_authority(&rules(&empty)), Ok(()), "no authority vouched for it");
}

#[test]
fn lists_of_issuers_hold_for_the_path_that_was_verified() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let mut hub = hub(&anchors, nobody());
    let (lasting, brief) = (fleet.lasting(&entity("ca1")), fleet.brief(&entity("ca1")));
    let [above, root] = fleet.above_lasting().map(Listed::Issuer);
    let live = session(&hub, "ca1", &lasting);
    // block: the intermediate, then the root
    for (issuer, other) in [(above, Ok("device ca1".into())), (root, Err("disabled"))] {
        hub.registry.access_mut().block().add(issuer);
        assert_eq!(connect(&hub, "ca1", &lasting, NOW), Err("disabled"));
        assert_eq!(connect(&hub, "ca1", &brief, NOW), other);
        assert_eq!(live.recheck(&hub.answers(&live), at(NOW)), Err(Ended::Disabled));
        hub.registry.access_mut().block().remove(issuer);
    }
    // allow: not for having shown it, but for being below it
    hub.registry.access_mut().allow().add(above);
    assert_eq!(connect(&hub, "ca1", &lasting, NOW), Ok("device ca1".into()));
    assert_eq!(live.recheck(&hub.answers(&live), at(NOW)), Ok(()));
    let mut beside = brief.clone();
    beside.push(lasting[1].clone());
    assert_eq!(connect(&hub, "ca1", &beside, NOW), Err("disabled"));
}

#[test]
fn an_answer_about_somebody_else_admits_nobody() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let hub = hub(&anchors, nobody());
    let (name, shown) = (username("ca1"), fleet.lasting(&entity("ca1")));
    let start = || {
        let presented = Presented::mqtt("ca1", &name, None).unwrap().with_certificates(&shown);
        match Admission::start(presented, &hub.rules).unwrap() {
            Admission::Needs(question) => question,
            Admission::Admitted(_) => unreachable!(),
        }
    };
    let record = |identity, stamp| {
        let stamp = Stamp::new(1, stamp);
        Found::Identity(FoundIdentity::new(
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
        assert_eq!(start().answer(record(identity, 1), at(NOW)).err(), Some(AuthError::WrongAnswer));
    }
    // the second answer: somebody else, one that changed in between, nobody, too late
    let second = |answer, now| {
        let question = start();
        assert!(question.issuers().is_empty(), "nothing is proven yet");
        let Admission::Needs(question) = question.answer(record(ca1, 1), at(NOW)).unwrap() else { panic!() };
        assert_eq!(question.issuers().len(), 2);
        question.answer(answer, at(now)).map(drop).map_err(|error| error.code())
    };
    assert_eq!(second(record(ca1, 1), LEAF_END), Ok(()));
    assert_eq!(second(record(Identity::Device(device("ca10")), 1), NOW), Err("wrong-answer"));
    assert_eq!(second(record(ca1, 2), NOW), Err("wrong-answer"));
    assert_eq!(second(Found::Nobody, NOW), Err("unknown"));
    assert_eq!(second(record(ca1, 1), LEAF_END + 1), Err("certificate-expired"));
}

#[test]
fn a_peer_is_told_one_word() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let hub = hub(&anchors, nobody());
    let public = |id: &str, shown: &Shown| {
        let name = username(id);
        let presented = Presented::mqtt(id, &name, None).unwrap().with_certificates(shown);
        hub.admit(presented, NOW).err().map(|error| error.public())
    };
    for (id, shown) in [
        ("ghost", fleet.lasting(&entity("ghost"))),
        ("ca1", fleet.forged(&entity("ca1"))),
        ("pinned", fleet.lasting(&entity("pinned"))),
        ("sas", fleet.lasting(&entity("sas"))),
        ("ca-off", fleet.lasting(&entity("ca-off"))),
    ] {
        assert_eq!(public(id, &shown), Some(Public::Unauthorized), "{id}");
    }
}
