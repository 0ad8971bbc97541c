//! The selection of an enrollment, by the number of groups: each tried, named by the request, and by the issuer of a
//! certificate.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::as_conversions, reason = "a benchmark")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hubward_benches::provisioning::{Groups, Issuers};
use hubward_benches::{criterion_cases, sizes};

fn provisioning(c: &mut Criterion) {
    let mut group = c.benchmark_group("provisioning");
    group.throughput(Throughput::Elements(1)).sample_size(10);
    for count in sizes::powers(1, 5) {
        let (groups, issuers) = (Groups::with_keys(count), Issuers::new(count));
        let name = |what: &str| &*format!("{what}, {count} groups").leak();
        let cases = vec![
            groups.tried(name("each key tried")),
            groups.named(name("group named")),
            issuers.case(name("by issuer")),
        ];
        criterion_cases(&mut group, cases, &[]);
    }
    group.finish();
}

criterion_group!(benches, provisioning);
criterion_main!(benches);
