//! Certificates parsed, compared by thumbprint, verified as chains and below a kept issuer, and issued; rustls-webpki and bare
//! signatures next to them.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::as_conversions, reason = "a benchmark")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hubward_benches::{certificates, criterion_cases, issuing};

fn certificates(c: &mut Criterion) {
    let mut group = c.benchmark_group("certificates");
    group.throughput(Throughput::Elements(1));
    criterion_cases(&mut group, certificates::cases(), &[]);
    criterion_cases(&mut group, vec![certificates::thumbprint()], &[]);
    criterion_cases(&mut group, issuing::cases(), &[]);
    group.finish();
}

criterion_group!(benches, certificates);
criterion_main!(benches);
