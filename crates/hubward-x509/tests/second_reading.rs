//! Comparison of the parser with `x509-cert` on altered certificates.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test"
)]

#[path = "common/mod.rs"]
mod minting;
#[path = "common/oracle.rs"]
mod oracle;

use std::collections::BTreeMap;

use minting::{Fleet, ca, der, entity, key};
use oracle::{Agreement, compare};
use proptest::prelude::*;
use rcgen::{GeneralSubtree, NameConstraints, SanType};

/// Certificates of several shapes.
fn seeds() -> Vec<Vec<u8>> {
    let (p256, rsa) = (Fleet::p256("pump-17"), Fleet::rsa("pump-17"));
    let mut named = entity("hub");
    named.subject_alt_names =
        vec![SanType::DnsName("hub.example".try_into().unwrap()), SanType::IpAddress([192, 0, 2, 1].into())];
    let mut limited = ca("CA");
    limited.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("a.example".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    let own = |params: &rcgen::CertificateParams| params.self_signed(&key()).unwrap().der().to_vec();
    vec![p256.root, p256.intermediate, p256.leaf, rsa.leaf, own(&named), own(&limited)]
}

#[test]
fn both_readings_agree_or_a_named_difference_applies() {
    let seeds = seeds();
    for seed in &seeds {
        assert_eq!(compare(seed), Agreement::Same);
    }
    let config = ProptestConfig { cases: 30_000, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..8), 1..3);
    let cases = (prop::sample::select(seeds), edits);
    let counts = core::cell::RefCell::new(BTreeMap::<Agreement, u32>::new());
    runner
        .run(&cases, |(mut der, edits)| {
            for (at, value, kind) in edits {
                let at = at.index(der.len());
                match kind {
                    // small changes keep the structure more often
                    0 | 1 => der[at] = value,
                    2 | 3 => der[at] ^= 1 << (value % 8),
                    4 | 5 => der[at] = der[at].wrapping_add(1),
                    6 => der[at] = *[0, 1, 0x30, 0x31, 0x80, 0xff].get(usize::from(value % 6)).unwrap(),
                    _ => der.truncate(at.max(1)),
                }
            }
            *counts.borrow_mut().entry(compare(&der)).or_default() += 1;
            Ok(())
        })
        .unwrap();
    let counts = counts.borrow();
    assert!(counts[&Agreement::Same] > 1_000 && counts[&Agreement::Refused] > 1_000, "{counts:?}");
    assert!(counts.len() > 4, "{counts:?}");
}
