//! A bundle in the making.

use alloc::vec::Vec;

use rustls_pki_types::UnixTime;

use super::FORMAT;
use super::contents::Window;
use super::error::BundleError;
use super::signed::{SignedBundle, assemble};
use super::update_key::UpdateKey;
use crate::tlv::Tag;
use crate::write::{integer, sequence, time, value};

/// A bundle before anybody has signed it.
#[derive(Debug, Clone)]
pub struct BundleDraft<'a> {
    version: u32,
    expires: UnixTime,
    threshold: u32,
    keys: Vec<UpdateKey>,
    anchors: Vec<(&'a [u8], Window)>,
}

impl<'a> BundleDraft<'a> {
    /// With nothing in it yet. `expires` is the last second in which it vouches for anybody, and `threshold` how
    /// many of its keys must sign it and what comes after it.
    #[must_use]
    pub const fn new(version: u32, expires: UnixTime, threshold: u32) -> Self {
        Self { version, expires, threshold, keys: Vec::new(), anchors: Vec::new() }
    }

    /// With one more key.
    #[must_use]
    pub fn key(mut self, key: UpdateKey) -> Self {
        self.keys.push(key);
        self
    }

    /// With one more anchor, by its certificate's DER.
    #[must_use]
    pub fn anchor(mut self, certificate: &'a [u8], window: Window) -> Self {
        self.anchors.push((certificate, window));
        self
    }

    /// The bundle, without signatures: read it with [`SignedBundle::parse`] to sign it.
    ///
    /// # Errors
    /// [`BundleError`] where a device could not read it.
    pub fn finish(mut self) -> Result<Vec<u8>, BundleError> {
        self.keys.sort_unstable();
        let keys: Vec<Vec<u8>> = self.keys.iter().map(UpdateKey::to_spki_der).collect();
        let anchors: Vec<Vec<u8>> = self
            .anchors
            .iter()
            .map(|(der, window)| sequence(&[&time(window.from), &time(window.until), der]))
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
