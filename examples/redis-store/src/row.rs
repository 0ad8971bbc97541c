//! Rows as text: the keys in them are sealed already.

use hubward_store::{Kind, Proof, Row, RowKey};
use serde_json::{Value, json};

/// Returns the key of a row in Redis: the number of its kind, and its name.
pub fn key(key: &RowKey) -> String {
    format!("{}:{}", key.kind.number(), key.name)
}

/// Returns the key of a module's device.
pub fn device(key: &RowKey) -> String {
    key.device().map(|device| format!("{}:{device}", Kind::Identity.number())).unwrap_or_default()
}

/// Returns the content of a row.
pub fn content(row: &Row<'_>) -> String {
    let numbers = [row.etag, row.generation, row.primary_version, row.secondary_version];
    let keys = [row.primary.as_deref(), row.secondary.as_deref()];
    json!([numbers, row.enabled, row.rights, row.proof.number(), keys, row.detail]).to_string()
}

/// Returns the row of a key, a change number and a content.
pub fn row(key: &str, change: u64, content: &str) -> Option<Row<'static>> {
    let (kind, name) = key.split_once(':')?;
    let row = Row { change, ..Row::new(Kind::from_number(kind.parse().ok()?)?, name) };
    if content.is_empty() {
        return Some(Row { deleted: true, ..row }.into_owned());
    }
    let value: Value = serde_json::from_str(content).ok()?;
    let number = |at: usize| value.get(0)?.get(at)?.as_u64();
    let bytes =
        |at: usize| -> Option<Vec<u8>> { serde_json::from_value(value.get(4)?.get(at)?.clone()).ok()? };
    let row = Row {
        etag: number(0)?,
        generation: number(1)?,
        primary_version: number(2)?,
        secondary_version: number(3)?,
        enabled: value.get(1)?.as_bool()?,
        rights: u8::try_from(value.get(2)?.as_u64()?).ok()?,
        proof: Proof::from_number(value.get(3)?.as_i64()?)?,
        primary: bytes(0).map(Into::into),
        secondary: bytes(1).map(Into::into),
        detail: value.get(5)?.as_str()?.into(),
        ..row
    };
    Some(row.into_owned())
}
