//! Trust bundles: which anchor is trusted when, which updates are accepted, and what expires when.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;

use common::bundles::{bundle, ed25519, p256, period, public, root, sign};
use common::{NOW, ca, entity, key, now, sign as certify};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use hubward_ring::SigningKey;
use hubward_ring::signature::ALL;
use hubward_x509::{
    BundleDraft, CertificatePosition, Chain, ChainError, ExpectedSubject, Problem, Profile, SignedBundle,
    TrustBundle, TrustPeriod, UnixTime, UpdateKey,
    trust::{BundleError, BundlePart, ExpiryCause, SignError, UpdateError, UpdateKeyError, UpdateKeySet},
};
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

fn provisioned(bytes: &[u8]) -> TrustBundle {
    TrustBundle::load(bytes, ALL).unwrap()
}

fn seconds(at: u64) -> UnixTime {
    UnixTime::since_unix_epoch(core::time::Duration::from_secs(at))
}

#[test]
fn a_server_is_verified_with_the_roots_whose_periods_contain_now() {
    let (old_key, new_key, owner) = (key(), key(), ed25519(1));
    let (old, new) = (ca("Old Root"), ca("New Root"));
    let old_root = old.self_signed(&old_key).unwrap().der().to_vec();
    let new_root = new.self_signed(&new_key).unwrap().der().to_vec();
    // from now on both for ten seconds, then only the new one
    let draft = BundleDraft::new(1, now(100), 1)
        .key(public(&owner))
        .anchor(&old_root, period(-100, 10))
        .anchor(&new_root, period(0, 1000))
        .finish()
        .unwrap();
    let bundle = provisioned(&sign(&draft, &[&owner]));
    let before = certify(&entity("hub"), &key(), &old, &old_key);
    let after = certify(&entity("hub"), &key(), &new, &new_key);
    let trusts = |leaf: &Vec<u8>, at| {
        let chain = Chain::parse(leaf, &[[0_u8; 0]; 0]).unwrap();
        let anchors = bundle.anchors(now(at)).unwrap();
        match chain.verify(&anchors, &Profile::device(ExpectedSubject::Any), ALL, now(at)) {
            Ok(_) => true,
            Err(ChainError::UnknownIssuer { place: CertificatePosition::Leaf }) => false,
            Err(other) => panic!("{other}"),
        }
    };
    for (at, by_old, by_new) in
        [(-100, true, false), (-1, true, false), (0, true, true), (10, true, true), (11, false, true)]
    {
        assert_eq!((trusts(&before, at), trusts(&after, at)), (by_old, by_new), "{at}");
    }
    assert!(bundle.anchors(now(100)).is_ok());
    assert_eq!(bundle.anchors(now(101)).unwrap_err().seconds, 1);
}

#[test]
fn a_kept_issuer_expires_with_its_root() {
    let (root_key, owner) = (key(), ed25519(1));
    let root = ca("Root");
    let der = root.self_signed(&root_key).unwrap().der().to_vec();
    let leaf = certify(&entity("hub"), &key(), &root, &root_key);
    let chain = Chain::parse(&leaf, &[[0_u8; 0]; 0]).unwrap();
    // the trust period ends first, then the bundle
    for (expires, until) in [(100, 10), (10, 100)] {
        let draft =
            BundleDraft::new(1, now(expires), 1).key(public(&owner)).anchor(&der, period(-100, until));
        let bundle = provisioned(&sign(&draft.finish().unwrap(), &[&owner]));
        let anchors = bundle.anchors(now(0)).unwrap();
        let profile = Profile::device(ExpectedSubject::Any);
        let issuer = chain.verify_keeping(&anchors, &profile, ALL, now(0)).unwrap().1;
        let check = |at| issuer.verify(chain.leaf(), ExpectedSubject::Any, ALL, now(at)).map(drop);
        assert_eq!(check(10), Ok(()));
        let problem = Problem::IssuerExpired { seconds: 1 };
        assert_eq!(check(11), Err(ChainError::Refused { place: CertificatePosition::Leaf, problem }));
    }
}

