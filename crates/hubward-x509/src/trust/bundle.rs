//! The trust bundle in force, and its update.

use alloc::vec::Vec;
use core::fmt;

use rustls_pki_types::{SignatureVerificationAlgorithm, UnixTime};

use super::anchor::Anchors;
use super::contents::{BundledAnchor, Contents};
use super::error::{BundleExpired, UpdateError, UpdateKeySet};
use super::signed::SignedBundle;
use super::update_key::UpdateKey;

/// The trust of a device: CAs, each with its period, until the bundle expires, and the keys whose signatures can change
/// them.
///
/// It is installed once ([`Self::load`]) and changes only by [`Self::updated`].
///
/// ```
/// use hubward_ring::signature;
/// use hubward_x509::{Anchors, TrustBundle, UnixTime, trust::{BundleExpired, UpdateError}};
///
/// fn start(stored: &TrustBundle, now: UnixTime) -> Result<Anchors, BundleExpired> {
///     stored.anchors(now)
/// }
///
/// fn update(current: &TrustBundle, received: &[u8], now: UnixTime) -> Result<TrustBundle, UpdateError> {
///     let updated = current.updated(received, signature::ALL, now)?;
///     // store `updated.as_bytes()` before the new bundle is used
///     Ok(updated)
/// }
/// ```
///
/// ```compile_fail,E0451
/// # use hubward_x509::TrustBundle;
/// fn unverified(bytes: Vec<u8>, verified: TrustBundle) -> TrustBundle {
///     TrustBundle { bytes, ..verified }
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct TrustBundle {
    bytes: Vec<u8>,
    contents: Contents,
}

impl TrustBundle {
    /// Loads the bundle that a device was made with or has stored. The caller ensures that no other party wrote it. The
    /// threshold of signatures by its own keys is checked nevertheless, so that corrupted storage is detected.
    ///
    /// Accepts an expired bundle, which can still be updated; [`Self::anchors`] returns the error.
    ///
    /// # Errors
    /// [`UpdateError`] if it cannot be parsed, or signatures by its own keys are missing or wrong.
    pub fn load(
        bytes: &[u8],
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<Self, UpdateError> {
        let bundle = SignedBundle::parse(bytes)?;
        let signers = bundle.verified_signers(&[], algorithms)?;
        check_threshold(UpdateKeySet::New, &bundle.contents, &signers)?;
        Ok(Self { bytes: bytes.to_vec(), contents: bundle.contents })
    }

    /// Returns the bundle after an update. An update needs a higher version, signatures over the received bytes by the
    /// threshold of this bundle's keys and by that of its own keys, and must not have expired at `now`. These are
    /// checked in this order: an update whose version is not higher costs no signature check.
    ///
    /// This bundle remains unchanged. Store [`Self::as_bytes`] of the new one before it is used.
    ///
    /// # Errors
    /// [`UpdateError`] with the first condition that is not met.
    pub fn updated(
        &self,
        received: &[u8],
        algorithms: &[&dyn SignatureVerificationAlgorithm],
        now: UnixTime,
    ) -> Result<Self, UpdateError> {
        let update = SignedBundle::parse(received)?;
        let (found, current) = (update.version(), self.version());
        if found <= current {
            return Err(UpdateError::NotNewer { found, current });
        }
        let signers = update.verified_signers(self.keys(), algorithms)?;
        check_threshold(UpdateKeySet::Current, &self.contents, &signers)?;
        check_threshold(UpdateKeySet::New, &update.contents, &signers)?;
        let expires = update.expires();
        if expires < now {
            return Err(UpdateError::Expired { seconds: now.as_secs().abs_diff(expires.as_secs()) });
        }
        Ok(Self { bytes: received.to_vec(), contents: update.contents })
    }

    /// Returns the anchors that are trusted at `now`, for [`Chain::verify`](crate::Chain::verify); empty if no trust
    /// period contains `now`. The verification checks the validity period of each certificate.
    ///
    /// # Errors
    /// [`BundleExpired`]: no anchor is trusted until the next update.
    pub fn anchors(&self, now: UnixTime) -> Result<Anchors, BundleExpired> {
        if self.expires() < now {
            return Err(BundleExpired { seconds: now.as_secs().abs_diff(self.expires().as_secs()) });
        }
        let mut anchors = Anchors::new();
        self.all_anchors().filter(|one| one.period().contains(now)).for_each(|one| {
            // both are at most the end of the year 9999
            anchors.add_until(one.certificate(), one.period().until.min(self.expires()));
        });
        Ok(anchors)
    }

    /// Returns every anchor, trusted now or not, in order.
    pub fn all_anchors(&self) -> impl Iterator<Item = BundledAnchor<'_>> {
        self.contents.anchors(&self.bytes)
    }

    /// Returns the bundle with its signatures, as received: to store, and to pass on.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the version.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.contents.version
    }

    /// Returns the last second in which the bundle's anchors are trusted.
    #[must_use]
    pub const fn expires(&self) -> UnixTime {
        self.contents.expires
    }

    /// Returns the number of its keys that must sign an update.
    #[must_use]
    pub const fn threshold(&self) -> usize {
        self.contents.threshold
    }

    /// Returns the keys whose signatures can change it, in order.
    #[must_use]
    pub fn keys(&self) -> &[UpdateKey] {
        &self.contents.keys
    }
}

/// Checks that the threshold of one bundle's keys has signed.
fn check_threshold(by: UpdateKeySet, contents: &Contents, signers: &[UpdateKey]) -> Result<(), UpdateError> {
    let (found, needed) =
        (contents.keys.iter().filter(|key| signers.contains(key)).count(), contents.threshold);
    if found < needed { Err(UpdateError::UnderSigned { by, found, needed }) } else { Ok(()) }
}

impl fmt::Debug for TrustBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TrustBundle").field(&self.contents).finish()
    }
}
