//! The errors of the store.

/// The reason why a file is not used, or why a call failed. It has no content of the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteError {
    /// SQLite failed: the file cannot be read or written, the disk is full, or another process has it locked for long.
    #[error("SQLite: {0}")]
    Database(#[from] rusqlite::Error),
    /// The file is a database of another program.
    #[error("the file is a database, but not a registry of hubward")]
    Foreign,
    /// A newer version of this program wrote the file.
    #[error(
        "the file has format {found}, this program reads up to {known}; use a newer version of this program"
    )]
    Newer {
        /// The format of the file.
        found: u32,
        /// The newest format that this version reads.
        known: u32,
    },
    /// The file is the registry of another hub.
    #[error("the file is the registry of the hub {found}, not of {expected}")]
    OtherHub {
        /// The hub of the file.
        found: String,
        /// The hub that was expected.
        expected: String,
    },
    /// A row has a value that no version of this program writes.
    #[error("the row with change number {change} has a value that is not valid in its column {column}")]
    Row {
        /// The change number of the row.
        change: i64,
        /// The column.
        column: &'static str,
    },
    /// A number is above 2^63.
    #[error("a number is too large for the database")]
    Number,
    /// An earlier call panicked while it held the connection.
    #[error("an earlier call on this connection failed half way")]
    Poisoned,
}
