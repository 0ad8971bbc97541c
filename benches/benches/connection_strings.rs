//! Connection strings parsed; a map of strings next to them.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::as_conversions, reason = "a benchmark")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hubward_benches::{connection_strings, criterion_cases};

fn connection_strings(c: &mut Criterion) {
    let mut group = c.benchmark_group("connection strings");
    group.throughput(Throughput::Bytes(connection_strings::DEVICE.len() as u64));
    criterion_cases(
        &mut group,
        connection_strings::cases(),
        &["device string", "any kind, a device's", "naive map of strings"],
    );
    group.throughput(Throughput::Bytes(connection_strings::SERVICE.len() as u64));
    criterion_cases(&mut group, connection_strings::cases(), &["any kind, a service's"]);
    group.throughput(Throughput::Bytes(connection_strings::STORAGE.len() as u64));
    criterion_cases(&mut group, connection_strings::cases(), &["any kind, a storage account's"]);
    group.finish();
}

criterion_group!(benches, connection_strings);
criterion_main!(benches);
