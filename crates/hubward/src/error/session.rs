//! The reasons for which a session ends.

/// The reason for which a session is no longer valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The token or the certificate expired.
    #[error("the session's credential expired {} s ago", .now.saturating_sub(*.until))]
    Expired {
        /// The last second of validity, leeway included, in seconds since 1970.
        until: u64,
        /// The given time in seconds since 1970.
        now: u64,
    },
    /// The identity or the policy was deleted.
    #[error("the identity or policy was deleted")]
    Deleted,
    /// The name belongs to a new identity or policy.
    #[error("the identity or policy was deleted and created again since this session was opened")]
    Recreated,
    /// The credentials were changed: a key of the signer, or the identity's thumbprints.
    #[error("the credentials that opened this session were replaced")]
    KeysReplaced,
    /// The authority that issued the certificate is no longer registered.
    #[error("the authority that issued the certificate is no longer registered")]
    AuthorityRemoved,
    /// The certificate, or one above it, was revoked.
    #[error("the certificate, or one above it, was revoked")]
    CertificateRevoked,
    /// The chain has no valid path any more by the configuration of this moment.
    #[error("the certificate has no valid path to a registered authority any more")]
    CertificateRefused,
    /// The policy that signed the token lost permissions.
    #[error("the policy that signed the token no longer has all of the session's permissions")]
    RightsReduced,
    /// The identity is no longer below the edge hub that acts on its behalf.
    #[error("the identity is no longer below the edge hub that acts on its behalf")]
    NotInHierarchy,
    /// The identity, or the edge hub that acts on its behalf, is disabled.
    #[error("the identity, or the edge hub that acts on its behalf, is disabled")]
    Disabled,
    /// The records do not match the lookups of [`Session::lookups`](crate::Session::lookups).
    #[error("the records do not match the session's lookups: pass one for each, in the same order")]
    RecordMismatch,
}

impl SessionError {
    /// Returns a stable code for metrics and logs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "expired",
            Self::Deleted => "deleted",
            Self::Recreated => "recreated",
            Self::KeysReplaced => "keys-replaced",
            Self::AuthorityRemoved => "authority-removed",
            Self::CertificateRevoked => "certificate-revoked",
            Self::CertificateRefused => "certificate-refused",
            Self::RightsReduced => "rights-reduced",
            Self::NotInHierarchy => "not-in-hierarchy",
            Self::Disabled => "disabled",
            Self::RecordMismatch => "record-mismatch",
        }
    }
}
