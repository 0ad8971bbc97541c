//! The signer of a revocation list: a certificate with the name of the list's issuer, a key that may sign lists, and a
//! valid path to the same anchor (RFC 5280 6.3.3 (f), (g)). It need not have the key that signed the certificates.

use super::rules::{CrlProblem, Revocation, RevocationDepth};
use super::scope;
use super::status::{Period, StatusQuery};
use crate::certificate::Certificate;
use crate::error::{CertificatePosition, ChainError};
use crate::path::search::Search;
use crate::path::signature::{check_signature, is_supported};
use crate::path::work::Work;
use crate::profile::{AnchorChecks, Profile};

/// A certificate whose key signed a list, and the period in which it is valid.
#[derive(Clone, Copy)]
pub(crate) struct Signer {
    pub(super) place: CertificatePosition,
    pub(super) period: Period,
}

/// Finds the signer of the list with number `at`: first above the certificate on its own path, then among the presented
/// certificates.
pub(crate) fn find(
    query: &StatusQuery<'_>,
    at: usize,
    work: &mut Work,
) -> Result<Result<Signer, CrlProblem>, ChainError> {
    let Some(crl) = query.crls.get(at) else { return Ok(Err(CrlProblem::SignerUnknown)) };
    let mut problem = CrlProblem::SignerUnknown;
    let mut remember = |new: CrlProblem| {
        if new.rank() > problem.rank() {
            problem = new;
        }
    };
    let others = (0..query.inputs.chain.intermediates.len()).map(CertificatePosition::Intermediate);
    let others = others.filter(|place| !query.above.contains(place));
    for place in query.above.iter().rev().copied().chain(others) {
        work.meter.step()?;
        let Some(certificate) = query.inputs.at(place) else { continue };
        if !certificate.subject().same(&crl.issuer()) {
            continue;
        }
        if !may_sign(query.profile, place, &certificate) {
            remember(CrlProblem::KeyUsage);
            continue;
        }
        if let Err(new) = verify_signature(query, at, place, work)? {
            remember(new);
            continue;
        }
        if place == query.about {
            if scope::issues_own_status(&certificate) {
                let period = certificate.validity().into();
                return Ok(Ok(Signer { place, period }));
            }
            remember(CrlProblem::Circular);
            continue;
        }
        if query.above.contains(&place) {
            // its path is the upper part of the path that is being checked, which was valid so far
            return Ok(Ok(Signer { place, period: Period::ALWAYS }));
        }
        match signer_path(query, place, work) {
            Ok(period) => return Ok(Ok(Signer { place, period })),
            Err(error @ ChainError::BudgetExceeded(_)) => return Err(error),
            Err(_) => remember(CrlProblem::Signer),
        }
    }
    Ok(Err(problem))
}

/// Checks that the key usage, if present, includes `cRLSign`; for an anchor only if it is checked as a certificate.
fn may_sign(profile: &Profile<'_>, place: CertificatePosition, certificate: &Certificate<'_>) -> bool {
    if profile.anchor_checks == AnchorChecks::NameAndKey && matches!(place, CertificatePosition::Anchor(_)) {
        return true;
    }
    certificate.key_usage().is_ok_and(|usage| usage.is_none_or(|usage| usage.crl_sign()))
}

/// Verifies the signature of a list with the key at `place`.
pub(super) fn verify_signature(
    query: &StatusQuery<'_>,
    at: usize,
    place: CertificatePosition,
    work: &mut Work,
) -> Result<Result<(), CrlProblem>, ChainError> {
    let known = work.revocation.signatures.iter().find(|(crl, signer, _)| (*crl, *signer) == (at, place));
    if let Some((.., result)) = known {
        return Ok(*result);
    }
    let (Some(crl), Some(certificate)) = (query.crls.get(at), query.inputs.at(place)) else {
        return Ok(Err(CrlProblem::SignerUnknown));
    };
    let (key, algorithms) = (certificate.public_key(), query.inputs.algorithms);
    let is_known = crl.signed_by == Some(key.as_der()) && is_supported(&crl.signed, &key, algorithms);
    let result = if is_known {
        Ok(())
    } else {
        work.meter.signature()?;
        check_signature(&crl.signed, &key, algorithms).map_err(CrlProblem::of_signature)
    };
    work.revocation.signatures.push((at, place, result));
    Ok(result)
}

/// Finds the signer's own path to the same anchor, with no purpose other than signing lists.
fn signer_path(
    query: &StatusQuery<'_>,
    place: CertificatePosition,
    work: &mut Work,
) -> Result<Period, ChainError> {
    let profile = query.profile.for_signers();
    let found = Search::new(query.inputs, &profile, work).with_ends(place, query.anchor).run()?;
    let path = found.intermediates.iter().map(|at| CertificatePosition::Intermediate(*at)).chain([place]);
    let period = path.fold(found.period, |period, place| match query.inputs.at(place) {
        Some(certificate) => period.and(certificate.validity().into()),
        None => period,
    });
    Ok(period)
}

impl<'a> Profile<'a> {
    /// Returns the profile for the signer of a list: RFC 5280 section 6, as strict as for other certificates.
    fn for_signers(&self) -> Self {
        let revocation = match self.revocation.depth {
            RevocationDepth::Path => self.revocation,
            RevocationDepth::Leaf => Revocation::unchecked(),
        };
        Self {
            anchor_checks: self.anchor_checks,
            anchor_versions: self.anchor_versions,
            default_values: self.default_values,
            ca_requirements: self.ca_requirements,
            budget: self.budget,
            ..Self::rfc5280().with_revocation(revocation)
        }
    }
}
