//! A trust bundle in transit, with the signatures that it has so far: parsed but not verified.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use rustls_pki_types::{SignatureVerificationAlgorithm, UnixTime};

use super::contents::{BundledAnchor, Contents};
use super::error::{BundleError, BundlePart, SignError, UpdateError};
use super::update_key::UpdateKey;
use super::{MAX_LENGTH, MAX_SIGNATURES};
use crate::certificate::PublicKey;
use crate::error::Problem;
use crate::tlv::{Cursor, Tag, only, whole_bits};
use crate::write::{bit_string, sequence};

/// A trust bundle and its signatures, parsed but not verified. [`TrustBundle`](crate::TrustBundle) is verified.
///
/// A bundle is DER, parsed by this crate. The signed part is the whole `TrustBundle` as received:
///
/// ```text
/// SignedBundle ::= SEQUENCE {
///     bundle      TrustBundle,
///     signatures  SEQUENCE SIZE (0..32) OF SEQUENCE {    -- keys strictly rising as bytes
///         key         SubjectPublicKeyInfo,
///         signature   BIT STRING } }
///
/// TrustBundle ::= SEQUENCE {
///     format      UTF8String ("hubward trust bundle 1"),
///     version     INTEGER (0..4294967295),
///     expires     Time,
///     threshold   INTEGER (1..16),
///     keys        SEQUENCE SIZE (1..16) OF SubjectPublicKeyInfo,    -- strictly rising as bytes
///     anchors     SEQUENCE SIZE (1..32) OF SEQUENCE {
///         from        Time,
///         until       Time,
///         certificate Certificate } }
///
/// Time ::= INTEGER (0..253402300799)    -- seconds since 1970, until the end of 9999
/// ```
#[derive(Clone)]
pub struct SignedBundle<'a> {
    bytes: &'a [u8],
    message: Range<usize>,
    pub(super) contents: Contents,
    signatures: Vec<(UpdateKey, &'a [u8])>,
}

impl<'a> SignedBundle<'a> {
    /// Parses a bundle with any number of signatures, including none.
    ///
    /// # Errors
    /// [`BundleError`] if the bytes do not strictly follow the format.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BundleError> {
        if bytes.len() > MAX_LENGTH {
            return Err(BundleError::TooLong { most: MAX_LENGTH });
        }
        let mut fields = only(bytes, Tag::SEQUENCE)?.open();
        let bundle = fields.expect(Tag::SEQUENCE)?;
        let signatures = signatures(fields.expect(Tag::SEQUENCE)?.open())?;
        fields.finish()?;
        Ok(Self { bytes, message: bundle.range(), contents: Contents::read(&bundle)?, signatures })
    }

    /// Returns the whole bundle, as received.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the bytes that each key signs, for example for a key in an HSM. P-256 keys sign them with SHA-256 and
    /// the signature has the form of RFC 3279 2.2.3; Ed25519 keys sign them directly.
    #[must_use]
    pub fn to_be_signed(&self) -> &'a [u8] {
        self.bytes.get(self.message.clone()).unwrap_or_default()
    }

    /// Returns the version in the bundle.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.contents.version
    }

    /// Returns the last second in which the bundle's anchors are trusted.
    #[must_use]
    pub const fn expires(&self) -> UnixTime {
        self.contents.expires
    }

    /// Returns the number of its keys that must sign.
    #[must_use]
    pub const fn threshold(&self) -> usize {
        self.contents.threshold
    }

    /// Returns the keys that sign this bundle and its successor, in order.
    #[must_use]
    pub fn keys(&self) -> &[UpdateKey] {
        &self.contents.keys
    }

    /// Returns the anchors, in order.
    pub fn anchors(&self) -> impl Iterator<Item = BundledAnchor<'a>> {
        self.contents.anchors(self.bytes)
    }

    /// Returns the keys of the attached signatures, which are not verified, in order.
    pub fn signers(&self) -> impl Iterator<Item = &UpdateKey> {
        self.signatures.iter().map(|(key, _)| key)
    }

    /// Returns the bundle with an additional signature, which replaces an earlier one of the same key. A bundle may
    /// also have signatures of keys that it does not contain, for devices in the field that still have an older bundle.
    ///
    /// # Errors
    /// [`SignError`] if `signature` does not verify over [`Self::to_be_signed`], or the bundle already has the largest
    /// number of signatures.
    pub fn with_signature(
        &self,
        key: UpdateKey,
        signature: &[u8],
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<Vec<u8>, SignError> {
        key.check(self.to_be_signed(), signature, algorithms).map_err(|problem| match problem {
            Problem::BadSignature => SignError::BadSignature,
            _ => SignError::UnsupportedAlgorithm,
        })?;
        let mut all = self.signatures.clone();
        match all.binary_search_by_key(&key, |(key, _)| *key) {
            Ok(at) => all.get_mut(at).into_iter().for_each(|entry| entry.1 = signature),
            Err(_) if all.len() == MAX_SIGNATURES => {
                return Err(
                    BundleError::TooMany { part: BundlePart::Signatures, most: MAX_SIGNATURES }.into()
                );
            }
            Err(at) => all.insert(at, (key, signature)),
        }
        Ok(assemble(self.to_be_signed(), &all))
    }

    /// Returns those of `keys` and of the bundle's own keys that signed it. Signatures of other keys are ignored; a
    /// wrong signature of one of these keys is an error.
    pub(super) fn verified_signers(
        &self,
        keys: &[UpdateKey],
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<Vec<UpdateKey>, UpdateError> {
        let mut verified_signers = Vec::new();
        for (at, (key, signature)) in self.signatures.iter().enumerate() {
            if keys.contains(key) || self.contents.keys.contains(key) {
                key.check(self.to_be_signed(), signature, algorithms).map_err(|problem| match problem {
                    Problem::BadSignature => UpdateError::BadSignature { signature: at },
                    _ => UpdateError::UnsupportedAlgorithm { signature: at },
                })?;
                verified_signers.push(*key);
            }
        }
        Ok(verified_signers)
    }
}

impl fmt::Debug for SignedBundle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SignedBundle").field(&self.contents).finish()
    }
}

/// Encodes a `SignedBundle` from a `TrustBundle` and sorted signatures.
pub(super) fn assemble(bundle: &[u8], signatures: &[(UpdateKey, &[u8])]) -> Vec<u8> {
    let entries: Vec<Vec<u8>> =
        signatures.iter().map(|(key, made)| sequence(&[&key.to_spki_der(), &bit_string(made)])).collect();
    let entries: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
    sequence(&[bundle, &sequence(&entries)])
}

fn signatures(mut list: Cursor<'_>) -> Result<Vec<(UpdateKey, &[u8])>, BundleError> {
    let mut all: Vec<(UpdateKey, &[u8])> = Vec::new();
    while !list.is_empty() {
        let signature = all.len();
        if signature == MAX_SIGNATURES {
            return Err(BundleError::TooMany { part: BundlePart::Signatures, most: MAX_SIGNATURES });
        }
        let mut fields = list.expect(Tag::SEQUENCE)?.open();
        let key = UpdateKey::new(&PublicKey::read(&mut fields)?)
            .map_err(|error| BundleError::SignatureKey { signature, error })?;
        let made = whole_bits(&fields.expect(Tag::BIT_STRING)?)?;
        fields.finish()?;
        if all.last().is_some_and(|(last, _)| *last >= key) {
            return Err(BundleError::Order(BundlePart::Signatures));
        }
        all.push((key, made));
    }
    Ok(all)
}
