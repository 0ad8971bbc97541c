//! Where new keys come from: the caller.

use hubward_core::SymmetricKey;
use zeroize::Zeroize;

/// A caller's source of bytes that nobody can guess: it fills the whole buffer, or says that it cannot.
///
/// `&mut |buffer: &mut [u8]| getrandom::fill(buffer).map_err(|_| NoEntropy)` is one.
pub type Entropy<'e> = dyn FnMut(&mut [u8]) -> Result<(), NoEntropy> + 'e;

/// The source had nothing to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no entropy for a new key")]
#[expect(clippy::exhaustive_structs, reason = "there is nothing more to say")]
pub struct NoEntropy;

/// A new seed of a registry.
pub(crate) fn fresh_seed(entropy: &mut Entropy<'_>) -> Result<[u8; 16], NoEntropy> {
    let mut seed = [0; 16];
    entropy(&mut seed)?;
    // a source that wrote nothing and said nothing would have every registry count from one number
    if seed == [0; 16] { Err(NoEntropy) } else { Ok(seed) }
}

/// A new key of 32 bytes, as a hub makes them.
pub(crate) fn fresh_key(entropy: &mut Entropy<'_>) -> Result<SymmetricKey, NoEntropy> {
    let mut bytes = [0_u8; 32];
    let filled = entropy(&mut bytes);
    // a source that wrote nothing and said nothing would give everybody the same key
    let untouched = bytes.iter().all(|byte| *byte == 0);
    let key = SymmetricKey::from_bytes(&bytes);
    bytes.zeroize();
    filled?;
    match key {
        Ok(key) if !untouched => Ok(key),
        _ => Err(NoEntropy),
    }
}
