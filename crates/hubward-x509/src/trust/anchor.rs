//! Trust anchors: registered CAs, roots or intermediates.

use alloc::sync::Arc;
use alloc::vec::Vec;

use rustls_pki_types::UnixTime;

use crate::certificate::stored::StoredCertificate;
use crate::certificate::{Certificate, Name, PublicKey};
use crate::error::{CertificatePosition, ParseError};

/// The certificates that are trusted as issuers without being verified.
///
/// It owns copies of them, which are parsed once; a verification borrows them. A clone shares the copies.
///
/// ```
/// use hubward_x509::Anchors;
/// # use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
/// # let mut params = CertificateParams::default();
/// # params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
/// # let ca = params.self_signed(&KeyPair::generate()?)?.der().clone();
///
/// let anchors = Anchors::parse([&ca])?;
/// assert_eq!(anchors.iter().count(), 1);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Anchors {
    all: Arc<Vec<Anchor>>,
    /// The number of the first one.
    first: usize,
}

#[derive(Debug, Clone)]
struct Anchor {
    certificate: StoredCertificate,
    /// The last second in which it is trusted, independently of its validity period, if there is such a limit.
    last: Option<UnixTime>,
}

impl Anchors {
    /// Creates an empty collection, which trusts no issuer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the anchor with this number alone. It keeps its number, and is trusted without a limit.
    pub(crate) fn only(&self, at: usize) -> Self {
        let found = at.checked_sub(self.first).and_then(|at| self.all.get(at));
        let one = found.map(|one| Anchor { certificate: one.certificate.clone(), last: None });
        Self { all: Arc::new(one.into_iter().collect()), first: at }
    }

    /// Returns the subjects of all anchors with their numbers.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = (usize, Name<'_>)> {
        (self.first..).zip(self.all.iter().map(|one| one.certificate.subject()))
    }

    /// Returns the public key of the anchor with this number.
    pub(crate) fn public_key(&self, at: usize) -> Option<PublicKey<'_>> {
        Some(self.all.get(at.checked_sub(self.first)?)?.certificate.public_key())
    }

    /// Parses the certificates of a trust store, and passes over those that cannot be parsed: they are as little trusted as
    /// those that are not there. Returns the anchors and, for a report, the position of each of the others in `ders`,
    /// counted from 0. To refuse such a store, use [`Self::parse`].
    ///
    /// ```
    /// use hubward_x509::Anchors;
    /// # use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
    /// # let mut params = CertificateParams::default();
    /// # params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    /// # let ca = params.self_signed(&KeyPair::generate()?)?.der().to_vec();
    ///
    /// let store = [vec![0x30, 0], ca];
    /// let (anchors, passed_over) = Anchors::parse_readable(&store);
    /// assert_eq!(anchors.iter().count(), 1);
    /// assert_eq!(passed_over[0].to_string(), "anchor 0: unexpected DER at byte 2");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn parse_readable<'a, D>(ders: impl IntoIterator<Item = &'a D>) -> (Self, Vec<ParseError>)
    where
        D: AsRef<[u8]> + ?Sized + 'a,
    {
        let (mut anchors, mut passed_over) = (Self::new(), Vec::new());
        for (at, der) in ders.into_iter().enumerate() {
            match Certificate::parse(der.as_ref()) {
                Ok(certificate) => anchors.add(&certificate),
                Err(error) => passed_over.push(ParseError { place: CertificatePosition::Anchor(at), error }),
            }
        }
        (anchors, passed_over)
    }

    /// Parses every certificate of `ders`.
    ///
    /// # Errors
    /// [`ParseError`] with the number of the first certificate that cannot be parsed.
    pub fn parse<'a, D>(ders: impl IntoIterator<Item = &'a D>) -> Result<Self, ParseError>
    where
        D: AsRef<[u8]> + ?Sized + 'a,
    {
        let mut anchors = Self::new();
        for (at, der) in ders.into_iter().enumerate() {
            let certificate = Certificate::parse(der.as_ref())
                .map_err(|error| ParseError { place: CertificatePosition::Anchor(at), error })?;
            anchors.add(&certificate);
        }
        Ok(anchors)
    }

    /// Adds an anchor. Its number is the count of anchors before it.
    pub fn add(&mut self, certificate: &Certificate<'_>) {
        self.push(certificate, None);
    }

    /// Adds an anchor that is trusted until `last`, inclusive. An issuer kept below it
    /// ([`Chain::verify_keeping`](crate::Chain::verify_keeping)) expires then. The caller ensures that it is trusted
    /// now.
    pub fn add_until(&mut self, certificate: &Certificate<'_>, last: UnixTime) {
        self.push(certificate, Some(last));
    }

    fn push(&mut self, certificate: &Certificate<'_>, last: Option<UnixTime>) {
        let certificate = StoredCertificate::new(certificate);
        Arc::make_mut(&mut self.all).push(Anchor { certificate, last });
    }

    /// Returns the last second in which the anchor with this number is trusted, independently of its validity period.
    /// Returns `None` if there is no limit, or no such anchor.
    #[must_use]
    pub fn until(&self, at: usize) -> Option<UnixTime> {
        self.all.get(at.checked_sub(self.first)?)?.last
    }

    /// Returns the anchor with this number.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<Certificate<'_>> {
        self.all.get(at.checked_sub(self.first)?).map(|one| one.certificate.certificate())
    }

    /// Returns all anchors, in the order of their numbers.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Certificate<'_>> {
        self.all.iter().map(|one| one.certificate.certificate())
    }

    /// Returns the DER of all anchors, in the order of their numbers.
    pub fn ders(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.all.iter().map(|one| one.certificate.as_der())
    }
}
