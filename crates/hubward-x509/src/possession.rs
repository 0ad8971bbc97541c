//! Proof of possession of a CA's private key, required to register the CA: its owner signs a certificate whose common
//! name is a code that the hub generated ([`CaVerification`]).

use alloc::boxed::Box;
use core::fmt;

use constant_time_eq::constant_time_eq;
use rustls_pki_types::{SignatureVerificationAlgorithm, UnixTime};

use crate::certificate::Certificate;
use crate::certificate::time::OutsideValidity;
use crate::error::Problem;
use crate::identity::{CommonNameError, common_name};
use crate::path::signature::check_signature;
use crate::path::validate::may_issue;

/// The code that the proof must have as its common name: 48 hexadecimal digits in upper case.
///
/// The code is not a secret from the CA's owner, but is nevertheless kept out of logs.
///
/// ```
/// use hubward_x509::VerificationCode;
///
/// # let mut bytes = [0; 24];
/// # bytes[0] = 0x5A; // an example; use the system's random generator
/// let code = VerificationCode::from_entropy(bytes)?;
/// assert!(code.expose().starts_with("5A00"));
/// assert!(VerificationCode::parse(code.expose()).is_ok());
/// # Ok::<(), hubward_x509::possession::VerificationCodeError>(())
/// ```
#[derive(Clone)]
pub struct VerificationCode([u8; 48]);

impl VerificationCode {
    /// Creates a code from 24 random bytes, which must be unpredictable.
    ///
    /// # Errors
    /// [`VerificationCodeError`] if all bytes are zero: a random source that failed silently.
    pub fn from_entropy(bytes: [u8; 24]) -> Result<Self, VerificationCodeError> {
        if bytes == [0; 24] {
            return Err(VerificationCodeError);
        }
        let digit = |nibble: u8| nibble.wrapping_add(if nibble < 10 { b'0' } else { b'A'.wrapping_sub(10) });
        let mut code = [0; 48];
        let (pairs, _) = code.as_chunks_mut::<2>();
        for ([high, low], byte) in pairs.iter_mut().zip(bytes) {
            (*high, *low) = (digit(byte >> 4), digit(byte & 0xf));
        }
        Ok(Self(code))
    }

    /// Parses a code that was issued before and stored.
    ///
    /// # Errors
    /// [`VerificationCodeError`] if the text does not have the form of a code.
    pub fn parse(text: &str) -> Result<Self, VerificationCodeError> {
        let code: [u8; 48] = text.as_bytes().try_into().map_err(|_| VerificationCodeError)?;
        let is_code = code.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
        if is_code && code != [b'0'; 48] { Ok(Self(code)) } else { Err(VerificationCodeError) }
    }

    /// Returns the code, to be given to the CA's owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        // the code consists of digits and letters
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for VerificationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerificationCode(redacted)")
    }
}

/// Not a verification code: not 48 hexadecimal digits in upper case, or all of them zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a verification code: 48 hexadecimal digits in upper case, not all zero")]
#[expect(clippy::exhaustive_structs, reason = "there are no details to add")]
pub struct VerificationCodeError;

/// A CA to be registered, and the code that its private key must sign. Each claim needs a new code.
///
/// ```
/// use hubward_x509::{CaVerification, Certificate, UnixTime, VerificationCode};
/// # use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
/// # let ca_key = KeyPair::generate()?;
/// # let mut ca = CertificateParams::default();
/// # ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
/// # let ca_der = ca.self_signed(&ca_key)?.der().clone();
/// # let issuer = Issuer::new(ca, ca_key);
/// # let bytes = [7; 24];
/// # let now = UnixTime::since_unix_epoch(core::time::Duration::from_secs(1_767_225_600));
///
/// let claim = CaVerification::new(Certificate::parse(&ca_der)?, VerificationCode::from_entropy(bytes)?)?;
/// // the CA's owner signs a certificate with the code as its common name
/// # let mut params = CertificateParams::default();
/// # params.distinguished_name.push(DnType::CommonName, claim.code().expose());
/// # let proof = params.signed_by(&KeyPair::generate()?, &issuer)?.der().clone();
/// let proof = Certificate::parse(&proof)?;
/// let verified = claim.verify(&proof, hubward_ring::signature::ALL, now);
/// assert!(verified.is_ok());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct CaVerification<'a> {
    certificate: Certificate<'a>,
    code: VerificationCode,
}

