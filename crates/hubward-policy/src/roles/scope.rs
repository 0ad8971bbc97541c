//! [`ArmScope`]: the scope of an assignment, which is a resource id of Azure Resource Manager.

use core::fmt;

/// The most bytes of a resource id.
const MAX_LEN: usize = 2048;

/// A resource id: `/subscriptions/{id}/resourceGroups/{group}/providers/Microsoft.Devices/IotHubs/{hub}`, a prefix of
/// one, or `/` for everything. ASCII case does not matter.
///
/// ```
/// use hubward_policy::roles::ArmScope;
///
/// let group = ArmScope::parse("/subscriptions/8d3c/resourceGroups/iot")?;
/// assert!(group.covers(&ArmScope::parse("/subscriptions/8d3c/resourcegroups/IoT/providers/P/T/hub")?));
/// assert!(!group.covers(&ArmScope::parse("/subscriptions/8d3c/resourceGroups/iot2")?));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ArmScope<'a>(&'a str);

/// The error of a text that is not a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScopeError {
    /// The text does not begin with `/`.
    #[error("a scope must begin with a slash")]
    NotAbsolute,
    /// An empty name, from two slashes in a row or one at the end, or a path step, `.` or `..`.
    #[error("an empty name or a path step")]
    Name,
    /// A character that other software may interpret: a control character, a space, or one of `% * ? # \`; or one that
    /// is not ASCII.
    #[error("a character that is not allowed in a scope")]
    Character,
    /// More than 2,048 bytes.
    #[error("more than 2,048 bytes")]
    TooLong,
}

impl<'a> ArmScope<'a> {
    /// Parses a scope and borrows it.
    ///
    /// # Errors
    /// [`ScopeError`] if the text is not a scope.
    pub fn parse(scope: &'a str) -> Result<Self, ScopeError> {
        let names = scope.strip_prefix('/').ok_or(ScopeError::NotAbsolute)?;
        if scope.len() > MAX_LEN {
            return Err(ScopeError::TooLong);
        }
        if !names.is_empty() && names.split('/').any(|name| matches!(name, "" | "." | "..")) {
            return Err(ScopeError::Name);
        }
        // names are compared without regard to case, and other alphabets have more than one way to fold it
        let odd = |c: char| {
            !c.is_ascii() || c.is_control() || c.is_whitespace() || matches!(c, '%' | '*' | '?' | '#' | '\\')
        };
        if names.contains(odd) {
            return Err(ScopeError::Character);
        }
        Ok(Self(scope))
    }

    /// Takes `scope` without validating it. The caller guarantees that the text was parsed as a scope before, as a
    /// configuration that keeps it can. The name of this function is easy to search for.
    #[must_use]
    pub const fn assertion(scope: &'a str) -> Self {
        Self(scope)
    }

    /// Returns whether `other` is this resource or below it, name by whole name.
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

    /// Returns the scope as it was parsed.
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
