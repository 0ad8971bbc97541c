//! An issuer that is kept: a fleet's devices differ in their leaves, and what stands above them need not be verified
//! for each anew.

use alloc::vec::Vec;
use core::fmt;

use rustls_pki_types::{SignatureVerificationAlgorithm, UnixTime};

use crate::certificate::Certificate;
use crate::certificate::time::Seconds;
use crate::error::{CertificateError, ChainError, Place, Problem};
use crate::path::chain::{Chain, VerifiedChain};
use crate::path::search::{FoundPath, Search};
use crate::path::work::{CheckedSignature, Given, Work};
use crate::profile::{AnchorChecks, PolicyInputs, Profile, Subject};
use crate::revocation::crl::Crls;
use crate::revocation::kept::KeptCrl;
use crate::revocation::rules::Revocation;
use crate::revocation::signer;
use crate::revocation::status::{Ask, CheckedList, Window};
use crate::roots::anchor::Anchors;

/// A leaf's issuer that a whole path has proven, with all that the proof rests on: the certificates above, the
/// revocation lists, and which of their signatures hold. Only [`Chain::verify_keeping`] makes one.
///
/// The working state of RFC 5280 6.1 (keys, names permitted and excluded, policies, path lengths, purposes, validity)
/// is not kept but derived, for each leaf at its own `now`, from the certificates: it takes a small part of the one
/// signature that is left, and cannot disagree with what it comes from.
///
/// ```compile_fail,E0451
/// # use hubward_x509::VerifiedIssuer;
/// fn unproven(der: Vec<u8>, other: VerifiedIssuer) -> VerifiedIssuer {
///     VerifiedIssuer { anchor: der, ..other }
/// }
/// ```
#[derive(Clone)]
pub struct VerifiedIssuer {
    /// Among the anchors that it was verified against.
    number: usize,
    anchor: Vec<u8>,
    /// Everything that was presented beside the leaf, by the numbers that places have.
    presented: Vec<Result<Vec<u8>, CertificateError>>,
    /// The leaf's issuer first.
    path: Vec<usize>,
    checked: Vec<CheckedSignature>,
    crls: Vec<KeptCrl>,
    checked_crls: Vec<CheckedList>,
    /// Without its subject and what it borrows.
    profile: Profile<'static>,
    acceptable: Option<Vec<Vec<u8>>>,
    judges_revocation: bool,
    until: Seconds,
}

impl<'p> Chain<'p> {
    /// As [`verify`](Self::verify), and keeps the leaf's issuer for other leaves: under the same profile but for its
    /// subject, with the same revocation lists, of which it holds a copy. When newer lists come, keep it anew; drop it
    /// when its anchor is trusted no more.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_keeping(
        &self,
        anchors: &Anchors<'_>,
        profile: &Profile<'_>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
        now: UnixTime,
    ) -> Result<(VerifiedChain<'p>, VerifiedIssuer), ChainError> {
        let given = Given { chain: self, anchors, algorithms, now };
        let mut work = Work::new(profile.budget);
        let found = Search::new(given, profile, &mut work).run()?;
        let anchor = anchors.get(found.anchor).ok_or(ChainError::UnknownIssuer { place: Place::Leaf })?;
        let issuer = VerifiedIssuer::new(&given, profile, anchor, &found, work);
        Ok((VerifiedChain::new(self, found), issuer))
    }
}

impl VerifiedIssuer {
    fn new(
        given: &Given<'_>,
        profile: &Profile<'_>,
        anchor: &Certificate<'_>,
        found: &FoundPath,
        mut work: Work,
    ) -> Self {
        let mut crls = Vec::new();
        if let Some(all) = profile.revocation.crls {
            let complete = check_lists(given, profile, all, found, &mut work);
            // what nobody here has signed says nothing of any leaf
            let signed = |number| {
                let checked = &work.revocation.signatures;
                checked.iter().any(|(crl, _, result)| *crl == number && result.is_ok())
            };
            crls.extend(all.iter().filter(|crl| !complete || signed(crl.number)).map(KeptCrl::new));
        }
        let kept = |place: &Place| match place {
            Place::Leaf => false,
            Place::Intermediate(_) => true,
            Place::Anchor(at) => *at == found.anchor,
        };
        work.checked.retain(|(place, issuer, _)| kept(place) && kept(issuer));
        work.revocation.signatures.retain(|(_, signer, _)| kept(signer));
        let path = found.intermediates.iter().filter_map(|at| given.chain.intermediate(*at));
        let judged = (profile.anchor_checks == AnchorChecks::Certificate).then_some(anchor);
        let window =
            path.chain(judged).fold(found.window, |window, one| window.and(Window::from(one.validity())));
        let presented = given.chain.intermediates.iter();
        Self {
            number: found.anchor,
            anchor: anchor.as_der().to_vec(),
            presented: presented
                .map(|one| one.as_ref().map(|one| one.as_der().to_vec()).map_err(|e| *e))
                .collect(),
            path: found.intermediates.clone(),
            checked: work.checked,
            crls,
            checked_crls: work.revocation.signatures,
            acceptable: profile.policies.acceptable.map(|all| all.iter().map(|one| one.to_vec()).collect()),
            judges_revocation: profile.revocation.crls.is_some(),
            profile: profile.owned(),
            until: given.anchors.until(found.anchor).map_or(window.until, |end| end.min(window.until)),
        }
    }

