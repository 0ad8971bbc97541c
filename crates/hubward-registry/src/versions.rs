//! The numbers of record versions and etags.

use core::hash::Hasher;

use siphasher::sip::SipHasher24;

/// Returns the first number of a registry with this seed, below 2^62. Two registries that continue from one snapshot
/// or one export repeat no number, except with the probability of their number of changes divided by 2^61.
pub(crate) fn first_change(seed: &[u8; 16]) -> u64 {
    let mut hasher = SipHasher24::new_with_key(seed);
    // no id has a zero byte, so this input differs from all inputs of the index
    hasher.write(b"\0changes");
    hasher.finish() >> 2
}

/// Returns whether more changes can be counted. No registry counts as far as 2^63.
pub(crate) const fn counts_on(changes: u64) -> bool {
    changes >> 63 == 0
}

/// Returns whether a counter at `changes` can reach `number`: no registry makes 2^40 changes.
#[cfg(feature = "json")]
pub(crate) fn reaches(changes: u64, number: u64) -> bool {
    number.checked_sub(changes).is_some_and(|ahead| ahead < 1 << 40)
}
