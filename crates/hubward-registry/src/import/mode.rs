//! Import modes.

/// The nine import modes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the hub's format has these")]
pub enum ImportMode {
    /// Creates or updates; the default.
    CreateOrUpdate,
    /// Creates the identity; it must not exist.
    Create,
    /// Updates the identity; it must exist.
    Update,
    /// Updates the identity if it has the etag of the line.
    UpdateIfMatchETag,
    /// Creates the identity, or updates it if it has the etag of the line.
    CreateOrUpdateIfMatchETag,
    /// Deletes the identity.
    Delete,
    /// Deletes the identity if it has the etag of the line.
    DeleteIfMatchETag,
    /// Updates the twin, which is not in the registry.
    UpdateTwin,
    /// Updates the twin if it has the etag of the line.
    UpdateTwinIfMatchETag,
}

impl ImportMode {
    /// Parses the `importMode` of a line.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "createOrUpdate" => Self::CreateOrUpdate,
            "create" => Self::Create,
            "update" => Self::Update,
            "updateIfMatchETag" => Self::UpdateIfMatchETag,
            "createOrUpdateIfMatchETag" => Self::CreateOrUpdateIfMatchETag,
            "delete" => Self::Delete,
            "deleteIfMatchETag" => Self::DeleteIfMatchETag,
            "updateTwin" => Self::UpdateTwin,
            "updateTwinIfMatchETag" => Self::UpdateTwinIfMatchETag,
            _ => return None,
        })
    }

    /// Returns whether the mode compares the record's etag with the line's.
    pub(super) const fn compares(self) -> bool {
        matches!(self, Self::UpdateIfMatchETag | Self::CreateOrUpdateIfMatchETag | Self::DeleteIfMatchETag)
    }

    pub(super) const fn creates(self) -> bool {
        matches!(self, Self::Create | Self::CreateOrUpdate | Self::CreateOrUpdateIfMatchETag)
    }
}
