//! [`ActionName`]: a provider operation, and the patterns with wildcards that match them.

use core::fmt;

/// The most bytes of a name or pattern. Providers publish none that is nearly as long.
const MAX_LEN: usize = 256;
/// The most wildcards of a pattern, which bounds the cost of matching.
const MAX_STARS: usize = 8;

/// The pair of a role's lists that an operation belongs to. The planes are separate: `*` in `actions` grants no data
/// action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a role has these two pairs of lists")]
pub enum Plane {
    /// Management of resources: `actions` and `notActions`.
    Control,
    /// The data of a resource: `dataActions` and `notDataActions`.
    Data,
}

/// A provider operation, such as `Microsoft.Devices/IotHubs/devices/read`. ASCII case does not matter.
///
/// ```
/// use hubward_policy::roles::ActionName;
///
/// assert!(ActionName::parse("Microsoft.Devices/IotHubs/devices/read").is_ok());
/// assert!(ActionName::parse("Microsoft.Devices/IotHubs/*").is_err(), "a pattern is not a name");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ActionName<'a>(&'a str);

/// The error of a text that is not a provider operation, or not a pattern of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActionError {
    /// An empty text, or an empty part between slashes.
    #[error("empty, or an empty part between slashes")]
    Empty,
    /// A character other than ASCII letters, digits, `.`, `-`, `_` and, in a pattern, `*`.
    #[error("the character at byte {offset} is not allowed")]
    Character {
        /// The byte of the character.
        offset: usize,
    },
    /// A provider without an operation.
    #[error("needs a provider and an operation")]
    NoOperation,
    /// More than 256 bytes or 8 wildcards.
    #[error("more than 256 bytes or 8 wildcards")]
    TooLong,
}

impl<'a> ActionName<'a> {
    /// Parses a name and borrows it.
    ///
    /// # Errors
    /// [`ActionError`] if the text is not a name. A name has no wildcards.
    pub fn parse(name: &'a str) -> Result<Self, ActionError> {
        check(name, false)?;
        if !name.contains('/') {
            return Err(ActionError::NoOperation);
        }
        Ok(Self(name))
    }

    /// Returns the name as it was parsed.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.0
    }
}

impl fmt::Display for ActionName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Checks that a text is a pattern.
pub(super) fn check_pattern(pattern: &str) -> Result<(), ActionError> {
    check(pattern, true)?;
    if pattern.bytes().filter(|b| *b == b'*').count() > MAX_STARS {
        return Err(ActionError::TooLong);
    }
    if !pattern.contains(['/', '*']) {
        return Err(ActionError::NoOperation);
    }
    Ok(())
}

fn check(text: &str, star: bool) -> Result<(), ActionError> {
    if text.len() > MAX_LEN {
        return Err(ActionError::TooLong);
    }
    if text.split('/').any(str::is_empty) {
        return Err(ActionError::Empty);
    }
    let allowed =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'-' | b'_') || (star && b == b'*');
    match text.bytes().position(|b| !allowed(b)) {
        Some(offset) => Err(ActionError::Character { offset }),
        None => Ok(()),
    }
}

/// Returns whether a pattern matches an operation: `*` is any text, including slashes.
pub(super) fn matches(pattern: &str, name: ActionName<'_>) -> bool {
    let mut pieces = pattern.split('*').map(str::as_bytes);
    let first = pieces.next().unwrap_or_default();
    let last = pieces.next_back();
    let Some(mut rest) = strip_prefix(name.0.as_bytes(), first) else { return false };
    let Some(last) = last else { return rest.is_empty() };
    for piece in pieces {
        // the leftmost match leaves the most text for the next pieces
        match find(rest, piece) {
            Some(tail) => rest = tail,
            None => return false,
        }
    }
    let end = rest.len().checked_sub(last.len()).and_then(|at| rest.get(at..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(last))
}

fn strip_prefix<'t>(text: &'t [u8], prefix: &[u8]) -> Option<&'t [u8]> {
    let (head, tail) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}

/// Returns the text after the first match of `piece`.
fn find<'t>(mut text: &'t [u8], piece: &[u8]) -> Option<&'t [u8]> {
    loop {
        match strip_prefix(text, piece) {
            Some(tail) => return Some(tail),
            None => text = text.get(1..)?,
        }
    }
}
