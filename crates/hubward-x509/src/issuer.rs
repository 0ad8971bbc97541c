//! Kept issuers: the devices of a fleet have different leaves below the same issuer, so [`VerifiedIssuer`] verifies the
//! certificates above the leaf once and reuses the result for each further leaf.

use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use rustls_pki_types::{SignatureVerificationAlgorithm, UnixTime};

use crate::certificate::Certificate;
use crate::certificate::stored::StoredCertificate;
use crate::certificate::time::Seconds;
use crate::crl::Revocation;
use crate::crl::list::Crls;
use crate::crl::signer;
use crate::crl::status::{CheckedCrl, Period, StatusQuery};
use crate::error::{CertificateError, CertificatePosition, ChainError, Problem};
use crate::path::chain::{Chain, VerifiedChain};
use crate::path::search::{FoundPath, Search};
use crate::path::work::{CheckedSignature, Inputs, Work};
use crate::profile::{AnchorChecks, ExpectedSubject, PolicyInputs, Profile};
use crate::trust::Anchors;

/// The issuer of a verified leaf, with everything that its verification depends on: the certificates above it, the
/// revocation lists, and the signatures that verified. Only [`Chain::verify_keeping`] creates one.
///
/// It does not keep the working state of RFC 5280 6.1 (keys, permitted and excluded names, policies, path lengths,
/// purposes, validity), but derives it from the certificates for each leaf at its own `now`. That costs little compared
/// with the leaf's signature, and the state cannot differ from the certificates.
///
/// ```compile_fail,E0451
/// # use hubward_x509::VerifiedIssuer;
/// fn unproven(der: Vec<u8>, other: VerifiedIssuer) -> VerifiedIssuer {
///     VerifiedIssuer { anchor: der, ..other }
/// }
/// ```
#[derive(Clone)]
pub struct VerifiedIssuer {
    /// The number of the anchor that the path ended at.
    anchor_number: usize,
    /// The anchor alone.
    anchor: Anchors,
    /// All presented certificates except the leaf, numbered as in [`CertificatePosition::Intermediate`].
    presented: Vec<Result<StoredCertificate, CertificateError>>,
    /// The numbers of the path's intermediates, the leaf's issuer first.
    path: Vec<usize>,
    checked: Vec<CheckedSignature>,
    crls: Crls,
    checked_crls: Vec<CheckedCrl>,
    /// The profile without its subject and without its borrowed parts.
    profile: Profile<'static>,
    acceptable: Option<Vec<Vec<u8>>>,
    judges_revocation: bool,
    until: Seconds,
}

impl<'p> Chain<'p> {
    /// Verifies as [`verify`](Self::verify) does, and also returns the leaf's issuer for the verification of other
    /// leaves under the same profile (except its subject) and with a copy of the same revocation lists. When newer
    /// lists arrive, call this again; when the anchor is no longer trusted, drop the issuer.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_keeping(
        &self,
        anchors: &Anchors,
        profile: &Profile<'_>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
        now: UnixTime,
    ) -> Result<(VerifiedChain<'p>, VerifiedIssuer), ChainError> {
        let inputs = Inputs { chain: self, anchors, algorithms, now };
        let mut work = Work::new(profile.budget);
        let found = Search::new(inputs, profile, &mut work).run()?;
        let anchor = anchors
            .get(found.anchor)
            .ok_or(ChainError::UnknownIssuer { place: CertificatePosition::Leaf })?;
        let issuer = VerifiedIssuer::new(&inputs, profile, &anchor, &found, work);
        Ok((VerifiedChain::new(self, found), issuer))
    }
}

impl VerifiedIssuer {
    fn new(
        inputs: &Inputs<'_>,
        profile: &Profile<'_>,
        anchor: &Certificate<'_>,
        found: &FoundPath,
        mut work: Work,
    ) -> Self {
        let mut crls = Crls::new();
        if let Some(all) = profile.revocation.crls {
            let complete = check_crl_signatures(inputs, profile, all, found, &mut work);
            // a CRL whose signature was not verified cannot affect any leaf
            let signed = |number| {
                let checked = &work.revocation.signatures;
                checked.iter().any(|(crl, _, result)| *crl == number && result.is_ok())
            };
            crls = Crls::sorted(all.iter().filter(|crl| !complete || signed(crl.number)));
        }
        let kept = |place: &CertificatePosition| match place {
            CertificatePosition::Leaf => false,
            CertificatePosition::Intermediate(_) => true,
            CertificatePosition::Anchor(at) => *at == found.anchor,
        };
        work.checked_signatures.retain(|(place, issuer, _)| kept(place) && kept(issuer));
        work.revocation.signatures.retain(|(_, signer, _)| kept(signer));
        let path = found.intermediates.iter().filter_map(|at| inputs.chain.intermediate(*at));
        let judged = (profile.anchor_checks == AnchorChecks::Certificate).then_some(anchor);
        let period =
            path.chain(judged).fold(found.period, |period, one| period.and(Period::from(one.validity())));
        let presented = inputs.chain.intermediates.iter();
        Self {
            anchor_number: found.anchor,
            anchor: inputs.anchors.only(found.anchor),
            presented: presented
                .map(|one| one.as_ref().map(StoredCertificate::new).map_err(|error| *error))
                .collect(),
            path: found.intermediates.clone(),
            checked: work.checked_signatures,
            crls,
            checked_crls: work.revocation.signatures,
            acceptable: profile.policies.acceptable.map(|all| all.iter().map(|one| one.to_vec()).collect()),
            judges_revocation: profile.revocation.crls.is_some(),
            profile: profile.owned(),
            until: inputs.anchors.until(found.anchor).map_or(period.until, |end| {
                Seconds::try_from(end.as_secs()).map_or(period.until, |end| end.min(period.until))
            }),
        }
    }

