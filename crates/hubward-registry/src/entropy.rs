//! The caller's source of random bytes for new keys.

pub use hubward_core::NoEntropy;

/// A source of unpredictable bytes from the caller: it fills the whole buffer, or returns an error.
///
/// For example `&mut |buffer: &mut [u8]| getrandom::fill(buffer).map_err(|_| NoEntropy)`.
pub type Entropy<'e> = dyn FnMut(&mut [u8]) -> Result<(), NoEntropy> + 'e;

/// Draws the seed of a new registry.
pub(crate) fn fresh_seed<E>(fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<[u8; 16], NoEntropy> {
    let mut seed = [0; 16];
    fill(&mut seed).map_err(|_| NoEntropy)?;
    // a source that returned success without writing would give every registry the same first number
    if seed == [0; 16] { Err(NoEntropy) } else { Ok(seed) }
}
