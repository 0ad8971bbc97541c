//! Certificates, requests and revocation lists before they are signed.

use alloc::vec::Vec;
use core::fmt;

use der::asn1::{AnyRef, BitStringRef};
use der::{Decode, Encode, Sequence};
use hubward_core::{AlgorithmIdentifier, LONGEST_SIGNATURE, Signer};
use rustls_pki_types::SignatureVerificationAlgorithm;

use super::error::IssueError;
use super::issuer_key::IssuerKey;
use crate::certificate::{PublicKey, Signed};
use crate::path::signature::check_signature;
use crate::tlv::Cursor;

/// A certificate, a request or a revocation list that waits for its signature.
///
/// With a key in this process or behind a [`Signer`], [`sign`](Self::sign) completes it. With a key elsewhere, its
/// [`message`](Self::message) is signed there, and [`with_signature`](Self::with_signature) verifies and adds the result:
///
/// ```
/// # use hubward_ring::{KeyType, SigningKey, signature};
/// # use hubward_x509::issue::{CertificateAuthority, IssuerKey, SerialNumber};
/// # use hubward_x509::{UnixTime, Validity};
/// # let hsm = SigningKey::from_pkcs8(&SigningKey::generate_pkcs8(KeyType::P256)?)?;
/// # let issuer_key = IssuerKey::of(&hsm)?;
/// # let at = |day: u64| UnixTime::since_unix_epoch(core::time::Duration::from_secs(1_767_225_600 + day * 86_400));
/// # let (serial, validity) = (SerialNumber::from_entropy([7; 16])?, Validity::between(at(0), at(3650))?);
/// let unsigned = CertificateAuthority::root("Plant root", &issuer_key, None, serial, validity)?;
/// let made = hsm.sign(unsigned.message())?;
/// let root: Vec<u8> = unsigned.with_signature(&made, signature::ALL)?;
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Unsigned {
    message: Vec<u8>,
    key: IssuerKey,
}

impl Unsigned {
    pub(super) const fn new(message: Vec<u8>, key: IssuerKey) -> Self {
        Self { message, key }
    }

    /// Returns the bytes to sign: the DER of the part that the signature covers.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// Returns the algorithm of the signature.
    #[must_use]
    pub fn algorithm(&self) -> AlgorithmIdentifier {
        self.key.algorithm()
    }

    /// Adds a signature that was made elsewhere, and returns the DER of the whole. The signature is verified, since an
    /// HSM can have signed with another key.
    ///
    /// # Errors
    /// [`IssueError::Signature`] if the signature does not verify with the CA's key.
    pub fn with_signature(
        &self,
        signature: &[u8],
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<Vec<u8>, IssueError> {
        let key =
            PublicKey::read(&mut Cursor::new(self.key.public_key())).map_err(|_| IssueError::Encoding)?;
        let algorithm = self.key.algorithm();
        let signed = Signed { message: &self.message, algorithm: &algorithm, signature };
        check_signature(&signed, &key, algorithms).map_err(IssueError::Signature)?;
        self.assemble(signature)
    }

    /// Signs it and returns the DER of the whole.
    ///
    /// # Errors
    /// [`IssueError::KeyMismatch`] if the signer has another key or algorithm, [`IssueError::Signer`] if it does not
    /// sign.
    pub fn sign(&self, signer: &dyn Signer) -> Result<Vec<u8>, IssueError> {
        if signer.public_key() != self.key.public_key() || signer.algorithm() != self.key.algorithm() {
            return Err(IssueError::KeyMismatch);
        }
        let mut buffer = [0; LONGEST_SIGNATURE];
        self.assemble(signer.sign(&self.message, &mut buffer)?)
    }

    fn assemble(&self, signature: &[u8]) -> Result<Vec<u8>, IssueError> {
        let write = || {
            let signature = BitStringRef::from_bytes(signature)?;
            Whole {
                message: AnyRef::from_der(&self.message)?,
                algorithm: self.key.signature_algorithm(),
                signature,
            }
            .to_der()
        };
        write().map_err(|_| IssueError::Encoding)
    }
}

/// A Certificate, CertificateList or CertificationRequest.
#[derive(Sequence)]
struct Whole<'a> {
    message: AnyRef<'a>,
    algorithm: AnyRef<'a>,
    signature: BitStringRef<'a>,
}

impl fmt::Debug for Unsigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unsigned({} bytes)", self.message.len())
    }
}
