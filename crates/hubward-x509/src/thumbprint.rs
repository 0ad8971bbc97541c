//! Thumbprint authentication: a certificate that is registered by its thumbprint needs no issuer
//! ([`Chain::match_thumbprint`]).

use alloc::borrow::Cow;

use hubward_core::{Digest, Thumbprint};
use rustls_pki_types::UnixTime;

use crate::certificate::Certificate;
use crate::certificate::time::OutsideValidity;
use crate::identity::{CommonNameError, common_name};
use crate::path::chain::Chain;

/// The thumbprints that are registered for an identity.
///
/// ```
/// use hubward_core::Digest as _;
/// use hubward_x509::{Chain, ExpectedThumbprints, UnixTime, ValidityPolicy, thumbprint::ThumbprintSlot};
/// # use rcgen::{CertificateParams, KeyPair};
/// # let certificate = CertificateParams::default().self_signed(&KeyPair::generate()?)?.der().clone();
/// # let digest = hubward_ring::Digests;
///
/// let registered = hubward_core::Thumbprint::Sha256(digest.sha256(&certificate));
/// let pins = ExpectedThumbprints::new(Some(registered), None);
///
/// let chain = Chain::parse(&certificate, &[] as &[&[u8]])?;
/// let now = UnixTime::since_unix_epoch(core::time::Duration::from_secs(1_767_225_600));
/// let verified = chain.match_thumbprint(pins, &digest, now, ValidityPolicy::Enforce)?;
/// assert_eq!(verified.slot(), ThumbprintSlot::Primary);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct ExpectedThumbprints {
    primary: Option<Thumbprint>,
    secondary: Option<Thumbprint>,
}

/// Which of the two thumbprints matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an identity has two thumbprints")]
pub enum ThumbprintSlot {
    /// The primary thumbprint.
    Primary,
    /// The secondary thumbprint.
    Secondary,
}

/// The rule for the validity period of a certificate accepted by its thumbprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ValidityPolicy {
    /// It must be valid.
    #[default]
    Enforce,
    /// Its validity period is ignored: registering the thumbprint is enough.
    IgnoreForThumbprint,
}

/// The reason why a certificate was not accepted by its thumbprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ThumbprintMatchError {
    /// No thumbprint is registered.
    #[error("no thumbprint is registered")]
    NoThumbprints,
    /// The certificate has neither the primary nor the secondary thumbprint.
    #[error("the certificate has neither of the registered thumbprints")]
    Mismatch,
    /// The certificate has one of them, but is not valid at `now`.
    #[error("the registered certificate: {0}")]
    OutsideValidity(#[from] OutsideValidity),
}

/// A leaf that has one of the two registered thumbprints. Only [`Chain::match_thumbprint`] creates one.
///
/// ```compile_fail,E0451
/// # use hubward_x509::{Certificate, ThumbprintMatch, thumbprint::ThumbprintSlot};
/// fn unpinned(leaf: Certificate<'_>) -> ThumbprintMatch<'_> {
///     ThumbprintMatch { leaf, slot: ThumbprintSlot::Primary }
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ThumbprintMatch<'p> {
    leaf: Certificate<'p>,
    slot: ThumbprintSlot,
}

impl ExpectedThumbprints {
    /// Creates the pair. Each thumbprint may be absent; an absent one matches no certificate.
    #[must_use]
    pub const fn new(primary: Option<Thumbprint>, secondary: Option<Thumbprint>) -> Self {
        Self { primary, secondary }
    }
}

impl<'p> Chain<'p> {
    /// Accepts the leaf if it has one of the thumbprints in `pins`, even if it is self-signed, a CA's certificate, or
    /// readable only in part ([`Certificate::unreadable`]).
    /// Ignores its issuer and the intermediates. The TLS handshake must prove that the peer holds the private key.
    ///
    /// Always compares both thumbprints, and checks the validity period last, so that the error `OutsideValidity` is only
    /// returned for a registered certificate.
    ///
    /// # Errors
    /// [`ThumbprintMatchError`].
    pub fn match_thumbprint(
        &self,
        pins: ExpectedThumbprints,
        digest: &dyn Digest,
        now: UnixTime,
        validity: ValidityPolicy,
    ) -> Result<ThumbprintMatch<'p>, ThumbprintMatchError> {
        if pins.primary.is_none() && pins.secondary.is_none() {
            return Err(ThumbprintMatchError::NoThumbprints);
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
            (true, _) => ThumbprintSlot::Primary,
            (false, true) => ThumbprintSlot::Secondary,
            (false, false) => return Err(ThumbprintMatchError::Mismatch),
        };
        if validity == ValidityPolicy::Enforce {
            leaf.validity().check(now)?;
        }
        Ok(ThumbprintMatch { leaf, slot })
    }
}

impl<'p> ThumbprintMatch<'p> {
    /// Returns the leaf.
    #[must_use]
    pub const fn leaf(&self) -> &Certificate<'p> {
        &self.leaf
    }

    /// Returns which of the two thumbprints matched.
    #[must_use]
    pub const fn slot(&self) -> ThumbprintSlot {
        self.slot
    }

    /// Returns the only common name of the leaf.
    ///
    /// # Errors
    /// [`CommonNameError`] if there is not exactly one, or it has a string type that is not supported.
    pub fn common_name(&self) -> Result<Cow<'p, str>, CommonNameError> {
        common_name(&self.leaf.subject())
    }
}

/// Parses a thumbprint as people paste it: ignores colons, white space, hyphens and the invisible mark that Windows puts
/// before it. For forms and command lines; a registry stores the form that `FromStr` of [`Thumbprint`] parses.
///
/// # Errors
/// [`ThumbprintError`](hubward_core::ThumbprintError) if the rest is not a thumbprint.
pub fn parse_pasted_thumbprint(text: &str) -> Result<Thumbprint, hubward_core::ThumbprintError> {
    let kept: alloc::string::String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, ':' | '-' | '\u{200e}' | '\u{200f}'))
        .collect();
    kept.parse()
}
