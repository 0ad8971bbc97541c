//! The bundle in force, and the one way to the next.

use alloc::vec::Vec;
use core::fmt;

use rustls_pki_types::{SignatureVerificationAlgorithm, UnixTime};

use super::anchor::Anchors;
use super::contents::{BundledAnchor, Contents};
use super::error::{BundleExpired, Side, UpdateError};
use super::signed::SignedBundle;
use super::update_key::UpdateKey;
use crate::certificate::time::Seconds;

/// What a device trusts: CAs, each within its window, until the bundle expires; and whose signatures change that.
///
/// It is installed once ([`Self::provisioned`]) and from then on moves only by [`Self::updated`].
///
/// ```compile_fail,E0451
/// # use hubward_x509::TrustBundle;
/// fn believed(bytes: Vec<u8>) -> TrustBundle {
///     TrustBundle { bytes, contents: todo!() }
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct TrustBundle {
    bytes: Vec<u8>,
    contents: Contents,
}

impl TrustBundle {
    /// The bundle that a device is made with, or that its storage kept: the caller asserts that nobody else wrote
    /// it. That as many of its own keys have signed it as it asks for is checked all the same, so that a store that
    /// lost bytes is found out.
    ///
    /// That it has expired is for [`Self::anchors`] to say; it still takes updates.
    ///
    /// # Errors
    /// [`UpdateError`] where it cannot be read or its own keys' signatures are missing or wrong.
    pub fn provisioned(
        bytes: &[u8],
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<Self, UpdateError> {
        let bundle = SignedBundle::parse(bytes)?;
        let proven = bundle.proven(&[], algorithms)?;
        enough(Side::New, &bundle.contents, &proven)?;
        Ok(Self { bytes: bytes.to_vec(), contents: bundle.contents })
    }

    /// The bundle after an update. It is taken only with the threshold of this bundle's keys and of its own, over
    /// the bytes as they were received, with a higher version, and unexpired at `now`, in this order but for the
    /// version, which is looked at first: what could not be taken costs no signature.
    ///
    /// This bundle stays as it is. Write the new one's [`Self::as_bytes`] away before it is used.
    ///
    /// # Errors
    /// [`UpdateError`]: what is missing.
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
        let proven = update.proven(self.keys(), algorithms)?;
        enough(Side::Current, &self.contents, &proven)?;
        enough(Side::New, &update.contents, &proven)?;
        let expires = update.expires();
        if expires < now {
            return Err(UpdateError::Expired { seconds: now.as_secs().abs_diff(expires.as_secs()) });
        }
        Ok(Self { bytes: received.to_vec(), contents: update.contents })
    }

    /// The anchors that are trusted at `now`, for [`Chain::verify`](crate::Chain::verify); none where no window
    /// contains it. Each certificate's own dates are judged there.
    ///
    /// # Errors
    /// [`BundleExpired`]: nothing is trusted until there is an update.
    pub fn anchors(&self, now: UnixTime) -> Result<Anchors<'_>, BundleExpired> {
        if self.expires() < now {
            return Err(BundleExpired { seconds: now.as_secs().abs_diff(self.expires().as_secs()) });
        }
        let mut anchors = Anchors::new();
        self.all_anchors().filter(|one| one.window().contains(now)).for_each(|one| {
            // both are at most the end of the year 9999
            let last = one.window().until.min(self.expires()).as_secs();
            anchors.add_until(*one.certificate(), Seconds::try_from(last).unwrap_or(Seconds::MAX));
        });
        Ok(anchors)
    }

    /// Every anchor, whether it is trusted now or not, in order.
    pub fn all_anchors(&self) -> impl Iterator<Item = BundledAnchor<'_>> {
        self.contents.anchors(&self.bytes)
    }

    /// The bundle with its signatures, as it came: what to store, and what to give to others.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.contents.version
    }

    /// The last second in which it vouches for anybody.
    #[must_use]
    pub const fn expires(&self) -> UnixTime {
        self.contents.expires
    }

    /// How many of its keys must sign an update.
    #[must_use]
    pub const fn threshold(&self) -> usize {
        self.contents.threshold
    }

    /// The keys whose signatures change it, in order.
    #[must_use]
    pub fn keys(&self) -> &[UpdateKey] {
        &self.contents.keys
    }
}

/// As many keys of one side as it asks for are among those that have signed.
fn enough(by: Side, asks: &Contents, proven: &[UpdateKey]) -> Result<(), UpdateError> {
    let (found, needed) = (asks.keys.iter().filter(|key| proven.contains(key)).count(), asks.threshold);
    if found < needed { Err(UpdateError::UnderSigned { by, found, needed }) } else { Ok(()) }
}

impl fmt::Debug for TrustBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TrustBundle").field(&self.contents).finish()
    }
}
