//! Names in messages: a text that was typed is shown only if it does not look like a secret.

use core::fmt::Display;
use std::borrow::Cow;
use std::path::Path;

use hubward::types::Shown;

/// The name of a file.
pub(crate) fn file(path: &Path) -> Shown<Cow<'_, str>> {
    Shown::new(path.to_string_lossy())
}

/// An identity, a decision, or another text that names what was typed.
pub(crate) fn text(what: &impl Display) -> Shown<String> {
    Shown::new(what.to_string())
}
