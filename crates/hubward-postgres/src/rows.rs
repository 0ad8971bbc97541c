//! Rows of the table as rows of a store.

use std::borrow::Cow;

use hubward_store::{Kind, Position, Proof, Row};

use crate::error::PostgresError;

/// Reads the place of the tables. The epoch has the identity of the server and of the table too, and the start of the
/// server: a database that was restored in any way has another one.
pub(crate) const POSITION: &str = "SELECT \
    decode(md5(encode(epoch, 'hex') || ' ' || 'hubward.record'::regclass::oid::text || ' ' \
        || (SELECT oid::text FROM pg_database WHERE datname = current_database()) || ' ' \
        || extract(epoch FROM pg_postmaster_start_time())::text), 'hex'), \
    greatest(coalesce((SELECT max(change) FROM hubward.record), 0), purged), purged FROM hubward.hub";

/// Reads a place.
pub(crate) fn position(from: &tokio_postgres::Row) -> Result<Position, PostgresError> {
    let epoch: &[u8] = from.try_get(0)?;
    let epoch = epoch.try_into().map_err(|_| PostgresError::Row { change: 0, column: "epoch" })?;
    let number = |at| from.try_get::<_, i64>(at).map(i64::unsigned_abs);
    Ok(Position { epoch, change: number(1)?, purged: number(2)? })
}

/// Reads a row of [`COLUMNS`](hubward_store::COLUMNS). Its values are borrowed from the answer.
pub(crate) fn row(from: &tokio_postgres::Row) -> Result<Row<'_>, PostgresError> {
    let change: i64 = from.try_get(0)?;
    let wrong = |column| PostgresError::Row { change, column };
    let number = |at, column| {
        u64::try_from(from.try_get::<_, i64>(at)?).map_err(|_| PostgresError::Row { change, column })
    };
    let kind = Kind::from_number(from.try_get::<_, i16>(1)?.into()).ok_or(wrong("kind"))?;
    let proof = Proof::from_number(from.try_get::<_, i16>(10)?.into()).ok_or(wrong("proof"))?;
    Ok(Row {
        change: u64::try_from(change).map_err(|_| wrong("change"))?,
        kind,
        name: Cow::Borrowed(from.try_get(2)?),
        deleted: from.try_get(3)?,
        etag: number(4, "etag")?,
        generation: number(5, "generation")?,
        primary_version: number(6, "primary_version")?,
        secondary_version: number(7, "secondary_version")?,
        enabled: from.try_get(8)?,
        rights: u8::try_from(from.try_get::<_, i16>(9)?).map_err(|_| wrong("rights"))?,
        proof,
        primary: from.try_get::<_, Option<&[u8]>>(11)?.map(Cow::Borrowed),
        secondary: from.try_get::<_, Option<&[u8]>>(12)?.map(Cow::Borrowed),
        detail: Cow::Borrowed(from.try_get(13)?),
    })
}