#[test]
fn an_update_needs_the_threshold_of_the_old_and_the_new_keys() {
    let keys = [ed25519(1), p256(), ed25519(3), p256()];
    let [a, b, c, d] = &keys;
    let (one, two) = (root("One"), root("Two"));
    let current = provisioned(&bundle(1, 2, &[a, b, c], &[&one], &[a, b]));
    let update = |signers: &[&SigningKey]| {
        current.updated(&bundle(2, 2, &[b, c, d], &[&one, &two], signers), ALL, now(0))
    };
    let under = |by, found| Err(UpdateError::UnderSigned { by, found, needed: 2 });
    assert_eq!(update(&[]), under(UpdateKeySet::Current, 0));
    assert_eq!(update(&[b]), under(UpdateKeySet::Current, 1));
    assert_eq!(update(&[b, d]), under(UpdateKeySet::Current, 1), "only enough of the new keys");
    assert_eq!(update(&[a, b]), under(UpdateKeySet::New, 1), "only enough of the old keys");
    assert_eq!(update(&[d]), under(UpdateKeySet::Current, 0));
    for enough in [&[b, c][..], &[a, b, d], &[a, b, c, d]] {
        let updated = update(enough).unwrap();
        assert_eq!((updated.version(), updated.all_anchors().count()), (2, 2));
        assert_eq!(updated.keys().len(), 3);
        // one more signature, by a key that neither bundle has
        let with = sign(updated.as_bytes(), &[&ed25519(9)]);
        assert!(current.updated(&with, ALL, now(0)).is_ok());
    }
    assert_eq!(current.version(), 1, "the old one is unchanged");
}

#[test]
fn only_a_newer_version_that_has_not_expired_is_accepted() {
    let owner = ed25519(1);
    let one = root("One");
    let at = |version| bundle(version, 1, &[&owner], &[&one], &[&owner]);
    let current = provisioned(&at(7));
    for found in [0, 1, 6, 7] {
        assert_eq!(
            current.updated(&at(found), ALL, now(0)),
            Err(UpdateError::NotNewer { found, current: 7 })
        );
    }
    assert!(current.updated(&at(8), ALL, now(86_400)).is_ok());
    assert_eq!(current.updated(&at(8), ALL, now(86_401)), Err(UpdateError::Expired { seconds: 1 }));
    let last = provisioned(&at(u32::MAX));
    assert!(matches!(last.updated(&at(u32::MAX), ALL, now(0)), Err(UpdateError::NotNewer { .. })));
    // an expired bundle trusts no anchor, and still accepts its update
    let late = BundleDraft::new(8, now(200_000), 1).key(public(&owner)).anchor(&one, period(0, 1)).finish();
    assert!(current.anchors(now(86_401)).is_err());
    assert!(current.updated(&sign(&late.unwrap(), &[&owner]), ALL, now(86_401)).is_ok());
}

#[test]
fn a_signature_is_over_the_bytes_of_one_bundle() {
    let (a, b) = (ed25519(1), p256());
    let one = root("One");
    let bytes = bundle(1, 2, &[&a, &b], &[&one], &[]);
    let other = bundle(2, 2, &[&a, &b], &[&one], &[]);
    let (draft, other) = (SignedBundle::parse(&bytes).unwrap(), SignedBundle::parse(&other).unwrap());
    for key in [&a, &b] {
        let signature = key.sign(draft.to_be_signed()).unwrap();
        assert!(draft.with_signature(public(key), &signature, ALL).is_ok());
        assert_eq!(other.with_signature(public(key), &signature, ALL), Err(SignError::BadSignature));
        assert_eq!(draft.with_signature(public(key), b"", ALL), Err(SignError::BadSignature));
        assert_eq!(draft.with_signature(public(key), &signature, &[]), Err(SignError::UnsupportedAlgorithm));
    }
    let crossed = draft.with_signature(public(&a), &b.sign(draft.to_be_signed()).unwrap(), ALL);
    assert_eq!(crossed, Err(SignError::BadSignature));
    // signing again replaces the signature
    let twice = sign(&sign(&bytes, &[&a, &b]), &[&b, &a]);
    assert_eq!(SignedBundle::parse(&twice).unwrap().signers().count(), 2);
}

