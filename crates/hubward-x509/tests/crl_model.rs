//! Comparison of revocation with a slow, simple model of RFC 5280 6.3.3 on sets, without DER: random lists for one
//! leaf, by its issuer and by another CA that its issuer delegates revocation to.
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, reason = "a test")]

#[path = "common/crl_builder.rs"]
mod crl_builder;
#[path = "common/mod.rs"]
mod minting;
#[path = "common/toy.rs"]
mod toy;

use std::collections::BTreeSet;

use crl_builder::{CrlBuilder, Entry, directory, full, listed_at, name_of, numbered, point, tlv, uri};
use hubward_x509::{
    Anchors, Chain, ChainError, Crls, ExpectedSubject, Problem, Profile, Revocation, RevocationStatus,
    crl::RevocationDepth,
};
use minting::{ca, entity, now, sign};
use proptest::prelude::*;
use rcgen::{CertificateParams, KeyUsagePurpose};
use rustls_pki_types::SignatureVerificationAlgorithm;
use toy::Toy;

const CA: Toy = Toy([4, 1]);
const DELEGATE: Toy = Toy([4, 2]);
const FORGER: Toy = Toy([4, 3]);
const LEAF: u8 = 17;
const REMOVE: u8 = 8;
/// Bits of `ReasonFlags` without `unused`.
const ALL: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CrlIssuer {
    Ca,
    Delegate,
}

#[derive(Debug, Clone)]
struct Plan {
    by: CrlIssuer,
    forged: bool,
    number: u8,
    base: Option<u8>,
    /// Days of January 2026; the tenth is now.
    days: (u8, u8),
    name: Option<u8>,
    /// onlyContainsUserCerts, CACerts, AttributeCerts.
    kind: Option<u8>,
    reasons: Option<Vec<u8>>,
    indirect: bool,
    unknown_critical: bool,
    /// Serial number, reason, and the certificate issuer from this entry on.
    entries: Vec<(u8, u8, Option<CrlIssuer>)>,
}

#[derive(Debug, Clone)]
struct PointPlan {
    name: Option<u8>,
    reasons: Option<Vec<u8>>,
    delegated: bool,
}

fn reasons() -> impl Strategy<Value = Option<Vec<u8>>> {
    prop_oneof![
        3 => Just(None),
        1 => Just(Some(vec![1, 2])),
        1 => Just(Some(vec![3, 4, 5, 6, 7, 8])),
        1 => prop::sample::subsequence(ALL.to_vec(), 0..8).prop_map(Some),
    ]
}

fn crl_issuer() -> impl Strategy<Value = CrlIssuer> {
    prop_oneof![3 => Just(CrlIssuer::Ca), 1 => Just(CrlIssuer::Delegate)]
}

prop_compose! {
    fn plan()(
        by in crl_issuer(),
        forged in prop::bool::weighted(0.05),
        number in 1_u8..6,
        base in prop::option::weighted(0.25, 1_u8..5),
        days in prop_oneof![6 => Just((1, 20)), 1 => Just((1, 9)), 1 => Just((11, 20)), 1 => Just((5, 15))],
        name in prop::option::weighted(0.4, 0_u8..3),
        kind in prop::option::weighted(0.2, 1_u8..4),
        reasons in reasons(),
        indirect in prop::bool::weighted(0.4),
        unknown_critical in prop::bool::weighted(0.05),
        entries in prop::collection::vec(
            (16_u8..19, prop_oneof![Just(1_u8), Just(6), Just(REMOVE)], prop::option::weighted(0.3, crl_issuer())),
            0..3,
        ),
    ) -> Plan {
        Plan { by, forged, number, base, days, name, kind, reasons, indirect, unknown_critical, entries }
    }
}

prop_compose! {
    fn point_plan()(name in prop::option::weighted(0.8, 0_u8..3), reasons in reasons(), delegated in any::<bool>()) -> PointPlan {
        // a point has a name or an issuer
        PointPlan { delegated: delegated || name.is_none(), name, reasons }
    }
}

fn bits(reasons: &[u8]) -> Vec<u8> {
    let set = reasons.iter().fold(0_u16, |set, bit| set | 0x8000 >> bit);
    let [first, second] = set.to_be_bytes();
    match (first, second) {
        (0, 0) => vec![0],
        (_, 0) => vec![u8::try_from(first.trailing_zeros()).unwrap(), first],
        _ => vec![u8::try_from(second.trailing_zeros()).unwrap(), first, second],
    }
}

fn location(name: u8) -> Vec<u8> {
    full(&[&uri(&format!("http://lists.example/{name}"))])
}

/// The issuers, the same in all cases.
struct Issuers {
    params: CertificateParams,
    ca: Vec<u8>,
    delegate: Vec<u8>,
}

impl Issuers {
    fn mint() -> Self {
        let params = ca("CA");
        let ca = params.self_signed(&CA).unwrap().der().to_vec();
        let mut delegate = numbered(entity("Lists"), 3);
        delegate.key_usages = vec![KeyUsagePurpose::CrlSign];
        let delegate = sign(&delegate, &DELEGATE, &params, &CA);
        Self { params, ca, delegate }
    }

