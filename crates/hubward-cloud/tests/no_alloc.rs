//! The accepting path allocates nothing.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
use common::*;
use hubward_cloud::storage::{Access, Context, Permission, Resource, Sas, Service};

#[test]
fn a_blob_token_is_verified_from_its_query_without_allocation() {
    let text = "r\n\n2030-01-01T00:00:00Z\n/blob/acct1/cont/dir/ü b.txt\n\n10.0.0.1\nhttps\n2026-10-06\nb\n\n\n\
        no-cache\n\n\n\ntext/plain; charset=utf-8";
    let query = format!(
        "sv=2026-10-06&se=2030-01-01T00%3A00%3A00Z&sr=b&sp=r&sip=10.0.0.1&spr=https&rscc=no-cache\
        &rsct=text%2Fplain%3B%20charset%3Dutf-8&sig={}",
        escape(&sign(text))
    );
    let key = account_key();
    let count = allocation_counter::measure(|| {
        let blob = Resource::from_path(Service::Blob, "acct1", "/cont/dir/%C3%BC%20b.txt").unwrap();
        let sas = Sas::parse(&query).unwrap();
        let grant = sas.verify(&blob, &key, &Context::new(at(EXPIRY))).unwrap();
        let access = Access::new(&blob, Permission::Read, at(EXPIRY)).with_address([10, 0, 0, 1].into());
        assert_eq!(grant.judge(&access), Ok(()));
    });
    assert_eq!(count.count_total, 0);
}
