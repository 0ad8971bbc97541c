//! The fixtures and the cases of `ratios`, `growth`, `cores`, `instructions` and of the criterion benches: each hot path is
//! written once, and its peer next to it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::disallowed_methods,
    clippy::std_instead_of_core,
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    clippy::new_without_default,
    clippy::exhaustive_structs,
    missing_debug_implementations,
    missing_docs,
    unreachable_pub,
    reason = "a measurement that cannot go on must stop, and it must read a clock"
)]

pub mod admissions;
pub mod case;
pub mod certificates;
pub mod cloud;
pub mod connection_strings;
pub mod issuing;
#[path = "../../crates/hubward/examples/bearer/provider.rs"]
mod jsonwebtoken_provider;
pub mod lengths;
#[path = "../../crates/hubward-x509/tests/common/mod.rs"]
pub mod minting;
pub mod naive;
pub mod peers;
pub mod pictures;
pub mod provisioning;
pub mod record;
pub mod registry;
pub mod revocation;
pub mod rights;
pub mod sizes;
pub mod tokens;

use criterion::BenchmarkGroup;
use criterion::measurement::WallTime;

/// Adds the cases with these names to a group of criterion's, in this order, or all of them if no name is given.
pub fn criterion_cases(group: &mut BenchmarkGroup<'_, WallTime>, cases: Vec<case::Case<'_>>, names: &[&str]) {
    let mut add = |mut case: case::Case<'_>| {
        group.bench_function(case.name, |b| b.iter(|| (case.run)()));
    };
    if names.is_empty() {
        cases.into_iter().for_each(add);
        return;
    }
    let mut cases: Vec<_> = cases.into_iter().map(Some).collect();
    for name in names {
        let named = cases.iter_mut().find(|case| case.as_ref().is_some_and(|case| case.name == *name));
        add(named.and_then(Option::take).expect(name));
    }
}
