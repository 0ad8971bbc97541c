//! The public half of a signing key, which is all that issuing needs of it.

use alloc::sync::Arc;
use core::fmt;

use der::asn1::{Any, AnyRef};
use der::{Decode, Document, Tag};
use hubward_core::{AlgorithmIdentifier, Signer};
use rustls_pki_types::alg_id;
use x509_cert::spki::{
    AlgorithmIdentifierOwned, DynSignatureAlgorithmIdentifier, EncodePublicKey, Result as SpkiResult,
    SubjectPublicKeyInfoOwned,
};

use super::error::IssueError;
use super::key_strength::SubjectKey;

/// A CA's, or a requester's, public key and the algorithm that its private key signs with. The private key is the
/// caller's, here or in an HSM.
///
/// ```
/// use hubward_ring::{KeyType, SigningKey};
/// use hubward_x509::issue::{IssuerKey, Signer};
///
/// let key = SigningKey::from_pkcs8(&SigningKey::generate_pkcs8(KeyType::P256)?)?;
/// let here = IssuerKey::of(&key)?;
/// let from_an_hsm = IssuerKey::new(key.public_key(), rustls_pki_types::alg_id::ECDSA_SHA256)?;
/// assert_eq!(here, from_an_hsm);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct IssuerKey(Arc<Inner>);

#[derive(PartialEq, Eq)]
struct Inner {
    public_key: Document,
    algorithm: AlgorithmIdentifier,
    /// The AlgorithmIdentifier as a whole.
    signature: Any,
}

/// The signature algorithms of each type of key.
const ALGORITHMS: [(AlgorithmIdentifier, &[AlgorithmIdentifier]); 4] = [
    (alg_id::ECDSA_P256, &[alg_id::ECDSA_SHA256, alg_id::ECDSA_SHA384]),
    (alg_id::ECDSA_P384, &[alg_id::ECDSA_SHA384, alg_id::ECDSA_SHA256]),
    (alg_id::ED25519, &[alg_id::ED25519]),
    (
        alg_id::RSA_ENCRYPTION,
        &[
            alg_id::RSA_PKCS1_SHA256,
            alg_id::RSA_PKCS1_SHA384,
            alg_id::RSA_PKCS1_SHA512,
            alg_id::RSA_PSS_SHA256,
            alg_id::RSA_PSS_SHA384,
            alg_id::RSA_PSS_SHA512,
        ],
    ),
];

impl IssuerKey {
    /// Creates it from the DER of a SubjectPublicKeyInfo and the algorithm of the signatures, for example of a key in
    /// an HSM. The algorithms are those of [`rustls_pki_types::alg_id`].
    ///
    /// # Errors
    /// [`IssueError::Key`] if the key is weak or not supported, [`IssueError::AlgorithmMismatch`] if the algorithm is
    /// for another type of key.
    pub fn new(public_key: &[u8], algorithm: AlgorithmIdentifier) -> Result<Self, IssueError> {
        let judged = SubjectKey::from_public_key(public_key)?;
        let is_of = |(key, signatures): &(AlgorithmIdentifier, &[AlgorithmIdentifier])| {
            **key == *judged.algorithm() && signatures.contains(&algorithm)
        };
        if !ALGORITHMS.iter().any(is_of) {
            return Err(IssueError::AlgorithmMismatch);
        }
        let encoding = |_: der::Error| IssueError::Encoding;
        Ok(Self(Arc::new(Inner {
            public_key: Document::from_der(public_key).map_err(encoding)?,
            algorithm,
            signature: Any::new(Tag::Sequence, &*algorithm).map_err(encoding)?,
        })))
    }

    /// Creates it from a signer.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of(signer: &dyn Signer) -> Result<Self, IssueError> {
        Self::new(signer.public_key(), signer.algorithm())
    }

    /// Returns the DER of the SubjectPublicKeyInfo.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        self.0.public_key.as_bytes()
    }

    /// Returns the algorithm of the signatures.
    #[must_use]
    pub fn algorithm(&self) -> AlgorithmIdentifier {
        self.0.algorithm
    }

    /// Returns the whole AlgorithmIdentifier of the signatures.
    pub(super) fn signature_algorithm(&self) -> AnyRef<'_> {
        AnyRef::from(&self.0.signature)
    }

    pub(super) fn owned_signature_algorithm(&self) -> der::Result<AlgorithmIdentifierOwned> {
        self.0.signature.decode_as()
    }

    pub(super) fn subject_public_key_info(&self) -> Result<SubjectPublicKeyInfoOwned, IssueError> {
        SubjectPublicKeyInfoOwned::from_der(self.public_key()).map_err(|_| IssueError::Encoding)
    }
}

impl fmt::Debug for IssuerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuerKey").field("algorithm", &self.0.algorithm).finish_non_exhaustive()
    }
}

/// The builder of `x509-cert` asks for a key pair. This one has no private key.
pub(super) struct WithoutPrivateKey<'k>(pub(super) &'k IssuerKey);

impl signature::Keypair for WithoutPrivateKey<'_> {
    type VerifyingKey = PublicHalf;

    fn verifying_key(&self) -> PublicHalf {
        PublicHalf(self.0.0.public_key.clone())
    }
}

impl DynSignatureAlgorithmIdentifier for WithoutPrivateKey<'_> {
    fn signature_algorithm_identifier(&self) -> SpkiResult<AlgorithmIdentifierOwned> {
        Ok(self.0.owned_signature_algorithm()?)
    }
}

#[derive(Clone)]
pub(super) struct PublicHalf(Document);

impl EncodePublicKey for PublicHalf {
    fn to_public_key_der(&self) -> SpkiResult<Document> {
        Ok(self.0.clone())
    }
}
