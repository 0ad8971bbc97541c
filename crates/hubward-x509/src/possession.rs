//! Proof that whoever registers a CA holds its key: it signs a certificate whose common name is a code that the hub
//! has made up.

use alloc::boxed::Box;
use core::fmt;

use constant_time_eq::constant_time_eq;
use rustls_pki_types::{SignatureVerificationAlgorithm, UnixTime};

use crate::certificate::Certificate;
use crate::certificate::time::Outside;
use crate::error::Problem;
use crate::identity::{CommonNameError, common_name};
use crate::path::signature::check_signature;
use crate::path::validate::may_issue;

/// What the proof must have as its common name: 48 hexadecimal digits in upper case.
///
/// It is no secret from the CA's owner, and is kept out of logs all the same.
#[derive(Clone)]
pub struct VerificationCode([u8; 48]);

impl VerificationCode {
    /// A new code of 24 bytes that nobody can guess.
    ///
    /// # Errors
    /// [`NoCode`] where all of them are zero: a source that wrote nothing and said nothing.
    pub fn from_entropy(bytes: [u8; 24]) -> Result<Self, NoCode> {
        if bytes == [0; 24] {
            return Err(NoCode);
        }
        let digit = |nibble: u8| nibble.wrapping_add(if nibble < 10 { b'0' } else { b'A'.wrapping_sub(10) });
        let mut code = [0; 48];
        let (pairs, _) = code.as_chunks_mut::<2>();
        for ([high, low], byte) in pairs.iter_mut().zip(bytes) {
            (*high, *low) = (digit(byte >> 4), digit(byte & 0xf));
        }
        Ok(Self(code))
    }

    /// One that was issued before, as a store kept it.
    ///
    /// # Errors
    /// [`NoCode`] where it is not of the form.
    pub fn parse(text: &str) -> Result<Self, NoCode> {
        let code: [u8; 48] = text.as_bytes().try_into().map_err(|_| NoCode)?;
        let is_code = code.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
        if is_code && code != [b'0'; 48] { Ok(Self(code)) } else { Err(NoCode) }
    }

    /// The code, for the CA's owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        // it has only digits and letters
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for VerificationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerificationCode(redacted)")
    }
}

/// Not 48 hexadecimal digits in upper case, or all of them zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a verification code: 48 hexadecimal digits in upper case, not all zero")]
#[expect(clippy::exhaustive_structs, reason = "there is nothing more to say")]
pub struct NoCode;

/// A CA that somebody wants to register, and the code that its key must sign. A new code is a new claim.
#[derive(Debug)]
pub struct CaClaim<'a> {
    certificate: Certificate<'a>,
    code: VerificationCode,
}

impl<'a> CaClaim<'a> {
    /// Of a CA's certificate and a code: a new one, or the one that this certificate was given before.
    ///
    /// # Errors
    /// [`PossessionError::Ca`] where the certificate is not one that may sign others.
    pub fn new(certificate: Certificate<'a>, code: VerificationCode) -> Result<Self, PossessionError> {
        may_issue(&certificate).map_err(PossessionError::Ca)?;
        Ok(Self { certificate, code })
    }

    /// The code, for the CA's owner.
    #[must_use]
    pub const fn code(&self) -> &VerificationCode {
        &self.code
    }

    /// The CA's certificate, unproven.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate<'a> {
        &self.certificate
    }

    /// Judges the proof: a certificate that the CA's key has signed, of the CA's name as its issuer, whose one common
    /// name is the code, and that is valid at `now`. The code is used up; a proof that fails gives the claim back,
    /// for another try with the same code.
    ///
    /// # Errors
    /// [`Unproven`], with what is wrong.
    pub fn verify(
        self,
        proof: &Certificate<'_>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
        now: UnixTime,
    ) -> Result<VerifiedCa<'a>, Unproven<'a>> {
        match self.check(proof, algorithms, now) {
            Ok(()) => Ok(VerifiedCa { certificate: self.certificate }),
            Err(why) => Err(Unproven { claim: Box::new(self), why }),
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
            return Err(PossessionError::AnotherCode);
        }
        if !proof.issuer().same(&self.certificate.subject()) {
            return Err(PossessionError::AnotherIssuer);
        }
        check_signature(&proof.signed, &self.certificate.public_key(), algorithms)
            .map_err(PossessionError::Signature)?;
        Ok(proof.validity().check(now)?)
    }
}

/// Why possession of a CA's key is not proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PossessionError {
    /// Its common name is not the code of this claim; a newer one may have been issued.
    #[error("the proof's common name is not the verification code")]
    AnotherCode,
    /// Its issuer is not the CA's subject.
    #[error("the proof's issuer is not the CA")]
    AnotherIssuer,
    /// The certificate that was to be registered is not one that may sign others.
    #[error("the certificate to register {0}")]
    Ca(Problem),
    /// The proof has no common name to go by.
    #[error("the proof: {0}")]
    CommonName(#[from] CommonNameError),
    /// The proof is not valid at `now`.
    #[error("the proof: {0}")]
    Outside(#[from] Outside),
    /// The CA's key did not sign the proof.
    #[error("the proof: {0}")]
    Signature(Problem),
}

/// A proof that failed, and the claim it was for.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct Unproven<'a> {
    claim: Box<CaClaim<'a>>,
    why: PossessionError,
}

impl<'a> Unproven<'a> {
    /// What is wrong with the proof.
    #[must_use]
    pub const fn why(&self) -> PossessionError {
        self.why
    }

    /// The claim, for another try.
    #[must_use]
    pub fn into_claim(self) -> CaClaim<'a> {
        *self.claim
    }
}

/// A CA whose owner holds its key. Only [`CaClaim::verify`] makes one.
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
    /// Its certificate, for [`Anchors::add`](crate::Anchors::add).
    #[must_use]
    pub const fn certificate(&self) -> &Certificate<'a> {
        &self.certificate
    }
}
