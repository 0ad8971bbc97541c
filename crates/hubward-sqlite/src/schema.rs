//! The tables, and the migrations that lead to them.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::error::SqliteError;

/// Marks the file as a registry of hubward ("hubw").
const APPLICATION: u32 = 0x6875_6277;

/// The migrations: the format of a file is the number of those that it has.
const MIGRATIONS: [&str; 1] = [include_str!("schema/1.sql")];

/// The newest format.
pub(crate) const FORMAT: u32 = 1;

/// Returns the format of a file; `None` for an empty one.
///
/// # Errors
/// [`SqliteError`] if the file is not a registry that this version reads. It is unchanged.
pub(crate) fn format(connection: &Connection) -> Result<Option<u32>, SqliteError> {
    let application: u32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let format: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (application, format) {
        (0, 0) if tables == 0 => Ok(None),
        (APPLICATION, found) if found > FORMAT => Err(SqliteError::Newer { found, known: FORMAT }),
        (APPLICATION, format) => Ok(Some(format)),
        _ => Err(SqliteError::Foreign),
    }
}

/// Creates the tables in an empty file, or applies the migrations that it lacks. Returns the name of the hub.
pub(crate) fn prepare(connection: &mut Connection, hub: Option<&str>) -> Result<Option<String>, SqliteError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = format(&transaction)?;
    let new = found.is_none();
    if new && hub.is_none() {
        return Ok(None);
    }
    let done = usize::try_from(found.unwrap_or(0)).unwrap_or(usize::MAX);
    for migration in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(migration)?;
    }
    if let (true, Some(hub)) = (new, hub) {
        let hub = hub.to_ascii_lowercase();
        transaction.execute(
            "INSERT INTO hub (one, name, epoch, change, purged) VALUES (1, ?1, randomblob(16), 0, 0)",
            params![hub],
        )?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
    }
    transaction.pragma_update(None, "user_version", FORMAT)?;
    let name: Option<String> =
        transaction.query_row("SELECT name FROM hub WHERE one = 1", [], |row| row.get(0)).optional()?;
    transaction.commit()?;
    name.map(Some).ok_or(SqliteError::Foreign)
}
