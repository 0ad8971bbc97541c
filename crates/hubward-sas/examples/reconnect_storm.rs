//! A fleet reconnects at once: its tokens are verified in batches, and each refused device is printed.
//!
//!     cargo run --release -p hubward-sas --example reconnect_storm
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "an example"
)]

use core::time::Duration;
use std::collections::HashMap;

use hubward_core::{Authority, DeviceId, Keys, Lookup, SymmetricKey, UnixTime};
use hubward_rustcrypto::HmacKey;
use hubward_sas::{SasToken, TokenRules, UnsignedToken};

const FLEET: usize = 10_000;
/// The tokens that arrive between two polls of the sockets.
const BATCH: usize = 64;

fn main() {
    let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let (now, rules) = (1_800_000_000, TokenRules::STRICT);
    let host = Authority::parse("myhub.example").unwrap();

    let mut keys = HashMap::new();
    let mut arriving = Vec::new();
    for number in 0..FLEET {
        let id = format!("pump-{number}");
        let bytes = format!("the secret of pump {number:08}....");
        let key = HmacKey::new(&SymmetricKey::from_bytes(bytes.as_bytes()).unwrap());
        // one in a thousand has an expired token
        let expires = if number % 1000 == 7 { now - 60 } else { now + 3600 };
        arriving.push(
            UnsignedToken::device(host, DeviceId::parse(&id).unwrap(), at(expires)).sign(&key).to_string(),
        );
        keys.insert(id, key);
    }

    let (mut accepted, mut refused) = (0, 0);
    for texts in arriving.chunks(BATCH) {
        let tokens: Vec<_> = texts.iter().map(|text| SasToken::parse(text, &rules).unwrap()).collect();
        let batch = tokens.iter().map(|token| {
            let Lookup::Device(id) = token.signer() else {
                unreachable!("every token in this example is a device's")
            };
            (token, Keys::one(&keys[&id.to_string()]))
        });
        SasToken::verify_batch(batch, at(now), &rules, |index, verdict| match verdict {
            Ok(_) => accepted += 1,
            Err(error) => {
                refused += 1;
                println!("{}: {error}", tokens[index].signer());
            }
        });
    }
    println!("{accepted} accepted, {refused} refused");
    assert_eq!((accepted, refused), (FLEET - FLEET / 1000, FLEET / 1000));
}
