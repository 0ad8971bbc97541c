//! The writer: one order of fields for each kind, and two ways to treat its secrets.

use core::fmt;

use crate::field::Field;
use crate::secret::REDACTED;
use crate::string::ConnectionString;

/// What is told each field of a string.
pub(crate) type Visit<'v> = dyn FnMut(Field, &str) -> fmt::Result + 'v;

/// A connection string that is written with its secrets: its `Display` is the whole text, in canonical order,
/// the fields that no kind knows last.
#[derive(Clone, Copy)]
pub struct WithSecrets<'a>(ConnectionString<'a>);

impl<'a> WithSecrets<'a> {
    pub(crate) const fn new(string: ConnectionString<'a>) -> Self {
        Self(string)
    }
}

impl fmt::Display for WithSecrets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_known(&self.0, f, |_, value| value)?;
        self.0.extras().iter().try_for_each(|(name, value)| write!(f, ";{name}={value}"))
    }
}

impl fmt::Debug for WithSecrets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WithSecrets(redacted)")
    }
}

/// Writes `****` for each secret. Of fields that no kind knows, only their number: a misspelt name may be that of
/// a key, and a broken key may look like a name.
pub(crate) fn write_redacted(string: ConnectionString<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write_known(&string, f, |field, value| if field.is_secret() { REDACTED } else { value })?;
    match string.extras().iter().count() {
        0 => Ok(()),
        more => write!(f, ";({more} more)"),
    }
}

fn write_known(
    string: &ConnectionString<'_>,
    f: &mut fmt::Formatter<'_>,
    shown: impl for<'v> Fn(Field, &'v str) -> &'v str,
) -> fmt::Result {
    let mut separator = "";
    string.parts(&mut |field, value| {
        write!(f, "{separator}{field}={}", shown(field, value))?;
        separator = ";";
        Ok(())
    })
}
