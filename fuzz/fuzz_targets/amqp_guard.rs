//! Frames that the gateway's guard lets through, with the codec behind it: no panic, and memory that is linear in the bytes.
#![no_main]
#![allow(dead_code, clippy::unwrap_used, reason = "the guard's files have more than is used here")]

#[path = "../../crates/hubward-gateway/src/amqp/performatives.rs"]
mod performatives;
#[path = "../../crates/hubward-gateway/src/amqp/values.rs"]
mod values;

/// In the place of the gateway's module, which reads from a connection.
mod guard {
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) struct Malformed;
}

use fe2o3_amqp_types::performatives::Performative;
use guard::Malformed;
use libfuzzer_sys::fuzz_target;
use performatives::Sessions;
use values::Values;

/// Values of a frame that the gateway lets through after authentication.
const VALUES: usize = 8 * 1024;
/// Bytes that the codec may allocate for each byte of a frame: a value of one byte becomes one of some hundred.
const PER_BYTE: u64 = 400;
/// Bytes that it may allocate for any frame.
const FIXED: u64 = 16 * 1024;

// Frames: the channel, two bytes of length, the body.
fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    let mut sessions = Sessions::default();
    while let [channel, high, low, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(after.len());
        let (body, next) = after.split_at(length);
        rest = next;
        if check(&mut sessions, u16::from(*channel), body).is_err() {
            // the connection ends
            return;
        }
        if !body.is_empty() {
            let allocated =
                allocation_counter::measure(|| drop(serde_amqp::from_slice::<Performative>(body)));
            let most = FIXED + PER_BYTE * u64::try_from(body.len()).unwrap();
            assert!(allocated.bytes_total <= most, "{allocated:?} for {} bytes", body.len());
        }
    }
});

/// What the gateway checks of a frame, `Guard::check`.
fn check(sessions: &mut Sessions, channel: u16, body: &[u8]) -> Result<(), Malformed> {
    let mut values = Values::new(body, VALUES);
    while !values.is_empty() {
        values.next()?;
    }
    if body.is_empty() { Ok(()) } else { sessions.check(channel, body, false) }
}