    /// Returns `true` if the leaf's issuer name is the name of this issuer. Several issuers can have the same name.
    #[must_use]
    pub fn is_named_by(&self, leaf: &Certificate<'_>) -> bool {
        let stored = self.stored().map(StoredCertificate::subject);
        let issuer = stored.or_else(|| self.anchor.subjects().next().map(|(_, name)| name));
        issuer.is_some_and(|issuer| issuer.same(&leaf.issuer()))
    }

    /// Returns the issuer's certificate: the lowest intermediate of the path, or the anchor if there is no
    /// intermediate.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        self.stored().map(StoredCertificate::as_der).or_else(|| self.anchor.ders().next()).unwrap_or_default()
    }

    /// Returns the lowest intermediate of the path.
    fn stored(&self) -> Option<&StoredCertificate> {
        self.presented.get(*self.path.first()?)?.as_ref().ok()
    }

    /// Returns the last second at which the issuer can be used: until then every certificate and every revocation list
    /// that it depends on is current, and its anchor is trusted ([`Anchors::until`]).
    #[must_use]
    pub fn until(&self) -> UnixTime {
        // a certificate that expired before 1970 is never valid, so the first second is as good
        UnixTime::since_unix_epoch(Duration::from_secs(self.until.try_into().unwrap_or_default()))
    }

    /// Verifies a leaf with the result that the full verification would have for this leaf at this `now`. Checks only
    /// the leaf's own signature, with `algorithms`; all other signatures were checked before.
    ///
    /// # Errors
    /// [`ChainError`], with places and numbers as in the verification that returned the issuer;
    /// [`Problem::IssuerExpired`] if the issuer is past [`until`](Self::until) and no more specific error applies.
    pub fn verify<'l>(
        &'l self,
        leaf: &Certificate<'l>,
        subject: ExpectedSubject<'_>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
        now: UnixTime,
    ) -> Result<VerifiedChain<'l>, ChainError> {
        let unknown = ChainError::UnknownIssuer { place: CertificatePosition::Leaf };
        let anchor = self.anchor.get(self.anchor_number).ok_or(unknown)?;
        let presented = self
            .presented
            .iter()
            .map(|one| one.as_ref().map(StoredCertificate::certificate).map_err(|error| *error));
        let chain = Chain { leaf: *leaf, intermediates: presented.collect() };
        let issuer = self.path.first().map_or(Some(&anchor), |at| chain.intermediate(*at)).ok_or(unknown)?;
        if !issuer.subject().same(&leaf.issuer()) {
            return Err(unknown);
        }
        let acceptable: Option<Vec<&[u8]>> =
            self.acceptable.as_ref().map(|all| all.iter().map(Vec::as_slice).collect());
        let profile = Profile {
            subject,
            policies: PolicyInputs { acceptable: acceptable.as_deref(), ..self.profile.policies },
            revocation: Revocation {
                crls: self.judges_revocation.then_some(&self.crls),
                ..self.profile.revocation
            },
            ..self.profile.clone()
        };
        let mut work = Work::new(profile.budget);
        work.checked_signatures.extend_from_slice(&self.checked);
        work.revocation.signatures.extend_from_slice(&self.checked_crls);
        let inputs = Inputs { chain: &chain, anchors: &self.anchor, algorithms, now };
        let found = Search::new(inputs, &profile, &mut work).run_along(&self.path, self.anchor_number)?;
        let now = Seconds::try_from(now.as_secs()).unwrap_or(Seconds::MAX);
        if now > self.until {
            let problem = Problem::IssuerExpired { seconds: now.abs_diff(self.until) };
            return Err(ChainError::Refused { place: CertificatePosition::Leaf, problem });
        }
        Ok(VerifiedChain::new(&chain, found))
    }
}

/// Checks the signatures of all lists, so that no later verification needs to; returns `false` if the budget ran out.
fn check_crl_signatures(
    inputs: &Inputs<'_>,
    profile: &Profile<'_>,
    crls: &Crls,
    found: &FoundPath,
    work: &mut Work,
) -> bool {
    let path = found.intermediates.iter().rev().map(|at| CertificatePosition::Intermediate(*at));
    let above: Vec<CertificatePosition> =
        [CertificatePosition::Anchor(found.anchor)].into_iter().chain(path).collect();
    let (about, anchor) = (CertificatePosition::Leaf, found.anchor);
    let query = StatusQuery { inputs: *inputs, profile, crls, about, above: &above, anchor };
    crls.iter().all(|crl| signer::find(&query, crl.number, work).is_ok())
}

impl fmt::Debug for VerifiedIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedIssuer")
            .field("anchor", &self.anchor_number)
            .field("intermediates", &self.path.len())
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}
