//! Sessions rechecked: with the same record, with a decision, and after the other key was replaced.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::as_conversions, reason = "a benchmark")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hubward_benches::{admissions, criterion_cases};

fn recheck(c: &mut Criterion) {
    let world = admissions::World::new();
    let mut group = c.benchmark_group("recheck");
    group.throughput(Throughput::Elements(1));
    criterion_cases(&mut group, world.cases(), &["recheck", "recheck and decide"]);
    criterion_cases(&mut group, vec![admissions::World::new().after_rotation()], &[]);
    group.finish();
}

criterion_group!(benches, recheck);
criterion_main!(benches);
