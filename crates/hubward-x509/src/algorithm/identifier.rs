//! AlgorithmIdentifiers that mean the same algorithm (RFC 4055).

use crate::tlv::{Cursor, Tag, context, only};

/// Contents of the OBJECT IDENTIFIER of PKCS#1, 1.2.840.113549.1.1, without the last arc.
pub(super) const PKCS1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1];
/// `NULL`.
const NULL: &[u8] = &[5, 0];

/// Returns `true` if both contents of an AlgorithmIdentifier mean the same signature algorithm. RSA with SHA-2 may have
/// NULL or no parameters (RFC 4055 5), and so may the digests of RSA-PSS (RFC 4055 2.1), whose trailer field may be
/// written out although 1 is its default.
pub(crate) fn is_same(a: &[u8], b: &[u8]) -> bool {
    if a == b {
        return true;
    }
    match (split(a), split(b)) {
        (Some((oid, mine)), Some((other, theirs))) if oid == other => match oid.strip_prefix(PKCS1) {
            Some([11..=13]) => is_null_or_absent(mine) && is_null_or_absent(theirs),
            Some([10]) => Pss::read(mine).is_some_and(|mine| Pss::read(theirs) == Some(mine)),
            _ => false,
        },
        _ => false,
    }
}

/// Splits the contents of an AlgorithmIdentifier into OBJECT IDENTIFIER and parameters.
pub(super) fn split(algorithm: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut fields = Cursor::new(algorithm);
    let oid = fields.expect(Tag::OBJECT_IDENTIFIER).ok()?.value;
    Some((oid, fields.rest()))
}

pub(super) fn is_null_or_absent(parameters: &[u8]) -> bool {
    parameters.is_empty() || parameters == NULL
}

/// The parameters of RSA-PSS: the digest, that of the mask generation, and the length of the salt.
#[derive(PartialEq, Eq)]
struct Pss<'a> {
    digest: &'a [u8],
    mask_digest: &'a [u8],
    salt: u32,
}

impl<'a> Pss<'a> {
    /// Reads RSASSA-PSS-params (RFC 4055 3.1). The defaults mean SHA-1, which has no algorithm here.
    fn read(parameters: &'a [u8]) -> Option<Self> {
        let mut fields = only(parameters, Tag::SEQUENCE).ok()?.open();
        let digest = digest_oid(fields.expect(context(0, true)).ok()?.value)?;
        let mask = only(fields.expect(context(1, true)).ok()?.value, Tag::SEQUENCE).ok()?;
        let mask_digest = match split(mask.value)? {
            (oid, of) if oid.strip_prefix(PKCS1) == Some(&[8]) => digest_oid(of)?,
            _ => return None,
        };
        let mut salt = fields.expect(context(2, true)).ok()?.open();
        let length = salt.read_u32().ok()?;
        salt.finish().ok()?;
        if let Some(trailer) = fields.optional(context(3, true)).ok()? {
            let mut trailer = trailer.open();
            (trailer.read_u32().ok()? == 1).then_some(())?;
            trailer.finish().ok()?;
        }
        fields.finish().ok()?;
        Some(Self { digest, mask_digest, salt: length })
    }
}

/// Returns the OBJECT IDENTIFIER of the digest in an AlgorithmIdentifier with NULL or no parameters.
fn digest_oid(algorithm: &[u8]) -> Option<&[u8]> {
    let (oid, parameters) = split(only(algorithm, Tag::SEQUENCE).ok()?.value)?;
    is_null_or_absent(parameters).then_some(oid)
}
