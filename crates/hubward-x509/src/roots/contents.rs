//! What a bundle says, read once; where its certificates lie in the bytes is kept, not the bytes.

use alloc::vec::Vec;
use core::ops::Range;
use core::time::Duration;

use rustls_pki_types::UnixTime;

use super::error::{BundleError, Part};
use super::update_key::UpdateKey;
use super::{FORMAT, MOST_ANCHORS, MOST_KEYS};
use crate::certificate::{Certificate, PublicKey};
use crate::tlv::{Cursor, Malformed, Tag, Tlv};

/// The last second of the year 9999, which RFC 5280 has for "no end".
const END: u64 = 253_402_300_799;

/// When an anchor is trusted, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a window has two ends")]
pub struct Window {
    /// The first second.
    pub from: UnixTime,
    /// The last second.
    pub until: UnixTime,
}

impl Window {
    /// Whether `now` lies inside.
    #[must_use]
    pub fn contains(&self, now: UnixTime) -> bool {
        self.from <= now && now <= self.until
    }
}

/// A CA of a bundle and when it is trusted.
#[derive(Debug, Clone, Copy)]
pub struct BundledAnchor<'a> {
    certificate: Certificate<'a>,
    window: Window,
}

impl<'a> BundledAnchor<'a> {
    /// Its certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate<'a> {
        &self.certificate
    }

    /// When it is trusted; its certificate's own dates count besides.
    #[must_use]
    pub const fn window(&self) -> Window {
        self.window
    }
}

/// The fields of a bundle, those of its certificates aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) version: u32,
    pub(super) expires: UnixTime,
    pub(super) threshold: usize,
    pub(super) keys: Vec<UpdateKey>,
    anchors: Vec<(Window, Range<usize>)>,
}

impl Contents {
    /// Reads the `TrustBundle`, which lies in bytes that `bundle` still knows its place in.
    pub(super) fn read(bundle: &Tlv<'_>) -> Result<Self, BundleError> {
        let mut fields = bundle.open();
        let format = fields.any()?;
        if format.tag != Tag::UTF8_STRING || format.value != FORMAT {
            return Err(BundleError::Format);
        }
        let version = fields.small()?;
        let expires = time(&mut fields)?;
        let threshold = fields.small()?;
        let keys = keys(fields.expect(Tag::SEQUENCE)?.open())?;
        let anchors = anchors(fields.expect(Tag::SEQUENCE)?.open(), &keys)?;
        fields.finish()?;
        match usize::try_from(threshold) {
            Ok(needed @ 1..) if needed <= keys.len() => {
                Ok(Self { version, expires, threshold: needed, keys, anchors })
            }
            _ => Err(BundleError::Threshold { threshold, keys: keys.len() }),
        }
    }

    /// Its anchors, in the bytes that it was read from. One that cannot be read, which there is not, is left out.
    pub(super) fn anchors<'a>(&self, bytes: &'a [u8]) -> impl Iterator<Item = BundledAnchor<'a>> {
        self.anchors.iter().filter_map(|(window, place)| {
            let certificate = Certificate::parse(bytes.get(place.clone())?).ok()?;
            Some(BundledAnchor { certificate, window: *window })
        })
    }
}

pub(super) fn time(fields: &mut Cursor<'_>) -> Result<UnixTime, Malformed> {
    Ok(UnixTime::since_unix_epoch(Duration::from_secs(fields.up_to(END)?)))
}

/// Each key once, whoever holds it, in the order of their bytes.
fn keys(mut list: Cursor<'_>) -> Result<Vec<UpdateKey>, BundleError> {
    let mut keys: Vec<UpdateKey> = Vec::new();
    while !list.is_empty() {
        let at = keys.len();
        if at == MOST_KEYS {
            return Err(BundleError::TooMany { part: Part::Keys, most: MOST_KEYS });
        }
        let key = UpdateKey::new(&PublicKey::read(&mut list)?)
            .map_err(|error| BundleError::Key { key: at, error })?;
        if keys.iter().any(|other| other.is_held_with(&key)) {
            return Err(BundleError::DuplicateKey { key: at });
        }
        if keys.last().is_some_and(|last| *last > key) {
            return Err(BundleError::Order(Part::Keys));
        }
        keys.push(key);
    }
    if keys.is_empty() { Err(BundleError::None(Part::Keys)) } else { Ok(keys) }
}

/// Each anchor once, and none with the key of an update.
fn anchors(mut list: Cursor<'_>, keys: &[UpdateKey]) -> Result<Vec<(Window, Range<usize>)>, BundleError> {
    let mut anchors = Vec::new();
    let mut ders: Vec<&[u8]> = Vec::new();
    while !list.is_empty() {
        let anchor = anchors.len();
        if anchor == MOST_ANCHORS {
            return Err(BundleError::TooMany { part: Part::Anchors, most: MOST_ANCHORS });
        }
        let mut fields = list.expect(Tag::SEQUENCE)?.open();
        let window = Window { from: time(&mut fields)?, until: time(&mut fields)? };
        let certificate = fields.expect(Tag::SEQUENCE)?;
        fields.finish()?;
        if window.until < window.from {
            return Err(BundleError::Window { anchor });
        }
        let parsed =
            Certificate::parse(certificate.raw).map_err(|error| BundleError::Anchor { anchor, error })?;
        if let Some(key) = keys.iter().position(|key| key.is_held_by(&parsed.public_key())) {
            return Err(BundleError::CaKey { key, anchor });
        }
        if ders.contains(&certificate.raw) {
            return Err(BundleError::DuplicateAnchor { anchor });
        }
        ders.push(certificate.raw);
        anchors.push((window, certificate.place()));
    }
    if anchors.is_empty() { Err(BundleError::None(Part::Anchors)) } else { Ok(anchors) }
}
