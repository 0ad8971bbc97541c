//! The numbers that versions and etags are made of.

use core::hash::Hasher;

use siphasher::sip::SipHasher24;

/// The number that the count of a registry with this seed begins at, below 2^62. Two registries that run from one
/// snapshot or one export give no number to both, except with a chance of their changes divided by 2^61.
pub(crate) fn first_change(seed: &[u8; 16]) -> u64 {
    let mut hasher = SipHasher24::new_with_key(seed);
    // no id has a zero byte, so this is none of the hashes of the index
    hasher.write(b"\0changes");
    hasher.finish() >> 2
}

/// Whether changes can be counted on from here. No registry ever counts as far as 2^63.
pub(crate) const fn counts_on(changes: u64) -> bool {
    changes >> 63 == 0
}

/// Whether a count gets from `changes` as far as `number`: no registry makes 2^40 changes.
#[cfg(feature = "json")]
pub(crate) fn reaches(changes: u64, number: u64) -> bool {
    number.checked_sub(changes).is_some_and(|ahead| ahead < 1 << 40)
}
