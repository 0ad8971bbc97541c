//! Mutated certificate chains against a fixed root: every profile ends within a small budget, an accepted path ends
//! at an anchor and consists of the presented certificates, and a larger budget rejects nothing that a smaller one
//! accepts.
#![no_main]

#[path = "../../crates/hubward-x509/tests/common/second_verifier/split.rs"]
mod split;

use core::time::Duration;

use hubward_core::DeviceId;
use hubward_ring::signature;
use hubward_x509::{Anchors, Budget, Certificate, Chain, ChainError, ExpectedSubject, Profile, UnixTime};
use libfuzzer_sys::fuzz_target;
use split::split;

/// The seeds are below this root: the intermediate, and leaves.
const ROOT: &[u8] = include_bytes!("../seeds/x509_parse/root.der");

// DER values, the leaf first, as a TLS client presents them but without length fields: each value contains its own
// length.
fuzz_target!(|bytes: &[u8]| {
    let presented = split(bytes);
    let Some((leaf, rest)) = presented.split_first() else { return };
    let Ok(chain) = Chain::parse(*leaf, rest.iter().copied()) else { return };
    let mut anchors = Anchors::parse([ROOT]).unwrap();
    // the last certificate is trusted too, so that paths without the root's signatures are valid
    if let Some(Ok(last)) = rest.last().map(|der| Certificate::parse(der)) {
        anchors.add(&last);
    }
    let now = UnixTime::since_unix_epoch(Duration::from_secs(1_811_808_000));
    let mut small = Budget::DEFAULT;
    (small.signatures, small.steps, small.depth) = (8, 64, 4);
    (small.name_comparisons, small.policy_steps) = (256, 256);
    let host = || "hub.example".try_into().unwrap();
    let pump = ExpectedSubject::Device(DeviceId::parse("pump-17").unwrap());
    let profiles =
        [Profile::rfc5280(), Profile::device(pump), Profile::server(host()), Profile::web_pki(host())];
    for profile in profiles {
        let narrow = chain.verify(&anchors, &profile.clone().with_budget(small), signature::ALL, now);
        let wide = chain.verify(&anchors, &profile, signature::ALL, now);
        for outcome in [&narrow, &wide] {
            match outcome {
                Ok(verified) => {
                    let anchor = anchors.get(verified.anchor()).unwrap();
                    let path = verified.intermediates();
                    assert!(path.iter().all(|one| presented.contains(&one.as_der())));
                    let last = path.last().unwrap_or(verified.leaf());
                    assert!(last.issuer().same(&anchor.subject()) || last.as_der() == anchor.as_der());
                    verified.leaf().validity().check(now).unwrap();
                }
                Err(error) => assert!(!chain.explain(*error, &anchors).to_string().is_empty()),
            }
        }
        match (&narrow, &wide) {
            (Ok(_), wide) => assert!(wide.is_ok(), "more work refused what less accepted"),
            (Err(ChainError::BudgetExceeded(_)), _) => {}
            // the depth limits paths, not the search
            (Err(_), Ok(verified)) => assert!(verified.intermediates().len() > small.depth),
            (Err(_), Err(_)) => {}
        }
    }
});
