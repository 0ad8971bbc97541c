//! The drill of a fleet's renewal: certificates of devices, a CA and the root are replaced in turn, and at no moment a
//! device or the hub is refused. docs/COOKBOOK.md has the recipe.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test"
)]

#[path = "common/issuing.rs"]
mod issuing;

use hubward_core::{DeviceId, Digest, Thumbprint};
use hubward_ring::{Digests, KeyType, SigningKey, signature};
use hubward_x509::issue::{CertificateAuthority, IssuerKey, ServerCertificate, Signer};
use hubward_x509::{
    Anchors, BundleDraft, Chain, ExpectedSubject, ExpectedThumbprints, Profile, SignedBundle, TrustBundle,
    TrustPeriod, UpdateKey, ValidityPolicy,
};
use issuing::{Fleet, day, days, new_key, serial};
use rustls_pki_types::ServerName;

fn thumbprint(certificate: &[u8]) -> Option<Thumbprint> {
    Some(Thumbprint::Sha256(Digests.sha256(certificate)))
}

#[test]
fn a_device_changes_its_certificate_in_the_free_slot() {
    let fleet = Fleet::new(KeyType::P256, KeyType::P256);
    let old = fleet.device("pump", &new_key(KeyType::P256), 3, days(0, 60));
    let new = fleet.device("pump", &new_key(KeyType::P256), 4, days(40, 120));
    let accepts = |(primary, secondary), presented: &Vec<u8>, now| {
        let chain = Chain::parse(presented, &[[0_u8; 0]; 0]).unwrap();
        let expected = ExpectedThumbprints::new(primary, secondary);
        chain.match_thumbprint(expected, &Digests, day(now), ValidityPolicy::Enforce).is_ok()
    };
    let (one, both, other) =
        ((thumbprint(&old), None), (thumbprint(&old), thumbprint(&new)), (thumbprint(&new), None));
    // the new thumbprint is registered on day 41, installed on day 50, and the old one removed on day 55
    for (now, registered, presented) in [
        (40, one, &old),
        (41, both, &old),
        (49, both, &old),
        (50, both, &new),
        (54, both, &new),
        (55, other, &new),
    ] {
        assert!(accepts(registered, presented, now), "day {now}");
    }
    // in the other order a device is refused: the certificate is installed before it is registered
    assert!(!accepts(one, &new, 50));
    assert!(!accepts(other, &old, 55));
}

#[test]
fn a_ca_is_rolled_over_with_two_anchors_side_by_side() {
    let old = Fleet::new(KeyType::P256, KeyType::P256);
    // the same names with new keys
    let next = Fleet::new(KeyType::P256, KeyType::P256);
    let ids = ["pump-1", "pump-2", "pump-3"];
    let before: Vec<_> =
        ids.iter().map(|id| old.device(id, &new_key(KeyType::P256), 3, days(0, 90))).collect();
    let after: Vec<_> =
        ids.iter().map(|id| next.device(id, &new_key(KeyType::P256), 4, days(30, 120))).collect();
    let accepts = |anchors: &[&Vec<u8>], leaf: &Vec<u8>, id: &str, now| {
        let anchors = Anchors::parse(anchors.iter().copied()).unwrap();
        let above = [old.ca.as_der(), next.ca.as_der()];
        // a device sends the CA of its own certificate; both are tried here, in both orders
        [[above[0], above[1]], [above[1], above[0]]].iter().all(|above| {
            let profile = Profile::device(ExpectedSubject::Device(DeviceId::parse(id).unwrap()));
            Chain::parse(leaf, above).unwrap().verify(&anchors, &profile, signature::ALL, day(now)).is_ok()
        })
    };
    // both are trusted from day 30 to day 60; each device changes on another day between
    for now in 0..90 {
        let anchors: &[&Vec<u8>] = match now {
            0..30 => &[&old.root],
            30..60 => &[&old.root, &next.root],
            _ => &[&next.root],
        };
        for (at, id) in ids.iter().enumerate() {
            let changed = now >= 35 + 10 * u64::try_from(at).unwrap();
            let leaf = if changed { &after[at] } else { &before[at] };
            assert!(accepts(anchors, leaf, id, now), "{id} on day {now}");
        }
    }
    assert!(!accepts(&[&next.root], &before[0], "pump-1", 60), "the old CA is not trusted any more");
    assert!(!accepts(&[&old.root], &after[0], "pump-1", 40), "the new one was not trusted before");
}

