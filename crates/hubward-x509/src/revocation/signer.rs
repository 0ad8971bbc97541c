//! Who signed a list: a key of its issuer's name that may sign lists, whose own certificate holds below the same
//! anchor (RFC 5280 6.3.3 (f), (g)). It need not be the key that signed the certificates.

use super::rules::{CrlProblem, Revocation, RevocationDepth};
use super::scope;
use super::status::{Ask, Window};
use crate::certificate::Certificate;
use crate::error::{ChainError, Place};
use crate::path::search::Search;
use crate::path::signature::check_signature;
use crate::path::work::Work;
use crate::profile::{AnchorChecks, Profile};

/// A key that signed a list, and how long its certificate holds.
#[derive(Clone, Copy)]
pub(crate) struct Signer {
    pub(super) place: Place,
    pub(super) window: Window,
}

/// Looks for the signer of the list with number `at`: above the certificate on its own path first, then among what was
/// presented.
pub(crate) fn find(
    ask: &Ask<'_>,
    at: usize,
    work: &mut Work,
) -> Result<Result<Signer, CrlProblem>, ChainError> {
    let Some(crl) = ask.crls.get(at) else { return Ok(Err(CrlProblem::SignerUnknown)) };
    let mut problem = CrlProblem::SignerUnknown;
    let mut remember = |new: CrlProblem| {
        if new.rank() > problem.rank() {
            problem = new;
        }
    };
    let others = (0..ask.given.chain.intermediates.len()).map(Place::Intermediate);
    let others = others.filter(|place| !ask.above.contains(place));
    for place in ask.above.iter().rev().copied().chain(others) {
        work.meter.step()?;
        let Some(certificate) = ask.given.at(place) else { continue };
        if !certificate.subject().same(&crl.issuer()) {
            continue;
        }
        if !may_sign(ask.profile, place, certificate) {
            remember(CrlProblem::KeyUsage);
            continue;
        }
        if let Err(new) = signature(ask, at, place, work)? {
            remember(new);
            continue;
        }
        if place == ask.about {
            if scope::issues_its_own(certificate) {
                let window = certificate.validity().into();
                return Ok(Ok(Signer { place, window }));
            }
            remember(CrlProblem::Circular);
            continue;
        }
        if ask.above.contains(&place) {
            // its path is the upper part of the one that is judged, which has held so far
            return Ok(Ok(Signer { place, window: Window::ALWAYS }));
        }
        match path(ask, place, work) {
            Ok(window) => return Ok(Ok(Signer { place, window })),
            Err(error @ ChainError::Exhausted(_)) => return Err(error),
            Err(_) => remember(CrlProblem::Signer),
        }
    }
    Ok(Err(problem))
}

/// Key usage, where there is one, has `cRLSign`; of an anchor too, where it is judged as a certificate.
fn may_sign(profile: &Profile<'_>, place: Place, certificate: &Certificate<'_>) -> bool {
    if profile.anchor_checks == AnchorChecks::NameAndKey && matches!(place, Place::Anchor(_)) {
        return true;
    }
    certificate.key_usage().is_ok_and(|usage| usage.is_none_or(|usage| usage.crl_sign()))
}

/// Whether the key at `place` signed a list.
pub(super) fn signature(
    ask: &Ask<'_>,
    at: usize,
    place: Place,
    work: &mut Work,
) -> Result<Result<(), CrlProblem>, ChainError> {
    let known = work.revocation.signatures.iter().find(|(crl, signer, _)| (*crl, *signer) == (at, place));
    if let Some((.., result)) = known {
        return Ok(*result);
    }
    let (Some(crl), Some(certificate)) = (ask.crls.get(at), ask.given.at(place)) else {
        return Ok(Err(CrlProblem::SignerUnknown));
    };
    work.meter.signature()?;
    let result = check_signature(&crl.signed, &certificate.public_key(), ask.given.algorithms)
        .map_err(CrlProblem::of_signature);
    work.revocation.signatures.push((at, place, result));
    Ok(result)
}

/// A path of its own, to the same anchor, for no other purpose than to sign lists.
fn path(ask: &Ask<'_>, place: Place, work: &mut Work) -> Result<Window, ChainError> {
    let profile = ask.profile.for_signers();
    let found = Search::new(ask.given, &profile, work).between(place, ask.anchor).run()?;
    let path = found.intermediates.iter().map(|at| Place::Intermediate(*at)).chain([place]);
    let window = path.fold(found.window, |window, place| match ask.given.at(place) {
        Some(certificate) => window.and(certificate.validity().into()),
        None => window,
    });
    Ok(window)
}

impl<'a> Profile<'a> {
    /// What is asked of the signer of a list: RFC 5280 section 6, as strictly as of everybody else.
    fn for_signers(&self) -> Self {
        let revocation = match self.revocation.depth {
            RevocationDepth::Path => self.revocation,
            RevocationDepth::Leaf => Revocation::unchecked(),
        };
        Self {
            anchor_checks: self.anchor_checks,
            duties: self.duties,
            budget: self.budget,
            ..Self::rfc5280().revocation(revocation)
        }
    }
}
