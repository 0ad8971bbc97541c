//! Mutated CRLs for a valid path. While the newest list, which revokes the leaf, is present, no mutation clears the
//! leaf. With all signatures accepted, so that mutations count: the order of the lists does not matter, a larger
//! budget agrees with a smaller one, and an issuer that was verified before agrees with the full verification.
#![no_main]

use core::time::Duration;

use hubward_ring::signature;
use hubward_x509::{
    Anchors, Budget, Certificate, Chain, ChainError, Crls, ExpectedSubject, Profile, Revocation,
    RevocationStatus, UnixTime,
    crl::{Crl, UnknownStatus},
};
use libfuzzer_sys::fuzz_target;
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

const ROOT: &[u8] = include_bytes!("../seeds/x509_parse/listed-root.der");
const CA: &[u8] = include_bytes!("../seeds/x509_parse/listed-ca.der");
const PUMP: &[u8] = include_bytes!("../seeds/x509_parse/listed-pump.der");
const SIGNER: &[u8] = include_bytes!("../seeds/x509_parse/listed-signer.der");
const ROOT_LIST: &[u8] = include_bytes!("../seeds/crl_parse/root.crl");
/// Number 127 revokes the pump; no other signed list has a higher number.
const REVOKED: &[u8] = include_bytes!("../seeds/crl_parse/revoked.crl");
/// 2026-01-01.
const NOW: u64 = 1_767_225_600;

/// Accepts all signatures.
#[derive(Debug)]
struct Believing;

impl SignatureVerificationAlgorithm for Believing {
    fn verify_signature(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
        Ok(())
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        signature::ECDSA_P256_SHA256.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        signature::ECDSA_P256_SHA256.signature_alg_id()
    }
}

fuzz_target!(|bytes: &[u8]| {
    let lists: Vec<Crl<'_>> = split(bytes).into_iter().filter_map(|der| Crl::parse(der).ok()).collect();
    let anchors = Anchors::parse([ROOT]).unwrap();
    let chain = Chain::parse(PUMP, [CA, SIGNER]).unwrap();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(NOW));
    let pump = || Profile::device(ExpectedSubject::Any);

    let mut genuine = gather(lists.iter());
    genuine.add(&Crl::parse(ROOT_LIST).unwrap());
    genuine.add(&Crl::parse(REVOKED).unwrap());
    for unknown in [UnknownStatus::Deny, UnknownStatus::Allow] {
        let profile = pump().with_revocation(Revocation::by(&genuine).with_unknown(unknown));
        let outcome = chain.verify(&anchors, &profile, signature::ALL, now);
        assert!(outcome.is_err(), "a revoked leaf was let pass");
    }

    let judge = |crls: &Crls, budget: Budget| {
        let profile = pump().with_revocation(Revocation::by(crls)).with_budget(budget);
        chain.verify(&anchors, &profile, &[&Believing], now).map(|verified| verified.revocation())
    };
    let crls = gather(lists.iter());
    let outcome = judge(&crls, Budget::DEFAULT);
    let backwards = judge(&gather(lists.iter().rev()), Budget::DEFAULT);
    if let Some((one, other)) = both(&outcome, &backwards) {
        assert_eq!(one, other, "the order of lists decides");
    }
    let mut small = Budget::DEFAULT;
    (small.signatures, small.steps, small.name_comparisons, small.crl_entries) = (12, 200, 200, 200);
    if let Some((narrow, wide)) = both(&judge(&crls, small), &outcome) {
        assert_eq!(narrow, wide, "more work says something else");
    }
    let Ok(status) = outcome else { return };
    assert!(matches!(status, RevocationStatus::Good { until } if until >= NOW.cast_signed()), "{status:?}");
    let profile = pump().with_revocation(Revocation::by(&crls));
    let (_, kept) = chain.verify_keeping(&anchors, &profile, &[&Believing], now).unwrap();
    let leaf = Certificate::parse(PUMP).unwrap();
    let again = kept.verify(&leaf, ExpectedSubject::Any, &[&Believing], now).unwrap();
    assert_eq!(again.revocation(), status);
});

/// Returns for each of two certificates if it is cleared, unless a budget ended.
fn both(
    one: &Result<RevocationStatus, ChainError>,
    other: &Result<RevocationStatus, ChainError>,
) -> Option<(bool, bool)> {
    let ended = |outcome: &Result<_, _>| matches!(outcome, Err(ChainError::BudgetExceeded(_)));
    (!ended(one) && !ended(other)).then_some((one.is_ok(), other.is_ok()))
}

fn gather<'i, 'a: 'i>(lists: impl Iterator<Item = &'i Crl<'a>>) -> Crls {
    let mut crls = Crls::new();
    lists.for_each(|list| crls.add(list));
    crls
}

/// Splits at most eight lists, one DER value of one or two length bytes after the other.
fn split(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut all = Vec::new();
    loop {
        let length = match bytes {
            [0x30, 0x81, short, ..] => 3 + usize::from(*short),
            [0x30, 0x82, high, low, ..] => 4 + usize::from(u16::from_be_bytes([*high, *low])),
            _ => break,
        };
        let Some((one, rest)) = bytes.split_at_checked(length) else { break };
        all.push(one);
        bytes = rest;
        if all.len() == 8 {
            return all;
        }
    }
    all.push(bytes);
    all
}
