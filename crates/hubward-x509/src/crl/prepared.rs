//! Lists that serve many verifications: their entries are sorted, and the signatures of lists by a trust anchor are
//! verified once.

use rustls_pki_types::SignatureVerificationAlgorithm;

use super::list::Crls;
use crate::path::signature::check_signature;
use crate::trust::Anchors;

impl Crls {
    /// Returns the lists prepared for many verifications. A verification then searches a list in logarithmic time, and does
    /// not verify the signature of a list by a key of `anchors` again, where its algorithms include that of the signature. It
    /// decides as it does with the lists as they are; a test compares both.
    ///
    /// The preparation takes one pass over each list, and one signature for each pair of a list and an anchor of its
    /// issuer's name. A list with entries of several issuers (an indirect list) is not sorted. The signature of a list
    /// by an issuer that is no anchor is verified each time: keep the issuer ([`VerifiedIssuer`](crate::VerifiedIssuer))
    /// if that costs too much.
    ///
    /// `hubward::X509Config` does this by itself.
    ///
    /// ```no_run
    /// use hubward_x509::{Anchors, Crls, ExpectedSubject, Profile, Revocation};
    /// # fn read_lists() -> Vec<Vec<u8>> { Vec::new() }
    /// # fn authorities() -> Vec<Vec<u8>> { Vec::new() }
    ///
    /// let anchors = Anchors::parse(&authorities())?;
    /// let crls = Crls::parse(&read_lists())?.prepared(&anchors, hubward_ring::signature::ALL);
    /// let profile = Profile::device(ExpectedSubject::Any).with_revocation(Revocation::by(&crls));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn prepared(&self, anchors: &Anchors, algorithms: &[&dyn SignatureVerificationAlgorithm]) -> Self {
        let prepared = self.stored().iter().map(|stored| {
            let crl = stored.crl();
            let key = anchors.subjects().filter(|(_, name)| name.same(&crl.issuer())).find_map(|(at, _)| {
                let key = anchors.get(at)?.public_key();
                check_signature(&crl.signed, &key, algorithms).is_ok().then_some(key)
            });
            stored.prepared(key.as_ref())
        });
        Self::of_stored(prepared.collect())
    }
}
