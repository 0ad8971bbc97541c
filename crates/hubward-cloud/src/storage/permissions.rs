//! [`Permission`]: the permission letters of `sp`, by the resource that they are for.

use core::fmt;

use crate::error::Problem;
use crate::sink::Sink;
use crate::storage::kind::SasKind;
use crate::text::Text;

/// A permission of a storage SAS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Permission {
    /// `r`: read content, properties or entities; peek at messages.
    Read,
    /// `a`: add a block, a message or an entity.
    Add,
    /// `c`: create.
    Create,
    /// `w`: write.
    Write,
    /// `d`: delete.
    Delete,
    /// `x`: delete a version.
    DeleteVersion,
    /// `y`: delete permanently.
    PermanentDelete,
    /// `l`: list.
    List,
    /// `t`: read and write tags.
    Tags,
    /// `f`: find blobs by tags.
    Find,
    /// `m`: move.
    Move,
    /// `e`: execute, which is to read properties of a path.
    Execute,
    /// `o`: set the owner.
    Ownership,
    /// `p` of blobs: set POSIX permissions.
    ManageAccess,
    /// `i`: set immutability policies.
    Immutability,
    /// `u`: update messages or entities.
    Update,
    /// `p` of accounts and queues: get and delete messages.
    Process,
}

type Letters = &'static [(u8, Permission)];

/// Letters in the order in which a signer writes them.
const ACCOUNT: Letters = &[
    (b'r', Permission::Read),
    (b'w', Permission::Write),
    (b'd', Permission::Delete),
    (b'x', Permission::DeleteVersion),
    (b'y', Permission::PermanentDelete),
    (b'l', Permission::List),
    (b'a', Permission::Add),
    (b'c', Permission::Create),
    (b'u', Permission::Update),
    (b'p', Permission::Process),
    (b'f', Permission::Find),
    (b't', Permission::Tags),
    (b'i', Permission::Immutability),
];
const BLOB: Letters = &[
    (b'r', Permission::Read),
    (b'a', Permission::Add),
    (b'c', Permission::Create),
    (b'w', Permission::Write),
    (b'd', Permission::Delete),
    (b'x', Permission::DeleteVersion),
    (b'y', Permission::PermanentDelete),
    (b'l', Permission::List),
    (b't', Permission::Tags),
    (b'm', Permission::Move),
    (b'e', Permission::Execute),
    (b'o', Permission::Ownership),
    (b'p', Permission::ManageAccess),
    (b'i', Permission::Immutability),
];
const CONTAINER: Letters = &[
    (b'r', Permission::Read),
    (b'a', Permission::Add),
    (b'c', Permission::Create),
    (b'w', Permission::Write),
    (b'd', Permission::Delete),
    (b'x', Permission::DeleteVersion),
    (b'y', Permission::PermanentDelete),
    (b'l', Permission::List),
    (b't', Permission::Tags),
    (b'f', Permission::Find),
    (b'm', Permission::Move),
    (b'e', Permission::Execute),
    (b'o', Permission::Ownership),
    (b'p', Permission::ManageAccess),
    (b'i', Permission::Immutability),
];
const SHARE: Letters = &[
    (b'r', Permission::Read),
    (b'c', Permission::Create),
    (b'w', Permission::Write),
    (b'd', Permission::Delete),
    (b'l', Permission::List),
];
const FILE: Letters = &[
    (b'r', Permission::Read),
    (b'c', Permission::Create),
    (b'w', Permission::Write),
    (b'd', Permission::Delete),
];
const QUEUE: Letters = &[
    (b'r', Permission::Read),
    (b'a', Permission::Add),
    (b'u', Permission::Update),
    (b'p', Permission::Process),
];
const TABLE: Letters = &[
    (b'r', Permission::Read),
    (b'a', Permission::Add),
    (b'u', Permission::Update),
    (b'd', Permission::Delete),
];

/// Returns the letters of a kind of token.
pub(crate) const fn letters(kind: SasKind) -> Letters {
    match kind {
        SasKind::Account => ACCOUNT,
        SasKind::Container => CONTAINER,
        SasKind::Blob | SasKind::BlobVersion | SasKind::BlobSnapshot | SasKind::Directory => BLOB,
        SasKind::Share => SHARE,
        SasKind::File => FILE,
        SasKind::Queue => QUEUE,
        SasKind::Table => TABLE,
    }
}

/// Returns the bit of a lower-case letter in a set of letters; 0 for another byte.
const fn bit(letter: u8) -> u32 {
    // the subtraction of a smaller byte wraps to one above 25
    let shift = letter.wrapping_sub(b'a');
    if shift < 26 { 1_u32.wrapping_shl(u32::from_le_bytes([shift, 0, 0, 0])) } else { 0 }
}

/// Returns the set of the letters of a kind of token.
const fn known_letters(kind: SasKind) -> u32 {
    const ACCOUNTS: u32 = mask(ACCOUNT);
    const BLOBS: u32 = mask(BLOB);
    const CONTAINERS: u32 = mask(CONTAINER);
    match kind {
        SasKind::Account => ACCOUNTS,
        SasKind::Container => CONTAINERS,
        SasKind::Blob | SasKind::BlobVersion | SasKind::BlobSnapshot | SasKind::Directory => BLOBS,
        SasKind::Share | SasKind::File | SasKind::Queue | SasKind::Table => mask(letters(kind)),
    }
}

/// Returns the set of letters.
const fn mask(letters: Letters) -> u32 {
    let (mut mask, mut rest) = (0, letters);
    while let [(letter, _), tail @ ..] = rest {
        mask |= bit(*letter);
        rest = tail;
    }
    mask
}

