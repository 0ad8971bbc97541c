//! Updates of a fixed bundle: an update is accepted only with a higher version and exactly the bytes that the owner
//! signed, of which there are two here.
#![no_main]

use core::time::Duration;

use hubward_ring::signature;
use hubward_x509::{SignedBundle, TrustBundle, UnixTime};
use libfuzzer_sys::fuzz_target;

/// Version 1, and the bytes that its owner signed after it.
const CURRENT: &[u8] = include_bytes!("../seeds/trust_bundle/one");
const SIGNED: [&[u8]; 2] =
    [include_bytes!("../seeds/trust_update/two"), include_bytes!("../seeds/trust_update/three")];

fuzz_target!(|received: &[u8]| {
    let current = TrustBundle::load(CURRENT, signature::ALL).unwrap();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(1_811_808_000));
    match current.updated(received, signature::ALL, now) {
        Ok(next) => {
            let known = SIGNED.map(|bytes| SignedBundle::parse(bytes).unwrap().to_be_signed());
            assert!(known.contains(&SignedBundle::parse(received).unwrap().to_be_signed()), "forged");
            assert!(next.version() > current.version() && next.expires() >= now);
            assert_eq!(next.as_bytes(), received);
            next.updated(received, signature::ALL, now).unwrap_err();
            next.updated(CURRENT, signature::ALL, now).unwrap_err();
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    assert_eq!(current.as_bytes(), CURRENT);
});
