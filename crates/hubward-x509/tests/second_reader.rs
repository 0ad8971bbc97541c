//! `x509-cert` as a second opinion on the parser. The fuzz target `x509_second_reader` has the same comparison.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test"
)]

#[path = "common/mod.rs"]
mod minting;
#[path = "common/second_reader.rs"]
mod second_reader;

use std::collections::BTreeMap;

use minting::{Fleet, ca, entity, key, sign};
use proptest::prelude::{any, prop};
use proptest::proptest;
use second_reader::{Compared, compare};

fn certificates() -> Vec<Vec<u8>> {
    let (root_key, root) = (key(), ca("Root"));
    let mut named = entity("pump-17");
    named.subject_alt_names.push(rcgen::SanType::DnsName("pump.example".try_into().unwrap()));
    named.extended_key_usages.push(rcgen::ExtendedKeyUsagePurpose::ClientAuth);
    let self_signed = root.self_signed(&root_key).unwrap().der().to_vec();
    vec![
        self_signed,
        sign(&named, &key(), &root, &root_key),
        Fleet::rsa("pump").leaf,
        Fleet::p256("pump").leaf,
    ]
}

#[test]
fn whole_certificates_are_read_the_same() {
    for der in certificates() {
        assert_eq!(compare(&der), Compared::Same);
        for length in 0..der.len() {
            assert_eq!(compare(&der[..length]), Compared::Neither);
        }
    }
}

#[test]
fn each_altered_byte_is_read_the_same_or_is_a_named_difference() {
    let mut counts = BTreeMap::new();
    for der in certificates() {
        for at in 0..der.len() {
            for bit in 0..8 {
                let mut altered = der.clone();
                altered[at] ^= 1 << bit;
                *counts.entry(compare(&altered)).or_insert(0_usize) += 1;
            }
        }
    }
    assert!(counts[&Compared::Same] > 1_000 && counts[&Compared::Neither] > 1_000, "{counts:?}");
}

proptest! {
    #[test]
    fn bytes_put_into_a_certificate_are_read_the_same_or_named(
        which in 0_usize..4,
        at in any::<prop::sample::Index>(),
        cut in 0_usize..12,
        bytes in prop::collection::vec(any::<u8>(), 0..12),
    ) {
        let mut der = certificates()[which].clone();
        let at = at.index(der.len());
        let end = (at + cut).min(der.len());
        der.splice(at..end, bytes);
        compare(&der);
    }
}
