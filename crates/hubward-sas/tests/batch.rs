//! Batches: the results are those of single verification.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
use common::*;
use hubward_core::{KeySlot, Keys, MacKey};
use hubward_rustcrypto::HmacKey;
use hubward_sas::{SasToken, TokenRules, VerifyError};
use proptest::prelude::*;

type Verdict = Result<KeySlot, VerifyError>;

fn verdicts<K: MacKey>(batch: &[(SasToken<'_>, Keys<'_, K>)]) -> (Vec<Verdict>, Vec<Verdict>) {
    let (now, rules) = (at(EXPIRY), TokenRules::STRICT);
    let single = batch
        .iter()
        .map(|(token, keys)| token.verify_for_any_host(*keys, now, &rules).map(|v| v.key_slot()))
        .collect();
    let mut together = Vec::new();
    SasToken::verify_batch(
        batch.iter().map(|(token, keys)| (token, *keys)),
        now,
        &rules,
        |index, verdict| {
            assert_eq!(index, together.len(), "in order, once each");
            together.push(verdict.map(|v| v.key_slot()));
        },
    );
    (single, together)
}

proptest! {
    #[test]
    fn a_batch_returns_the_results_of_single_tokens(kinds in proptest::collection::vec((0..6_usize, 1..200_usize, 0..4_usize), 0..9)) {
        let (good, bad) = (key(), other_key());
        let ring = |text| hubward_ring::HmacKey::new(&hubward_core::SymmetricKey::from_base64(text).unwrap());
        let (ring_good, ring_bad) = (ring(KEY), ring("ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="));
        let texts: Vec<String> = kinds
            .iter()
            .map(|(kind, len, _)| {
                let sr = format!("h.example/devices/{}", "d".repeat((*len).min(128)));
                let expiry = if *kind == 5 { EXPIRY - 1 } else { EXPIRY };
                token(&sr, &expiry.to_string())
            })
            .collect();
        let tokens: Vec<_> = texts.iter().map(|text| parse(text).unwrap()).collect();
        fn choose<'k, K: MacKey>(choice: usize, good: &'k K, bad: &'k K) -> Keys<'k, K> {
            match choice {
                0 => Keys::one(good),
                1 => Keys::one(bad),
                2 => Keys::pair(bad, good),
                _ => Keys::one(bad).with_dummy(good),
            }
        }
        let batch: Vec<(SasToken<'_>, Keys<'_, HmacKey>)> =
            tokens.iter().zip(&kinds).map(|(token, (_, _, choice))| (*token, choose(*choice, &good, &bad))).collect();
        let (expected, together) = verdicts(&batch);
        prop_assert_eq!(&expected, &together);
        let batch: Vec<_> =
            tokens.iter().zip(&kinds).map(|(token, (_, _, choice))| (*token, choose(*choice, &ring_good, &ring_bad))).collect();
        prop_assert_eq!(verdicts(&batch), (expected.clone(), expected));
    }
}

#[test]
fn a_batch_does_not_allocate() {
    let (text, key) = (device1(), key());
    let batch = [(parse(&text).unwrap(), Keys::one(&key)); 5];
    let mut accepted = 0;
    let count = allocation_counter::measure(|| {
        let batch = batch.iter().map(|(token, keys)| (token, *keys));
        SasToken::verify_batch(batch, at(EXPIRY), &TokenRules::STRICT, |_, verdict| {
            accepted += usize::from(verdict.is_ok())
        });
    });
    assert_eq!((count.count_total, accepted), (0, 5));
}
