//! Versions of records: two numbers that a store keeps apart.
#![allow(missing_docs, reason = "a test")]

use hubward_core::RecordVersion;

#[test]
fn a_version_has_both_numbers_and_equals_no_other() {
    let version = RecordVersion::new(7, 9);
    assert_eq!((version.generation(), version.keys()), (7, 9));
    for other in [RecordVersion::new(9, 7), RecordVersion::new(7, 7), RecordVersion::new(9, 9)] {
        assert_ne!(version, other);
    }
}
