//! Tokens of Storage: verified and signed; the bare HMAC and a builder of strings next to them.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::as_conversions, reason = "a benchmark")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hubward_benches::{cloud, criterion_cases};

fn cloud(c: &mut Criterion) {
    let mut group = c.benchmark_group("cloud");
    group.throughput(Throughput::Elements(1));
    criterion_cases(&mut group, cloud::cases(), &[]);
    group.finish();
}

criterion_group!(benches, cloud);
criterion_main!(benches);
