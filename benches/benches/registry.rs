//! Lookups in a registry, warm and cold, by the number of devices: HUBWARD_BENCH_MOST=10000000 goes to ten million.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::as_conversions, reason = "a benchmark")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hubward_benches::registry::Sized;
use hubward_benches::{criterion_cases, sizes};

fn registry(c: &mut Criterion) {
    let mut group = c.benchmark_group("registry");
    group.throughput(Throughput::Elements(1));
    for devices in sizes::powers(3, 7) {
        let fleet = Sized::new(devices);
        let name = |what: &str| &*format!("{what}, {devices} devices").leak();
        let cases = vec![fleet.warm(name("warm")), fleet.cold(name("cold")), fleet.verify(name("verify"))];
        criterion_cases(&mut group, cases, &[]);
    }
    group.finish();
}

criterion_group!(benches, registry);
criterion_main!(benches);