    fn of(&self, who: CrlIssuer) -> &[u8] {
        if who == CrlIssuer::Ca { &self.ca } else { &self.delegate }
    }
}

/// Encodes the leaf and its lists.
fn mint(issuers: &Issuers, points: &[PointPlan], plans: &[Plan]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let issuer = tlv(0xa2, &directory(&name_of(&issuers.delegate)));
    let points: Vec<Vec<u8>> = points
        .iter()
        .map(|plan| {
            let name = plan.name.map_or(Vec::new(), location);
            let reasons = plan.reasons.as_ref().map_or(Vec::new(), |list| tlv(0x81, &bits(list)));
            point(&[&name, &reasons, if plan.delegated { &issuer } else { &[] }])
        })
        .collect();
    let points: Vec<&[u8]> = points.iter().map(Vec::as_slice).collect();
    let leaf = numbered(entity("pump-17"), LEAF);
    let leaf = if points.is_empty() { leaf } else { listed_at(leaf, &points) };
    let leaf = sign(&leaf, &FORGER, &issuers.params, &CA);
    let lists = plans.iter().map(|plan| {
        let day = |day: u8| format!("2601{day:02}000000Z");
        let list = CrlBuilder::by(issuers.of(plan.by)).number(plan.number);
        let list = list.this_update(&day(plan.days.0)).with_next_update(Some(&day(plan.days.1)));
        let list = plan.base.iter().fold(list, |list, base| list.delta_since(*base));
        let mut scope = plan.name.map_or(Vec::new(), location);
        for (number, set) in [(0x81, plan.kind == Some(1)), (0x82, plan.kind == Some(2))] {
            scope.extend(if set { tlv(number, &[0xff]) } else { Vec::new() });
        }
        scope.extend(plan.reasons.as_ref().map_or(Vec::new(), |list| tlv(0x83, &bits(list))));
        for (number, set) in [(0x84, plan.indirect), (0x85, plan.kind == Some(3))] {
            scope.extend(if set { tlv(number, &[0xff]) } else { Vec::new() });
        }
        let list = if scope.is_empty() { list } else { list.scope(&[&scope]) };
        let list = if plan.unknown_critical { list.extension(&[0x2a, 3, 4], true, &[5, 0]) } else { list };
        let list = plan.entries.iter().fold(list, |list, (serial, reason, certificate_issuer)| {
            let entry = Entry::new(*serial).reason(*reason);
            list.entry(
                &certificate_issuer
                    .iter()
                    .fold(entry, |entry, who| entry.issued_by(&name_of(issuers.of(*who)))),
            )
        });
        list.sign(match plan.by {
            _ if plan.forged => &FORGER,
            CrlIssuer::Ca => &CA,
            CrlIssuer::Delegate => &DELEGATE,
        })
    });
    (leaf, lists.collect())
}

#[derive(Debug, PartialEq, Eq)]
enum Status {
    Revoked,
    Good,
    Unknown,
}

type Reasons = BTreeSet<u8>;

impl Plan {
    fn is_current(&self) -> bool {
        (self.days.0..=self.days.1).contains(&10)
    }

    fn scope(&self) -> (CrlIssuer, Option<u8>, Option<u8>, &Option<Vec<u8>>, bool) {
        (self.by, self.name, self.kind, &self.reasons, self.indirect)
    }

    /// Returns every reason in the entries for the leaf.
    fn reasons_for_leaf(&self) -> Vec<u8> {
        let mut certificate_issuer = self.by;
        let mut found = Vec::new();
        for (serial, reason, turn) in &self.entries {
            certificate_issuer = turn.unwrap_or(certificate_issuer);
            if (*serial, certificate_issuer) == (LEAF, CrlIssuer::Ca) {
                found.push(*reason);
            }
        }
        found
    }

    /// Returns the reasons for which it would contain the leaf.
    fn covers(&self, points: &[PointPlan]) -> Reasons {
        let mut covered = Reasons::new();
        let listed: Reasons = self.reasons.clone().unwrap_or(ALL.to_vec()).into_iter().collect();
        if matches!(self.kind, Some(2 | 3)) {
            return covered;
        }
        for point in points {
            let fits = if point.delegated {
                // without a name the point has its issuer's own name, which no list here has
                self.by == CrlIssuer::Delegate
                    && self.indirect
                    && (self.name.is_none() || point.name == self.name)
            } else {
                self.by == CrlIssuer::Ca && (self.name.is_none() || point.name == self.name)
            };
            if fits {
                let wanted = point.reasons.clone().unwrap_or(ALL.to_vec()).into_iter().collect();
                covered.extend(listed.intersection(&wanted));
            }
        }
        if self.by == CrlIssuer::Ca && self.name.is_none() {
            covered.extend(&listed);
        }
        covered
    }
}

