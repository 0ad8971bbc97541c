//! Presented certificates, mutated, against a root that is not: every profile ends within a small budget, what holds
//! ends at an anchor and is made of what was presented, and a larger budget takes nothing back.
#![no_main]

use core::time::Duration;

use hubward_core::DeviceId;
use hubward_ring::signature;
use hubward_x509::{Anchors, Budget, Certificate, Chain, ChainError, ExpectedSubject, Profile, UnixTime};
use libfuzzer_sys::fuzz_target;

/// The seeds are below this one: the intermediate, and leaves.
const ROOT: &[u8] = include_bytes!("../seeds/x509_parse/root.der");

// DER after DER, the leaf first, as a TLS client presents them but without lengths: each begins with its own.
fuzz_target!(|bytes: &[u8]| {
    let presented = split(bytes);
    let Some((leaf, rest)) = presented.split_first() else { return };
    let Ok(chain) = Chain::parse(*leaf, rest.iter().copied()) else { return };
    let mut anchors = Anchors::parse([ROOT]).unwrap();
    // whatever was presented last is trusted too, so that paths hold whose signatures the root did not make
    if let Some(Ok(last)) = rest.last().map(|der| Certificate::parse(der)) {
        anchors.add(last);
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
        let narrow = chain.verify(&anchors, &profile.clone().budget(small), signature::ALL, now);
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
            // the depth is a limit of paths and not of the search
            (Err(_), Ok(verified)) => assert!(verified.intermediates().len() > small.depth),
            (Err(_), Err(_)) => {}
        }
    }
});

/// At most sixteen certificates of two bytes' length, and whatever is left as one more.
fn split(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut all = Vec::new();
    while let [0x30, 0x82, high, low, ..] = bytes {
        let length = 4 + usize::from(u16::from_be_bytes([*high, *low]));
        let Some((one, rest)) = bytes.split_at_checked(length) else { break };
        all.push(one);
        bytes = rest;
        if all.len() == 16 {
            break;
        }
    }
    if !bytes.is_empty() {
        all.push(bytes);
    }
    all
}
