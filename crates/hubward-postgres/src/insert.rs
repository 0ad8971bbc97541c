//! Many new rows at once, as an import and the first content of a registry have them. A row costs a tenth of a statement of
//! its own.

use core::pin::pin;
use std::collections::BTreeSet;

use hubward_store::{Expected, Row, Write};
use tokio_postgres::Client;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};

use crate::error::PostgresError;
use crate::write::signed;

/// Rows from which on a `COPY` and its table cost less than arrays.
const COPIED: usize = 500;

/// The longest arrays, which bounds the memory of a statement.
const LONGEST: usize = 5000;

/// The columns of new rows, besides `change`.
const COLUMNS: &str = "kind, name, etag, generation, primary_version, secondary_version, enabled, rights, proof, \
    primary_key, secondary_key, detail";

const TYPES: [Type; 12] = [
    Type::INT2,
    Type::TEXT,
    Type::INT8,
    Type::INT8,
    Type::INT8,
    Type::INT8,
    Type::BOOL,
    Type::INT2,
    Type::INT2,
    Type::BYTEA,
    Type::BYTEA,
    Type::TEXT,
];

/// A role without the privilege for temporary tables writes by arrays.
const MAY_COPY: &str = "SELECT has_database_privilege(current_database(), 'TEMPORARY')";

/// The rows of one run, in memory and without a log, until the end of the transaction.
const TABLE: &str = "DROP TABLE IF EXISTS pg_temp.hubward_new; CREATE TEMPORARY TABLE hubward_new (kind int2, name text, \
    etag int8, generation int8, primary_version int8, secondary_version int8, enabled bool, rights int2, proof int2, \
    primary_key bytea, secondary_key bytea, detail text) ON COMMIT DROP";

const ARRAYS: &str = "unnest($1::int2[], $2::text[], $3::int8[], $4::int8[], $5::int8[], $6::int8[], $7::bool[], \
    $8::int2[], $9::int2[], $10::bytea[], $11::bytea[], $12::text[])";

/// Modules are inserted after the devices, which they need.
const DEVICES: &str = "new.kind <> 0 OR position('/' IN new.name) = 0";
const MODULES: &str = "new.kind = 0 AND position('/' IN new.name) > 0 AND EXISTS (SELECT FROM hubward.record AS device \
    WHERE device.kind = 0 AND device.name = split_part(new.name, '/', 1) AND NOT device.deleted)";

/// Returns the statement that inserts new rows from a table or from arrays. The triggers number them.
fn insert(from: &str, which: &str) -> String {
    format!(
        "INSERT INTO hubward.record AS r (change, {COLUMNS}) SELECT -1, {COLUMNS} FROM {from} AS new ({COLUMNS}) \
         WHERE {which} ON CONFLICT (kind, name) DO UPDATE SET change = -1, deleted = false, etag = excluded.etag, \
         generation = excluded.generation, primary_version = excluded.primary_version, \
         secondary_version = excluded.secondary_version, enabled = excluded.enabled, rights = excluded.rights, \
         proof = excluded.proof, primary_key = excluded.primary_key, secondary_key = excluded.secondary_key, \
         detail = excluded.detail WHERE r.deleted"
    )
}

/// Returns the new rows that the writes begin with and that may be inserted at once: each once, and no device after its
/// module.
pub(crate) fn run(writes: &[Write]) -> Vec<&Row<'static>> {
    let (mut rows, mut seen, mut elsewhere) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for write in writes {
        let Write::Put(row, Expected::Absent) = write else { break };
        let key = (row.kind, &*row.name);
        if elsewhere.contains(&key) || !seen.insert(key) {
            break;
        }
        elsewhere
            .extend(row.device().map(|device| (row.kind, device)).filter(|device| !seen.contains(device)));
        rows.push(row);
    }
    rows
}

