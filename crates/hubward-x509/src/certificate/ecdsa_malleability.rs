//! Signature malleability of ECDSA: if (r, s) is a valid signature, so is (r, n - s), and computing one from the other
//! needs no key. A certificate signed with ECDSA therefore has two valid encodings with different thumbprints.

use alloc::vec::Vec;

use der::asn1::{Any, BitStringRef, UintRef};
use der::{Decode, Encode};

use super::{Certificate, Signed};
use crate::tlv::{Cursor, Tag, integer, only};

/// `ecdsa-with-SHA224` to `ecdsa-with-SHA512` (RFC 5758 3.2), without the last byte.
const ECDSA_WITH_SHA2: [u8; 9] = [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3];

/// The order of P-256 (SEC 2, 2.4.2).
const P256: &[u8] = &[
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, //
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];
/// The order of P-384 (SEC 2, 2.5.1).
const P384: &[u8] = &[
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, //
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf, //
    0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
];
/// The order of P-521 (SEC 2, 2.6.1).
const P521: &[u8] = &[
    0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, //
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, //
    0xff, 0xfa, 0x51, 0x86, 0x87, 0x83, 0xbf, 0x2f, 0x96, 0x6b, 0x7f, 0xcc, 0x01, 0x48, 0xf7, 0x09, //
    0xa5, 0xd0, 0x3b, 0xb5, 0xc9, 0xb8, 0x89, 0x9c, 0x47, 0xae, 0xbb, 0x6f, 0xb7, 0x1e, 0x91, 0x38, //
    0x64, 0x09,
];

impl Certificate<'_> {
    /// Returns this certificate as DER with the other valid form of its ECDSA signature, (r, n - s); `None` if the
    /// signature algorithm is not ECDSA with SHA-2.
    ///
    /// Every verifier accepts both encodings as the same certificate, but they have different thumbprints. Anyone who
    /// has the certificate can compute the other form, without a key. **Compare both thumbprints with a list of
    /// thumbprints to refuse**; a list of thumbprints to accept needs only one.
    #[must_use]
    pub fn malleated_form(&self) -> Option<Vec<u8>> {
        let Signed { message, algorithm, signature } = self.signed;
        if algorithm.split_last()?.1 != ECDSA_WITH_SHA2 {
            return None;
        }
        let mut fields = only(signature, Tag::SEQUENCE).ok()?.open();
        let (r, s) = (number(&mut fields)?, number(&mut fields)?);
        fields.finish().ok()?;
        // the length of r shows the issuer's curve: an r much shorter than the order does not occur in practice
        let order = match r.len() {
            ..=32 => P256,
            33..=48 => P384,
            _ => P521,
        };
        let other = difference(order, s)?;
        let signature = [UintRef::new(r).ok()?, UintRef::new(&other).ok()?].to_der().ok()?;
        let signature = BitStringRef::from_bytes(&signature).ok()?;
        let algorithm = Any::new(der::Tag::Sequence, algorithm).ok()?;
        [Any::from_der(message).ok()?, algorithm, Any::encode_from(&signature).ok()?].to_der().ok()
    }
}

/// Returns the digits of a non-negative INTEGER.
fn number<'a>(fields: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let tlv = fields.expect(Tag::INTEGER).ok()?;
    integer(&tlv).ok()?;
    match tlv.value {
        [0x80..=0xff, ..] => None,
        // zero keeps its digit: `der` writes a number without digits as an INTEGER without contents
        [0, digits @ ..] if !digits.is_empty() => Some(digits),
        digits => Some(digits),
    }
}

/// Returns `n - s`, as long as `n`, or `None` if it is negative.
fn difference(n: &[u8], s: &[u8]) -> Option<Vec<u8>> {
    n.len().checked_sub(s.len())?;
    let mut digits = s.iter().rev();
    let mut borrowed = false;
    let mut less = Vec::with_capacity(n.len());
    for byte in n.iter().rev() {
        let (once, first) = byte.overflowing_sub(digits.next().copied().unwrap_or_default());
        let (twice, second) = once.overflowing_sub(borrowed.into());
        less.push(twice);
        borrowed = first || second;
    }
    less.reverse();
    if borrowed { None } else { Some(less) }
}
