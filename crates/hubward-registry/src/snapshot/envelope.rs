//! What every snapshot is wrapped in: a header that is authentic with what follows, and the sealed content.

use alloc::vec;
use alloc::vec::Vec;

use hubward_core::Aead;
use zeroize::Zeroize;

use super::encode::{Count, Fill, Sink};
use crate::entropy::Entropy;

const VERSION: u16 = 1;
/// Magic, version, counter, nonce, and the length of what follows.
const HEADER: usize = 8 + 2 + 8 + 12 + 8;
const TAG: usize = 16;

/// What a snapshot is of.
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

/// Why there is no snapshot, or nothing was restored from one: never a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// A key is not kept beside its ready form: it could not be restored.
    #[error("a key is not kept beside its ready form")]
    KeyNotKept,
    /// No bytes for a nonce, or for a seed.
    #[error("no entropy for a nonce or a seed")]
    NoEntropy,
    /// The key is another, or bytes were altered.
    #[error("the snapshot is not authentic under this key")]
    OpenError,
    /// The bytes do not begin as a snapshot does.
    #[error("not a snapshot of this kind")]
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
    #[error("too large for one snapshot")]
    TooLarge,
    /// Fewer or more bytes than the header says.
    #[error("a snapshot of {expected} bytes, of which {found} are here")]
    Length {
        /// Bytes there.
        found: usize,
        /// Bytes that the header says, its own included.
        expected: u64,
    },
    /// It is authentic, and not what this version writes.
    #[error("the content does not read as what was sealed, at byte {offset}")]
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

/// The counter that a snapshot was sealed with, and by that whether bytes begin as one does. It is as its header says:
/// only what is unsealed is proven.
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

/// Seals what `write` writes. It is called twice and must write the same.
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
    // counted first: the room is reserved once, and no key is left behind in a smaller one
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

/// The content, decrypted where it stands.
pub(super) fn open<'s>(
    kind: Kind,
    sealed: &'s mut [u8],
    key: &dyn Aead,
    newest: u64,
) -> Result<&'s [u8], SnapshotError> {
    let found = sealed.len();
    let (head, rest) = sealed.split_at_mut_checked(HEADER).ok_or(SnapshotError::NotASnapshot)?;
    let Header { counter, nonce, length } = header(kind, head)?;
    let beside = HEADER.saturating_add(TAG);
    if u64::try_from(found.saturating_sub(beside)) != Ok(length) || found < beside {
        let expected = length.saturating_add(u64::try_from(beside).unwrap_or(u64::MAX));
        return Err(SnapshotError::Length { found, expected });
    }
    let content = key.open(&nonce, head, rest).map_err(|_| SnapshotError::OpenError)?;
    if counter < newest {
        return Err(SnapshotError::RolledBack { found: counter, newest });
    }
    Ok(content)
}
