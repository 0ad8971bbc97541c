//! The credentials that a registry stores for an identity.

use hubward_core::{Keys, MacKey, SymmetricKey, Thumbprint};

use crate::keys::SymmetricKeys;
use crate::store::RawKey;
use crate::store::StoredCredential;

/// The credential that an identity authenticates with.
#[derive(Debug)]
#[non_exhaustive]
pub enum Authentication<K> {
    /// A token signed with one of its keys (`sas`).
    Sas(SymmetricKeys<K>),
    /// A certificate with one of these thumbprints (`selfSigned`).
    SelfSigned(Thumbprints),
    /// A certificate that a registered CA issued for the identity (`certificateAuthority`).
    CertificateAuthority,
    /// No credential is accepted (`none`).
    None,
}

impl<K> Authentication<K> {
    /// Splits the credential into the parts of each layer of the store: the raw keys, and the keys ready for use.
    pub(crate) fn split(self) -> (StoredCredential, Option<K>, Option<K>) {
        let proof = match self {
            Self::Sas(SymmetricKeys { primary, secondary }) => {
                let (ready, raw) = secondary.map_or((None, None), |key| (Some(key.ready), key.raw));
                let proof = StoredCredential::Keys { primary: primary.raw, secondary: raw };
                return (proof, Some(primary.ready), ready);
            }
            Self::SelfSigned(thumbprints) => StoredCredential::SelfSigned(thumbprints),
            Self::CertificateAuthority => StoredCredential::CertificateAuthority,
            Self::None => StoredCredential::None,
        };
        (proof, None, None)
    }
}

/// One or two thumbprints of an identity's certificates, both SHA-1 or both SHA-256.
#[derive(Debug, Clone, Copy)]
pub struct Thumbprints {
    primary: Option<Thumbprint>,
    secondary: Option<Thumbprint>,
}

/// The reason why thumbprints cannot be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ThumbprintsError {
    /// Both are missing, so no certificate would ever match.
    #[error("neither a primary nor a secondary thumbprint is given")]
    Neither,
    /// One is SHA-1 and the other SHA-256.
    #[error("one thumbprint is SHA-1 and the other SHA-256; use one algorithm for both")]
    DifferentLength,
}

impl Thumbprints {
    /// Takes one or both thumbprints.
    ///
    /// # Errors
    /// [`ThumbprintsError`] if both are missing, or if they are of different algorithms.
    pub const fn new(
        primary: Option<Thumbprint>,
        secondary: Option<Thumbprint>,
    ) -> Result<Self, ThumbprintsError> {
        match (&primary, &secondary) {
            (None, None) => Err(ThumbprintsError::Neither),
            (Some(Thumbprint::Sha1(_)), Some(Thumbprint::Sha256(_)))
            | (Some(Thumbprint::Sha256(_)), Some(Thumbprint::Sha1(_))) => {
                Err(ThumbprintsError::DifferentLength)
            }
            _ => Ok(Self { primary, secondary }),
        }
    }

    /// Returns the primary thumbprint.
    #[must_use]
    pub const fn primary(&self) -> Option<&Thumbprint> {
        self.primary.as_ref()
    }

    /// Returns the secondary thumbprint.
    #[must_use]
    pub const fn secondary(&self) -> Option<&Thumbprint> {
        self.secondary.as_ref()
    }

    /// Returns whether `presented` is one of them. Both are always compared.
    #[must_use]
    pub fn matches(&self, presented: &Thumbprint) -> bool {
        let is =
            |stored: &Option<Thumbprint>| stored.as_ref().is_some_and(|stored| stored.matches(presented));
        is(&self.primary) | is(&self.secondary)
    }
}

/// The credential in a record.
#[derive(Debug)]
#[non_exhaustive]
pub enum AuthenticationView<'r, K> {
    /// The keys that verify its tokens.
    Sas(KeysView<'r, K>),
    /// The thumbprints of its certificates.
    SelfSigned(&'r Thumbprints),
    /// A certificate that a registered CA issued.
    CertificateAuthority,
    /// No credential is accepted.
    None,
}

/// The keys of a record.
#[derive(Debug)]
pub struct KeysView<'r, K> {
    pub(crate) ready: Keys<'r, K>,
    pub(crate) primary: Option<&'r RawKey>,
    pub(crate) secondary: Option<&'r RawKey>,
}

impl<'r, K: MacKey> KeysView<'r, K> {
    /// Returns the keys to verify with.
    #[must_use]
    pub const fn keys(&self) -> Keys<'r, K> {
        self.ready
    }

    /// Copies the primary key, if the registry stores it.
    #[must_use]
    pub fn expose_primary(&self) -> Option<SymmetricKey> {
        self.primary?.to_key()
    }

    /// Copies the secondary key, if there is one and the registry stores it.
    #[must_use]
    pub fn expose_secondary(&self) -> Option<SymmetricKey> {
        self.secondary?.to_key()
    }
}
