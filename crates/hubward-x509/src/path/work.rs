//! The inputs, the intermediate results and the remaining budget of one verification. The path and the paths of the
//! signers of its revocation lists share all three.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use rustls_pki_types::{SignatureVerificationAlgorithm, UnixTime};

use super::budget::{Budget, Meter};
use super::chain::Chain;
use super::signature::check_signature;
use crate::certificate::Certificate;
use crate::certificate::extensions::{AuthorityKeyIdentifier, subject_key_identifier};
use crate::crl::status::RevocationResults;
use crate::error::{CertificatePosition, ChainError, Problem};
use crate::trust::Anchors;

/// The caller's arguments, except the profile.
#[derive(Clone, Copy)]
pub(crate) struct Inputs<'s> {
    pub(crate) chain: &'s Chain<'s>,
    pub(crate) anchors: &'s Anchors,
    pub(crate) algorithms: &'s [&'s dyn SignatureVerificationAlgorithm],
    pub(crate) now: UnixTime,
}

impl<'s> Inputs<'s> {
    /// Returns the certificate at a place, without a copy of a presented one: it has 528 bytes.
    pub(crate) fn certificate(&self, place: CertificatePosition) -> Cow<'s, Certificate<'s>> {
        let presented = match place {
            CertificatePosition::Leaf => Some(&self.chain.leaf),
            CertificatePosition::Intermediate(at) => self.chain.intermediate(at),
            CertificatePosition::Anchor(at) => match self.anchors.get(at) {
                Some(anchor) => return Cow::Owned(anchor),
                None => None,
            },
        };
        Cow::Borrowed(presented.unwrap_or(&self.chain.leaf))
    }

    /// Returns the certificate at a place, if it could be parsed.
    pub(crate) fn at(&self, place: CertificatePosition) -> Option<Certificate<'s>> {
        self.chain.at(place, self.anchors)
    }
}

/// The certificates whose subject is a certain issuer name, by their numbers.
struct IssuerCandidates {
    anchors: Vec<usize>,
    intermediates: Vec<usize>,
}

/// A certificate, the certificate whose key was tried on its signature, and the result.
pub(crate) type CheckedSignature = (CertificatePosition, CertificatePosition, Result<(), Problem>);

/// The results so far, each computed only once, and the remaining budget.
pub(crate) struct Work {
    pub(crate) meter: Meter,
    pub(crate) checked_signatures: Vec<CheckedSignature>,
    /// The possible issuers of each certificate.
    issuers: Vec<(CertificatePosition, IssuerCandidates)>,
    pub(crate) revocation: RevocationResults,
}

impl Work {
    pub(crate) fn new(budget: Budget) -> Self {
        Self {
            meter: Meter::new(budget),
            checked_signatures: Vec::new(),
            issuers: Vec::new(),
            revocation: RevocationResults::default(),
        }
    }

    /// Verifies the signature of the certificate at `place` with the key of `issuer`.
    pub(crate) fn verify_signature(
        &mut self,
        inputs: &Inputs<'_>,
        place: CertificatePosition,
        issuer: CertificatePosition,
    ) -> Result<(), ChainError> {
        let refused = |problem| ChainError::Refused { place, problem };
        if let Some((.., result)) =
            self.checked_signatures.iter().find(|(a, b, _)| (*a, *b) == (place, issuer))
        {
            return result.map_err(refused);
        }
        self.meter.signature()?;
        let key = inputs.certificate(issuer).public_key();
        let result = check_signature(&inputs.certificate(place).signed, &key, inputs.algorithms);
        self.checked_signatures.push((place, issuer, result));
        result.map_err(refused)
    }

    /// Finds all certificates whose subject is the issuer of the certificate at `place`, intermediates with a matching
    /// key identifier before the others; returns the index of the result in `self.issuers`. The identifier only affects
    /// the order: it is a hint (RFC 4158 3.5.12).
    pub(super) fn find_issuers(
        &mut self,
        inputs: &Inputs<'_>,
        place: CertificatePosition,
    ) -> Result<usize, ChainError> {
        if let Some(found) = self.issuers.iter().position(|(of, _)| *of == place) {
            return Ok(found);
        }
        let child = inputs.certificate(place);
        let wanted = child
            .extensions()
            .authority_key_identifier
            .and_then(|e| AuthorityKeyIdentifier::read(e.value).ok())
            .and_then(|aki| aki.key);
        let name = child.issuer();
        let named = |anchor: &Certificate<'_>| anchor.subject().same(&name);
        let anchors =
            inputs.anchors.subjects().filter(|(_, one)| one.same(&name)).map(|(at, _)| at).collect();
        let (mut intermediates, mut others) = (Vec::new(), Vec::new());
        for (at, candidate) in inputs.chain.intermediates.iter().enumerate() {
            // an unauthenticated peer chooses these names: each comparison counts
            self.meter.step()?;
            let Ok(candidate) = candidate else { continue };
            if !named(candidate) {
                continue;
            }
            let key = candidate
                .extensions()
                .subject_key_identifier
                .and_then(|e| subject_key_identifier(e.value).ok());
            if wanted.is_some() && key == wanted { intermediates.push(at) } else { others.push(at) }
        }
        intermediates.append(&mut others);
        self.issuers.push((place, IssuerCandidates { anchors, intermediates }));
        Ok(self.issuers.len().saturating_sub(1))
    }

    /// Returns an anchor of the result at index `found`.
    pub(super) fn anchor_candidate(&self, found: usize, nth: usize) -> Option<usize> {
        self.issuers.get(found)?.1.anchors.get(nth).copied()
    }

    /// Returns an intermediate of the result at index `found`.
    pub(super) fn intermediate_candidate(&self, found: usize, nth: usize) -> Option<usize> {
        self.issuers.get(found)?.1.intermediates.get(nth).copied()
    }
}
