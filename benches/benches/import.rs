//! Lines imported into an empty registry; serde_json reading them into borrowed fields next to it.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::as_conversions, reason = "a benchmark")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hubward_benches::registry::{exported, import_lines, parse_lines};
use hubward_benches::sizes;

fn import(c: &mut Criterion) {
    let mut group = c.benchmark_group("import");
    group.sample_size(10);
    for devices in sizes::powers(3, 5) {
        let text = exported(devices);
        group.throughput(Throughput::Elements(devices as u64));
        group.bench_function(format!("import, {devices} lines"), |b| {
            b.iter_with_large_drop(|| import_lines(&text));
        });
        group.bench_function(format!("serde_json, {devices} lines"), |b| b.iter(|| parse_lines(&text)));
    }
    group.finish();
}

criterion_group!(benches, import);
criterion_main!(benches);
