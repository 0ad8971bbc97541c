//! Sessions of certificates: their end, and their dependence on the authorities above.
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
use hubward::registry::{Authentication, ListEntry};
use hubward::types::Status;
use hubward::x509::{Anchors, Certificate, Crls, Revocation, crl::UnknownStatus};
use hubward::{Session, SessionError, X509Config};
use hubward_ring::{Digests, signature};

#[test]
fn session_ends_with_the_first_certificate_of_its_path() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let hub = hub_of(&anchors, unmatched_thumbprints());
    assert_eq!(session(&hub, "ca1", &fleet.lasting(&entity("ca1"))).until(), at(LEAF_END));
    let session = session(&hub, "ca1", &fleet.brief(&entity("ca1")));
    assert_eq!(session.until(), at(BRIEF_END));
    let answers = hub.answers(&session);
    assert_eq!(session.recheck(&answers, at(BRIEF_END)).map(drop), Ok(()));
    let now = BRIEF_END + 1;
    assert_eq!(
        session.recheck(&answers, at(now)).map(drop),
        Err(SessionError::Expired { until: BRIEF_END, now })
    );
}

#[test]
fn session_ends_with_the_records_that_it_rests_on() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let shown = self_signed(&entity("pinned"));
    let kept = pins(Some(sha256(&shown[0])), None);
    let mut hub = hub_of(&anchors, kept);
    let (pinned, chained) =
        (session(&hub, "pinned", &shown), session(&hub, "ca1", &fleet.lasting(&entity("ca1"))));
    let recheck = |hub: &Hub, session: &Session| session.recheck(&hub.answers(session), at(TODAY)).map(drop);
    assert_eq!((recheck(&hub, &pinned), recheck(&hub, &chained)), (Ok(()), Ok(())));
    for id in ["pinned", "ca1"] {
        hub.registry.set_status(device(id), Status::Disabled).unwrap();
    }
    assert_eq!(
        (recheck(&hub, &pinned), recheck(&hub, &chained)),
        (Err(SessionError::Disabled), Err(SessionError::Disabled))
    );
    for id in ["pinned", "ca1"] {
        hub.registry.set_status(device(id), Status::Enabled).unwrap();
    }
    assert_eq!((recheck(&hub, &pinned), recheck(&hub, &chained)), (Ok(()), Ok(())));
    hub.registry.set_device_authentication(device("pinned"), Authentication::SelfSigned(kept)).unwrap();
    hub.registry.set_device_authentication(device("ca1"), Authentication::None).unwrap();
    let replaced = Err(SessionError::KeysReplaced);
    assert_eq!((recheck(&hub, &pinned), recheck(&hub, &chained)), (replaced, replaced));
    hub.registry.delete_device(device("ca1")).unwrap();
    assert_eq!(recheck(&hub, &chained), Err(SessionError::Deleted));
}

#[test]
fn session_ends_when_its_authority_is_removed() {
    let fleet = Fleet::new();
    let (anchors, empty) = (fleet.anchors(), Anchors::new());
    let shown = self_signed(&entity("pinned"));
    let hub = hub_of(&anchors, pins(Some(sha256(&shown[0])), None));
    let (pinned, chained) =
        (session(&hub, "pinned", &shown), session(&hub, "ca1", &fleet.lasting(&entity("ca1"))));
    let rules = |anchors: &Anchors| X509Config::new(anchors.clone(), signature::ALL, &Digests);
    assert_eq!(chained.recheck_authority(&rules(&anchors)), Ok(()));
    assert_eq!(chained.recheck_authority(&rules(&empty)), Err(SessionError::AuthorityRemoved));
    assert_eq!(pinned.recheck_authority(&rules(&empty)), Ok(()), "no authority issued it");
}

