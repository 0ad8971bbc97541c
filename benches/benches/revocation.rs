//! The status of a leaf in a revocation list, by the number of its entries; rustls-webpki next to it.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::as_conversions, reason = "a benchmark")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hubward_benches::revocation::Listed;
use hubward_benches::{criterion_cases, sizes};

fn revocation(c: &mut Criterion) {
    let mut group = c.benchmark_group("revocation");
    group.throughput(Throughput::Elements(1));
    for entries in sizes::powers(2, 6) {
        let listed = Listed::new(u32::try_from(entries).unwrap());
        let name = |what: &str| &*format!("{what}, {entries} entries").leak();
        let cases = vec![
            listed.kept(name("kept issuer")),
            listed.prepared(name("prepared lists")),
            listed.whole(name("whole chain")),
            listed.webpki(name("webpki, whole chain")),
        ];
        criterion_cases(&mut group, cases, &[]);
    }
    group.finish();
}

criterion_group!(benches, revocation);
criterion_main!(benches);
