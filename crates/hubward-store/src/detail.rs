//! The attributes that few rows have, as an object of JSON that people can read and change by SQL.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The attributes.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Detail<'d> {
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub(crate) iot_edge: bool,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(crate) status_reason: Option<Cow<'d, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(crate) generation_id: Option<Cow<'d, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(crate) device_scope: Option<Cow<'d, str>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) parent_scopes: Vec<Cow<'d, str>>,
}

impl<'d> Detail<'d> {
    /// Parses the text of a row. Returns `None` if it is not such an object.
    pub(crate) fn parse(text: &'d str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        // a derived reader takes an array too
        text.trim_start().starts_with('{').then(|| serde_json::from_str(text).ok())?
    }

    /// Returns the text for a row: empty without attributes.
    pub(crate) fn text(&self) -> String {
        if *self == Self::default() {
            return String::new();
        }
        serde_json::to_string(self).unwrap_or_default()
    }
}
