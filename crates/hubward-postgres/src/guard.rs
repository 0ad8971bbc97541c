//! Checks at the start that the engine keeps the promises: durable commits, and numbers in the order of commits.

use tokio_postgres::Client;

use crate::error::PostgresError;

/// The triggers that the tables need; a session of replication does not run them.
const TRIGGERS: &str = "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'hubward.record'::regclass \
    AND NOT tgisinternal AND tgenabled IN ('O', 'A') \
    AND tgname IN ('a_in_order', 'b_number', 'c_tombstone', 'd_no_truncate', 'e_announce')";

/// Checks the settings, the triggers, and that the lock excludes another transaction.
pub(crate) async fn check(one: &Client, two: &Client) -> Result<(), PostgresError> {
    if setting(one, "SHOW fsync").await? == "off" {
        return Err(PostgresError::NotDurable("fsync = off"));
    }
    if setting(one, "SHOW full_page_writes").await? == "off" {
        return Err(PostgresError::NotDurable("full_page_writes = off"));
    }
    let triggers: i64 = match one.query_typed(TRIGGERS, &[]).await?.first() {
        Some(row) => row.try_get(0)?,
        None => 0,
    };
    if triggers != 5 {
        return Err(PostgresError::Guard("a trigger of hubward.record is missing or disabled"));
    }
    one.batch_execute("BEGIN").await?;
    let excluded = excludes(one, two).await;
    one.batch_execute("ROLLBACK").await?;
    if excluded? {
        Ok(())
    } else {
        Err(PostgresError::Guard("this engine does not support advisory locks of transactions"))
    }
}

/// Returns whether a transaction that would write excludes another one.
async fn excludes(one: &Client, two: &Client) -> Result<bool, PostgresError> {
    // no row, and still the trigger of the statement
    one.batch_execute("DELETE FROM hubward.record WHERE false").await?;
    let taken = "SELECT pg_try_advisory_xact_lock(7526763)";
    let taken: bool = match two.query_typed(taken, &[]).await?.first() {
        Some(row) => row.try_get(0)?,
        None => true,
    };
    Ok(!taken)
}

async fn setting(client: &Client, show: &str) -> Result<String, PostgresError> {
    let rows = client.query_typed(show, &[]).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or_default())
}
