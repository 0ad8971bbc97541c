//! Connections to the file.

use core::time::Duration;
use std::fs::OpenOptions;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::error::SqliteError;

/// The longest time that a call waits for another process that writes.
const BUSY: Duration = Duration::from_secs(10);

/// Creates the file, readable by its owner only. SQLite gives the files next to it the same permissions.
pub(crate) fn create(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Opens a connection to a file that exists.
pub(crate) fn open(path: &Path) -> Result<Connection, SqliteError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}

/// Sets the modes of a connection to a registry. The first of them changes the file.
pub(crate) fn configure(connection: Connection) -> Result<Connection, SqliteError> {
    // a commit is durable when it returns: FULL syncs the log at each one
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // the file may come from another machine: its schema runs no function with an effect
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    connection.pragma_update(None, "cache_size", -32_000)?;
    Ok(connection)
}