#[test]
fn no_key_holder_counts_twice() {
    let one = root("One");
    let owner = ed25519(1);
    let spki = owner.public_key_der();
    let mut turned = spki.clone();
    *turned.last_mut().unwrap() ^= 0x80;
    let draft = |keys: &[&[u8]]| {
        keys.iter()
            .fold(BundleDraft::new(1, now(1), 1), |draft, key| {
                draft.key(UpdateKey::from_spki_der(key).unwrap())
            })
            .anchor(&one, period(-1, 1))
            .finish()
    };
    assert_eq!(draft(&[&spki, &spki]), Err(BundleError::DuplicateKey { key: 1 }));
    assert_eq!(draft(&[&spki, &turned]), Err(BundleError::DuplicateKey { key: 1 }));
    let spki = p256().public_key_der();
    let mut turned = spki.clone();
    turned[26 + 33..].fill(7);
    assert_eq!(draft(&[&spki, &turned]), Err(BundleError::DuplicateKey { key: 1 }));
    let mut other = spki.clone();
    other[26 + 1..26 + 33].fill(7);
    assert!(draft(&[&spki, &other]).is_ok());
}

#[test]
fn a_key_has_only_one_accepted_encoding() {
    let spki = p256().public_key_der();
    assert_eq!(UpdateKey::from_spki_der(&spki).unwrap().to_spki_der(), spki);
    // the point compressed
    let mut short = spki[..26 + 33].to_vec();
    (short[1], short[24], short[26]) = (0x39, 0x22, 2);
    assert_eq!(UpdateKey::from_spki_der(&short), Err(UpdateKeyError::Kind));
    assert!(matches!(UpdateKey::from_spki_der(&spki[..80]), Err(UpdateKeyError::Malformed(_))));
    let p384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    assert_eq!(
        UpdateKey::from_spki_der(&rcgen::PublicKeyData::subject_public_key_info(&p384)),
        Err(UpdateKeyError::Kind)
    );
    // Ed25519 with NULL parameters, which RFC 8410 forbids
    let spki = ed25519(1).public_key_der();
    assert_eq!(UpdateKey::from_spki_der(&spki).unwrap().to_spki_der(), spki);
    let with_null = [&[0x30, 0x2c, 0x30, 7][..], &spki[4..9], &[5, 0], &spki[9..]].concat();
    assert_eq!(UpdateKey::from_spki_der(&with_null), Err(UpdateKeyError::Kind));
}

#[test]
fn weak_ed25519_keys_are_refused() {
    let key = |point: [u8; 32]| {
        let spki = [&ed25519(1).public_key_der()[..12], &point].concat();
        (UpdateKey::from_spki_der(&spki), spki)
    };
    let neutral = {
        let mut point = [0; 32];
        point[0] = 1;
        point
    };
    // the reason: a signature that needed no private key
    let forged = [neutral, [0; 32]].concat();
    assert!(hubward_ring::signature::ED25519.verify_signature(&neutral, b"anything", &forged).is_ok());
    let mut p = [0xff; 32];
    p[31] = 0x7f;
    let with = |point: [u8; 32], first, sign| {
        let mut point = point;
        point[0] = first;
        point[31] |= sign;
        point
    };
    for sign in [0, 0x80] {
        for (weak, point) in [
            (true, with([0; 32], 0, sign)),
            (true, with([0; 32], 1, sign)),
            (false, with([0; 32], 2, sign)),
            (false, with(p, 0xeb, sign)),
            (true, with(p, 0xec, sign)),
            (true, with(p, 0xed, sign)),
            (true, with(p, 0xff, sign)),
        ] {
            let expected = weak.then_some(UpdateKeyError::Weak);
            assert_eq!(key(point).0.err(), expected, "{point:?}");
        }
    }
}

#[test]
fn an_update_key_must_not_be_a_ca_key() {
    let one = root("One");
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let anchor = ca("Two").self_signed(&ca_key).unwrap().der().to_vec();
    let key = UpdateKey::from_spki_der(&rcgen::PublicKeyData::subject_public_key_info(&ca_key)).unwrap();
    let draft = BundleDraft::new(1, now(1), 1).key(key).anchor(&one, period(-1, 1));
    assert!(draft.clone().finish().is_ok());
    assert_eq!(draft.anchor(&anchor, period(-1, 1)).finish(), Err(BundleError::CaKey { key: 0, anchor: 1 }));
}