/// The permissions of a token: letters in the order in which they are signed.
///
/// ```
/// use hubward_cloud::storage::{Permission, Permissions, SasKind};
///
/// let permissions = Permissions::new(SasKind::Blob, &[Permission::Write, Permission::Read])?;
/// assert_eq!(permissions.as_str(), "rw", "in the order of the scheme");
/// assert!(permissions.contains(Permission::Read));
/// assert!(Permissions::parse(SasKind::Queue, "rl").is_err(), "a queue has no `l`");
/// # Ok::<(), hubward_cloud::Problem>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Permissions {
    kind: SasKind,
    /// The letters by [`bit`].
    set: u32,
    /// Letters, then zeros.
    text: [u8; 16],
}

impl Permissions {
    pub(crate) const fn none(kind: SasKind) -> Self {
        Self { kind, set: 0, text: [0; 16] }
    }

    /// Takes permissions and writes them in the order of the scheme. One that is given twice counts once.
    ///
    /// # Errors
    /// [`Problem::Letter`] if a token of this kind does not have one of the permissions; [`Problem::Empty`] without one.
    pub fn new(kind: SasKind, permissions: &[Permission]) -> Result<Self, Problem> {
        let known = letters(kind);
        if permissions.iter().any(|wanted| known.iter().all(|(_, permission)| permission != wanted)) {
            return Err(Problem::Letter);
        }
        let mut set = Self::none(kind);
        let chosen = known.iter().filter(|(_, permission)| permissions.contains(permission));
        for (slot, (letter, _)) in set.text.iter_mut().zip(chosen) {
            *slot = *letter;
            set.set |= bit(*letter);
        }
        if set.text.first() == Some(&0) { Err(Problem::Empty) } else { Ok(set) }
    }

    /// Parses letters in any order, which is the order that is signed.
    ///
    /// Signers order letters differently, and the signature covers the order, so none is required here.
    ///
    /// # Errors
    /// [`Problem::Letter`] for a letter that tokens of this kind do not have, or that occurs twice; [`Problem::Empty`]
    /// without a letter.
    pub fn parse(kind: SasKind, text: &str) -> Result<Self, Problem> {
        Self::of(kind, Text::new(text))
    }

    pub(crate) fn of(kind: SasKind, text: Text<'_>) -> Result<Self, Problem> {
        let mut set = Self::none(kind);
        for letter in text.bytes() {
            // each letter is there once, and there are fewer letters than slots
            let at = set.len();
            let slot = set.text.get_mut(at).ok_or(Problem::Letter)?;
            let bit = bit(letter);
            if known_letters(kind) & !set.set & bit == 0 {
                return Err(Problem::Letter);
            }
            *slot = letter;
            set.set |= bit;
        }
        if text.is_empty() { Err(Problem::Empty) } else { Ok(set) }
    }

    /// Reads at most 15 lower-case letters up to another byte, each at most once, and returns their number. Their kind is
    /// not known yet.
    #[inline]
    pub(crate) fn usual(text: &[u8]) -> Option<(Self, usize)> {
        // the letters are loaded at once: a load after they were stored one by one waits for the stores
        let first = *text.first_chunk::<16>()?;
        let (mut set, mut len) = (0, 0_usize);
        for letter in first {
            let bit = bit(letter);
            if bit == 0 {
                break;
            }
            if set & bit != 0 {
                return None;
            }
            set |= bit;
            len = len.wrapping_add(1);
        }
        let bits = u32::try_from(len).ok().filter(|len| (1..16).contains(len))?.wrapping_mul(8);
        let letters = u128::from_le_bytes(first) & 1_u128.wrapping_shl(bits).wrapping_sub(1);
        Some((Self { kind: SasKind::Account, set, text: letters.to_le_bytes() }, len))
    }

    /// Returns the same letters as those of a kind, if it has them.
    pub(crate) const fn of_kind(self, kind: SasKind) -> Option<Self> {
        if self.set & !known_letters(kind) == 0 { Some(Self { kind, ..self }) } else { None }
    }

    /// Returns the number of letters.
    fn len(&self) -> usize {
        usize::try_from(self.set.count_ones()).unwrap_or_default()
    }

    fn letters(&self) -> &[u8] {
        self.text.get(..self.len()).unwrap_or_default()
    }

    /// Returns the letters in the order in which they are signed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.letters()).unwrap_or_default()
    }

    /// Returns whether it has a permission.
    #[must_use]
    pub fn contains(&self, permission: Permission) -> bool {
        self.iter().any(|own| own == permission)
    }

    /// Returns the permissions in the order of their letters.
    pub fn iter(&self) -> impl Iterator<Item = Permission> {
        let known = letters(self.kind);
        self.text
            .into_iter()
            .filter_map(|letter| known.iter().find(|(own, _)| *own == letter))
            .map(|(_, p)| *p)
    }

    pub(crate) fn put(&self, sink: &mut impl Sink) {
        sink.put(self.letters());
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Permissions").field(&self.as_str()).finish()
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;
    use std::format;

    #[test]
    fn letters_of_every_number_are_read_up_to_another_byte() {
        let alphabet = "abcdefghijklmnopqrstuvwxyz";
        for len in 0..=alphabet.len() {
            let (letters, _) = alphabet.split_at(len);
            let read = Permissions::usual(format!("{letters}&se=2030-01-01T00:00:00Z").as_bytes());
            let read = read.map(|(permissions, len)| (format!("{permissions}"), len));
            assert_eq!(read, (1..16).contains(&len).then(|| (letters.into(), len)), "{letters}");
        }
        assert!(Permissions::usual(b"rwr&se=2030-01-01").is_none(), "a letter twice");
        assert!(
            Permissions::usual(b"r&si=0123456789").is_none(),
            "the text is too short to be loaded at once"
        );
    }
}
