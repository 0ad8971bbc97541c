//! Public keys to certify, judged: their type, their length, and the encoding of their point.

use core::fmt;

use rustls_pki_types::alg_id;

use super::error::{IssueError, KeyProblem};
use crate::certificate::{PublicKey, VerifiedRequest};
use crate::tlv::{Cursor, Tag, integer, only};
use crate::trust::UpdateKey;

/// A public key that may be certified: RSA of 2048 to 8192 bits with an odd exponent of at least 65537, an uncompressed
/// point of P-256 or P-384, or Ed25519 without the points of small order.
///
/// ```
/// use hubward_ring::{KeyType, SigningKey};
/// use hubward_x509::issue::SubjectKey;
///
/// let key = SigningKey::from_pkcs8(&SigningKey::generate_pkcs8(KeyType::P256)?)?.public_key_der();
/// assert!(SubjectKey::from_public_key(&key).is_ok());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SubjectKey<'a>(PublicKey<'a>);

impl<'a> SubjectKey<'a> {
    /// Judges the key of a request, whose sender holds the private key.
    ///
    /// # Errors
    /// [`KeyProblem`] if it is weak or not supported.
    pub fn from_request(request: &VerifiedRequest<'a>) -> Result<Self, KeyProblem> {
        Self::new(request.public_key())
    }

    /// Judges a key, given as the DER of its SubjectPublicKeyInfo. The caller knows in another way who holds the private
    /// key.
    ///
    /// # Errors
    /// [`KeyProblem`] if it is weak, malformed or not supported.
    pub fn from_public_key(der: &'a [u8]) -> Result<Self, KeyProblem> {
        let mut cursor = Cursor::new(der);
        let key = PublicKey::read(&mut cursor).map_err(|_| KeyProblem::Malformed)?;
        cursor.finish().map_err(|_| KeyProblem::Malformed)?;
        Self::new(key)
    }

    fn new(key: PublicKey<'a>) -> Result<Self, KeyProblem> {
        let algorithm = key.algorithm;
        if algorithm == &*alg_id::RSA_ENCRYPTION {
            check_rsa(key.key)?;
        } else if algorithm == &*alg_id::ECDSA_P256 {
            check_point(key.key, 65)?;
        } else if algorithm == &*alg_id::ECDSA_P384 {
            check_point(key.key, 97)?;
        } else if algorithm == &*alg_id::ED25519 {
            match UpdateKey::from_spki_der(key.der) {
                Ok(_) => {}
                Err(crate::trust::UpdateKeyError::Weak) => return Err(KeyProblem::Weak),
                Err(_) => return Err(KeyProblem::Malformed),
            }
        } else {
            return Err(KeyProblem::Type);
        }
        Ok(Self(key))
    }

    /// Returns the DER of the SubjectPublicKeyInfo.
    #[must_use]
    pub const fn as_der(&self) -> &'a [u8] {
        self.0.der
    }

    /// Returns the contents of the BIT STRING.
    pub(super) const fn bits(&self) -> &'a [u8] {
        self.0.key
    }

    /// Returns the contents of the AlgorithmIdentifier.
    pub(super) const fn algorithm(&self) -> &'a [u8] {
        self.0.algorithm
    }

    /// Returns an error if this is the key of the CA that is to certify it.
    pub(super) fn check_differs_from(&self, issuer: &[u8]) -> Result<(), IssueError> {
        if self.0.der == issuer { Err(IssueError::IssuerKey) } else { Ok(()) }
    }
}

impl fmt::Debug for SubjectKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SubjectKey").field(&self.0).finish()
    }
}

fn check_point(point: &[u8], length: usize) -> Result<(), KeyProblem> {
    match point {
        [4, ..] if point.len() == length => Ok(()),
        [2 | 3, ..] => Err(KeyProblem::Compressed),
        _ => Err(KeyProblem::Malformed),
    }
}

/// Checks an `RSAPublicKey` (RFC 8017 A.1.1).
fn check_rsa(key: &[u8]) -> Result<(), KeyProblem> {
    let malformed = |_| KeyProblem::Malformed;
    let mut fields = only(key, Tag::SEQUENCE).map_err(malformed)?.open();
    let (modulus, exponent) = (number(&mut fields)?, number(&mut fields)?);
    fields.finish().map_err(malformed)?;
    let [first, .., last] = modulus else { return Err(KeyProblem::Malformed) };
    let leading = usize::try_from(first.leading_zeros()).map_err(|_| KeyProblem::Malformed)?;
    let bits = modulus.len().saturating_mul(8).saturating_sub(leading);
    if !(2048..=8192).contains(&bits) || last % 2 == 0 {
        return Err(KeyProblem::RsaLength { bits });
    }
    match exponent {
        [.., last]
            if last % 2 == 1 && (exponent.len() > 3 || exponent >= &[1, 0, 1][..] && exponent.len() == 3) =>
        {
            Ok(())
        }
        _ => Err(KeyProblem::RsaExponent),
    }
}

/// Returns the digits of a positive INTEGER.
fn number<'a>(fields: &mut Cursor<'a>) -> Result<&'a [u8], KeyProblem> {
    let tlv = fields.expect(Tag::INTEGER).map_err(|_| KeyProblem::Malformed)?;
    integer(&tlv).map_err(|_| KeyProblem::Malformed)?;
    match tlv.value {
        [0x80..=0xff, ..] | [0] => Err(KeyProblem::Malformed),
        [0, digits @ ..] | digits => Ok(digits),
    }
}