#[test]
fn a_bundle_above_its_limits_is_refused() {
    let one = root("One");
    let keys: Vec<UpdateKey> = (1..=17).map(|number| public(&ed25519(number))).collect();
    let draft = |threshold, keys: &[UpdateKey]| {
        keys.iter().fold(BundleDraft::new(1, now(1), threshold), |draft, key| draft.key(*key))
    };
    let with_one = |draft: BundleDraft<'_>| draft.anchor(&one, period(-1, 1)).finish();
    assert!(with_one(draft(16, &keys[..16])).is_ok());
    assert_eq!(with_one(draft(1, &keys)), Err(BundleError::TooMany { part: BundlePart::Keys, most: 16 }));
    assert_eq!(with_one(draft(1, &[])), Err(BundleError::Empty(BundlePart::Keys)));
    for threshold in [0, 3, u32::MAX] {
        assert_eq!(
            with_one(draft(threshold, &keys[..2])),
            Err(BundleError::Threshold { threshold, keys: 2 })
        );
    }
    assert_eq!(draft(1, &keys[..1]).finish(), Err(BundleError::Empty(BundlePart::Anchors)));
    let twice = draft(1, &keys[..1]).anchor(&one, period(-2, 2));
    assert_eq!(with_one(twice), Err(BundleError::DuplicateAnchor { anchor: 1 }));
    let backwards = draft(1, &keys[..1]).anchor(&one, TrustPeriod { from: now(1), until: now(0) });
    assert_eq!(backwards.finish(), Err(BundleError::TrustPeriod { anchor: 0 }));
    assert!(matches!(
        draft(1, &keys[..1]).anchor(&[0x30, 0], period(-1, 1)).finish(),
        Err(BundleError::Anchor { anchor: 0, .. })
    ));
    let end = seconds(253_402_300_799);
    let forever = BundleDraft::new(1, end, 1).key(keys[0]);
    assert!(forever.anchor(&one, TrustPeriod { from: seconds(0), until: end }).finish().is_ok());
    let beyond = BundleDraft::new(1, seconds(253_402_300_800), 1).key(keys[0]);
    assert!(matches!(with_one(beyond), Err(BundleError::Malformed(_))));
    let roots: Vec<Vec<u8>> = (0..33).map(|number| root(&number.to_string())).collect();
    let many = |count| {
        roots.iter().take(count).fold(draft(1, &keys[..1]), |draft, der| draft.anchor(der, period(-1, 1)))
    };
    assert!(many(32).finish().is_ok());
    assert_eq!(many(33).finish(), Err(BundleError::TooMany { part: BundlePart::Anchors, most: 32 }));
    assert_eq!(
        SignedBundle::parse(&vec![0x30; 128 * 1024 + 1]).unwrap_err(),
        BundleError::TooLong { most: 128 * 1024 }
    );
}

#[test]
fn corrupted_storage_is_detected() {
    let (a, b) = (ed25519(1), ed25519(2));
    let one = root("One");
    let bytes = bundle(1, 2, &[&a, &b], &[&one], &[&a, &b]);
    assert_eq!(provisioned(&bytes).as_bytes(), bytes);
    let short = bundle(1, 2, &[&a, &b], &[&one], &[&a]);
    let expected = UpdateError::UnderSigned { by: UpdateKeySet::New, found: 1, needed: 2 };
    assert_eq!(TrustBundle::load(&short, ALL), Err(expected));
    assert_eq!(TrustBundle::load(&bytes, &[]), Err(UpdateError::UnsupportedAlgorithm { signature: 0 }));
}