    /// Whether a leaf names this issuer. Several issuers may bear one name.
    #[must_use]
    pub fn is_named_by(&self, leaf: &Certificate<'_>) -> bool {
        Certificate::parse(self.as_der()).is_ok_and(|issuer| issuer.subject().same(&leaf.issuer()))
    }

    /// The issuer's certificate: the last above the leaf, the anchor itself where nothing stands between.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        let first = self.path.first().and_then(|at| self.presented.get(*at));
        first.and_then(|der| der.as_ref().ok()).unwrap_or(&self.anchor)
    }

    /// The last second at which it can be used: every certificate and every list it rests on still counts, and its
    /// anchor is trusted ([`Anchors::until`]).
    #[must_use]
    pub const fn until(&self) -> Seconds {
        self.until
    }

    /// Judges a leaf as the whole verification would that this issuer was kept from, had it been about this leaf and
    /// this `now`. Its own signature is checked, and no other that was checked before. `algorithms` are for that one.
    ///
    /// # Errors
    /// [`ChainError`], its places and numbers those of the verification that the issuer was kept from;
    /// [`Problem::Lapsed`] where the issuer is past [`until`](Self::until) and nothing else says so.
    pub fn verify<'l>(
        &'l self,
        leaf: &Certificate<'l>,
        subject: Subject<'_>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
        now: UnixTime,
    ) -> Result<VerifiedChain<'l>, ChainError> {
        let unknown = ChainError::UnknownIssuer { place: Place::Leaf };
        let anchor = Certificate::parse(&self.anchor).map_err(|_| unknown)?;
        let presented = self.presented.iter().map(|one| match one {
            Ok(der) => Certificate::parse(der),
            Err(error) => Err(*error),
        });
        let chain = Chain { leaf: *leaf, intermediates: presented.collect() };
        let issuer = self.path.first().map_or(Some(&anchor), |at| chain.intermediate(*at)).ok_or(unknown)?;
        if !issuer.subject().same(&leaf.issuer()) {
            return Err(unknown);
        }
        let mut crls = Crls::new();
        self.crls.iter().filter_map(KeptCrl::again).for_each(|crl| crls.add_numbered(crl));
        let acceptable: Option<Vec<&[u8]>> =
            self.acceptable.as_ref().map(|all| all.iter().map(Vec::as_slice).collect());
        let profile = Profile {
            subject,
            policies: PolicyInputs { acceptable: acceptable.as_deref(), ..self.profile.policies },
            revocation: Revocation {
                crls: self.judges_revocation.then_some(&crls),
                ..self.profile.revocation
            },
            ..self.profile.clone()
        };
        let anchors = Anchors::alone(self.number, anchor);
        let mut work = Work::new(profile.budget);
        work.checked.extend_from_slice(&self.checked);
        work.revocation.signatures.extend_from_slice(&self.checked_crls);
        let given = Given { chain: &chain, anchors: &anchors, algorithms, now };
        let found = Search::new(given, &profile, &mut work).along(&self.path, self.number)?;
        let now = Seconds::try_from(now.as_secs()).unwrap_or(Seconds::MAX);
        if now > self.until {
            let problem = Problem::Lapsed { seconds: now.abs_diff(self.until) };
            return Err(ChainError::Refused { place: Place::Leaf, problem });
        }
        Ok(VerifiedChain::new(&chain, found))
    }
}

/// Checks the signatures of all lists, so that no leaf has to; whether the budget was enough.
fn check_lists(
    given: &Given<'_>,
    profile: &Profile<'_>,
    crls: &Crls<'_>,
    found: &FoundPath,
    work: &mut Work,
) -> bool {
    let path = found.intermediates.iter().rev().map(|at| Place::Intermediate(*at));
    let above: Vec<Place> = [Place::Anchor(found.anchor)].into_iter().chain(path).collect();
    let (about, anchor) = (Place::Leaf, found.anchor);
    let ask = Ask { given: *given, profile, crls, about, above: &above, anchor };
    crls.iter().all(|crl| signer::find(&ask, crl.number, work).is_ok())
}

impl fmt::Debug for VerifiedIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedIssuer")
            .field("anchor", &self.number)
            .field("intermediates", &self.path.len())
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}
