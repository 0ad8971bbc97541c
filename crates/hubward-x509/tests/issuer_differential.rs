//! Comparison of a kept issuer with the full verification on random fleets: what the full verification refuses is
//! refused, what it accepts is accepted until the issuer expires, and nothing is accepted after that.
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, reason = "a test")]

#[path = "common/crl_builder.rs"]
mod crl_builder;
#[path = "common/mod.rs"]
mod minting;
#[path = "common/toy.rs"]
mod toy;

use crl_builder::{CrlBuilder, Entry, HOLD, REMOVE, full, listed_at, numbered, point, uri};
use hubward_x509::{
    Anchors, Certificate, Chain, Crls, ExpectedSubject, Profile, Revocation, RevocationStatus, UnixTime,
    crl::{ExpiredCrl, RevocationDepth, UnknownStatus},
};
use minting::{ca, entity, now, sign};
use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyUsagePurpose,
    NameConstraints, SanType, date_time_ymd,
};
use rustls_pki_types::SignatureVerificationAlgorithm;
use toy::Toy;

const DAY: i64 = 86_400;

/// Days of January 2026 on which periods begin and end.
type Days = (u8, u8);

#[derive(Debug, Clone)]
struct Fleet {
    root: Days,
    cas: Vec<Ca>,
    leaves: Vec<Leaf>,
    lists: Vec<Edition>,
    signer: Option<Days>,
    crossed: Option<Days>,
    rules: (bool, bool, u8),
    kept_on: u8,
    used: Vec<(u8, i64)>,
}

#[derive(Debug, Clone)]
struct Ca {
    days: Days,
    path_len: Option<u8>,
    constrained: bool,
    server_only: bool,
}

#[derive(Debug, Clone)]
struct Leaf {
    days: Days,
    serial: u8,
    kind: u8,
    listed: bool,
    forged: bool,
}

/// A revocation list of the leaf's issuer, or of the issuer above it.
#[derive(Debug, Clone)]
struct Edition {
    days: Days,
    above: bool,
    number: u8,
    delta: bool,
    scoped: bool,
    other_key: bool,
    entries: Vec<(u8, u8)>,
}

fn days() -> impl Strategy<Value = Days> {
    // mostly the whole month
    prop_oneof![4 => Just((1, 28)), 1 => (1_u8..28).prop_map(|to| (1, to)), 1 => (1_u8..28).prop_map(|from| (from, 28))]
}

prop_compose! {
    fn intermediate()(days in days(), path_len in prop::option::weighted(0.2, 0_u8..2), constrained in prop::bool::weighted(0.2), server_only in prop::bool::weighted(0.05)) -> Ca {
        Ca { days, path_len, constrained, server_only }
    }
}

prop_compose! {
    fn leaf()(days in days(), serial in 10_u8..16, kind in 0_u8..10, listed in any::<bool>(), forged in prop::bool::weighted(0.05)) -> Leaf {
        Leaf { days, serial, kind, listed, forged }
    }
}

prop_compose! {
    fn edition()(days in days(), above in prop::bool::weighted(0.4), number in 1_u8..5, delta in prop::bool::weighted(0.2), scoped in prop::bool::weighted(0.2), other_key in prop::bool::weighted(0.2), entries in prop::collection::vec((9_u8..16, prop_oneof![Just(1), Just(HOLD), Just(REMOVE)]), 0..3)) -> Edition {
        Edition { days, above, number, delta, scoped, other_key, entries }
    }
}

prop_compose! {
    fn fleet()(
        root in days(),
        cas in prop::collection::vec(intermediate(), 0..3),
        leaves in prop::collection::vec(leaf(), 2..4),
        mut lists in prop::collection::vec(edition(), 0..4),
        plain in prop::bool::weighted(0.7),
        signer in prop::option::weighted(0.3, days()),
        crossed in prop::option::weighted(0.1, days()),
        rules in (prop::bool::weighted(0.3), prop::bool::weighted(0.3), 0_u8..4),
        kept_on in 1_u8..28,
        used in prop::collection::vec((1_u8..30, -1_i64..2), 2..4),
    ) -> Fleet {
        // most fleets have the two lists that clear them
        if plain {
            let whole = |above| Edition { days: (1, 28), above, number: 1, delta: false, scoped: false, other_key: false, entries: Vec::new() };
            lists.extend([whole(false), whole(true)]);
        }
        Fleet { root, cas, leaves, lists, signer, crossed, rules, kept_on, used }
    }
}

