//! Tokens parsed and verified: with one key, with two, in a batch, with ordinary and with the longest ids; ring, JWT libraries and a
//! naive verifier next to them.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::as_conversions, reason = "a benchmark")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hubward_benches::{criterion_cases, peers, tokens};

fn tokens(c: &mut Criterion) {
    let fixture = tokens::Fixture::new();
    let mut group = c.benchmark_group("tokens");
    group.throughput(Throughput::Elements(1));
    let ours = ["parse", "verify one", "verify two", "verify ring provider", "verify ring provider two"];
    criterion_cases(&mut group, tokens::ours(&fixture), &ours);
    let peers_named = ["ring verify", "three compressions", "naive", "jsonwebtoken", "jwt-simple"];
    criterion_cases(&mut group, peers::cases(&fixture), &peers_named);
    group.throughput(Throughput::Elements(16));
    let batches = [
        "sixteen parsed one at a time",
        "sixteen parsed in a batch",
        "sixteen one at a time",
        "sixteen in a batch",
    ];
    criterion_cases(&mut group, tokens::ours(&fixture), &batches);
    let [parse, verify] = tokens::longest(&fixture);
    group.throughput(Throughput::Bytes(tokens::longest_len()));
    criterion_cases(&mut group, vec![parse, verify], &[]);
    group.finish();
}

criterion_group!(benches, tokens);
criterion_main!(benches);