/// Inserts rows; returns `false` if one of them exists, or is a module without its device.
pub(crate) async fn all(client: &Client, rows: &[&Row<'static>]) -> Result<bool, PostgresError> {
    let (modules, devices): (Vec<&Row<'_>>, Vec<&Row<'_>>) =
        rows.iter().copied().partition(|row| row.device().is_some());
    if rows.len() >= COPIED && may_copy(client).await? {
        copy(client, rows).await?;
        for (which, expected) in [(DEVICES, devices.len()), (MODULES, modules.len())] {
            let statement = insert("pg_temp.hubward_new", which);
            if expected > 0 && !is(client.execute_typed(&statement, &[]).await?, expected) {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    for (which, rows) in [(DEVICES, devices), (MODULES, modules)] {
        for rows in rows.chunks(LONGEST) {
            if !arrays(client, rows, which).await? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn is(number: u64, expected: usize) -> bool {
    usize::try_from(number) == Ok(expected)
}

async fn may_copy(client: &Client) -> Result<bool, PostgresError> {
    Ok(client
        .query_typed(MAY_COPY, &[])
        .await?
        .first()
        .map(|row| row.try_get(0))
        .transpose()?
        .unwrap_or_default())
}

/// Streams rows into a temporary table.
async fn copy(client: &Client, rows: &[&Row<'static>]) -> Result<(), PostgresError> {
    client.batch_execute(TABLE).await?;
    let sink = client.copy_in("COPY pg_temp.hubward_new FROM STDIN BINARY").await?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &TYPES));
    for row in rows {
        let (kind, rights) = (i16::from(row.kind.number()), i16::from(row.rights));
        let (etag, generation) = (signed(row.etag)?, signed(row.generation)?);
        let (first, second) = (signed(row.primary_version)?, signed(row.secondary_version)?);
        let proof = i16::from(row.proof.number());
        let (primary, secondary) = (row.primary.as_deref(), row.secondary.as_deref());
        let values: [&(dyn ToSql + Sync); 12] = [
            &kind,
            &&*row.name,
            &etag,
            &generation,
            &first,
            &second,
            &row.enabled,
            &rights,
            &proof,
            &primary,
            &secondary,
            &&*row.detail,
        ];
        writer.as_mut().write(&values).await?;
    }
    writer.finish().await?;
    Ok(())
}

/// Inserts rows by one statement, of which each column is an array.
async fn arrays(client: &Client, rows: &[&Row<'static>], which: &str) -> Result<bool, PostgresError> {
    let numbers = |of: fn(&Row<'static>) -> u64| -> Result<Vec<i64>, PostgresError> {
        rows.iter().map(|row| signed(of(row))).collect()
    };
    let kinds: Vec<i16> = rows.iter().map(|row| row.kind.number().into()).collect();
    let names: Vec<&str> = rows.iter().map(|row| &*row.name).collect();
    let (etags, generations) = (numbers(|row| row.etag)?, numbers(|row| row.generation)?);
    let (first, second) = (numbers(|row| row.primary_version)?, numbers(|row| row.secondary_version)?);
    let enabled: Vec<bool> = rows.iter().map(|row| row.enabled).collect();
    let rights: Vec<i16> = rows.iter().map(|row| row.rights.into()).collect();
    let proofs: Vec<i16> = rows.iter().map(|row| row.proof.number().into()).collect();
    let primary: Vec<Option<&[u8]>> = rows.iter().map(|row| row.primary.as_deref()).collect();
    let secondary: Vec<Option<&[u8]>> = rows.iter().map(|row| row.secondary.as_deref()).collect();
    let details: Vec<&str> = rows.iter().map(|row| &*row.detail).collect();
    let parameters: [(&(dyn ToSql + Sync), Type); 12] = [
        (&kinds, Type::INT2_ARRAY),
        (&names, Type::TEXT_ARRAY),
        (&etags, Type::INT8_ARRAY),
        (&generations, Type::INT8_ARRAY),
        (&first, Type::INT8_ARRAY),
        (&second, Type::INT8_ARRAY),
        (&enabled, Type::BOOL_ARRAY),
        (&rights, Type::INT2_ARRAY),
        (&proofs, Type::INT2_ARRAY),
        (&primary, Type::BYTEA_ARRAY),
        (&secondary, Type::BYTEA_ARRAY),
        (&details, Type::TEXT_ARRAY),
    ];
    let inserted = client.execute_typed(&insert(ARRAYS, which), &parameters).await?;
    Ok(is(inserted, rows.len()))
}
