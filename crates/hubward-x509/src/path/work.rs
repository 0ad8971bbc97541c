//! The inputs, the intermediate results and the remaining budget of one verification. The path and the paths of the
//! signers of its revocation lists share all three.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ops::Range;

use rustls_pki_types::{SignatureVerificationAlgorithm, UnixTime};

use super::budget::{Budget, Meter};
use super::chain::Chain;
use super::signature::check_signature;
use crate::certificate::extensions::{AuthorityKeyIdentifier, subject_key_identifier};
use crate::certificate::{Certificate, PublicKey};
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

    /// Returns the public key of the certificate at a place, without a copy of an anchor's other fields.
    fn public_key(&self, place: CertificatePosition) -> PublicKey<'s> {
        let anchor = match place {
            CertificatePosition::Anchor(at) => self.anchors.public_key(at),
            CertificatePosition::Leaf | CertificatePosition::Intermediate(_) => None,
        };
        anchor.unwrap_or_else(|| self.certificate(place).public_key())
    }

    /// Returns the certificate at a place, if it could be parsed.
    pub(crate) fn at(&self, place: CertificatePosition) -> Option<Certificate<'s>> {
        self.chain.at(place, self.anchors)
    }
}

/// The possible issuers of a certificate: ranges of [`Work::candidates`], the anchors before the intermediates.
struct IssuerCandidates {
    of: CertificatePosition,
    anchors: Range<usize>,
    intermediates: Range<usize>,
}

/// A certificate, the certificate whose key was tried on its signature, and the result.
pub(crate) type CheckedSignature = (CertificatePosition, CertificatePosition, Result<(), Problem>);

/// The results so far, each computed only once, and the remaining budget.
pub(crate) struct Work {
    pub(crate) meter: Meter,
    pub(crate) checked_signatures: Vec<CheckedSignature>,
    /// The possible issuers of each certificate.
    issuers: Vec<IssuerCandidates>,
    /// The numbers of the certificates that are possible issuers.
    candidates: Vec<usize>,
    pub(crate) revocation: RevocationResults,
}

impl Work {
    pub(crate) fn new(budget: Budget) -> Self {
        Self {
            meter: Meter::new(budget),
            // as for a path with one intermediate
            checked_signatures: Vec::with_capacity(2),
            issuers: Vec::with_capacity(2),
            candidates: Vec::with_capacity(2),
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
        let key = inputs.public_key(issuer);
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
        if let Some(found) = self.issuers.iter().position(|found| found.of == place) {
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
        let start = self.candidates.len();
        self.candidates
            .extend(inputs.anchors.subjects().filter(|(_, one)| one.same(&name)).map(|(at, _)| at));
        let anchors = start..self.candidates.len();
        let mut others = Vec::new();
        for (at, candidate) in inputs.chain.intermediates.iter().enumerate() {
            // an unauthenticated peer chooses these names: each comparison counts
            self.meter.step()?;
            let Ok(candidate) = candidate else { continue };
            // no certificate is its own issuer on a path
            if place == CertificatePosition::Intermediate(at) || !named(candidate) {
                continue;
            }
            let key = candidate
                .extensions()
                .subject_key_identifier
                .and_then(|e| subject_key_identifier(e.value).ok());
            if wanted.is_some() && key == wanted { self.candidates.push(at) } else { others.push(at) }
        }
        self.candidates.append(&mut others);
        let intermediates = anchors.end..self.candidates.len();
        self.issuers.push(IssuerCandidates { of: place, anchors, intermediates });
        Ok(self.issuers.len().saturating_sub(1))
    }

    /// Returns an anchor of the result at index `found`.
    pub(super) fn anchor_candidate(&self, found: usize, nth: usize) -> Option<usize> {
        self.candidates.get(self.issuers.get(found)?.anchors.clone())?.get(nth).copied()
    }

    /// Returns an intermediate of the result at index `found`.
    pub(super) fn intermediate_candidate(&self, found: usize, nth: usize) -> Option<usize> {
        self.candidates.get(self.issuers.get(found)?.intermediates.clone())?.get(nth).copied()
    }
}
