//! The reasons why something is not issued.

use hubward_core::{InWords, SignerError};

use crate::error::{CertificateError, CommonNameError, Problem};

/// The reason why a certificate, a request or a revocation list is not issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The signature algorithm is for another type of key.
    #[error("the signature algorithm does not belong to the type of the CA's key")]
    AlgorithmMismatch,
    /// The name in the request is not usable.
    #[error("the request: {0}")]
    CommonName(#[from] CommonNameError),
    /// The certificate of the CA, or an issued one, cannot be parsed.
    #[error("cannot be read: {0}")]
    Certificate(#[from] CertificateError),
    /// The revocation list cannot be issued.
    #[error(transparent)]
    Crl(#[from] CrlDraftError),
    /// A value is too long for DER, or the CA's name has a type of string that `der` does not encode.
    #[error("cannot be encoded as DER")]
    Encoding,
    /// All bytes of the entropy are zero: a random source that failed silently.
    #[error("the random bytes for the serial number are all zero")]
    Entropy,
    /// The key to certify is the key of the CA itself.
    #[error("the key to certify is the CA's own key")]
    IssuerKey,
    /// The key is weak or of a type that the profiles do not accept.
    #[error("the public key {0}")]
    Key(#[from] KeyProblem),
    /// The certificate or the signer has another key than the CA.
    #[error("the key is not that of the CA's certificate")]
    KeyMismatch,
    /// A common name is empty or too long (RFC 5280 appendix A.1, `ub-common-name`).
    #[error("a common name must have 1 to {most} characters")]
    NameLength {
        /// The largest number of characters.
        most: usize,
    },
    /// The request is for another name than the caller expects.
    #[error("the request is for another name than the expected one")]
    NameMismatch,
    /// The certificate is not that of a CA that may sign certificates.
    #[error("the issuer's certificate {0}")]
    NotCa(Problem),
    /// The certificate has another issuer than this CA.
    #[error("the certificate was issued by a CA of another name")]
    NotIssued,
    /// The issuer allows no CA below it, or fewer levels than the new CA is to allow.
    #[error("the issuer's pathLenConstraint does not allow this CA below it")]
    PathLength,
    /// The signature does not verify with the CA's key.
    #[error("the signature: {0}")]
    Signature(Problem),
    /// The key did not sign.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// A URL of a revocation list is not in ASCII.
    #[error("the URL of the revocation list is not in ASCII")]
    Url,
    /// The validity period is not possible.
    #[error(transparent)]
    Validity(#[from] ValidityProblem),
}

/// The reason why a public key is not certified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyProblem {
    /// A compressed point. TLS stacks and `ring` read uncompressed points only.
    #[error("is a compressed point; write it uncompressed")]
    Compressed,
    /// Not a key of its type.
    #[error("is malformed")]
    Malformed,
    /// The public exponent of an RSA key is even or below 65537.
    #[error("has an RSA exponent that is even or below 65537")]
    RsaExponent,
    /// An RSA modulus that is even, or has fewer than 2048 or more than 8192 bits.
    #[error("is RSA with {bits} bits; 2048 to 8192 and an odd modulus are accepted")]
    RsaLength {
        /// The length of the modulus.
        bits: usize,
    },
    /// Another type of key.
    #[error("is of a type that is not accepted: RSA, P-256, P-384 and Ed25519 are")]
    Type,
    /// An Ed25519 key of a small order, with which everyone can sign.
    #[error("is an Ed25519 point of small order")]
    Weak,
}

/// The reason why a validity period is not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValidityProblem {
    /// It begins before the validity of the issuer.
    #[error("the validity begins {} before that of the issuer", InWords(*seconds))]
    BeforeIssuer {
        /// The difference.
        seconds: u64,
    },
    /// It ends before it begins.
    #[error("the validity ends before it begins")]
    Empty,
    /// It ends after the validity of the issuer.
    #[error("the validity ends {} after that of the issuer", InWords(*seconds))]
    OutlivesIssuer {
        /// The difference.
        seconds: u64,
    },
    /// It ends after the year 9999.
    #[error("the validity ends after the year 9999")]
    TooLate,
}

/// The reason why a revocation list is not issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CrlDraftError {
    /// The earlier list has entries of other issuers, or extensions that the new one would lose.
    #[error("the earlier revocation list has entries or a scope that this crate does not write")]
    ForeignScope,
    /// The earlier list is of another issuer, or its signature does not verify.
    #[error("the earlier revocation list is not of this CA")]
    Issuer,
    /// The key usage of the CA does not allow revocation lists.
    #[error("the CA's key usage does not allow it to sign revocation lists")]
    KeyUsage,
    /// The earlier list has no number, or one that cannot be raised.
    #[error("the earlier revocation list has no number, or one above 2^64 - 2")]
    Number,
    /// The certificate to revoke or to release has another issuer, or its signature does not verify with the CA's key.
    #[error("the certificate was not issued by this CA")]
    NotIssued,
    /// A delta list where a complete one is needed.
    #[error("the earlier revocation list is a delta, not a complete list")]
    NotComplete,
    /// `removeFromCRL`, which is no reason for a revocation.
    #[error("removeFromCRL is no reason for a revocation")]
    Reason,
    /// The new list would be older than the earlier one.
    #[error("the revocation list would be older than the earlier one")]
    Time,
}
