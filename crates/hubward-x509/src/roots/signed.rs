//! A bundle as it is handed around, with the signatures it has so far: read, and believed in nothing.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use rustls_pki_types::{SignatureVerificationAlgorithm, UnixTime};

use super::contents::{BundledAnchor, Contents};
use super::error::{BundleError, Part, SignError, UpdateError};
use super::update_key::UpdateKey;
use super::{LONGEST, MOST_SIGNATURES};
use crate::certificate::PublicKey;
use crate::error::Problem;
use crate::tlv::{Cursor, Tag, only, whole_bits};
use crate::write::{bit_string, sequence};

/// A bundle and its signatures, read. Nothing about it is proven; [`TrustBundle`](crate::TrustBundle) is.
///
/// A bundle is DER, read by the crate's own reader. What is signed is the whole of `TrustBundle` as it was received:
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
    /// Reads a bundle with as many signatures as it has, none too.
    ///
    /// # Errors
    /// [`BundleError`]: not the form of the format, to the byte.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BundleError> {
        if bytes.len() > LONGEST {
            return Err(BundleError::TooLong { most: LONGEST });
        }
        let mut fields = only(bytes, Tag::SEQUENCE)?.open();
        let bundle = fields.expect(Tag::SEQUENCE)?;
        let signatures = signatures(fields.expect(Tag::SEQUENCE)?.open())?;
        fields.finish()?;
        Ok(Self { bytes, message: bundle.place(), contents: Contents::read(&bundle)?, signatures })
    }

    /// All of it, as it came.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What each key signs: for one that lives in an HSM. P-256 keys sign with SHA-256 of it, in the form of RFC
    /// 3279 2.2.3; Ed25519 keys sign it itself.
    #[must_use]
    pub fn to_be_signed(&self) -> &'a [u8] {
        self.bytes.get(self.message.clone()).unwrap_or_default()
    }

    /// The version it claims.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.contents.version
    }

    /// The last second in which it vouches for anybody.
    #[must_use]
    pub const fn expires(&self) -> UnixTime {
        self.contents.expires
    }

    /// How many of its keys must sign.
    #[must_use]
    pub const fn threshold(&self) -> usize {
        self.contents.threshold
    }

    /// The keys that sign it and what comes after it, in order.
    #[must_use]
    pub fn keys(&self) -> &[UpdateKey] {
        &self.contents.keys
    }

    /// Its anchors, in order.
    pub fn anchors(&self) -> impl Iterator<Item = BundledAnchor<'a>> {
        self.contents.anchors(self.bytes)
    }

    /// The keys that are said to have signed it, in order.
    pub fn signers(&self) -> impl Iterator<Item = &UpdateKey> {
        self.signatures.iter().map(|(key, _)| key)
    }

    /// The same with one more signature, in the place of what that key signed before. A bundle may carry those of
    /// keys that it has not itself: of all the keys that devices in the field may still know.
    ///
    /// # Errors
    /// [`SignError`] where `key` did not make it of [`Self::to_be_signed`], or no signature fits any more.
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
            Err(_) if all.len() == MOST_SIGNATURES => {
                return Err(BundleError::TooMany { part: Part::Signatures, most: MOST_SIGNATURES }.into());
            }
            Err(at) => all.insert(at, (key, signature)),
        }
        Ok(assemble(self.to_be_signed(), &all))
    }

    /// Those of `keys` and of its own keys that signed it. Signatures of others do not count and are not checked;
    /// one that counts and is wrong fails all.
    pub(super) fn proven(
        &self,
        keys: &[UpdateKey],
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<Vec<UpdateKey>, UpdateError> {
        let mut proven = Vec::new();
        for (at, (key, signature)) in self.signatures.iter().enumerate() {
            if keys.contains(key) || self.contents.keys.contains(key) {
                key.check(self.to_be_signed(), signature, algorithms).map_err(|problem| match problem {
                    Problem::BadSignature => UpdateError::BadSignature { signature: at },
                    _ => UpdateError::UnsupportedAlgorithm { signature: at },
                })?;
                proven.push(*key);
            }
        }
        Ok(proven)
    }
}

impl fmt::Debug for SignedBundle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SignedBundle").field(&self.contents).finish()
    }
}

/// `SignedBundle`, of a `TrustBundle` and signatures in order.
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
        if signature == MOST_SIGNATURES {
            return Err(BundleError::TooMany { part: Part::Signatures, most: MOST_SIGNATURES });
        }
        let mut fields = list.expect(Tag::SEQUENCE)?.open();
        let key = UpdateKey::new(&PublicKey::read(&mut fields)?)
            .map_err(|error| BundleError::SignatureKey { signature, error })?;
        let made = whole_bits(&fields.expect(Tag::BIT_STRING)?)?;
        fields.finish()?;
        if all.last().is_some_and(|(last, _)| *last >= key) {
            return Err(BundleError::Order(Part::Signatures));
        }
        all.push((key, made));
    }
    Ok(all)
}
