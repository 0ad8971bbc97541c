//! Authentication by thumbprint.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use common::{Fleet, ca, entity, key, now, sign};
use hubward_core::{Digest, Thumbprint};
use hubward_x509::{
    Anchors, Certificate, CertificatePosition, Chain, ChainError, ExpectedSubject, ExpectedThumbprints,
    Problem, Profile, ValidityPolicy,
    error::OutsideValidity,
    thumbprint::{ThumbprintMatchError, ThumbprintSlot, parse_pasted_thumbprint},
};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

#[derive(Debug)]
struct Ring;

impl Digest for Ring {
    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        digest(&SHA256, data).as_ref().try_into().unwrap()
    }

    fn sha1_for_legacy_thumbprints(&self, data: &[u8]) -> [u8; 20] {
        digest(&SHA1_FOR_LEGACY_USE_ONLY, data).as_ref().try_into().unwrap()
    }
}

const NONE: &[&[u8]] = &[];
/// After the expiry of every certificate of these tests.
const LATER: i64 = 400 * 86_400;

#[test]
fn both_thumbprints_and_both_digests_are_compared() {
    let fleet = Fleet::p256("pump-17");
    let chain = Chain::parse(&fleet.leaf, NONE).unwrap();
    let sha1 = Thumbprint::Sha1(Ring.sha1_for_legacy_thumbprints(&fleet.leaf));
    let sha256 = Thumbprint::Sha256(Ring.sha256(&fleet.leaf));
    let other = Thumbprint::Sha256([7; 32]);
    for (pins, slot) in [
        (ExpectedThumbprints::new(Some(sha256), None), ThumbprintSlot::Primary),
        (ExpectedThumbprints::new(None, Some(sha256)), ThumbprintSlot::Secondary),
        (ExpectedThumbprints::new(Some(other), Some(sha1)), ThumbprintSlot::Secondary),
        (ExpectedThumbprints::new(Some(sha1), Some(other)), ThumbprintSlot::Primary),
    ] {
        let pin = chain.match_thumbprint(pins, &Ring, now(0), ValidityPolicy::Enforce).unwrap();
        assert_eq!(pin.slot(), slot);
        assert_eq!(pin.common_name().as_deref(), Ok("pump-17"));
    }
    for (pins, error) in [
        (ExpectedThumbprints::new(Some(other), None), ThumbprintMatchError::Mismatch),
        (ExpectedThumbprints::new(Some(other), Some(other)), ThumbprintMatchError::Mismatch),
        (ExpectedThumbprints::default(), ThumbprintMatchError::NoThumbprints),
    ] {
        assert_eq!(chain.match_thumbprint(pins, &Ring, now(0), ValidityPolicy::Enforce).unwrap_err(), error);
    }
}

#[test]
fn the_validity_period_is_checked_unless_it_is_ignored() {
    let fleet = Fleet::p256("pump-17");
    let chain = Chain::parse(&fleet.leaf, NONE).unwrap();
    let pins = ExpectedThumbprints::new(Some(Thumbprint::Sha256(Ring.sha256(&fleet.leaf))), None);
    let end = chain.leaf().validity().not_after;
    let seconds = now(LATER).as_secs().checked_sub(u64::try_from(end).unwrap()).unwrap();
    assert_eq!(
        chain.match_thumbprint(pins, &Ring, now(LATER), ValidityPolicy::Enforce).unwrap_err(),
        ThumbprintMatchError::OutsideValidity(OutsideValidity::Expired { seconds, at: end }),
    );
    assert!(chain.match_thumbprint(pins, &Ring, now(LATER), ValidityPolicy::IgnoreForThumbprint).is_ok());
    let other = ExpectedThumbprints::new(Some(Thumbprint::Sha256([7; 32])), None);
    assert_eq!(
        chain.match_thumbprint(other, &Ring, now(LATER), ValidityPolicy::Enforce).unwrap_err(),
        ThumbprintMatchError::Mismatch,
        "the validity of an unregistered certificate is not reported",
    );
}

