//! Trust anchors: registered CAs, roots or intermediates.

use alloc::vec::Vec;

use crate::certificate::Certificate;
use crate::certificate::time::Seconds;
use crate::error::{CertificatePosition, ParseError};

/// The certificates that are trusted as issuers without being verified.
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
pub struct Anchors<'a> {
    all: Vec<Certificate<'a>>,
    /// The last second in which each is trusted, independently of its validity period.
    ends: Vec<Seconds>,
    /// The number of the first one.
    first: usize,
}

impl<'a> Anchors<'a> {
    /// Creates an empty collection, which trusts no issuer.
    #[must_use]
    pub const fn new() -> Self {
        Self { all: Vec::new(), ends: Vec::new(), first: 0 }
    }

    /// Creates a collection of one anchor that keeps its number.
    pub(crate) fn alone(number: usize, certificate: Certificate<'a>) -> Self {
        Self { all: Vec::from([certificate]), ends: Vec::from([Seconds::MAX]), first: number }
    }

    /// Returns all anchors with their numbers.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (usize, &Certificate<'a>)> {
        (self.first..).zip(&self.all)
    }

    /// Parses every certificate of `ders`.
    ///
    /// # Errors
    /// [`ParseError`] with the number of the first certificate that cannot be parsed.
    pub fn parse<D>(ders: impl IntoIterator<Item = &'a D>) -> Result<Self, ParseError>
    where
        D: AsRef<[u8]> + ?Sized + 'a,
    {
        let mut anchors = Self::new();
        for (at, der) in ders.into_iter().enumerate() {
            let certificate = Certificate::parse(der.as_ref())
                .map_err(|error| ParseError { place: CertificatePosition::Anchor(at), error })?;
            anchors.add(certificate);
        }
        Ok(anchors)
    }

    /// Adds an anchor. Its number is the count of anchors before it.
    pub fn add(&mut self, certificate: Certificate<'a>) {
        self.add_until(certificate, Seconds::MAX);
    }

    /// Adds an anchor that is trusted until `last`, inclusive. An issuer kept below it
    /// ([`Chain::verify_keeping`](crate::Chain::verify_keeping)) expires then. The caller ensures that it is trusted
    /// now.
    pub fn add_until(&mut self, certificate: Certificate<'a>, last: Seconds) {
        self.all.push(certificate);
        self.ends.push(last);
    }

    /// Returns the last second in which the anchor with this number is trusted, independently of its validity period;
    /// `Seconds::MAX` if there is no limit.
    #[must_use]
    pub fn until(&self, at: usize) -> Option<Seconds> {
        self.ends.get(at.checked_sub(self.first)?).copied()
    }

    /// Returns the anchor with this number.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&Certificate<'a>> {
        self.all.get(at.checked_sub(self.first)?)
    }

    /// Returns all anchors, in the order of their numbers.
    pub fn iter(&self) -> core::slice::Iter<'_, Certificate<'a>> {
        self.all.iter()
    }
}
