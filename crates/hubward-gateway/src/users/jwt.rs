//! Verifies signed tokens (RFC 7515, 7519) with an issuer's public keys, on `ring`.
//!
//! `jsonwebtoken` parses the keys and the token. Its own verification needs a provider that is installed for the whole
//! process; the one for RustCrypto depends on `rsa` 0.9, whose private-key operations leak by their timing
//! (RUSTSEC-2023-0071).

use base64ct::{Base64UrlUnpadded, Encoding};
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, decode_header};
use ring::signature::{
    self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::de::DeserializeOwned;

/// Bytes of the longest signature: RSA with 8192 bits.
const MAX_SIGNATURE: usize = 1024;

/// An issuer's public key, and the one algorithm that it verifies.
pub(super) struct IssuerKey {
    id: Option<String>,
    algorithm: Algorithm,
    key: PublicKey,
}

enum PublicKey {
    Rsa(&'static RsaParameters, RsaPublicKeyComponents<Vec<u8>>),
    /// A point on a curve.
    Point(UnparsedPublicKey<Vec<u8>>),
}

impl IssuerKey {
    /// Reads a public key (RFC 7517). Its type, its curve and its `alg` determine the algorithm; an RSA key without `alg` is
    /// for RS256.
    ///
    /// # Errors
    /// Returns the problem if it is not a public key for signatures, or is for an algorithm that is not supported.
    pub(super) fn of(jwk: &Jwk) -> Result<Self, &'static str> {
        if matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption)) {
            return Err("is for encryption (`use`): leave it out");
        }
        let read = DecodingKey::from_jwk(jwk).map_err(|_| "is not base64url")?;
        let algorithm = algorithm(jwk)?;
        let key = match read.kind() {
            DecodingKeyKind::RsaModulusExponent { n, e } => {
                let parameters = rsa(algorithm).ok_or("is not of its algorithm")?;
                let (n, e) = (without_zeros(n), without_zeros(e));
                if !(256..=MAX_SIGNATURE).contains(&n.len()) {
                    return Err("has fewer than 2048 or more than 8192 bits");
                }
                PublicKey::Rsa(parameters, RsaPublicKeyComponents { n, e })
            }
            DecodingKeyKind::SecretOrDer(point) => {
                let (curve, len) = curve(algorithm).ok_or("is not of its algorithm")?;
                if point.len() != len {
                    return Err("is not a point of its curve");
                }
                PublicKey::Point(UnparsedPublicKey::new(curve, point.clone()))
            }
        };
        Ok(Self { id: jwk.common.key_id.clone(), algorithm, key })
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match &self.key {
            PublicKey::Rsa(parameters, key) => key.verify(parameters, message, signature),
            PublicKey::Point(key) => key.verify(message, signature),
        };
        verified.is_ok()
    }
}

/// Returns the claims of a token that one of `keys` signed: the key of the token's `kid`, or any if it has no `kid`. The
/// token's `alg` must be the key's; nothing else in the header selects a key.
pub(super) fn verified<C: DeserializeOwned>(token: &str, keys: &[IssuerKey]) -> Option<C> {
    let header = decode_header(token).ok()?;
    // extensions that a verifier must support (RFC 7515, 4.1.11); none is supported
    if header.crit.is_some() {
        return None;
    }
    let (message, signature) = token.rsplit_once('.')?;
    let mut buffer = [0; MAX_SIGNATURE];
    let signature = Base64UrlUnpadded::decode(signature, &mut buffer).ok()?;
    keys.iter()
        .filter(|key| header.kid.is_none() || key.id == header.kid)
        .filter(|key| key.algorithm == header.alg)
        .any(|key| key.verifies(message.as_bytes(), signature))
        .then(|| insecure_decode_claims(token).ok())?
}

/// Returns the algorithm of a key, or the problem with it.
fn algorithm(jwk: &Jwk) -> Result<Algorithm, &'static str> {
    let own = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => {
            return match jwk.common.key_algorithm {
                None | Some(KeyAlgorithm::RS256) => Ok(Algorithm::RS256),
                Some(KeyAlgorithm::RS384) => Ok(Algorithm::RS384),
                Some(KeyAlgorithm::RS512) => Ok(Algorithm::RS512),
                Some(KeyAlgorithm::PS256) => Ok(Algorithm::PS256),
                Some(KeyAlgorithm::PS384) => Ok(Algorithm::PS384),
                Some(KeyAlgorithm::PS512) => Ok(Algorithm::PS512),
                Some(_) => Err("has an `alg` that is not RSA's for signatures"),
            };
        }
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => (Algorithm::ES256, KeyAlgorithm::ES256),
            EllipticCurve::P384 => (Algorithm::ES384, KeyAlgorithm::ES384),
            _ => return Err("is on a curve that is not P-256 or P-384"),
        },
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        // a shared secret could also sign
        _ => return Err("is not a public key of RSA, P-256, P-384 or Ed25519"),
    };
    match jwk.common.key_algorithm {
        None => Ok(own.0),
        Some(named) if named == own.1 => Ok(own.0),
        Some(_) => Err("has an `alg` that is not its curve's"),
    }
}

fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::RS256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Some(&signature::RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Some(&signature::RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

/// Returns the algorithm on a curve, and the number of bytes of a point.
fn curve(algorithm: Algorithm) -> Option<(&'static dyn VerificationAlgorithm, usize)> {
    match algorithm {
        Algorithm::ES256 => Some((&signature::ECDSA_P256_SHA256_FIXED, 65)),
        Algorithm::ES384 => Some((&signature::ECDSA_P384_SHA384_FIXED, 97)),
        Algorithm::EdDSA => Some((&signature::ED25519, 32)),
        _ => None,
    }
}

/// Strips leading zeros from a number.
fn without_zeros(number: &[u8]) -> Vec<u8> {
    number.iter().copied().skip_while(|byte| *byte == 0).collect()
}

impl core::fmt::Debug for IssuerKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("IssuerKey")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
