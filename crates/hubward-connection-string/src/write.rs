//! Writing a connection string in the canonical order of its kind, with or without its secrets.

use core::fmt;

use crate::field::FieldName;
use crate::grammar::Extras;
use crate::secret::REDACTED;

/// A function that is called with each field and its value.
pub(crate) type Visit<'v> = dyn FnMut(FieldName, &str) -> fmt::Result + 'v;

/// The parts of one kind of connection string.
pub(crate) trait KindParts: Sync {
    /// Calls `visit` with each known field and its value, in canonical order.
    fn visit_parts(&self, visit: &mut Visit<'_>) -> fmt::Result;
}

/// A connection string with its secrets. `Display` writes the whole text: the known fields in canonical order, and
/// after them the fields with unknown names.
#[derive(Clone, Copy)]
pub struct WithSecrets<'s> {
    parts: &'s dyn KindParts,
    extras: Extras<'s>,
}

impl<'s> WithSecrets<'s> {
    pub(crate) const fn new(parts: &'s dyn KindParts, extras: Extras<'s>) -> Self {
        Self { parts, extras }
    }
}

impl fmt::Display for WithSecrets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_known(self.parts, f, |_, value| value)?;
        self.extras.iter().try_for_each(|(name, value)| write!(f, ";{name}={value}"))
    }
}

impl fmt::Debug for WithSecrets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WithSecrets(redacted)")
    }
}

/// Writes the known fields, with `****` for each secret, and the number of the unknown ones: a misspelt name may be
/// that of a key, and a part of a key may look like a name.
pub(crate) fn write_redacted(
    parts: &dyn KindParts,
    extras: Extras<'_>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    write_known(parts, f, |field, value| if field.is_secret() { REDACTED } else { value })?;
    match extras.iter().count() {
        0 => Ok(()),
        more => write!(f, ";({more} more)"),
    }
}

fn write_known(
    parts: &dyn KindParts,
    f: &mut fmt::Formatter<'_>,
    shown: impl for<'v> Fn(FieldName, &'v str) -> &'v str,
) -> fmt::Result {
    let mut separator = "";
    parts.visit_parts(&mut |field, value| {
        write!(f, "{separator}{field}={}", shown(field, value))?;
        separator = ";";
        Ok(())
    })
}
