//! What one verification is given, what it has found out so far, and what is left of its budget. The path and the
//! paths of those who sign its revocation lists share all three.

use alloc::vec::Vec;

use rustls_pki_types::{SignatureVerificationAlgorithm, UnixTime};

use super::budget::{Budget, Meter};
use super::chain::Chain;
use super::signature::check_signature;
use crate::certificate::Certificate;
use crate::certificate::extensions::{AuthorityKeyIdentifier, subject_key_identifier};
use crate::error::{ChainError, Place, Problem};
use crate::revocation::status::Found;
use crate::roots::anchor::Anchors;

/// What the caller gave, but for the profile.
#[derive(Clone, Copy)]
pub(crate) struct Given<'s> {
    pub(crate) chain: &'s Chain<'s>,
    pub(crate) anchors: &'s Anchors<'s>,
    pub(crate) algorithms: &'s [&'s dyn SignatureVerificationAlgorithm],
    pub(crate) now: UnixTime,
}

impl<'s> Given<'s> {
    pub(crate) fn certificate(&self, place: Place) -> &'s Certificate<'s> {
        let found = match place {
            Place::Leaf => None,
            Place::Intermediate(at) => self.chain.intermediate(at),
            Place::Anchor(at) => self.anchors.get(at),
        };
        found.unwrap_or(&self.chain.leaf)
    }

    /// What is at a place, if anything that can be read.
    pub(crate) fn at(&self, place: Place) -> Option<&'s Certificate<'s>> {
        self.chain.at(place, self.anchors)
    }
}

/// Who bears the name of an issuer, by number.
struct Issuers {
    anchors: Vec<usize>,
    intermediates: Vec<usize>,
}

/// A certificate, whose key was tried on it, with what result.
pub(crate) type CheckedSignature = (Place, Place, Result<(), Problem>);

/// What was found out, each only once.
pub(crate) struct Work {
    pub(crate) meter: Meter,
    pub(crate) checked: Vec<CheckedSignature>,
    /// Who bears the name of whose issuer.
    issuers: Vec<(Place, Issuers)>,
    pub(crate) revocation: Found,
}

impl Work {
    pub(crate) fn new(budget: Budget) -> Self {
        Self {
            meter: Meter::new(budget),
            checked: Vec::new(),
            issuers: Vec::new(),
            revocation: Found::default(),
        }
    }

    /// Whether the key of `issuer` signed what is at `place`.
    pub(crate) fn check(&mut self, given: &Given<'_>, place: Place, issuer: Place) -> Result<(), ChainError> {
        let refused = |problem| ChainError::Refused { place, problem };
        if let Some((.., result)) = self.checked.iter().find(|(a, b, _)| (*a, *b) == (place, issuer)) {
            return result.map_err(refused);
        }
        self.meter.signature()?;
        let key = given.certificate(issuer).public_key();
        let result = check_signature(&given.certificate(place).signed, &key, given.algorithms);
        self.checked.push((place, issuer, result));
        result.map_err(refused)
    }

    /// Looks for everybody who bears the name of the issuer of what is at `place`, the intermediates whose key
    /// identifier fits before the others; says where they are kept. The identifier only sorts: it is a hint
    /// (RFC 4158 3.5.12).
    pub(super) fn issuers(&mut self, given: &Given<'_>, place: Place) -> Result<usize, ChainError> {
        if let Some(found) = self.issuers.iter().position(|(of, _)| *of == place) {
            return Ok(found);
        }
        let child = given.certificate(place);
        let wanted = child
            .extensions()
            .authority_key_identifier
            .and_then(|e| AuthorityKeyIdentifier::read(e.value).ok())
            .and_then(|aki| aki.key);
        let name = child.issuer();
        let named = |anchor: &Certificate<'_>| anchor.subject().same(&name);
        let anchors = given.anchors.numbered().filter(|(_, one)| named(one)).map(|(at, _)| at).collect();
        let (mut intermediates, mut others) = (Vec::new(), Vec::new());
        for (at, candidate) in given.chain.intermediates.iter().enumerate() {
            // names of strangers: each comparison counts
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
        self.issuers.push((place, Issuers { anchors, intermediates }));
        Ok(self.issuers.len().saturating_sub(1))
    }

    /// An anchor among those kept at `found`.
    pub(super) fn anchor(&self, found: usize, nth: usize) -> Option<usize> {
        self.issuers.get(found)?.1.anchors.get(nth).copied()
    }

    /// An intermediate among those kept at `found`.
    pub(super) fn intermediate(&self, found: usize, nth: usize) -> Option<usize> {
        self.issuers.get(found)?.1.intermediates.get(nth).copied()
    }
}
