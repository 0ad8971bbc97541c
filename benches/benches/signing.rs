//! Tokens signed and renewed; ring and JWT libraries next to them.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::as_conversions, reason = "a benchmark")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hubward_benches::{criterion_cases, peers, tokens};

fn signing(c: &mut Criterion) {
    let fixture = tokens::Fixture::new();
    let mut group = c.benchmark_group("signing");
    group.throughput(Throughput::Elements(1));
    criterion_cases(&mut group, tokens::ours(&fixture), &["sign"]);
    criterion_cases(&mut group, vec![tokens::renew(&fixture)], &[]);
    criterion_cases(
        &mut group,
        peers::cases(&fixture),
        &["ring sign", "jsonwebtoken sign", "jwt-simple sign"],
    );
    group.finish();
}

criterion_group!(benches, signing);
criterion_main!(benches);
