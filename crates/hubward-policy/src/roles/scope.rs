//! The scope of an assignment: a resource's id.

use core::fmt;

/// The longest resource id.
const MAX_LEN: usize = 2048;

/// A resource's id: `/subscriptions/{id}/resourceGroups/{group}/providers/Microsoft.Devices/IotHubs/{hub}`, a part
/// of one, or `/` for everything. ASCII case does not matter.
#[derive(Debug, Clone, Copy)]
pub struct ArmScope<'a>(&'a str);

/// Why a text is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScopeError {
    /// It does not begin with `/`.
    #[error("a scope begins with a slash")]
    NotAbsolute,
    /// An empty name, as two slashes in a row or one at the end make, or `.` or `..`.
    #[error("an empty name or a path step")]
    Name,
    /// A character that would be read otherwise elsewhere: a control, a space, or one of `% * ? # \`.
    #[error("a character that no scope has")]
    Character,
    /// More than 2,048 bytes.
    #[error("too long")]
    TooLong,
}

impl<'a> ArmScope<'a> {
    /// Checks a scope and borrows it.
    ///
    /// # Errors
    /// [`ScopeError`].
    pub fn parse(scope: &'a str) -> Result<Self, ScopeError> {
        let names = scope.strip_prefix('/').ok_or(ScopeError::NotAbsolute)?;
        if scope.len() > MAX_LEN {
            return Err(ScopeError::TooLong);
        }
        if !names.is_empty() && names.split('/').any(|name| matches!(name, "" | "." | "..")) {
            return Err(ScopeError::Name);
        }
        // names compare without regard to case, which is certain in ASCII alone
        let odd = |c: char| {
            !c.is_ascii() || c.is_control() || c.is_whitespace() || matches!(c, '%' | '*' | '?' | '#' | '\\')
        };
        if names.contains(odd) {
            return Err(ScopeError::Character);
        }
        Ok(Self(scope))
    }

    /// Whether `other` is this resource or below it, name by whole name.
    #[must_use]
    pub fn covers(&self, other: &ArmScope<'_>) -> bool {
        if self.0 == "/" {
            return true;
        }
        match other.0.as_bytes().split_at_checked(self.0.len()) {
            Some((head, tail)) => {
                head.eq_ignore_ascii_case(self.0.as_bytes()) && matches!(tail.first(), None | Some(b'/'))
            }
            None => false,
        }
    }

    /// The scope as it came.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.0
    }
}

impl fmt::Display for ArmScope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