fn within(mut params: CertificateParams, days: Days) -> CertificateParams {
    params.not_before = date_time_ymd(2026, 1, days.0);
    params.not_after = date_time_ymd(2026, 1, days.1);
    params
}

fn at(day: u8, seconds: i64) -> UnixTime {
    now((i64::from(day) - 1) * DAY + seconds)
}

/// The certificates and lists of a fleet.
struct Minted {
    root: Vec<u8>,
    pool: Vec<Vec<u8>>,
    leaves: Vec<Vec<u8>>,
    lists: Vec<Vec<u8>>,
}

const ROOT: Toy = Toy([4, 0]);
const UNRELATED: Toy = Toy([4, 9]);
const LISTS: Toy = Toy([4, 8]);

fn mint(fleet: &Fleet) -> Minted {
    let root_params = within(ca("Root"), fleet.root);
    let root = root_params.self_signed(&ROOT).unwrap().der().to_vec();
    let mut chain = vec![(root_params, ROOT, root.clone())];
    let mut pool = Vec::new();
    for (plan, number) in fleet.cas.iter().zip(1..) {
        let (above, above_key, _) = chain.last().unwrap();
        let mut params = numbered(within(ca(&format!("CA {number}")), plan.days), 9);
        params.is_ca =
            IsCa::Ca(plan.path_len.map_or(BasicConstraints::Unconstrained, BasicConstraints::Constrained));
        if plan.constrained {
            let permitted_subtrees = vec![GeneralSubtree::DnsName("example.com".to_owned())];
            params.name_constraints =
                Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
        }
        if plan.server_only {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        }
        let own = Toy([4, number]);
        let der = sign(&params, &own, above, above_key);
        if let Some(days) = fleet.crossed.filter(|_| number == 1) {
            pool.push(sign(&within(params.clone(), days), &own, above, above_key));
        }
        pool.push(der.clone());
        chain.push((params, own, der));
    }
    let (issuer, issuer_key, issuer_der) = chain.last().unwrap();
    let (above, above_key, above_der) = chain.iter().rev().nth(1).unwrap_or(chain.first().unwrap());
    if let Some(days) = fleet.signer {
        let mut params = numbered(within(ca("x"), days), 9);
        params.distinguished_name = issuer.distinguished_name.clone();
        params.is_ca = IsCa::NoCa;
        params.key_usages = vec![KeyUsagePurpose::CrlSign];
        pool.push(sign(&params, &LISTS, above, above_key));
    }
    let name = uri("http://lists.example/1");
    let leaves = fleet.leaves.iter().map(|plan| {
        let mut params = numbered(within(entity("pump-17"), plan.days), plan.serial);
        match plan.kind {
            0 => params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            1 => params.subject_alt_names.push(SanType::DnsName("a.example.com".try_into().unwrap())),
            2 => params.subject_alt_names.push(SanType::DnsName("a.example.net".try_into().unwrap())),
            3 => params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth],
            4 => params.key_usages = vec![KeyUsagePurpose::KeyAgreement],
            _ => {}
        }
        if plan.listed {
            params = listed_at(params, &[&point(&[&full(&[&name])])]);
        }
        sign(&params, &UNRELATED, issuer, if plan.forged { &UNRELATED } else { issuer_key })
    });
    let lists = fleet.lists.iter().map(|plan| {
        let day = |day: u8| format!("2601{day:02}000000Z");
        let (by, key) = if plan.above { (above_der, above_key) } else { (issuer_der, issuer_key) };
        let list = CrlBuilder::by(by).number(plan.number).this_update(&day(plan.days.0));
        let list = list.with_next_update(Some(&day(plan.days.1)));
        let list = if plan.delta { list.delta_since(1) } else { list };
        let list = if plan.scoped { list.scope(&[&full(&[&name])]) } else { list };
        let entries = plan.entries.iter().map(|(serial, reason)| Entry::new(*serial).reason(*reason));
        entries.fold(list, |list, entry| list.entry(&entry)).sign(if plan.other_key { &LISTS } else { key })
    });
    Minted { root, pool, leaves: leaves.collect(), lists: lists.collect() }
}

