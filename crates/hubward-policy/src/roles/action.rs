//! Provider operations and the patterns that name many of them.

use core::fmt;

/// The longest name or pattern; the longest that a provider publishes is well below.
const MAX_LEN: usize = 256;
/// The most wildcards of a pattern: it bounds what matching one costs.
const MAX_STARS: usize = 8;

/// Which of a role's lists an operation is in. The two never mix: `*` among the actions grants no data action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a role has these two pairs of lists")]
pub enum Plane {
    /// Management of resources.
    Control,
    /// What is within a resource.
    Data,
}

/// A provider operation, such as `Microsoft.Devices/IotHubs/devices/read`. Case does not matter.
#[derive(Debug, Clone, Copy)]
pub struct ActionName<'a>(&'a str);

/// Why a text is no provider operation, or no pattern of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActionError {
    /// Nothing there, or an empty part between slashes.
    #[error("empty, or with an empty part")]
    Empty,
    /// Something else than ASCII letters, digits, `.`, `-`, `_`; in a pattern also `*`.
    #[error("character at byte {offset} is not allowed")]
    Character {
        /// Where.
        offset: usize,
    },
    /// A provider without an operation.
    #[error("a provider and an operation are needed")]
    NoOperation,
    /// More than 256 bytes or 8 wildcards.
    #[error("too long")]
    TooLong,
}

impl<'a> ActionName<'a> {
    /// Checks a name and borrows it.
    ///
    /// # Errors
    /// [`ActionError`]; a wildcard is no character of a name.
    pub fn parse(name: &'a str) -> Result<Self, ActionError> {
        check(name, false)?;
        if !name.contains('/') {
            return Err(ActionError::NoOperation);
        }
        Ok(Self(name))
    }

    /// The name as it came.
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

/// Checks a pattern.
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

/// Whether a pattern names this operation: `*` is any text, slashes included.
pub(super) fn matches(pattern: &str, name: ActionName<'_>) -> bool {
    let mut pieces = pattern.split('*').map(str::as_bytes);
    let first = pieces.next().unwrap_or_default();
    let last = pieces.next_back();
    let Some(mut rest) = strip_prefix(name.0.as_bytes(), first) else { return false };
    let Some(last) = last else { return rest.is_empty() };
    for piece in pieces {
        // the leftmost place leaves the most for what follows
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

/// What follows the first place of `piece`.
fn find<'t>(mut text: &'t [u8], piece: &[u8]) -> Option<&'t [u8]> {
    loop {
        match strip_prefix(text, piece) {
            Some(tail) => return Some(tail),
            None => text = text.get(1..)?,
        }
    }
}
