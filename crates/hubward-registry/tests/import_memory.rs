//! The memory of an import does not grow with the number of lines.
#![cfg(feature = "json")]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test"
)]
mod common;
use allocation_counter::{AllocationInfo, measure};
use common::*;
use hubward_registry::{Change, ExportKeys, Importer, NoEntropy};
use hubward_rustcrypto::HmacKey;

#[test]
fn a_hundred_times_the_lines_need_the_same_memory() {
    let mut hub = Hub::unseeded();
    for number in 0..100 {
        let id = format!("pump-{number}");
        hub.create(who(&id), sas(&id), Change::new()).unwrap();
    }
    let mut lines = String::new();
    hub.iter().for_each(|view| view.export(ExportKeys::Included, &mut lines).unwrap());
    let mut import = |times: usize| -> AllocationInfo {
        measure(|| {
            let mut empty = |_: &mut [u8]| Err(NoEntropy);
            let all = lines.lines().cycle().take(times * 100);
            let summary =
                Importer::new(&mut hub, &mut empty, HmacKey::new).run(all, |error| panic!("{error}"));
            assert_eq!(summary.updated, times as u64 * 100);
        })
    };
    import(1);
    let (few, many) = (import(1), import(100));
    assert_eq!((few.bytes_current, many.bytes_current), (0, 0), "nothing is kept beyond the store");
    assert_eq!(few.bytes_max, many.bytes_max);
}
