//! Raw symmetric keys, stored inside the record.

use alloc::boxed::Box;
use core::fmt;

use hubward_core::SymmetricKey;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes stored in the record itself: the length of the keys that hubs generate.
const INLINE: usize = 32;

/// A key of up to 32 bytes in place, or a longer one on the heap, as few are. Erased when dropped.
pub(crate) enum RawKey {
    Short { len: u8, bytes: [u8; INLINE] },
    Long(Box<SymmetricKey>),
}

impl RawKey {
    pub(crate) fn expose(&self) -> &[u8] {
        match self {
            Self::Short { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Self::Long(key) => key.expose(),
        }
    }

    /// Copies the key.
    pub(crate) fn to_key(&self) -> Option<SymmetricKey> {
        SymmetricKey::from_bytes(self.expose()).ok()
    }
}

impl From<SymmetricKey> for RawKey {
    fn from(key: SymmetricKey) -> Self {
        match (u8::try_from(key.expose().len()), key.expose_block().first_chunk()) {
            (Ok(len), Some(bytes)) if usize::from(len) <= INLINE => Self::Short { len, bytes: *bytes },
            _ => Self::Long(Box::new(key)),
        }
    }
}

impl Drop for RawKey {
    fn drop(&mut self) {
        match self {
            Self::Short { bytes, .. } => bytes.as_mut_slice().zeroize(),
            // `SymmetricKey` erases itself
            Self::Long(_) => {}
        }
    }
}

impl ZeroizeOnDrop for RawKey {}

impl fmt::Debug for RawKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_all_lengths_are_stored() {
        let bytes: [u8; 64] = core::array::from_fn(|at| u8::try_from(at).unwrap() | 0x80);
        for len in 16..=64 {
            let key = RawKey::from(SymmetricKey::from_bytes(&bytes[..len]).unwrap());
            assert_eq!(key.expose(), &bytes[..len]);
            assert_eq!(key.to_key().unwrap().expose(), &bytes[..len]);
            assert_eq!(matches!(key, RawKey::Short { .. }), len <= INLINE);
        }
        assert_eq!(size_of::<Option<RawKey>>(), 40);
    }
}
