//! The tables, and the migrations that lead to them.

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::error::PostgresError;

/// The migrations: the format of the tables is the number of those that they have.
const MIGRATIONS: [&str; 2] = [include_str!("schema/1.sql"), include_str!("schema/2.sql")];

/// The newest format.
const FORMAT: i32 = 2;

/// Gateways that start at the same time create the tables one after the other.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7526764)";

/// Creates the tables in a database without them, or applies the migrations that they lack.
/// Without the name of a hub it must have tables. Returns the name of the hub.
pub(crate) async fn prepare(client: &Client, hub: Option<&str>) -> Result<String, PostgresError> {
    client.batch_execute("BEGIN").await?;
    let done = prepare_in_transaction(client, hub).await;
    client.batch_execute(if done.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
    done
}

async fn prepare_in_transaction(client: &Client, hub: Option<&str>) -> Result<String, PostgresError> {
    client.batch_execute(LOCK).await?;
    let exists = client
        .query_typed("SELECT to_regclass('hubward.hub') IS NOT NULL", &[])
        .await?
        .first()
        .map(|row| row.try_get::<_, bool>(0))
        .transpose()?;
    let found = match exists {
        Some(true) => client.query_typed("SELECT format, name FROM hubward.hub", &[]).await?,
        _ => Vec::new(),
    };
    let (format, name) = match found.first() {
        Some(row) => (row.try_get::<_, i32>(0)?, Some(row.try_get::<_, String>(1)?)),
        None => (0, None),
    };
    if format > FORMAT {
        return Err(PostgresError::Newer { found: format, known: FORMAT });
    }
    let hub = match (name.clone(), hub) {
        (None, None) => return Err(PostgresError::NoRegistry),
        (Some(found), Some(hub)) if !found.eq_ignore_ascii_case(hub) => {
            return Err(PostgresError::OtherHub { found, expected: hub.into() });
        }
        (Some(found), _) => found,
        (None, Some(hub)) => hub.to_ascii_lowercase(),
    };
    for migration in MIGRATIONS.iter().skip(usize::try_from(format).unwrap_or(usize::MAX)) {
        client.batch_execute(migration).await?;
    }
    if name.is_none() {
        let insert = "INSERT INTO hubward.hub (format, name, epoch) VALUES ($1, $2, \
                      decode(replace(gen_random_uuid()::text, '-', ''), 'hex'))";
        client.execute_typed(insert, &[(&FORMAT, Type::INT4), (&hub, Type::TEXT)]).await?;
    } else if format < FORMAT {
        client.execute_typed("UPDATE hubward.hub SET format = $1", &[(&FORMAT, Type::INT4)]).await?;
    }
    Ok(hub)
}
