//! How an identity proves itself.

use hubward_core::{Keys, MacKey, SymmetricKey, Thumbprint};

use crate::keys::SymmetricKeys;
use crate::store::RawKey;
use crate::store::Proof;

/// How an identity is to prove itself.
#[derive(Debug)]
#[non_exhaustive]
pub enum Authentication<K> {
    /// By tokens under its keys (`sas`).
    Sas(SymmetricKeys<K>),
    /// By a certificate with one of these thumbprints (`selfSigned`).
    SelfSigned(Thumbprints),
    /// By a certificate that a registered authority issued in its name (`certificateAuthority`).
    CertificateAuthority,
    /// Not at all (`none`).
    None,
}

impl<K> Authentication<K> {
    /// What each layer of the store keeps of it: the raw side, and the keys that are ready.
    pub(crate) fn split(self) -> (Proof, Option<K>, Option<K>) {
        let proof = match self {
            Self::Sas(SymmetricKeys { primary, secondary }) => {
                let (ready, raw) = secondary.map_or((None, None), |key| (Some(key.ready), key.raw));
                let proof = Proof::Keys { primary: primary.raw, secondary: raw };
                return (proof, Some(primary.ready), ready);
            }
            Self::SelfSigned(thumbprints) => Proof::SelfSigned(thumbprints),
            Self::CertificateAuthority => Proof::CertificateAuthority,
            Self::None => Proof::None,
        };
        (proof, None, None)
    }
}

/// One or two thumbprints of an identity's certificates, of one kind.
#[derive(Debug, Clone, Copy)]
pub struct Thumbprints {
    primary: Option<Thumbprint>,
    secondary: Option<Thumbprint>,
}

/// Why thumbprints are not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ThumbprintsError {
    /// Neither is there: nothing would ever match.
    #[error("neither a primary nor a secondary thumbprint")]
    Neither,
    /// One is SHA-1 and the other SHA-256.
    #[error("the two thumbprints are of different length")]
    DifferentLength,
}

impl Thumbprints {
    /// Takes either or both.
    ///
    /// # Errors
    /// [`ThumbprintsError`] where there is none, or where two are of different length.
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

    /// The first.
    #[must_use]
    pub const fn primary(&self) -> Option<&Thumbprint> {
        self.primary.as_ref()
    }

    /// The second.
    #[must_use]
    pub const fn secondary(&self) -> Option<&Thumbprint> {
        self.secondary.as_ref()
    }

    /// Whether `presented` is one of them. Both are compared.
    #[must_use]
    pub fn matches(&self, presented: &Thumbprint) -> bool {
        let is = |kept: &Option<Thumbprint>| kept.as_ref().is_some_and(|kept| kept.matches(presented));
        is(&self.primary) | is(&self.secondary)
    }
}

/// What a record says of its authentication.
#[derive(Debug)]
#[non_exhaustive]
pub enum AuthenticationView<'r, K> {
    /// By tokens under these keys.
    Sas(KeysView<'r, K>),
    /// By a certificate with one of these thumbprints.
    SelfSigned(&'r Thumbprints),
    /// By a certificate of an authority.
    CertificateAuthority,
    /// Not at all.
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
    /// The keys to verify with.
    #[must_use]
    pub const fn keys(&self) -> Keys<'r, K> {
        self.ready
    }

    /// The primary key itself, where the registry keeps it.
    #[must_use]
    pub fn expose_primary(&self) -> Option<SymmetricKey> {
        self.primary?.to_key()
    }

    /// The secondary key itself, where there is one and the registry keeps it.
    #[must_use]
    pub fn expose_secondary(&self) -> Option<SymmetricKey> {
        self.secondary?.to_key()
    }
}
