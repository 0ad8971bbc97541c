//! Forms of an identity that services send and an import does not have: empty keys, modes with a capital letter.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// The modes of a bulk request. Some services begin them with a capital letter.
const MODES: [&str; 7] = [
    "\"create\"",
    "\"createOrUpdate\"",
    "\"update\"",
    "\"updateIfMatchETag\"",
    "\"createOrUpdateIfMatchETag\"",
    "\"delete\"",
    "\"deleteIfMatchETag\"",
];
/// Symmetric keys that the hub generates.
const GENERATED: &str = "{\"type\":\"sas\"}";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authentication<'l> {
    #[serde(borrow, default)]
    r#type: Option<Cow<'l, str>>,
    #[serde(borrow)]
    symmetric_key: Keys<'l>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Keys<'l> {
    #[serde(borrow)]
    primary_key: Cow<'l, str>,
    #[serde(borrow)]
    secondary_key: Cow<'l, str>,
}

/// Returns an `authentication` without keys in the place of one whose two keys are empty: the hub generates them.
pub(super) fn generated(authentication: Option<&RawValue>) -> Option<&'static str> {
    let Authentication { r#type, symmetric_key } = serde_json::from_str(authentication?.get()).ok()?;
    let is_sas = r#type.is_none_or(|kind| kind == "sas");
    let empty = symmetric_key.primary_key.is_empty() && symmetric_key.secondary_key.is_empty();
    (is_sas && empty).then_some(GENERATED)
}

/// Returns the mode of an import that a mode of a bulk request means.
pub(super) fn mode(mode: Option<&RawValue>) -> Option<&'static str> {
    let mode = mode?.get();
    MODES.into_iter().find(|known| mode.eq_ignore_ascii_case(known))
}

/// Returns the place of `part`, which is a part of `line`.
pub(super) fn offset(line: &str, part: &RawValue) -> usize {
    part.get().as_ptr().addr().saturating_sub(line.as_ptr().addr())
}

/// Returns `line` with another text in the place of `part`, which begins at `at`.
pub(super) fn replaced(line: &str, at: usize, part: &RawValue, with: &str) -> Zeroizing<String> {
    let (before, from) = line.split_at_checked(at).unwrap_or((line, ""));
    Zeroizing::new([before, with, from.strip_prefix(part.get()).unwrap_or_default()].concat())
}
