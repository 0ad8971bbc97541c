//! The writes of one transaction.

use hubward_store::{Commit, Expected, Kind, Row, RowKey, Write};
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use crate::error::PostgresError;
use crate::insert;

/// Begins a transaction that has the lock on the order of commits, before the statements after it take their snapshots: at
/// READ COMMITTED each has its own, independently of the server's default level. A commit is written to the disk, also where the server's default is another.
pub(crate) const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE; SELECT pg_advisory_xact_lock(7526763), \
    CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'local', true) END";

const LAST: &str =
    "SELECT greatest(coalesce((SELECT max(change) FROM hubward.record), 0), purged) FROM hubward.hub";
const SET: &str = "change = -1, deleted = false, etag = $3, generation = $4, primary_version = $5, \
    secondary_version = $6, enabled = $7, rights = $8, proof = $9, primary_key = $10, secondary_key = $11, \
    detail = $12";
const TOMBSTONE: &str = "change = -1, deleted = true, etag = 0, proof = 0, primary_key = NULL, \
    secondary_key = NULL, detail = ''";

/// Does all writes, and returns the number of the last one. The caller commits, or rolls back after a conflict.
pub(crate) async fn all(client: &Client, writes: &[Write]) -> Result<Commit, PostgresError> {
    let mut left = writes;
    while let Some((first, rest)) = left.split_first() {
        let run = insert::run(left);
        let (done, next) = match first {
            _ if run.len() > 1 => {
                (insert::all(client, &run).await?, left.get(run.len()..).unwrap_or_default())
            }
            Write::Put(row, expected) => (put(client, row, *expected).await?, rest),
            Write::Delete(key, expected) => (delete(client, key, *expected).await?, rest),
        };
        if !done {
            return Ok(Commit::Conflict);
        }
        left = next;
    }
    let last = client.query_typed(LAST, &[]).await?;
    let last: i64 = last.first().map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
    Ok(Commit::Done(last.unsigned_abs()))
}

pub(crate) fn signed(number: u64) -> Result<i64, PostgresError> {
    i64::try_from(number).map_err(|_| PostgresError::Number)
}

/// Writes a row; returns `false` if its condition does not hold.
async fn put(client: &Client, row: &Row<'_>, expected: Expected) -> Result<bool, PostgresError> {
    let kind = i16::from(row.kind.number());
    let etag = match expected {
        Expected::Etag(etag) => signed(etag)?,
        Expected::Absent | Expected::Any | Expected::Present => 0,
    };
    // the device of a module cannot be deleted meanwhile: this transaction has the lock of all writers
    let device = match row.device() {
        Some(_) => {
            "AND EXISTS (SELECT FROM hubward.record WHERE kind = 0 AND name = split_part($2, '/', 1) AND NOT deleted)"
        }
        None => "",
    };
    let insert = |condition: &str| {
        format!(
            "INSERT INTO hubward.record AS r (kind, name, change, etag, generation, primary_version, \
             secondary_version, enabled, rights, proof, primary_key, secondary_key, detail) \
             SELECT $1, $2, -1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 WHERE $13 = 0 {device} \
             ON CONFLICT (kind, name) DO UPDATE SET {SET} WHERE {condition}"
        )
    };
    let update = |condition: &str| {
        format!(
            "UPDATE hubward.record SET {SET} WHERE kind = $1 AND name = $2 AND NOT deleted AND {condition} {device}"
        )
    };
    let statement = match expected {
        Expected::Absent => insert("r.deleted"),
        Expected::Any => insert("true"),
        Expected::Present => update("$13 = 0"),
        Expected::Etag(_) => update("etag = $13"),
    };
    let numbers = [row.etag, row.generation, row.primary_version, row.secondary_version].map(signed);
    let [version, generation, first, second] = numbers;
    let (version, generation, first, second) = (version?, generation?, first?, second?);
    let (rights, proof) = (i16::from(row.rights), i16::from(row.proof.number()));
    let (primary, secondary) = (row.primary.as_deref(), row.secondary.as_deref());
    let parameters: [(&(dyn ToSql + Sync), Type); 13] = [
        (&kind, Type::INT2),
        (&&*row.name, Type::TEXT),
        (&version, Type::INT8),
        (&generation, Type::INT8),
        (&first, Type::INT8),
        (&second, Type::INT8),
        (&row.enabled, Type::BOOL),
        (&rights, Type::INT2),
        (&proof, Type::INT2),
        (&primary, Type::BYTEA),
        (&secondary, Type::BYTEA),
        (&&*row.detail, Type::TEXT),
        (&etag, Type::INT8),
    ];
    Ok(client.execute_typed(&statement, &parameters).await? == 1)
}

/// Replaces a row by a tombstone, a device's with those of its modules; returns `false` if the condition does not hold.
async fn delete(client: &Client, key: &RowKey, expected: Expected) -> Result<bool, PostgresError> {
    let kind = i16::from(key.kind.number());
    let etag = match expected {
        Expected::Etag(etag) => Some(signed(etag)?),
        Expected::Absent | Expected::Any | Expected::Present => None,
    };
    let statement = match expected {
        Expected::Absent => {
            "SELECT FROM hubward.record WHERE kind = $1 AND name = $2 AND NOT deleted AND $3::int8 IS NULL"
                .into()
        }
        _ => format!(
            "UPDATE hubward.record SET {TOMBSTONE} WHERE kind = $1 AND name = $2 AND NOT deleted \
             AND ($3 IS NULL OR etag = $3)"
        ),
    };
    let found = client
        .execute_typed(&statement, &[(&kind, Type::INT2), (&&*key.name, Type::TEXT), (&etag, Type::INT8)])
        .await?;
    if expected == Expected::Absent {
        return Ok(found == 0);
    }
    if found == 0 {
        return Ok(expected == Expected::Any);
    }
    if key.kind == Kind::Identity && key.device().is_none() {
        let modules = format!(
            "UPDATE hubward.record SET {TOMBSTONE} WHERE device IS NOT NULL AND device = $1 AND NOT deleted"
        );
        client.execute_typed(&modules, &[(&&*key.name, Type::TEXT)]).await?;
    }
    Ok(true)
}
