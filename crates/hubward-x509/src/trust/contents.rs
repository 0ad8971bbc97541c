//! The contents of a bundle, parsed once. The positions of its certificates in the bytes are kept instead of copies.

use alloc::vec::Vec;
use core::ops::Range;
use core::time::Duration;

use rustls_pki_types::UnixTime;

use super::error::{BundleError, BundlePart};
use super::update_key::UpdateKey;
use super::{FORMAT, MAX_ANCHORS, MAX_KEYS};
use crate::certificate::{Certificate, PublicKey};
use crate::tlv::{Cursor, Malformed, Tag, Tlv};

/// The last second of the year 9999, which means "no end" in RFC 5280.
const END: u64 = 253_402_300_799;

/// The period in which an anchor is trusted, both ends inclusive.
///
/// ```
/// use core::time::Duration;
/// use hubward_x509::{TrustPeriod, UnixTime};
///
/// let second = |at| UnixTime::since_unix_epoch(Duration::from_secs(at));
/// let period = TrustPeriod { from: second(1_767_225_600), until: second(1_798_761_599) };
/// assert!(period.contains(second(1_780_000_000)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a period has two ends")]
pub struct TrustPeriod {
    /// The first second.
    pub from: UnixTime,
    /// The last second.
    pub until: UnixTime,
}

impl TrustPeriod {
    /// Returns `true` if `now` is within the period.
    #[must_use]
    pub fn contains(&self, now: UnixTime) -> bool {
        self.from <= now && now <= self.until
    }
}

/// A CA of a bundle and the period in which it is trusted.
#[derive(Debug, Clone, Copy)]
pub struct BundledAnchor<'a> {
    certificate: Certificate<'a>,
    period: TrustPeriod,
}

impl<'a> BundledAnchor<'a> {
    /// Returns the certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate<'a> {
        &self.certificate
    }

    /// Returns the period in which it is trusted. The certificate's validity period applies as well.
    #[must_use]
    pub const fn period(&self) -> TrustPeriod {
        self.period
    }
}

/// The fields of a bundle except its certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) version: u32,
    pub(super) expires: UnixTime,
    pub(super) threshold: usize,
    pub(super) keys: Vec<UpdateKey>,
    anchors: Vec<(TrustPeriod, Range<usize>)>,
}

impl Contents {
    /// Parses a `TrustBundle`; `bundle` has its position in the bytes of the whole bundle.
    pub(super) fn read(bundle: &Tlv<'_>) -> Result<Self, BundleError> {
        let mut fields = bundle.open();
        let format = fields.any()?;
        if format.tag != Tag::UTF8_STRING || format.value != FORMAT {
            return Err(BundleError::Format);
        }
        let version = fields.read_u32()?;
        let expires = time(&mut fields)?;
        let threshold = fields.read_u32()?;
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

    /// Returns the anchors, from the bytes that were parsed. All of them were parsed before, so that none is left out.
    pub(super) fn anchors<'a>(&self, bytes: &'a [u8]) -> impl Iterator<Item = BundledAnchor<'a>> {
        self.anchors.iter().filter_map(|(period, place)| {
            let certificate = Certificate::parse(bytes.get(place.clone())?).ok()?;
            Some(BundledAnchor { certificate, period: *period })
        })
    }
}

pub(super) fn time(fields: &mut Cursor<'_>) -> Result<UnixTime, Malformed> {
    Ok(UnixTime::since_unix_epoch(Duration::from_secs(fields.read_up_to(END)?)))
}

/// Parses the keys, each once (regardless of the sign of its point), sorted by their bytes.
fn keys(mut list: Cursor<'_>) -> Result<Vec<UpdateKey>, BundleError> {
    let mut keys: Vec<UpdateKey> = Vec::new();
    while !list.is_empty() {
        let at = keys.len();
        if at == MAX_KEYS {
            return Err(BundleError::TooMany { part: BundlePart::Keys, most: MAX_KEYS });
        }
        let key = UpdateKey::new(&PublicKey::read(&mut list)?)
            .map_err(|error| BundleError::Key { key: at, error })?;
        if keys.iter().any(|other| other.shares_private_key_with(&key)) {
            return Err(BundleError::DuplicateKey { key: at });
        }
        if keys.last().is_some_and(|last| *last > key) {
            return Err(BundleError::Order(BundlePart::Keys));
        }
        keys.push(key);
    }
    if keys.is_empty() { Err(BundleError::Empty(BundlePart::Keys)) } else { Ok(keys) }
}

/// Parses the anchors, each once, and none with an update key.
fn anchors(
    mut list: Cursor<'_>,
    keys: &[UpdateKey],
) -> Result<Vec<(TrustPeriod, Range<usize>)>, BundleError> {
    let mut anchors = Vec::new();
    let mut ders: Vec<&[u8]> = Vec::new();
    while !list.is_empty() {
        let anchor = anchors.len();
        if anchor == MAX_ANCHORS {
            return Err(BundleError::TooMany { part: BundlePart::Anchors, most: MAX_ANCHORS });
        }
        let mut fields = list.expect(Tag::SEQUENCE)?.open();
        let period = TrustPeriod { from: time(&mut fields)?, until: time(&mut fields)? };
        let certificate = fields.expect(Tag::SEQUENCE)?;
        fields.finish()?;
        if period.until < period.from {
            return Err(BundleError::TrustPeriod { anchor });
        }
        let parsed =
            Certificate::parse(certificate.raw).map_err(|error| BundleError::Anchor { anchor, error })?;
        if let Some(key) = keys.iter().position(|key| key.is_key_of(&parsed.public_key())) {
            return Err(BundleError::CaKey { key, anchor });
        }
        if ders.contains(&certificate.raw) {
            return Err(BundleError::DuplicateAnchor { anchor });
        }
        ders.push(certificate.raw);
        anchors.push((period, certificate.range()));
    }
    if anchors.is_empty() { Err(BundleError::Empty(BundlePart::Anchors)) } else { Ok(anchors) }
}
