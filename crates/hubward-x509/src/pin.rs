//! Pins: a certificate that is known by its thumbprint needs nobody to vouch for it.

use hubward_core::{Digest, Thumbprint};
use rustls_pki_types::UnixTime;

use crate::certificate::Certificate;
use crate::certificate::time::Outside;
use crate::identity::{CommonNameError, common_name};
use crate::path::chain::Chain;

/// The thumbprints that an identity is registered with.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pins {
    primary: Option<Thumbprint>,
    secondary: Option<Thumbprint>,
}

/// Which of the two thumbprints fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there are two")]
pub enum PinSlot {
    /// The primary.
    Primary,
    /// The secondary.
    Secondary,
}

/// Whether a pinned certificate must be valid at `now`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ValidityPolicy {
    /// It must.
    #[default]
    Enforce,
    /// Its dates do not count: whoever registered it has vouched for it.
    IgnoreForThumbprint,
}

/// Why a certificate was not accepted by its thumbprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// No thumbprint is registered.
    #[error("no thumbprint is registered")]
    NoPins,
    /// It is neither the primary nor the secondary.
    #[error("the certificate has neither of the registered thumbprints")]
    Mismatch,
    /// It is one of them, but not valid at `now`.
    #[error("the registered certificate: {0}")]
    Outside(#[from] Outside),
}

/// A leaf that is one of the two that are registered. Only [`Chain::pin`] makes one.
///
/// ```compile_fail,E0451
/// # use hubward_x509::{Certificate, PinSlot, VerifiedPin};
/// fn unpinned(leaf: Certificate<'_>) -> VerifiedPin<'_> {
///     VerifiedPin { leaf, slot: PinSlot::Primary }
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct VerifiedPin<'p> {
    leaf: Certificate<'p>,
    slot: PinSlot,
}

impl Pins {
    /// The two thumbprints, each of which may be missing. A missing one fits nothing.
    #[must_use]
    pub const fn new(primary: Option<Thumbprint>, secondary: Option<Thumbprint>) -> Self {
        Self { primary, secondary }
    }
}

impl<'p> Chain<'p> {
    /// Accepts the leaf if it is one of `pins`, be it self-signed or a CA's. The intermediates do not count, and
    /// neither does who signed it: that the peer holds the key is for the TLS handshake to show.
    ///
    /// Both thumbprints are always compared, and the dates judged last, so that `Outside` says something about a
    /// registered certificate.
    ///
    /// # Errors
    /// [`PinError`].
    pub fn pin(
        &self,
        pins: Pins,
        digest: &dyn Digest,
        now: UnixTime,
        validity: ValidityPolicy,
    ) -> Result<VerifiedPin<'p>, PinError> {
        if pins.primary.is_none() && pins.secondary.is_none() {
            return Err(PinError::NoPins);
        }
        let leaf = self.leaf;
        let fits = |pin: Option<Thumbprint>| {
            let found = match pin {
                None => return false,
                Some(Thumbprint::Sha1(_)) => {
                    Thumbprint::Sha1(digest.sha1_for_legacy_thumbprints(leaf.as_der()))
                }
                Some(_) => Thumbprint::Sha256(digest.sha256(leaf.as_der())),
            };
            pin.is_some_and(|pin| pin.matches(&found))
        };
        let slot = match (fits(pins.primary), fits(pins.secondary)) {
            (true, _) => PinSlot::Primary,
            (false, true) => PinSlot::Secondary,
            (false, false) => return Err(PinError::Mismatch),
        };
        if validity == ValidityPolicy::Enforce {
            leaf.validity().check(now)?;
        }
        Ok(VerifiedPin { leaf, slot })
    }
}

impl<'p> VerifiedPin<'p> {
    /// The leaf.
    #[must_use]
    pub const fn leaf(&self) -> &Certificate<'p> {
        &self.leaf
    }

    /// Which thumbprint it has.
    #[must_use]
    pub const fn slot(&self) -> PinSlot {
        self.slot
    }

    /// The leaf's one common name.
    ///
    /// # Errors
    /// [`CommonNameError`] where there is none, more than one, or one of a type that is not read.
    pub fn common_name(&self) -> Result<&'p str, CommonNameError> {
        common_name(&self.leaf.subject())
    }
}

/// Reads a thumbprint as people paste it: colons, white space, hyphens and the invisible mark that Windows puts before
/// it are left out. For forms and command lines; a registry holds what [`Thumbprint`]'s `FromStr` reads.
///
/// # Errors
/// [`ThumbprintError`](hubward_core::ThumbprintError) of what is left.
pub fn thumbprint_from_pasted(text: &str) -> Result<Thumbprint, hubward_core::ThumbprintError> {
    let kept: alloc::string::String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, ':' | '-' | '\u{200e}' | '\u{200f}'))
        .collect();
    kept.parse()
}
