//! Random chains, verified by this crate and by rustls-webpki.
#![allow(dead_code, unreachable_pub, clippy::arithmetic_side_effects, reason = "a test")]

use std::collections::BTreeMap;

use super::second_verifier::chains::{Case, draw, of_input};
use super::second_verifier::{Agreement, Use, compare};

/// The results of comparisons.
#[derive(Debug, Default)]
pub struct Results {
    /// How often each known result occurred.
    pub known: BTreeMap<Agreement, usize>,
    /// The differences without a name, one of each kind.
    pub unnamed: BTreeMap<String, String>,
}

/// Compares the verifications of `count` random chains.
pub fn run(count: usize, seed: u64) -> Results {
    let mut results = Results::default();
    let mut state = seed;
    for _ in 0..count {
        // most choices are the usual ones, or hardly any chain would be accepted
        let choice = |[seldom, byte, ..]: [u8; 8]| if seldom < 24 { byte } else { 0 };
        let bytes: Vec<u8> = (0..512).map(|_| choice(split_mix(&mut state).to_be_bytes())).collect();
        record(&draw(&bytes), &mut results);
    }
    results
}

/// Compares the verifications of the chains of these inputs of the fuzz target.
pub fn replay(inputs: impl Iterator<Item = Vec<u8>>, root: &[u8]) -> Results {
    let mut results = Results::default();
    for input in inputs {
        if let Some(case) = of_input(&input, root) {
            record(&case, &mut results);
        }
    }
    results
}

fn record(case: &Case, results: &mut Results) {
    for purpose in Use::ALL {
        match compare(case, purpose) {
            Ok(known) => *results.known.entry(known).or_default() += 1,
            Err(unnamed) => {
                let kind = unnamed.lines().next().unwrap_or_default().to_owned();
                results.unnamed.entry(kind).or_insert(unnamed);
            }
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
