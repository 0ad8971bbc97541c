//! Rows of the table as rows of a store.

use std::borrow::Cow;

use hubward_store::{Kind, Proof, Row};
use rusqlite::types::ValueRef;

use crate::error::SqliteError;

/// Reads a row of [`COLUMNS`](hubward_store::COLUMNS). Its values are borrowed from the statement.
pub(crate) fn row<'r>(from: &'r rusqlite::Row<'_>) -> Result<Row<'r>, SqliteError> {
    let change = from.get::<_, i64>(0)?;
    let wrong = |column| SqliteError::Row { change, column };
    let number = |at, column| match from.get_ref(at)? {
        ValueRef::Integer(value) => u64::try_from(value).map_err(|_| wrong(column)),
        _ => Err(wrong(column)),
    };
    let flag = |at, column| match from.get_ref(at)? {
        ValueRef::Integer(value) => Ok(value != 0),
        _ => Err(wrong(column)),
    };
    let text = |at, column| match from.get_ref(at)? {
        ValueRef::Text(text) => {
            core::str::from_utf8(text).map(Cow::Borrowed).map_err(|_| SqliteError::Row { change, column })
        }
        _ => Err(wrong(column)),
    };
    let blob = |at, column| match from.get_ref(at)? {
        ValueRef::Null => Ok(None),
        ValueRef::Blob(bytes) => Ok(Some(Cow::Borrowed(bytes))),
        _ => Err(SqliteError::Row { change, column }),
    };
    let kind = Kind::from_number(from.get(1)?).ok_or(wrong("kind"))?;
    let proof = Proof::from_number(from.get(10)?).ok_or(wrong("proof"))?;
    Ok(Row {
        change: u64::try_from(change).map_err(|_| wrong("change"))?,
        kind,
        name: text(2, "name")?,
        deleted: flag(3, "deleted")?,
        etag: number(4, "etag")?,
        generation: number(5, "generation")?,
        primary_version: number(6, "primary_version")?,
        secondary_version: number(7, "secondary_version")?,
        enabled: flag(8, "enabled")?,
        rights: u8::try_from(number(9, "rights")?).map_err(|_| wrong("rights"))?,
        proof,
        primary: blob(11, "primary_key")?,
        secondary: blob(12, "secondary_key")?,
        detail: text(13, "detail")?,
    })
}
