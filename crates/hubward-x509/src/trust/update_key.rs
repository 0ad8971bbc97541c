//! Keys that sign updates of the trust bundle: Ed25519 or P-256, each with exactly one encoding.

use alloc::vec::Vec;
use core::fmt;

use rustls_pki_types::{SignatureVerificationAlgorithm, alg_id};

use super::error::UpdateKeyError;
use crate::certificate::{PublicKey, Signed};
use crate::error::Problem;
use crate::path::signature::check_signature;
use crate::tlv::Cursor;
use crate::write::{bit_string, sequence};

/// A public key of the fleet's owner: Ed25519 (RFC 8410), or ECDSA on P-256 with SHA-256 (RFC 5480).
///
/// Keys are ordered by their DER.
///
/// ```
/// use hubward_x509::UpdateKey;
/// # let public_key = rcgen::PublicKeyData::subject_public_key_info(&rcgen::KeyPair::generate()?);
///
/// let key = UpdateKey::from_spki_der(&public_key)?;
/// assert!(key.to_string().starts_with("P-256 "));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UpdateKey(Point);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Point {
    Ed25519([u8; 32]),
    /// 4, x and y.
    P256([u8; 65]),
}

impl UpdateKey {
    /// Parses the DER of a SubjectPublicKeyInfo, as written by `openssl pkey -pubout -outform DER`.
    ///
    /// # Errors
    /// [`UpdateKeyError`] for another type of key, a compressed P-256 point, or a weak Ed25519 key.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, UpdateKeyError> {
        let mut cursor = Cursor::new(der);
        let key = PublicKey::read(&mut cursor)?;
        cursor.finish()?;
        Self::new(&key)
    }

    pub(super) fn new(key: &PublicKey<'_>) -> Result<Self, UpdateKeyError> {
        if key.algorithm == &*alg_id::ED25519 {
            let point = key.key.try_into().map_err(|_| UpdateKeyError::Kind)?;
            return if is_weak(&point) { Err(UpdateKeyError::Weak) } else { Ok(Self(Point::Ed25519(point))) };
        }
        match <[u8; 65]>::try_from(key.key) {
            Ok(point @ [4, ..]) if key.algorithm == &*alg_id::ECDSA_P256 => Ok(Self(Point::P256(point))),
            _ => Err(UpdateKeyError::Kind),
        }
    }

    /// Returns the DER of the SubjectPublicKeyInfo.
    #[must_use]
    pub fn to_spki_der(&self) -> Vec<u8> {
        sequence(&[&sequence(&[self.algorithm()]), &bit_string(self.bytes())])
    }

    /// Returns `true` if both keys have the same private key: they are equal, or one is the negated point of the other,
    /// whose private key follows from the first.
    pub(super) fn shares_private_key_with(&self, other: &Self) -> bool {
        match (self.0, other.0) {
            (Point::Ed25519(mine), Point::Ed25519(theirs)) => unsigned(mine) == unsigned(theirs),
            (Point::P256(mine), Point::P256(theirs)) => mine.get(1..33) == theirs.get(1..33),
            _ => false,
        }
    }

    /// Returns `true` if this is the key of a certificate, in any encoding of its point.
    pub(super) fn is_key_of(&self, key: &PublicKey<'_>) -> bool {
        match (self.0, key.key) {
            (Point::Ed25519(mine), theirs) => {
                theirs.try_into().is_ok_and(|theirs| unsigned(mine) == unsigned(theirs))
            }
            (Point::P256(mine), [2..=4 | 6 | 7, theirs @ ..]) => mine.get(1..33) == theirs.get(..32),
            _ => false,
        }
    }

    /// Verifies `signature` over `message`.
    pub(super) fn check(
        &self,
        message: &[u8],
        signature: &[u8],
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<(), Problem> {
        let made_by = match self.0 {
            Point::Ed25519(_) => alg_id::ED25519,
            Point::P256(_) => alg_id::ECDSA_SHA256,
        };
        let signed = Signed { message, algorithm: &made_by, signature };
        let key = PublicKey { der: &[], algorithm: self.algorithm(), key: self.bytes() };
        check_signature(&signed, &key, algorithms)
    }

    /// Returns the contents of the AlgorithmIdentifier.
    fn algorithm(&self) -> &'static [u8] {
        match self.0 {
            Point::Ed25519(_) => ED25519,
            Point::P256(_) => P256,
        }
    }

    fn bytes(&self) -> &[u8] {
        match &self.0 {
            Point::Ed25519(point) => point,
            Point::P256(point) => point,
        }
    }
}