#[test]
fn the_report_lists_every_expiry() {
    let owner = ed25519(1);
    let (old, new, last) = (root("Old"), root("New"), root("Last"));
    // the certificates' last second is 2026-12-31
    let end = 1_798_761_600;
    let draft = BundleDraft::new(1, now(400 * 86_400), 1)
        .key(public(&owner))
        .anchor(&old, period(-100, 100))
        .anchor(&new, TrustPeriod { from: now(50), until: seconds(end + 9) })
        .anchor(&last, TrustPeriod { from: seconds(end + 5), until: seconds(end + 50) })
        .finish()
        .unwrap();
    let bundle = provisioned(&sign(&draft, &[&owner]));
    let report = bundle.report(now(0));
    let debug: Vec<_> =
        report.expiries().iter().map(|one| (one.last.as_secs(), one.cause, one.anchor)).collect();
    assert_eq!(
        debug,
        [
            (NOW + 100, ExpiryCause::TrustPeriod, Some(0)),
            (end, ExpiryCause::Certificate, Some(1)),
            (NOW + 400 * 86_400, ExpiryCause::Bundle, None),
        ],
        "and the last one is never usable"
    );
    assert_eq!([0, 1, 2, 3].map(|at| report.is_trusted(at)), [true, false, false, false]);
    assert_eq!(report.trusted_until(), Some(seconds(end)));
    assert_eq!(bundle.report(now(-101)).trusted_until(), None, "no anchor is usable yet");
    assert_eq!(bundle.report(now(-100)).trusted_until(), Some(seconds(end)));
    let later = bundle.report(now(101));
    assert_eq!([0, 1].map(|at| later.is_trusted(at)), [false, true]);
    assert_eq!(later.expiries().len(), 2);
    let after = bundle.report(now(401 * 86_400));
    assert_eq!((after.expiries().len(), after.trusted_until()), (0, None));
    assert!(!after.is_trusted(1));
    // the bundle's own expiry comes first
    let soon = BundleDraft::new(1, now(10), 1).key(public(&owner)).anchor(&old, period(0, 99));
    let soon = provisioned(&sign(&soon.finish().unwrap(), &[&owner]));
    assert_eq!(soon.report(now(0)).trusted_until(), Some(now(10)));
    assert!(!soon.report(now(11)).is_trusted(0));
}

/// Counts the signatures that it verifies.
#[derive(Debug)]
struct Counted(&'static dyn SignatureVerificationAlgorithm, AtomicUsize);

impl SignatureVerificationAlgorithm for Counted {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        self.1.fetch_add(1, Relaxed);
        self.0.verify_signature(key, message, signature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.0.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.0.signature_alg_id()
    }
}

#[test]
fn an_update_of_an_old_version_costs_no_signature_check() {
    let keys: Vec<SigningKey> = (1..=20).map(ed25519).collect();
    let all: Vec<&SigningKey> = keys.iter().collect();
    let one = root("One");
    let counted = Counted(hubward_ring::signature::ED25519, AtomicUsize::new(0));
    let cost = |current: &TrustBundle, update: &[u8]| {
        counted.1.store(0, Relaxed);
        let outcome = current.updated(update, &[&counted], now(0));
        (outcome.is_ok(), counted.1.load(Relaxed))
    };
    let current = provisioned(&bundle(1, 8, &all[..10], &[&one], &all[..10]));
    assert_eq!(cost(&current, current.as_bytes()), (false, 0), "a replay");
    // each signature once, also of a key in both bundles, and none of a key in neither
    let update = bundle(2, 8, &all[5..15], &[&one], &all);
    assert_eq!(cost(&current, &update), (true, 15));
}

#[test]
fn errors_of_updates_have_texts() {
    let ca_error = BundleError::CaKey { key: 1, anchor: 2 };
    for (error, text) in [
        (
            UpdateError::NotNewer { found: 3, current: 4 },
            "version 3 is not newer than version 4, which is in force",
        ),
        (
            UpdateError::UnderSigned { by: UpdateKeySet::Current, found: 1, needed: 2 },
            "1 of the 2 signatures that the bundle in force requires",
        ),
        (
            UpdateError::UnderSigned { by: UpdateKeySet::New, found: 0, needed: 1 },
            "0 of the 1 signatures that the new bundle requires",
        ),
        (UpdateError::Expired { seconds: 5 }, "expired 5 s before now"),
        (
            UpdateError::BadSignature { signature: 0 },
            "signature 0 does not verify with its key over these bytes",
        ),
        (UpdateError::UnsupportedAlgorithm { signature: 1 }, "no algorithm for the key of signature 1"),
        (ca_error.into(), "key 1 is the key of anchor 2: an update key must not be the key of a CA"),
        (BundleError::Empty(BundlePart::Anchors).into(), "has no anchors: add at least one"),
        (
            BundleError::TooMany { part: BundlePart::Signatures, most: 32 }.into(),
            "has more than 32 signatures",
        ),
        (BundleError::Format.into(), "not a trust bundle of format 1"),
    ] {
        assert_eq!(error.to_string(), text);
    }
    let one = root("One");
    let debug = format!("{:?}", provisioned(&bundle(1, 1, &[&ed25519(1)], &[&one], &[&ed25519(1)])));
    assert!(debug.starts_with("TrustBundle(Contents { version: 1, ") && debug.len() < 600, "{debug}");
}