#[test]
fn a_root_is_replaced_on_devices_by_a_signed_bundle() {
    let owner = new_key(KeyType::Ed25519);
    let (old, next) = (Fleet::new(KeyType::P256, KeyType::P256), Fleet::new(KeyType::P256, KeyType::P256));
    let name = ServerName::try_from("hub.example").unwrap();
    let server = |fleet: &Fleet| {
        let key = new_key(KeyType::P256);
        let wanted =
            ServerCertificate::from_public_key(key.public_key(), core::slice::from_ref(&name)).unwrap();
        fleet.ca.server(&wanted, serial(5), days(0, 120)).unwrap().sign(&fleet.key).unwrap()
    };
    let (before, after) = (server(&old), server(&next));
    let bundles = [
        bundle(&owner, 1, &[(&old.root, 0, 200)]),
        bundle(&owner, 2, &[(&old.root, 0, 60), (&next.root, 0, 200)]),
        bundle(&owner, 3, &[(&next.root, 0, 200)]),
    ];
    // the updates arrive on days 20 and 70; the hub changes its certificate on day 40
    let mut installed = TrustBundle::load(&bundles[0], signature::ALL).unwrap();
    for now in 0..90 {
        if let Some(update) = match now {
            20 => Some(&bundles[1]),
            70 => Some(&bundles[2]),
            _ => None,
        } {
            installed = installed.updated(update, signature::ALL, day(now)).unwrap();
        }
        let (presented, ca) = if now < 40 { (&before, &old.ca) } else { (&after, &next.ca) };
        let (anchors, above) = (installed.anchors(day(now)).unwrap(), [ca.as_der()]);
        let chain = Chain::parse(presented, &above).unwrap();
        let profile = Profile::server(name.clone());
        assert!(chain.verify(&anchors, &profile, signature::ALL, day(now)).is_ok(), "day {now}");
    }
    // the old bundle does not come back
    assert!(installed.updated(&bundles[1], signature::ALL, day(90)).is_err());
}

/// Returns a bundle of these roots and trust periods in days, signed by the owner.
fn bundle(owner: &SigningKey, version: u32, roots: &[(&Vec<u8>, u64, u64)]) -> Vec<u8> {
    let key = UpdateKey::from_spki_der(owner.public_key()).unwrap();
    let draft =
        roots.iter().fold(BundleDraft::new(version, day(400), 1).key(key), |draft, (root, from, until)| {
            draft.anchor(root, TrustPeriod { from: day(*from), until: day(*until) })
        });
    let draft = draft.finish().unwrap();
    let draft = SignedBundle::parse(&draft).unwrap();
    draft.with_signature(key, &owner.sign(draft.to_be_signed()).unwrap(), signature::ALL).unwrap()
}

#[test]
fn a_ca_with_a_new_certificate_for_the_same_key_keeps_what_it_issued() {
    let fleet = Fleet::new(KeyType::P256, KeyType::P256);
    let issuer_key = IssuerKey::of(&fleet.root_key).unwrap();
    let renewed =
        CertificateAuthority::root("Plant root", &issuer_key, Some(1), serial(9), days(5000, 12_000))
            .unwrap();
    let renewed = renewed.sign(&fleet.root_key).unwrap();
    let leaf = fleet.device("pump", &new_key(KeyType::P256), 3, days(0, 3650));
    let above = [fleet.ca.as_der()];
    for (root, now, expected) in [(&fleet.root, 10, true), (&renewed, 10, false), (&renewed, 3650, false)] {
        let anchors = Anchors::parse([root]).unwrap();
        let chain = Chain::parse(&leaf, &above).unwrap();
        let verdict =
            chain.verify(&anchors, &Profile::device(ExpectedSubject::Any), signature::ALL, day(now));
        assert_eq!(verdict.is_ok(), expected, "day {now}");
    }
    // while both are valid, each of them alone is enough
    let both =
        CertificateAuthority::root("Plant root", &issuer_key, Some(1), serial(9), days(5, 12_000)).unwrap();
    let both = both.sign(&fleet.root_key).unwrap();
    for root in [&fleet.root, &both] {
        let anchors = Anchors::parse([root]).unwrap();
        let chain = Chain::parse(&leaf, &above).unwrap();
        assert!(
            chain.verify(&anchors, &Profile::device(ExpectedSubject::Any), signature::ALL, day(10)).is_ok()
        );
    }
}