/// `id-Ed25519`, without parameters (RFC 8410 3).
const ED25519: &[u8] = &[6, 3, 0x2b, 0x65, 0x70];
/// `id-ecPublicKey`, `secp256r1` (RFC 5480 2.1.1).
const P256: &[u8] = &[
    6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, //
    6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7,
];

/// Clears the sign of a point, its top bit.
const fn unsigned(mut point: [u8; 32]) -> [u8; 32] {
    let [.., last] = &mut point;
    *last &= 0x7f;
    point
}

/// Returns `true` if an Ed25519 point is not in its canonical form or has an order of at most 8. For example, with the
/// neutral element a signature of zeros is valid for every message. RFC 8032 leaves such keys to the caller.
fn is_weak(point: &[u8; 32]) -> bool {
    /// y of the points of order 8, little-endian; the other small orders have 0, 1 and -1, which is p - 1.
    const ORDER_8: [[u8; 32]; 2] = [
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
            0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
            0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
        ],
    ];
    let y = unsigned(*point);
    let [first, middle @ .., last] = &y;
    // p = 2^255 - 19; p - 1 and every value not below p
    let top = *last == 0x7f && middle.iter().all(|byte| *byte == 0xff) && *first >= 0xec;
    let bottom = *last == 0 && middle.iter().all(|byte| *byte == 0) && *first <= 1;
    top || bottom || ORDER_8.contains(&y)
}

/// Formats as the type and, in hex, the point (Ed25519) or its x (P-256), for comparison by people.
impl fmt::Display for UpdateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, bytes) = match &self.0 {
            Point::Ed25519(point) => ("Ed25519 ", &point[..]),
            Point::P256(point) => ("P-256 ", point.get(1..33).unwrap_or_default()),
        };
        f.write_str(kind)?;
        bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for UpdateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UpdateKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ca_key_is_recognised_in_every_encoding_of_its_point() {
        let mut point = [7; 65];
        point[0] = 4;
        let key = UpdateKey(Point::P256(point));
        let held = |bytes: &[u8]| key.is_key_of(&PublicKey { der: &[], algorithm: &[], key: bytes });
        for form in [2, 3] {
            point[0] = form;
            assert!(held(&point[..33]), "compressed");
        }
        for form in [4, 6, 7] {
            point[0] = form;
            assert!(held(&point), "uncompressed and hybrid");
        }
        point[64] ^= 1;
        assert!(held(&point), "the negated point");
        point[1] ^= 1;
        assert!(!held(&point));
        assert!(!held(&[]) && !held(&[4]) && !held(&[7; 32]));

        let key = UpdateKey(Point::Ed25519([7; 32]));
        let mut point = [7; 32];
        point[31] ^= 0x80;
        assert!(key.is_key_of(&PublicKey { der: &[], algorithm: &[], key: &point }));
        point[0] ^= 1;
        assert!(!key.is_key_of(&PublicKey { der: &[], algorithm: &[], key: &point }));
    }

    #[test]
    fn the_order_is_that_of_the_der() {
        let keys = [
            UpdateKey(Point::Ed25519([1; 32])),
            UpdateKey(Point::Ed25519([2; 32])),
            UpdateKey(Point::P256([4; 65])),
            UpdateKey(Point::P256([5; 65])),
        ];
        assert!(keys.is_sorted() && keys.map(|key| key.to_spki_der()).is_sorted());
    }
}
