//! What a line asks to be done.

/// The nine import modes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the hub's format has these")]
pub enum ImportMode {
    /// Whether the identity is there or not; the default.
    CreateOrUpdate,
    /// Only if it is not.
    Create,
    /// Only if it is.
    Update,
    /// Only if it is, in the version that the line names.
    UpdateIfMatchETag,
    /// If it is not, or is in the version that the line names.
    CreateOrUpdateIfMatchETag,
    /// It goes.
    Delete,
    /// It goes, if it is in the version that the line names.
    DeleteIfMatchETag,
    /// Its twin changes, which is none of the registry's.
    UpdateTwin,
    /// Its twin changes, if that is in the version that the line names.
    UpdateTwinIfMatchETag,
}

impl ImportMode {
    /// The mode of a line's `importMode`.
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

    /// Whether the record's etag has to be the line's.
    pub(super) const fn compares(self) -> bool {
        matches!(self, Self::UpdateIfMatchETag | Self::CreateOrUpdateIfMatchETag | Self::DeleteIfMatchETag)
    }

    pub(super) const fn creates(self) -> bool {
        matches!(self, Self::Create | Self::CreateOrUpdate | Self::CreateOrUpdateIfMatchETag)
    }
}