/// Returns whether the newest delta list for a complete one is current and takes the leaf off.
fn removed_by_delta(list: &Plan, good: &[&Plan]) -> bool {
    let mut deltas: Vec<&&Plan> = good
        .iter()
        .filter(|delta| delta.scope() == list.scope() && delta.number > list.number)
        .filter(|delta| delta.base.is_some_and(|base| base <= list.number))
        .collect();
    deltas.reverse();
    deltas.sort_by_key(|delta| (delta.number, delta.days.0));
    deltas.last().is_some_and(|delta| {
        let found = delta.reasons_for_leaf();
        !found.is_empty() && found.iter().all(|reason| *reason == REMOVE) && delta.is_current()
    })
}

fn model(points: &[PointPlan], plans: &[Plan]) -> Status {
    let good: Vec<&Plan> = plans.iter().filter(|plan| !plan.forged && !plan.unknown_critical).collect();
    let applicable = |plan: &&&Plan| plan.base.is_none() && !plan.covers(points).is_empty();
    let later = |a: &Plan, b: &Plan| (a.number, a.days.0) > (b.number, b.days.0);
    let mut covered = Reasons::new();
    for list in good.iter().filter(applicable) {
        let replaced = good
            .iter()
            .filter(applicable)
            .any(|other| other.scope() == list.scope() && later(other, list) && other.days.0 <= 10);
        if replaced {
            continue;
        }
        let mut deltas: Vec<&&Plan> = good
            .iter()
            .filter(|delta| delta.scope() == list.scope() && delta.number > list.number)
            .filter(|delta| delta.base.is_some_and(|base| base <= list.number))
            .collect();
        // of two equally late ones the first that was passed
        deltas.reverse();
        deltas.sort_by_key(|delta| (delta.number, delta.days.0));
        let mut current = list.is_current();
        let mut removed = false;
        if let Some(delta) = deltas.last() {
            let found = delta.reasons_for_leaf();
            if found.iter().any(|reason| *reason != REMOVE) {
                return Status::Revoked;
            }
            removed = !found.is_empty() && delta.is_current();
            current |= delta.is_current();
        }
        if !removed && !list.reasons_for_leaf().is_empty() {
            return Status::Revoked;
        }
        if current {
            covered.extend(list.covers(points));
        }
    }
    // the issuer's own lists that do not cover the leaf revoke it if they contain it and are current
    let own = |plan: &&&Plan| {
        let outside = plan.base.is_none() && plan.covers(points).is_empty();
        outside && plan.by == CrlIssuer::Ca && plan.kind != Some(3)
    };
    for list in good.iter().filter(own) {
        let replaced = good
            .iter()
            .filter(own)
            .any(|other| other.scope() == list.scope() && later(other, list) && other.days.0 <= 10);
        if list.is_current()
            && !replaced
            && !list.reasons_for_leaf().is_empty()
            && !removed_by_delta(list, &good)
        {
            return Status::Revoked;
        }
    }
    if covered.len() == ALL.len() { Status::Good } else { Status::Unknown }
}

fn check(issuers: &Issuers, leaf: &[u8], lists: &[Vec<u8>]) -> Status {
    let crls = Crls::parse(lists).unwrap();
    let anchors = Anchors::parse([&issuers.ca]).unwrap();
    let chain = Chain::parse(leaf, [&issuers.delegate]).unwrap();
    let algorithms: &[&dyn SignatureVerificationAlgorithm] = &[&toy::ToyVerifier];
    let verify = |crls: &Crls| {
        let rules = Revocation::by(crls).with_depth(RevocationDepth::Leaf);
        let profile = Profile::device(ExpectedSubject::Any).with_revocation(rules);
        chain.verify(&anchors, &profile, algorithms, now(9 * 86_400)).map(|verified| verified.revocation())
    };
    let status = verify(&crls);
    assert_eq!(verify(&crls.prepared(&anchors, algorithms)), status, "prepared lists decide the same");
    match status {
        Ok(RevocationStatus::Good { .. }) => Status::Good,
        Err(ChainError::Refused { problem: Problem::Revoked { .. }, .. }) => Status::Revoked,
        Err(ChainError::Refused { problem: Problem::RevocationUnknown(_), .. }) => Status::Unknown,
        other => panic!("{other:?}"),
    }
}

#[test]
fn random_lists_have_the_status_of_the_model() {
    let issuers = Issuers::mint();
    let config = ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let counts = core::cell::RefCell::new([0_u32; 3]);
    let cases = (prop::collection::vec(point_plan(), 0..3), prop::collection::vec(plan(), 1..6));
    runner
        .run(&cases, |(points, plans)| {
            let (leaf, lists) = mint(&issuers, &points, &plans);
            let verdict = check(&issuers, &leaf, &lists);
            let at = match verdict {
                Status::Revoked => 0,
                Status::Good => 1,
                Status::Unknown => 2,
            };
            *counts.borrow_mut().get_mut(at).unwrap() += 1;
            prop_assert_eq!(verdict, model(&points, &plans));
            Ok(())
        })
        .unwrap();
    assert!(counts.borrow().iter().all(|count| *count > 200), "{counts:?}");
}
