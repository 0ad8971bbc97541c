//! An id where its record is: short ones in place, long ones apart.

use alloc::boxed::Box;
use core::fmt;

/// Bytes that stand in the entry itself; with them it is two cache lines for a key of 64 bytes.
const INLINE: usize = 30;

/// A device's id, or `device/module`: no id has a `/`, so the two cannot meet.
pub(crate) enum Id {
    Short { len: u8, bytes: [u8; INLINE] },
    Long(Box<[u8]>),
}

impl Id {
    pub(crate) fn new(id: &[u8]) -> Self {
        let mut bytes = [0; INLINE];
        match (bytes.get_mut(..id.len()), u8::try_from(id.len())) {
            (Some(place), Ok(len)) => {
                place.copy_from_slice(id);
                Self::Short { len, bytes }
            }
            _ => Self::Long(id.into()),
        }
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Short { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Self::Long(bytes) => bytes,
        }
    }

    /// Ids are ASCII, so this is the whole id.
    #[inline]
    pub(crate) fn text(&self) -> &str {
        core::str::from_utf8(self.bytes()).unwrap_or_default()
    }

    /// Bytes beside the entry.
    pub(crate) const fn apart(&self) -> usize {
        match self {
            Self::Short { .. } => 0,
            Self::Long(bytes) => bytes.len(),
        }
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.text(), f)
    }
}