fn compare(fleet: &Fleet, counts: &mut [usize; 3]) {
    let minted = mint(fleet);
    let crls = Crls::parse(&minted.lists).unwrap();
    let (leaf_only, allow, grace) = fleet.rules;
    let rules = Revocation::by(&crls)
        .with_depth(if leaf_only { RevocationDepth::Leaf } else { RevocationDepth::Path })
        .with_unknown(if allow { UnknownStatus::Allow } else { UnknownStatus::Deny })
        .with_expired(ExpiredCrl::AcceptFor { seconds: u32::from(grace) * 86_400 });
    let profile = Profile::device(ExpectedSubject::Any).with_revocation(rules);
    let anchors = Anchors::parse([&minted.root]).unwrap();
    let algorithms: &[&dyn SignatureVerificationAlgorithm] = &[&toy::ToyVerifier];
    let first = Chain::parse(minted.leaves.first().unwrap(), &minted.pool).unwrap();
    let kept_at = at(fleet.kept_on, 0);
    let kept = first.verify_keeping(&anchors, &profile, algorithms, kept_at);
    let whole = first.verify(&anchors, &profile, algorithms, kept_at);
    assert_eq!(kept.as_ref().err(), whole.as_ref().err());
    let Ok((_, issuer)) = kept else { return };
    for leaf in &minted.leaves {
        let chain = Chain::parse(leaf, &minted.pool).unwrap();
        for (day, seconds) in fleet.used.iter().copied().chain([(fleet.kept_on, 0)]) {
            let now = at(day, seconds);
            let whole = chain.verify(&anchors, &profile, algorithms, now);
            let leaf = Certificate::parse(leaf).unwrap();
            let kept = issuer.verify(&leaf, ExpectedSubject::Any, algorithms, now);
            let expired = now > issuer.until();
            match (&whole, &kept) {
                (Ok(whole), Ok(kept)) => {
                    counts[0] += 1;
                    assert!(!expired, "accepted after its expiry");
                    assert_eq!(whole.policies(), kept.policies());
                    let both = (whole.revocation(), kept.revocation());
                    // a list without a valid signature is not kept, and so not reported
                    let unknown =
                        matches!(both, (RevocationStatus::Unknown(_), RevocationStatus::Unknown(_)));
                    assert!(both.0 == both.1 || unknown || fleet.crossed.is_some(), "{both:?}");
                }
                (Err(_), Err(_)) => counts[1] += 1,
                (Err(error), Ok(_)) => panic!("accepted what the full verification refuses: {error}"),
                // another path may be valid, and an expired issuer is refused at once
                (Ok(_), Err(error)) => {
                    counts[2] += 1;
                    assert!(
                        expired || fleet.crossed.is_some(),
                        "refused what the full verification accepts: {error}"
                    );
                }
            }
        }
    }
}

#[test]
fn kept_issuer_and_full_verification_agree_on_ten_thousand_fleets() {
    let mut counts = [0; 3];
    let config = ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let counted = core::cell::RefCell::new(&mut counts);
    runner
        .run(&fleet(), |fleet| {
            compare(&fleet, &mut counted.borrow_mut());
            Ok(())
        })
        .unwrap();
    let [accepted, refused, ended] = counts;
    assert!(accepted > 5_000 && refused > 5_000 && ended > 50, "{counts:?}");
}
