//! Random keys, from the caller's source of random bytes.

use zeroize::Zeroize;

use crate::key::SymmetricKey;

/// The caller's source of random bytes failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no entropy for a new key: the caller's source failed")]
#[expect(clippy::exhaustive_structs, reason = "the error has one cause")]
pub struct NoEntropy;

impl SymmetricKey {
    /// Generates a key of 32 bytes, as a hub does. `fill` is the caller's source of unpredictable bytes: it fills the
    /// whole buffer, or returns an error. `getrandom::fill` is one.
    ///
    /// ```
    /// use hubward_core::SymmetricKey;
    ///
    /// # mod getrandom { pub fn fill(key: &mut [u8]) -> Result<(), hubward_core::NoEntropy> { Ok(key.fill(7)) } }
    /// let key = SymmetricKey::generate(getrandom::fill)?;
    /// assert_eq!(key.expose().len(), 32);
    /// # Ok::<(), hubward_core::NoEntropy>(())
    /// ```
    ///
    /// # Errors
    /// [`NoEntropy`] if the source fails, or returns without writing.
    pub fn generate<E>(fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Self, NoEntropy> {
        let mut bytes = [0_u8; 32];
        let filled = fill(&mut bytes);
        // a source that returned success without writing would give every identity the same key
        let untouched = bytes.iter().all(|byte| *byte == 0);
        let key = Self::from_bytes(&bytes);
        bytes.zeroize();
        match (filled, key) {
            (Ok(()), Ok(key)) if !untouched => Ok(key),
            _ => Err(NoEntropy),
        }
    }
}
