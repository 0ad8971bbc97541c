//! The caller's source of random bytes for new keys.

use hubward_core::SymmetricKey;
use zeroize::Zeroize;

/// A source of unpredictable bytes from the caller: it fills the whole buffer, or returns an error.
///
/// For example `&mut |buffer: &mut [u8]| getrandom::fill(buffer).map_err(|_| NoEntropy)`.
pub type Entropy<'e> = dyn FnMut(&mut [u8]) -> Result<(), NoEntropy> + 'e;

/// The source returned no bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no entropy for a new key: the caller's source failed")]
#[expect(clippy::exhaustive_structs, reason = "the error has one cause")]
pub struct NoEntropy;

/// Draws the seed of a new registry.
pub(crate) fn fresh_seed(entropy: &mut Entropy<'_>) -> Result<[u8; 16], NoEntropy> {
    let mut seed = [0; 16];
    entropy(&mut seed)?;
    // a source that returned success without writing would give every registry the same first number
    if seed == [0; 16] { Err(NoEntropy) } else { Ok(seed) }
}

/// Draws a new key of 32 bytes, as a hub generates them.
pub(crate) fn fresh_key(entropy: &mut Entropy<'_>) -> Result<SymmetricKey, NoEntropy> {
    let mut bytes = [0_u8; 32];
    let filled = entropy(&mut bytes);
    // a source that returned success without writing would give every identity the same key
    let untouched = bytes.iter().all(|byte| *byte == 0);
    let key = SymmetricKey::from_bytes(&bytes);
    bytes.zeroize();
    filled?;
    match key {
        Ok(key) if !untouched => Ok(key),
        _ => Err(NoEntropy),
    }
}
