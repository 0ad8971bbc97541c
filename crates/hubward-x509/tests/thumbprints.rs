//! Authentication by thumbprint.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod common;

use common::{Fleet, ca, key, now};
use hubward_core::{Digest, Thumbprint};
use hubward_x509::{
    Chain, ExpectedThumbprints, ValidityPolicy,
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
        assert_eq!(pin.common_name(), Ok("pump-17"));
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
        ThumbprintMatchError::OutsideValidity(OutsideValidity::Expired { seconds }),
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