impl<'a> CaVerification<'a> {
    /// Creates a claim for a CA's certificate and a code: a new code, or the one that was issued for this certificate.
    ///
    /// # Errors
    /// [`PossessionError::Ca`] if the certificate may not sign other certificates.
    pub fn new(certificate: Certificate<'a>, code: VerificationCode) -> Result<Self, PossessionError> {
        may_issue(&certificate).map_err(PossessionError::Ca)?;
        Ok(Self { certificate, code })
    }

    /// Returns the code, to be given to the CA's owner.
    #[must_use]
    pub const fn code(&self) -> &VerificationCode {
        &self.code
    }

    /// Returns the CA's certificate, not yet verified.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate<'a> {
        &self.certificate
    }

    /// Verifies the proof: a certificate signed with the CA's key, with the CA's name as its issuer and the code as its
    /// only common name, valid at `now`. Success consumes the code; a failed proof returns the claim, which can be
    /// verified again with the same code.
    ///
    /// # Errors
    /// [`FailedProof`], with the reason.
    pub fn verify(
        self,
        proof: &Certificate<'_>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
        now: UnixTime,
    ) -> Result<VerifiedCa<'a>, FailedProof<'a>> {
        match self.check(proof, algorithms, now) {
            Ok(()) => Ok(VerifiedCa { certificate: self.certificate }),
            Err(why) => Err(FailedProof { claim: Box::new(self), why }),
        }
    }

    fn check(
        &self,
        proof: &Certificate<'_>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
        now: UnixTime,
    ) -> Result<(), PossessionError> {
        let name = common_name(&proof.subject())?;
        if !constant_time_eq(name.as_bytes(), &self.code.0) {
            return Err(PossessionError::CodeMismatch);
        }
        if !proof.issuer().same(&self.certificate.subject()) {
            return Err(PossessionError::IssuerMismatch);
        }
        check_signature(&proof.signed, &self.certificate.public_key(), algorithms)
            .map_err(PossessionError::Signature)?;
        Ok(proof.validity().check(now)?)
    }
}

/// The reason why possession of a CA's key is not proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PossessionError {
    /// The proof's common name is not the code of this claim. A newer code may have been issued.
    #[error("the proof's common name is not the verification code")]
    CodeMismatch,
    /// The proof's issuer is not the CA's subject.
    #[error("the proof's issuer is not the CA")]
    IssuerMismatch,
    /// The certificate to register may not sign other certificates.
    #[error("the certificate to register {0}")]
    Ca(Problem),
    /// The proof has no usable common name.
    #[error("the proof: {0}")]
    CommonName(#[from] CommonNameError),
    /// The proof is not valid at `now`.
    #[error("the proof: {0}")]
    OutsideValidity(#[from] OutsideValidity),
    /// The signature of the proof does not verify with the CA's key.
    #[error("the proof: {0}")]
    Signature(Problem),
}

/// A failed proof, with the claim that it was for.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct FailedProof<'a> {
    claim: Box<CaVerification<'a>>,
    why: PossessionError,
}

impl<'a> FailedProof<'a> {
    /// Returns the reason why the proof failed.
    #[must_use]
    pub const fn why(&self) -> PossessionError {
        self.why
    }

    /// Returns the claim, to be verified again.
    #[must_use]
    pub fn into_claim(self) -> CaVerification<'a> {
        *self.claim
    }
}

/// A CA whose owner proved possession of its private key. Only [`CaVerification::verify`] creates one.
///
/// ```compile_fail,E0451
/// # use hubward_x509::{Certificate, VerifiedCa};
/// fn unproven(certificate: Certificate<'_>) -> VerifiedCa<'_> {
///     VerifiedCa { certificate }
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct VerifiedCa<'a> {
    certificate: Certificate<'a>,
}

impl<'a> VerifiedCa<'a> {
    /// Returns the certificate, for [`Anchors::add`](crate::Anchors::add).
    #[must_use]
    pub const fn certificate(&self) -> &Certificate<'a> {
        &self.certificate
    }
}
