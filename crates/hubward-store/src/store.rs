//! The promises of a store of rows.

use core::time::Duration;

use crate::row::{Row, RowKey};

/// The place of a store in its history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a place in a history has these parts")]
pub struct Position {
    /// The epoch: a random number that differs after the store was restored from a backup.
    pub epoch: [u8; 16],
    /// The number of the last change that is visible.
    pub change: u64,
    /// The highest change number of a tombstone that was removed. A reader that has not seen it loads everything again.
    pub purged: u64,
}

/// The condition of one write, which the store checks in the statement that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a store implements each of them")]
pub enum Expected {
    /// There is no row with this key.
    Absent,
    /// The row has this etag.
    Etag(u64),
    /// The row exists.
    Present,
    /// There may be a row or not.
    Any,
}

/// One write of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a store implements each of them")]
pub enum Write {
    /// Sets a row. Its `change` is ignored: the store numbers it.
    Put(Row<'static>, Expected),
    /// Replaces a row by a tombstone; a device's row with those of its modules.
    Delete(RowKey, Expected),
}

/// The result of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a transaction is committed or has no effect")]
pub enum Commit {
    /// All writes are durable; the number is that of the last of them.
    Done(u64),
    /// A condition did not hold, or a module's device does not exist. Nothing was written.
    Conflict,
}

/// A durable store of rows that several gateways share.
///
/// # What a store promises
/// 1. **Atomic.** All writes of a [`Store::commit`] have an effect, or none has.
/// 2. **Durable.** A commit that returned [`Commit::Done`] is not lost, in spite of a crash of the process, of the
///    database or of the machine.
/// 3. **Conditional.** Each [`Expected`] is checked in the transaction that writes: of two writers with one etag, one
///    has a conflict.
/// 4. **Numbered in the order of commits.** Each written row has a change number above all numbers that any reader has
///    seen: a reader that has seen number `n` never misses a lower one. A number that is given before its transaction
///    commits breaks this promise, unless the store closes the gap.
/// 5. **No deletion without a trace.** A deleted row is a tombstone with a change number, until [`Store::purge`].
///    A device's tombstone comes with those of its modules.
/// 6. **One snapshot.** [`Store::changes`] returns the rows of one moment: rows of devices before those of modules.
/// 7. **Epoch.** A store that was restored from a backup has another epoch or a lower last number. Tombstones are
///    removed only in a way that readers detect.
/// 8. **Bytes.** Names are compared byte by byte, and values come back as they were written.
/// 9. **Bounded.** Each call returns within a time that the store documents, with an error if need be.
///
/// A store that breaks a promise lets a deleted device in (1, 4, 5, 7), loses an acknowledged change (2, 3), or answers for another
/// identity (8). A call that never returns (9) is seen as any other failure: after [`FeedTimes::timeout`](crate::FeedTimes)
/// the gateway admits no session.
///
/// `suite::run` (feature `suite`) checks these rules, as far as one process can.
pub trait Store: Send + Sync {
    /// The error of the store.
    type Error: core::error::Error + Send + Sync + 'static;

    /// Returns the name of the hub whose rows these are, which the sealed keys are bound to.
    fn hub(&self) -> &str;

    /// Returns the current place.
    ///
    /// # Errors
    /// The error of the store.
    fn position(&self) -> Result<Position, Self::Error>;

    /// Passes each existing row with one of these keys to `each`, and the rows of the modules of each device.
    /// Tombstones are left out.
    ///
    /// # Errors
    /// The error of the store.
    fn read(&self, keys: &[RowKey], each: &mut dyn FnMut(Row<'_>)) -> Result<(), Self::Error>;

    /// Writes, in one transaction, and returns when it is durable.
    ///
    /// # Errors
    /// The error of the store. The transaction may then have an effect or not.
    fn commit(&self, writes: &[Write]) -> Result<Commit, Self::Error>;

    /// Passes the rows with a higher change number than `after` to `each`, with tombstones; with `None`, all rows
    /// without tombstones. Rows of devices come before those of modules. Returns the place that the rows lead to.
    ///
    /// # Errors
    /// The error of the store, after which `each` may have seen a part of the rows.
    fn changes(&self, after: Option<u64>, each: &mut dyn FnMut(Row<'_>)) -> Result<Position, Self::Error>;

    /// Waits until there may be a change, at most for a time.
    ///
    /// # Errors
    /// The error of the store.
    fn wait(&self, at_most: Duration) -> Result<(), Self::Error>;

    /// Removes tombstones with a change number up to this one, and returns their number. A reader behind `up_to` loads
    /// everything again.
    ///
    /// # Errors
    /// The error of the store.
    fn purge(&self, up_to: u64) -> Result<u64, Self::Error>;
}