#[test]
fn the_thumbprint_of_a_self_signed_ca_is_accepted() {
    let own = ca("pump-17").self_signed(&key()).unwrap().der().to_vec();
    let chain = Chain::parse(&own, NONE).unwrap();
    let pins = ExpectedThumbprints::new(Some(Thumbprint::Sha256(Ring.sha256(&own))), None);
    assert!(chain.match_thumbprint(pins, &Ring, now(0), ValidityPolicy::Enforce).is_ok());
}

#[test]
fn separators_are_only_ignored_in_pasted_thumbprints() {
    let pasted = "\u{200e}AB:cd ".to_owned() + &"0-1".repeat(18) + "\r\n";
    assert!(pasted.parse::<Thumbprint>().is_err());
    let plain = "abcd".to_owned() + &"01".repeat(18);
    assert!(parse_pasted_thumbprint(&pasted).unwrap().matches(&plain.parse().unwrap()));
    assert!(parse_pasted_thumbprint("AB:CD").is_err());
}

#[test]
fn an_error_about_a_thumbprint_says_so() {
    for text in ["z7".repeat(32), "a7".repeat(31), String::new()] {
        let error = parse_pasted_thumbprint(&text).unwrap_err();
        assert!(error.to_string().contains("thumbprint"), "{error}");
    }
}

/// A thumbprint covers all bytes: nothing but the key and the validity period needs to be readable.
#[test]
fn a_certificate_that_is_readable_in_part_is_accepted_by_its_thumbprint_only() {
    let (root, root_key) = (ca("Root"), key());
    let der = sign(&entity("pump-17"), &key(), &root, &root_key);
    let algorithm = common::der::fields(&der)[1].to_vec();
    let rewritten = |change: fn(&mut Vec<Vec<u8>>)| {
        let signs = |message: &[u8]| rcgen::SigningKey::sign(&root_key, message).unwrap();
        common::der::signed_again(&der, 2, &algorithm, change, signs)
    };
    let anchor = root.self_signed(&root_key).unwrap().der().to_vec();
    let anchors = Anchors::parse([&anchor]).unwrap();
    let changes: [fn(&mut Vec<Vec<u8>>); 5] = [
        |inner| inner[0] = vec![0xa0, 3, 2, 1, 7],
        |inner| inner[1] = vec![2, 0],
        |inner| inner[1] = vec![2, 2, 0, 1],
        |inner| *inner.last_mut().unwrap() = vec![0xa3, 2, 0x30, 0],
        |inner| inner.push(vec![5, 0]),
    ];
    for change in changes {
        let leaf = rewritten(change);
        assert!(Certificate::parse(&leaf).is_err());
        let chain = Chain::parse(&leaf, NONE).unwrap();
        let error = chain.leaf().unreadable().unwrap();
        let pins = ExpectedThumbprints::new(Some(Thumbprint::Sha256(Ring.sha256(&leaf))), None);
        let pin = chain.match_thumbprint(pins, &Ring, now(0), ValidityPolicy::Enforce).unwrap();
        assert_eq!(pin.common_name().as_deref(), Ok("pump-17"));
        let late = chain.match_thumbprint(pins, &Ring, now(LATER), ValidityPolicy::Enforce);
        assert!(matches!(late, Err(ThumbprintMatchError::OutsideValidity(_))));

        let profile = Profile::device(ExpectedSubject::Any);
        let refused = chain.verify(&anchors, &profile, hubward_ring::signature::ALL, now(0)).unwrap_err();
        let (place, problem) = (CertificatePosition::Leaf, Problem::Unreadable(error));
        assert_eq!(refused, ChainError::Refused { place, problem });
    }
    // a validity period or a key that cannot be read
    let without: [fn(&mut Vec<Vec<u8>>); 2] =
        [|inner| inner[4] = vec![0x30, 0], |inner| inner[6] = vec![0x30, 0]];
    for change in without {
        assert!(Chain::parse(&rewritten(change), NONE).is_err());
    }
}
