//! Many new rows in one statement, as an import has them: a row costs a tenth of a statement of its own.

use std::collections::BTreeSet;

use hubward_store::{Expected, Row, Write};
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use crate::error::PostgresError;
use crate::write::signed;

/// The longest run, which bounds the memory of a statement.
const LONGEST: usize = 5000;

const INSERT: &str = "INSERT INTO hubward.record AS r (kind, name, change, etag, generation, primary_version, \
    secondary_version, enabled, rights, proof, primary_key, secondary_key, detail) \
    SELECT kind, name, -1, etag, generation, primary_version, secondary_version, enabled, rights, proof, primary_key, \
        secondary_key, detail \
    FROM unnest($1::int2[], $2::text[], $3::int8[], $4::int8[], $5::int8[], $6::int8[], $7::bool[], $8::int2[], \
        $9::int2[], $10::bytea[], $11::bytea[], $12::text[]) AS new (kind, name, etag, generation, primary_version, \
        secondary_version, enabled, rights, proof, primary_key, secondary_key, detail) \
    WHERE kind <> 0 OR position('/' IN name) = 0 OR EXISTS (SELECT FROM hubward.record AS device \
        WHERE device.kind = 0 AND device.name = split_part(new.name, '/', 1) AND NOT device.deleted) \
    ON CONFLICT (kind, name) DO UPDATE SET change = -1, deleted = false, etag = excluded.etag, \
        generation = excluded.generation, primary_version = excluded.primary_version, \
        secondary_version = excluded.secondary_version, enabled = excluded.enabled, rights = excluded.rights, \
        proof = excluded.proof, primary_key = excluded.primary_key, secondary_key = excluded.secondary_key, \
        detail = excluded.detail WHERE r.deleted";

/// Returns the new rows that the writes begin with and that one statement may insert: each once, and no module with its
/// own device.
pub(crate) fn run(writes: &[Write]) -> Vec<&Row<'static>> {
    let (mut rows, mut seen) = (Vec::new(), BTreeSet::new());
    for write in writes.iter().take(LONGEST) {
        match write {
            Write::Put(row, Expected::Absent)
                if row.device().is_none_or(|device| !seen.contains(&(row.kind, device)))
                    && seen.insert((row.kind, &*row.name)) =>
            {
                rows.push(row);
            }
            _ => break,
        }
    }
    rows
}

/// Inserts rows; returns `false` if one of them exists, or is a module without its device.
pub(crate) async fn all(client: &Client, rows: &[&Row<'static>]) -> Result<bool, PostgresError> {
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
    let inserted = client.execute_typed(INSERT, &parameters).await?;
    Ok(usize::try_from(inserted) == Ok(rows.len()))
}
