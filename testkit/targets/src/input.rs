//! The input of the functions, which the compiler cannot foresee.

use core::sync::atomic::{AtomicU8, Ordering};
use core::time::Duration;

use hubward_core::UnixTime;

/// Bytes of an input.
pub const LENGTH: usize = 1024;

static INPUT: [AtomicU8; LENGTH] = [const { AtomicU8::new(0) }; LENGTH];

/// Stores a byte of the input.
#[unsafe(no_mangle)]
pub extern "C" fn hubward_put(at: usize, byte: u8) {
    if let Some(place) = INPUT.get(at) {
        place.store(byte, Ordering::Relaxed);
    }
}

/// Reads the input.
pub fn bytes(buffer: &mut [u8; LENGTH]) -> &[u8] {
    for (byte, place) in buffer.iter_mut().zip(&INPUT) {
        *byte = place.load(Ordering::Relaxed);
    }
    buffer
}

/// Reads the input up to its first byte that is no character.
pub fn text(buffer: &mut [u8; LENGTH]) -> &str {
    match core::str::from_utf8(bytes(buffer)) {
        Ok(text) => text,
        Err(_) => "",
    }
}

pub fn time(seconds: u32) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds.into()))
}