#[test]
fn session_ends_when_its_certificate_or_one_above_it_is_revoked() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let mut leaf = entity("ca1");
    leaf.serial_number = Some(77_u64.into());
    let (chain, pin) = (fleet.lasting(&leaf), self_signed(&entity("pinned")));
    let mut hub = hub_of(&anchors, pins(Some(sha256(&pin[0])), None));
    let (live, pinned) = (session(&hub, "ca1", &chain), session(&hub, "pinned", &pin));
    let [root_list, good] = fleet.lists(&[]);
    let [_, revoking] = fleet.lists(&[77]);
    let above = Certificate::parse(&chain[1]).unwrap().serial().to_vec();
    let revoking_above = fleet.root_list(&above);
    let mut broken = revoking.clone();
    let last = broken.len() - 1;
    broken[last] ^= 1;
    let revoked = Err(SessionError::CertificateRevoked);
    let cases: [(&[&[u8]], _, &str); 6] = [
        (&[], Ok(()), "an unknown status ends no session"),
        (&[&root_list, &good], Ok(()), "good"),
        (&[&root_list, &revoking], revoked, "the leaf"),
        (&[&revoking_above, &good], revoked, "the intermediate"),
        (&[&revoking_above], revoked, "the intermediate, below which the status is unknown"),
        (&[&root_list, &broken], Ok(()), "a list whose signature is wrong revokes nothing"),
    ];
    for (lists, expected, what) in cases {
        for unknown in [UnknownStatus::Deny, UnknownStatus::Allow] {
            let crls = Crls::parse(lists.iter().copied()).unwrap();
            let x509 = X509Config::new(anchors.clone(), signature::ALL, &Digests);
            hub.rules =
                hub.rules.with_x509(x509.with_revocation(Revocation::by(&crls).with_unknown(unknown)));
            assert_eq!(hub.rules.recheck_revocation(&live, &chain, at(TODAY)), expected, "{what}");
            assert_eq!(hub.rules.recheck_revocation(&pinned, &pin, at(TODAY)), Ok(()), "{what}");
        }
    }
    // other anchors keep the lists
    let crls = Crls::parse([&root_list[..], &revoking]).unwrap();
    let x509 = X509Config::new(Anchors::new(), signature::ALL, &Digests);
    hub.rules =
        hub.rules.with_x509(x509.with_revocation(Revocation::by(&crls)).with_anchors(anchors.clone()));
    assert_eq!(hub.rules.recheck_revocation(&live, &chain, at(TODAY)), revoked);
    // without lists nothing is checked; the certificates must be those of the session
    let x509 = X509Config::new(anchors.clone(), signature::ALL, &Digests);
    hub.rules = hub.rules.with_x509(x509.clone());
    assert_eq!(hub.rules.recheck_revocation(&live, &chain, at(TODAY)), Ok(()));
    hub.rules = hub.rules.with_x509(x509.with_revocation(Revocation::by(&Crls::new())));
    for other in [&pin[..], &[]] {
        let error = hub.rules.recheck_revocation(&live, other, at(TODAY));
        assert_eq!(error, Err(SessionError::CertificateRefused));
    }
}

#[test]
fn session_ends_with_the_trust_period_of_its_authority() {
    let fleet = Fleet::new();
    let mut anchors = Anchors::new();
    anchors.add_until(&Certificate::parse(&fleet.registered[0]).unwrap(), at(TODAY + 60));
    let hub = hub_of(&anchors, unmatched_thumbprints());
    assert_eq!(session(&hub, "ca1", &fleet.lasting(&entity("ca1"))).until(), at(TODAY + 60));
}

#[test]
fn lists_of_issuers_apply_to_the_verified_path() {
    let fleet = Fleet::new();
    let anchors = fleet.anchors();
    let mut hub = hub_of(&anchors, unmatched_thumbprints());
    let (lasting, brief) = (fleet.lasting(&entity("ca1")), fleet.brief(&entity("ca1")));
    let [above, root] = fleet.above_lasting().map(ListEntry::Issuer);
    let live = session(&hub, "ca1", &lasting);
    let malleated = vec![lasting[0].clone(), malleated_form(&lasting[1])];
    // block: the intermediate, then the root
    for (issuer, other) in [(above, Ok("device ca1".into())), (root, Err("disabled"))] {
        hub.registry.access_mut().block_mut().add(issuer);
        assert_eq!(connect(&hub, "ca1", &lasting, TODAY), Err("disabled"));
        assert_eq!(
            connect(&hub, "ca1", &malleated, TODAY),
            Err("disabled"),
            "the second form of a signature needs no key"
        );
        assert_eq!(connect(&hub, "ca1", &brief, TODAY), other);
        assert_eq!(live.recheck(&hub.answers(&live), at(TODAY)).map(drop), Err(SessionError::Disabled));
        hub.registry.access_mut().block_mut().remove(issuer);
    }
    // allow: the certificate must be below the issuer; presenting the issuer's certificate is not enough
    hub.registry.access_mut().require_allow().add(above);
    assert_eq!(connect(&hub, "ca1", &lasting, TODAY), Ok("device ca1".into()));
    assert_eq!(live.recheck(&hub.answers(&live), at(TODAY)).map(drop), Ok(()));
    let mut extra = brief.clone();
    extra.push(lasting[1].clone());
    assert_eq!(connect(&hub, "ca1", &extra, TODAY), Err("disabled"));
}
