//! No bytes panic as a bundle; a parsed bundle that is written anew from its parts is the same, and its report is in
//! the order of time and ends with the bundle.
#![no_main]

use core::time::Duration;

use hubward_ring::signature;
use hubward_x509::{BundleDraft, SignedBundle, TrustBundle, UnixTime};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(bundle) = SignedBundle::parse(bytes) else {
        assert!(TrustBundle::load(bytes, signature::ALL).is_err());
        return;
    };
    let threshold = bundle.threshold().try_into().unwrap();
    let mut draft = BundleDraft::new(bundle.version(), bundle.expires(), threshold);
    for key in bundle.keys() {
        draft = draft.key(*key);
    }
    let anchors: Vec<_> = bundle.anchors().collect();
    for anchor in &anchors {
        draft = draft.anchor(anchor.certificate().as_der(), anchor.period());
    }
    // the format has one encoding for each content
    let again = draft.finish().unwrap();
    assert_eq!(SignedBundle::parse(&again).unwrap().to_be_signed(), bundle.to_be_signed());

    let at = UnixTime::since_unix_epoch(Duration::from_secs(1_811_808_000));
    let report = bundle.report(at);
    assert_eq!(report.anchors().len(), anchors.len());
    assert!(report.expiries().is_sorted_by_key(|expiry| expiry.last));
    let trusted = (0..anchors.len()).any(|anchor| report.is_trusted(anchor));
    assert_eq!(report.trusted_until().is_some(), trusted);
    assert!(report.trusted_until().is_none_or(|last| at <= last && last <= bundle.expires()));

    if let Ok(proven) = TrustBundle::load(bytes, signature::ALL) {
        assert_eq!(proven.as_bytes(), bytes);
        assert!(proven.anchors(bundle.expires()).unwrap().iter().count() <= anchors.len());
    }
});
