//! The columns of a table of rows.

/// The names of the columns of a table in SQL, one for each field of a [`Row`](crate::Row), in an order that stores agree on.
///
/// ```
/// assert!(hubward_store::COLUMNS.starts_with("change, kind, name, deleted, etag"));
/// assert_eq!(hubward_store::COLUMNS.split(", ").count(), 14);
/// ```
pub const COLUMNS: &str = "change, kind, name, deleted, etag, generation, primary_version, \
    secondary_version, enabled, rights, proof, primary_key, secondary_key, detail";
