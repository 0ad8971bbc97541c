//! The envelope of all snapshots: an authenticated header, and the sealed content.

use alloc::vec;
use alloc::vec::Vec;

use hubward_core::Aead;
use zeroize::Zeroize;

use super::encode::{Count, Fill, Sink};
use crate::entropy::Entropy;

const VERSION: u16 = 1;
/// Magic, version, counter, nonce, and the length of the content.
const HEADER: usize = 8 + 2 + 8 + 12 + 8;
const TAG: usize = 16;

/// The kind of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Registry,
    Enrollments,
}

impl Kind {
    const fn magic(self) -> &'static [u8; 8] {
        match self {
            Self::Registry => b"hubwrdRG",
            Self::Enrollments => b"hubwrdEN",
        }
    }
}

/// The reason why no snapshot was written, or none was restored. It never contains a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// A key is stored only ready for use, without the symmetric key that it was made of, so it could not be
    /// restored.
    #[error("a key is stored without the symmetric key that it was made of, so it cannot be saved")]
    KeyNotKept,
    /// The caller's source gave no bytes for a nonce or a seed.
    #[error("no entropy for a nonce or a seed: the caller's source failed")]
    NoEntropy,
    /// The key differs, or bytes were altered.
    #[error("the snapshot is not authentic under this key: another key, or altered bytes")]
    NotAuthentic,
    /// The bytes do not start with the header of a snapshot.
    #[error("not a snapshot of this kind")]
    NotASnapshot,
    /// The snapshot is authentic, but older than the newest one that the caller knows.
    #[error("snapshot {found} is older than {newest}")]
    RolledBack {
        /// The snapshot's counter.
        found: u64,
        /// The counter of the newest snapshot.
        newest: u64,
    },
    /// The content is too large for one snapshot.
    #[error("the content is too large for one snapshot")]
    TooLarge,
    /// There are fewer or more bytes than the header says.
    #[error("the snapshot has {found} bytes, its header says {expected}")]
    Length {
        /// The number of bytes.
        found: usize,
        /// The number of bytes according to the header, header included.
        expected: u64,
    },
    /// The snapshot is authentic, but its content is invalid for this version of the format.
    #[error("the content is invalid at byte {offset}")]
    Content {
        /// The offset in bytes from the start of the content.
        offset: usize,
    },
    /// The format version is unknown.
    #[error("snapshot format {version} is not supported")]
    Version {
        /// The format version.
        version: u16,
    },
}

/// Reads the counter of a snapshot, which tells too if bytes start like one. The counter is not verified: only an
/// opened snapshot is authentic.
///
/// # Errors
/// [`SnapshotError::NotASnapshot`]; [`SnapshotError::Version`].
pub fn snapshot_counter(bytes: &[u8]) -> Result<u64, SnapshotError> {
    let head = bytes.get(..HEADER).ok_or(SnapshotError::NotASnapshot)?;
    header(Kind::Registry, head).or_else(|_| header(Kind::Enrollments, head)).map(|header| header.counter)
}

struct Header {
    counter: u64,
    nonce: [u8; 12],
    length: u64,
}

fn header(kind: Kind, mut fields: &[u8]) -> Result<Header, SnapshotError> {
    if &take::<8>(&mut fields)? != kind.magic() {
        return Err(SnapshotError::NotASnapshot);
    }
    let version = u16::from_be_bytes(take(&mut fields)?);
    if version != VERSION {
        return Err(SnapshotError::Version { version });
    }
    let counter = u64::from_be_bytes(take(&mut fields)?);
    let nonce = take(&mut fields)?;
    Ok(Header { counter, nonce, length: u64::from_be_bytes(take(&mut fields)?) })
}

fn take<const N: usize>(fields: &mut &[u8]) -> Result<[u8; N], SnapshotError> {
    let (first, rest) = fields.split_first_chunk().ok_or(SnapshotError::NotASnapshot)?;
    *fields = rest;
    Ok(*first)
}

/// Seals the output of `write`, which is called twice and must write the same.
pub(super) fn seal(
    kind: Kind,
    key: &dyn Aead,
    counter: u64,
    entropy: &mut Entropy<'_>,
    write: impl Fn(&mut dyn Sink) -> Result<(), SnapshotError>,
) -> Result<Vec<u8>, SnapshotError> {
    let mut nonce = [0; 12];
    entropy(&mut nonce).map_err(|_| SnapshotError::NoEntropy)?;
    if nonce == [0; 12] {
        return Err(SnapshotError::NoEntropy);
    }
    // counted first: memory is reserved once, and no key is left behind in a smaller buffer
    let mut count = Count(0);
    write(&mut count)?;
    let length = count.0;
    let mut bytes = vec![0; HEADER.saturating_add(length).saturating_add(TAG)];
    let header = [
        &kind.magic()[..],
        &VERSION.to_be_bytes(),
        &counter.to_be_bytes(),
        &nonce,
        &u64::try_from(length).map_err(|_| SnapshotError::TooLarge)?.to_be_bytes(),
    ];
    header.iter().copied().flatten().zip(&mut bytes).for_each(|(from, to)| *to = *from);
    let (head, rest) = bytes.split_at_mut_checked(HEADER).ok_or(SnapshotError::TooLarge)?;
    let (message, tag) = rest.split_at_mut_checked(length).ok_or(SnapshotError::TooLarge)?;
    let sealed = write(&mut Fill(message))
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

/// Decrypts the content in place.
pub(super) fn open<'s>(
    kind: Kind,
    sealed: &'s mut [u8],
    key: &dyn Aead,
    newest: u64,
) -> Result<&'s [u8], SnapshotError> {
    let found = sealed.len();
    let (head, rest) = sealed.split_at_mut_checked(HEADER).ok_or(SnapshotError::NotASnapshot)?;
    let Header { counter, nonce, length } = header(kind, head)?;
    let overhead = HEADER.saturating_add(TAG);
    if u64::try_from(found.saturating_sub(overhead)) != Ok(length) || found < overhead {
        let expected = length.saturating_add(u64::try_from(overhead).unwrap_or(u64::MAX));
        return Err(SnapshotError::Length { found, expected });
    }
    let content = key.open(&nonce, head, rest).map_err(|_| SnapshotError::NotAuthentic)?;
    if counter < newest {
        return Err(SnapshotError::RolledBack { found: counter, newest });
    }
    Ok(content)
}
