//! The builder of trust bundles.

use alloc::vec::Vec;

use rustls_pki_types::UnixTime;

use super::FORMAT;
use super::contents::TrustPeriod;
use super::error::BundleError;
use super::signed::{SignedBundle, assemble};
use super::update_key::UpdateKey;
use crate::tlv::Tag;
use crate::write::{integer, sequence, time, value};

/// A trust bundle before it is signed.
///
/// ```
/// use hubward_x509::{BundleDraft, SignedBundle, TrustPeriod, UnixTime, UpdateKey};
/// # use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, PublicKeyData};
/// # let day = |day: u64| UnixTime::since_unix_epoch(core::time::Duration::from_secs(1_767_225_600 + day * 86_400));
/// # let mut params = CertificateParams::default();
/// # params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
/// # let root = params.self_signed(&KeyPair::generate()?)?.der().to_vec();
/// # let public_key = KeyPair::generate()?.subject_public_key_info();
///
/// let draft = BundleDraft::new(1, day(400), 1)
///     .key(UpdateKey::from_spki_der(&public_key)?)
///     .anchor(&root, TrustPeriod { from: day(0), until: day(365) })
///     .finish()?;
/// assert_eq!(SignedBundle::parse(&draft)?.version(), 1);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct BundleDraft<'a> {
    version: u32,
    expires: UnixTime,
    threshold: u32,
    keys: Vec<UpdateKey>,
    anchors: Vec<(&'a [u8], TrustPeriod)>,
}

impl<'a> BundleDraft<'a> {
    /// Creates an empty bundle. `expires` is the last second in which its anchors are trusted, and `threshold` the
    /// number of its keys that must sign it and its successor.
    #[must_use]
    pub const fn new(version: u32, expires: UnixTime, threshold: u32) -> Self {
        Self { version, expires, threshold, keys: Vec::new(), anchors: Vec::new() }
    }

    /// Adds an update key.
    #[must_use]
    pub fn key(mut self, key: UpdateKey) -> Self {
        self.keys.push(key);
        self
    }

    /// Adds an anchor, given as the DER of its certificate.
    #[must_use]
    pub fn anchor(mut self, certificate: &'a [u8], period: TrustPeriod) -> Self {
        self.anchors.push((certificate, period));
        self
    }

    /// Encodes the bundle without signatures. Sign it with [`SignedBundle::parse`] and
    /// [`SignedBundle::with_signature`].
    ///
    /// # Errors
    /// [`BundleError`] if a device could not parse the bundle.
    pub fn finish(mut self) -> Result<Vec<u8>, BundleError> {
        self.keys.sort_unstable();
        let keys: Vec<Vec<u8>> = self.keys.iter().map(UpdateKey::to_spki_der).collect();
        let anchors: Vec<Vec<u8>> = self
            .anchors
            .iter()
            .map(|(der, period)| sequence(&[&time(period.from), &time(period.until), der]))
            .collect();
        let bundle = sequence(&[
            &value(Tag::UTF8_STRING, &[FORMAT]),
            &integer(self.version.into()),
            &time(self.expires),
            &integer(self.threshold.into()),
            &sequence(&keys.iter().map(Vec::as_slice).collect::<Vec<_>>()),
            &sequence(&anchors.iter().map(Vec::as_slice).collect::<Vec<_>>()),
        ]);
        let bytes = assemble(&bundle, &[]);
        SignedBundle::parse(&bytes)?;
        Ok(bytes)
    }
}
