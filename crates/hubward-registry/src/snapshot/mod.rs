//! The registry as sealed bytes.

mod decode;
mod encode;

use alloc::vec;
use alloc::vec::Vec;

use hubward_core::{MacKey, Seal, SymmetricKey};
use zeroize::Zeroize;

use crate::entropy::Entropy;
use crate::registry::Registry;
use decode::restore;
use encode::{Count, Fill, write};

const MAGIC: &[u8; 8] = b"hubwrdRG";
const VERSION: u16 = 1;
/// Magic, version, counter, nonce, and the length of what follows.
const HEADER: usize = 8 + 2 + 8 + 12 + 8;
const TAG: usize = 16;

/// Why there is no snapshot, or nothing was restored from one: never a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// A key is not kept beside its ready form: it could not be restored.
    #[error("a key of an identity or a policy is not kept")]
    KeyNotKept,
    /// No bytes for a nonce.
    #[error("no entropy for a nonce")]
    NoEntropy,
    /// The key is another, or bytes were altered.
    #[error("the snapshot is not authentic under this key")]
    NotAuthentic,
    /// The bytes do not begin as a snapshot does.
    #[error("not a snapshot")]
    NotASnapshot,
    /// It is authentic, and older than the newest that the caller knows of.
    #[error("snapshot {found} is older than {newest}")]
    RolledBack {
        /// The snapshot's counter.
        found: u64,
        /// The caller's.
        newest: u64,
    },
    /// More than can be sealed.
    #[error("the registry is too large for one snapshot")]
    TooLarge,
    /// Fewer or more bytes than the header says.
    #[error("{found} bytes, not {expected}")]
    Length {
        /// Bytes there.
        found: usize,
        /// Bytes that the header says, its own included.
        expected: u64,
    },
    /// It is authentic, and not what this version writes.
    #[error("the content does not read as a registry, at byte {offset}")]
    Content {
        /// Where, from the start of the content.
        offset: usize,
    },
    /// A version of the format that this one does not read.
    #[error("snapshot format {version}")]
    Version {
        /// Which.
        version: u16,
    },
}

impl<K: MacKey> Registry<K> {
    /// The registry as bytes that only `key` opens: identities, policies, access lists, and the stamps that sessions
    /// rest on. `counter` is the caller's, higher for each snapshot; who keeps it can tell an old one from the newest.
    ///
    /// # Errors
    /// [`SnapshotError::KeyNotKept`] where the registry was given a key without what it was made of;
    /// [`SnapshotError::NoEntropy`]; [`SnapshotError::TooLarge`].
    pub fn seal(
        &self,
        key: &dyn Seal,
        counter: u64,
        entropy: &mut Entropy<'_>,
    ) -> Result<Vec<u8>, SnapshotError> {
        let mut nonce = [0; 12];
        entropy(&mut nonce).map_err(|_| SnapshotError::NoEntropy)?;
        if nonce == [0; 12] {
            return Err(SnapshotError::NoEntropy);
        }
        // counted first: the room is reserved once, and no key is left behind in a smaller one
        let mut count = Count(0);
        write(self, &mut count)?;
        let (length, body) = (count.0, HEADER..HEADER.saturating_add(count.0));
        let mut bytes = vec![0; body.end.saturating_add(TAG)];
        let header = [
            &MAGIC[..],
            &VERSION.to_be_bytes(),
            &counter.to_be_bytes(),
            &nonce,
            &u64::try_from(length).map_err(|_| SnapshotError::TooLarge)?.to_be_bytes(),
        ];
        header.iter().copied().flatten().zip(&mut bytes).for_each(|(from, to)| *to = *from);
        let (head, rest) = bytes.split_at_mut_checked(HEADER).ok_or(SnapshotError::TooLarge)?;
        let (message, tag) = rest.split_at_mut_checked(length).ok_or(SnapshotError::TooLarge)?;
        let sealed = write(self, &mut Fill(message))
            .and_then(|()| key.seal(&nonce, head, message).map_err(|_| SnapshotError::TooLarge));
        match sealed {
            Ok(made) => {
                tag.copy_from_slice(&made);
                Ok(bytes)
            }
            Err(error) => {
                bytes.zeroize();
                Err(error)
            }
        }
    }

    /// The registry that was sealed. `newest` is the counter of the newest snapshot that the caller knows of, 0 where
    /// it keeps none; `seed` is for the index, `make` makes keys ready for use.
    ///
    /// # Errors
    /// [`SnapshotError`]: nothing is restored from a snapshot that is not whole, authentic and new enough.
    pub fn unseal(
        mut sealed: Vec<u8>,
        key: &dyn Seal,
        newest: u64,
        seed: &[u8; 16],
        make: impl Fn(&SymmetricKey) -> K,
    ) -> Result<Self, SnapshotError> {
        let restored = unseal(&mut sealed, key, newest, seed, make);
        sealed.zeroize();
        restored
    }
}

fn unseal<K: MacKey>(
    sealed: &mut [u8],
    key: &dyn Seal,
    newest: u64,
    seed: &[u8; 16],
    make: impl Fn(&SymmetricKey) -> K,
) -> Result<Registry<K>, SnapshotError> {
    let found = sealed.len();
    let (header, rest) = sealed.split_at_mut_checked(HEADER).ok_or(SnapshotError::NotASnapshot)?;
    let mut fields = &*header;
    if &take::<8>(&mut fields)? != MAGIC {
        return Err(SnapshotError::NotASnapshot);
    }
    let version = u16::from_be_bytes(take(&mut fields)?);
    if version != VERSION {
        return Err(SnapshotError::Version { version });
    }
    let counter = u64::from_be_bytes(take(&mut fields)?);
    let nonce = take(&mut fields)?;
    let length = u64::from_be_bytes(take(&mut fields)?);
    let beside = HEADER.saturating_add(TAG);
    if u64::try_from(found.saturating_sub(beside)) != Ok(length) || found < beside {
        let expected = length.saturating_add(u64::try_from(beside).unwrap_or(u64::MAX));
        return Err(SnapshotError::Length { found, expected });
    }
    let content = key.open(&nonce, header, rest).map_err(|_| SnapshotError::NotAuthentic)?;
    if counter < newest {
        return Err(SnapshotError::RolledBack { found: counter, newest });
    }
    restore(content, seed, make)
}

fn take<const N: usize>(fields: &mut &[u8]) -> Result<[u8; N], SnapshotError> {
    let (first, rest) = fields.split_first_chunk().ok_or(SnapshotError::NotASnapshot)?;
    *fields = rest;
    Ok(*first)
}
