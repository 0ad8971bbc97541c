//! From the credentials of a connection to its decision: MQTT, SASL PLAIN, CBS, HTTP, and a refusal.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::as_conversions, reason = "a benchmark")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hubward_benches::{admissions, criterion_cases};

fn admissions(c: &mut Criterion) {
    let world = admissions::World::new();
    let mut group = c.benchmark_group("admissions");
    group.throughput(Throughput::Elements(1));
    let ways = ["mqtt connect", "mqtt connect refused", "sasl plain", "cbs put-token", "http request"];
    criterion_cases(&mut group, world.cases(), &ways);
    group.finish();
}

criterion_group!(benches, admissions);
criterion_main!(benches);
