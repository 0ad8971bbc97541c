//! Names in messages: a text of the user is shown only if it does not look like a secret.

use core::fmt::Display;
use std::borrow::Cow;
use std::path::Path;

use hubward::types::Shown;

/// Returns the printable name of a file.
pub(crate) fn file(path: &Path) -> Shown<Cow<'_, str>> {
    Shown::new(path.to_string_lossy())
}

/// Returns the printable form of an identity, a decision, or another text with names of the user.
pub(crate) fn text(what: &impl Display) -> Shown<String> {
    Shown::new(what.to_string())
}
