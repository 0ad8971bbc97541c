//! Reading a custom role from JSON.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use serde::Deserialize;

use super::role::{Role, RoleError, RoleList};
use crate::json::Object;

/// The error of a JSON text, all of which is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RoleJsonError {
    /// Not JSON, or a member is unknown, missing, duplicate or of the wrong type.
    #[error("line {line}, column {column}: not the JSON of a role")]
    Json {
        /// The line, from one.
        line: usize,
        /// The column, from one.
        column: usize,
    },
    /// An entry is invalid.
    #[error(transparent)]
    Role(#[from] RoleError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Document<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(default, rename = "IsCustom")]
    _is_custom: Option<bool>,
    #[serde(borrow, default, rename = "Description")]
    _description: Option<Cow<'a, str>>,
    #[serde(borrow)]
    actions: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    not_actions: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    data_actions: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    not_data_actions: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    assignable_scopes: Vec<Cow<'a, str>>,
}

/// Parses a custom role: `{"Name": .., "Actions": [..], "NotActions": [..], "DataActions": [..], "NotDataActions":
/// [..], "AssignableScopes": [..]}`. `Id`, `IsCustom` and `Description` are optional.
///
/// # Errors
/// [`RoleJsonError`] if any part of the text is not understood.
pub fn role_from_json(text: &str) -> Result<Role, RoleJsonError> {
    let Object(document): Object<Document<'_>> = serde_json::from_str(text)
        .map_err(|error| RoleJsonError::Json { line: error.line(), column: error.column() })?;
    let mut role = Role::named(&document.name, document.id.as_deref().unwrap_or_default());
    for (list, entries) in [
        (RoleList::Actions, &document.actions),
        (RoleList::NotActions, &document.not_actions),
        (RoleList::DataActions, &document.data_actions),
        (RoleList::NotDataActions, &document.not_data_actions),
        (RoleList::AssignableScopes, &document.assignable_scopes),
    ] {
        let entries: Vec<_> = entries.iter().map(|entry| &**entry).collect();
        role = role.with_list(list, &entries)?;
    }
    Ok(role)
}
