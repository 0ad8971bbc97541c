//! [`StoredPolicy`]: a stored access policy of a container, share, queue or table.

use hubward_core::UnixTime;

use crate::storage::permissions::Permissions;

/// A stored access policy: what a token with its id (`si`) leaves out. It is the caller's record.
///
/// ```
/// use hubward_cloud::storage::{Permissions, SasKind, StoredPolicy};
///
/// let permissions = Permissions::parse(SasKind::Container, "rl")?;
/// let policy = StoredPolicy::new("readers").with_permissions(permissions);
/// assert_eq!(policy.id(), "readers");
/// # Ok::<(), hubward_cloud::Problem>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct StoredPolicy<'a> {
    id: &'a str,
    pub(crate) permissions: Option<Permissions>,
    pub(crate) start: Option<u64>,
    pub(crate) expiry: Option<u64>,
}

impl<'a> StoredPolicy<'a> {
    /// Returns a policy without values.
    #[must_use]
    pub const fn new(id: &'a str) -> Self {
        Self { id, permissions: None, start: None, expiry: None }
    }

    /// Sets the permissions.
    #[must_use]
    pub const fn with_permissions(self, permissions: Permissions) -> Self {
        Self { permissions: Some(permissions), ..self }
    }

    /// Sets the first second at which its tokens are valid.
    #[must_use]
    pub const fn with_start(self, start: UnixTime) -> Self {
        Self { start: Some(start.as_secs()), ..self }
    }

    /// Sets the last second at which its tokens are valid.
    #[must_use]
    pub const fn with_expiry(self, expiry: UnixTime) -> Self {
        Self { expiry: Some(expiry.as_secs()), ..self }
    }

    /// Returns its id.
    #[must_use]
    pub const fn id(&self) -> &'a str {
        self.id
    }
}
