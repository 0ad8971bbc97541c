//! Rights, statements, roles and access lists, by their number; Cedar next to them.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::as_conversions, reason = "a benchmark")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hubward_benches::{criterion_cases, rights};

fn authorization(c: &mut Criterion) {
    let mut group = c.benchmark_group("authorization");
    group.throughput(Throughput::Elements(1));
    criterion_cases(&mut group, rights::cases(), &["rights", "cedar 5", "cedar 100"]);
    for count in [5, 50, 500, 1_000] {
        let name = |what: &str| &*format!("{what}, {count}").leak();
        let cases = vec![
            rights::statements(name("statements of a device each"), count),
            rights::statements_for_all(name("statements for all"), count),
            rights::roles(name("roles of a user each"), count),
            rights::lists(name("block list of devices"), count, false),
            rights::lists(name("block list of groups"), count, true),
        ];
        criterion_cases(&mut group, cases, &[]);
    }
    group.finish();
}

criterion_group!(benches, authorization);
criterion_main!(benches);
