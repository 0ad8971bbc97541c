//! Revocation lists ([`Crl`], [`Crls`]), parsed into borrowed values in one pass over their entries (RFC 5280 5.1,
//! 5.2), but not verified.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use super::entry::{Entries, Revoked};
use super::owned::StoredCrl;
use super::scope::IssuingDistributionPoint;
use crate::certificate::Signed;
use crate::certificate::extensions::{AuthorityKeyIdentifier, MAX_EXTENSIONS, read_extension};
use crate::certificate::name::Name;
use crate::certificate::time::{self, Seconds};
use crate::error::CertificateError;
use crate::tlv::{Cursor, Tag, Tlv, context, integer, only};

/// A revocation list that cannot be parsed, with its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("revocation list {crl}: {error}")]
#[non_exhaustive]
pub struct CrlError {
    /// The number of the list, counted from 0.
    pub crl: usize,
    /// The reason.
    pub error: CertificateError,
}

/// One revocation list, complete or a delta, parsed but not verified.
#[derive(Clone, Copy)]
pub struct Crl<'a> {
    pub(super) der: &'a [u8],
    pub(crate) signed: Signed<'a>,
    pub(super) issuer: Name<'a>,
    pub(super) this_update: Seconds,
    pub(super) next_update: Option<Seconds>,
    pub(super) entries: Entries<'a>,
    pub(super) count: usize,
    /// The number among the lists of [`Crls`].
    pub(crate) number: usize,
    /// The SubjectPublicKeyInfo with which the signature verified, if that is known.
    pub(super) signed_by: Option<&'a [u8]>,
    pub(super) extensions: CrlExtensions<'a>,
}

/// The extensions of a list (RFC 5280 5.2).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CrlExtensions<'a> {
    pub(super) authority_key_identifier: Option<&'a [u8]>,
    pub(super) number: Option<Number<'a>>,
    pub(super) number_critical: bool,
    /// The number of the complete list that a delta list is based on.
    pub(super) base: Option<Number<'a>>,
    pub(super) issuing_distribution_point: Option<IssuingDistributionPoint<'a>>,
    /// `true` if the list or one of its entries has an unknown critical extension.
    pub(super) unknown_critical: bool,
}

/// A CRL number: up to twenty bytes, never negative, without leading zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number<'a>(pub(super) &'a [u8]);

impl<'a> Number<'a> {
    fn read(tlv: &Tlv<'a>) -> Result<Self, CertificateError> {
        integer(tlv)?;
        match tlv.value {
            [0x80..=0xff, ..] => Err(tlv.malformed().into()),
            [0, rest @ ..] => Ok(Self(rest)),
            all => Ok(Self(all)),
        }
    }
}

impl<'a> Number<'a> {
    /// Returns the digits, big-endian.
    const fn digits(self) -> &'a [u8] {
        self.0
    }
}

impl Ord for Number<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(other.0))
    }
}

impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<'a> Crl<'a> {
    /// Parses one revocation list from DER. Reads each entry once and copies none.
    ///
    /// # Errors
    /// [`CertificateError`] if `der` is not a DER list of version 1 or 2, has two different signature algorithms, an
    /// extension twice, or extensions in version 1.
    pub fn parse(der: &'a [u8]) -> Result<Self, CertificateError> {
        let (mut list, extended) = Self::parse_head(der)?;
        let mut rest = list.entries.list;
        while !rest.is_empty() {
            let entry = Revoked::read(&mut rest, extended)?;
            list.count = list.count.saturating_add(1);
            list.entries.indirect |= entry.certificate_issuer.is_some();
            list.extensions.unknown_critical |= entry.unknown_critical;
        }
        Ok(list)
    }

    /// Parses everything except the entries; returns also whether entries may have extensions.
    fn parse_head(der: &'a [u8]) -> Result<(Self, bool), CertificateError> {
        let (signed, mut tbs) = Signed::read(der)?;
        let extended = match tbs.optional(Tag::INTEGER)? {
            None => false,
            Some(tlv) if tlv.value == [1] => true,
            Some(_) => return Err(CertificateError::UnknownVersion),
        };
        // RFC 5280 5.1.1.2
        if tbs.expect(Tag::SEQUENCE)?.value != signed.algorithm {
            return Err(CertificateError::AlgorithmsDiffer);
        }
        let issuer = Name::new(tbs.expect(Tag::SEQUENCE)?.value);
        let (this_update, _) = time::read(&tbs.any()?).map_err(CertificateError::Time)?;
        let mut next_update = None;
        for form in [Tag::UTC_TIME, Tag::GENERALIZED_TIME] {
            if next_update.is_none()
                && let Some(tlv) = tbs.optional(form)?
            {
                next_update = Some(time::read(&tlv).map_err(CertificateError::Time)?.0);
            }
        }
        let list = tbs.optional(Tag::SEQUENCE)?.map_or(Cursor::new(&[]), |tlv| tlv.open());
        let extensions = match tbs.optional(context(0, true))? {
            None => CrlExtensions::default(),
            Some(_) if !extended => return Err(CertificateError::VersionTooLow),
            Some(tlv) => {
                let mut inner = tlv.open();
                let list = inner.expect(Tag::SEQUENCE)?.open();
                inner.finish()?;
                CrlExtensions::read(list)?
            }
        };
        tbs.finish()?;
        let entries = Entries { list, indirect: false, sorted: &[] };
        let head = Self {
            der,
            signed,
            issuer,
            this_update,
            next_update,
            entries,
            count: 0,
            number: 0,
            signed_by: None,
            extensions,
        };
        Ok((head, extended))
    }

    /// Returns the whole list, as received.
    #[must_use]
    pub const fn as_der(&self) -> &'a [u8] {
        self.der
    }

    /// Returns the issuer name in the list.
    #[must_use]
    pub const fn issuer(&self) -> Name<'a> {
        self.issuer
    }

    /// Returns the time at which the list was issued.
    #[must_use]
    pub const fn this_update(&self) -> Seconds {
        self.this_update
    }

    /// Returns the time until which the next list will be issued, if the list contains it.
    #[must_use]
    pub const fn next_update(&self) -> Option<Seconds> {
        self.next_update
    }

    /// Returns `true` if the list contains only changes to a complete list (RFC 5280 5.2.4).
    #[must_use]
    pub const fn is_delta(&self) -> bool {
        self.extensions.base.is_some()
    }

    /// Returns the CRL number (RFC 5280 5.2.3), if the list has one: big-endian, without leading zeros.
    #[must_use]
    pub fn crl_number(&self) -> Option<&'a [u8]> {
        self.extensions.number.map(Number::digits)
    }

    /// Returns the number of the complete list that a delta list is based on (RFC 5280 5.2.4).
    #[must_use]
    pub fn base_crl_number(&self) -> Option<&'a [u8]> {
        self.extensions.base.map(Number::digits)
    }

    /// Returns the DER of the issuing distribution point.
    #[cfg(feature = "issue")]
    pub(crate) fn issuing_distribution_point(&self) -> Option<&'a [u8]> {
        self.extensions.issuing_distribution_point.map(|point| point.raw)
    }

    /// Returns `true` if the list has no entry of another issuer and no unknown critical extension.
    #[cfg(feature = "issue")]
    pub(crate) const fn is_plain(&self) -> bool {
        !self.entries.indirect && !self.extensions.unknown_critical
    }

    /// Returns the number of entries.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Returns `true` if the list has no entry.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns the entries, in the order of the list.
    pub fn entries(&self) -> impl Iterator<Item = Revoked<'a>> + use<'a> {
        let mut rest = self.entries.list;
        core::iter::from_fn(move || if rest.is_empty() { None } else { Revoked::read(&mut rest, true).ok() })
    }

    /// Returns `true` if both have the same issuer and, byte for byte, the same scope (RFC 5280 5.2.4 (a), (b)).
    pub(super) fn has_scope_of(&self, other: &Self) -> bool {
        let raw = |list: &Crl<'a>| list.extensions.issuing_distribution_point.map(|point| point.raw);
        self.issuer.same(&other.issuer) && raw(self) == raw(other)
    }

    /// Returns `true` if this list was issued after the other one, which has the same scope and key.
    pub(super) fn is_newer_than(&self, other: &Crl<'_>) -> bool {
        match (self.extensions.number, other.extensions.number) {
            (Some(mine), Some(theirs)) if mine != theirs => mine > theirs,
            _ => self.this_update > other.this_update,
        }
    }
}

impl<'a> CrlExtensions<'a> {
    fn read(mut list: Cursor<'a>) -> Result<Self, CertificateError> {
        if list.is_empty() {
            return Err(list.malformed().into());
        }
        let mut all = Self::default();
        let (start, mut count) = (list, 0_usize);
        while !list.is_empty() {
            let (oid, extension) = read_extension(&mut list)?;
            count = count.saturating_add(1);
            if count > MAX_EXTENSIONS {
                return Err(CertificateError::TooManyExtensions { most: MAX_EXTENSIONS });
            }
            let mut before = start;
            for _ in 1..count {
                if read_extension(&mut before)?.0 == oid {
                    return Err(CertificateError::DuplicateExtension);
                }
            }
            let value = extension.value;
            match oid {
                [0x55, 0x1d, 35] => {
                    AuthorityKeyIdentifier::read(value)?;
                    all.authority_key_identifier = Some(value);
                }
                [0x55, 0x1d, 20] => {
                    all.number = Some(Number::read(&only(value, Tag::INTEGER)?)?);
                    all.number_critical = extension.critical;
                }
                [0x55, 0x1d, 27] => all.base = Some(Number::read(&only(value, Tag::INTEGER)?)?),
                [0x55, 0x1d, 28] => {
                    all.issuing_distribution_point = Some(IssuingDistributionPoint::read(value)?)
                }
                // where to find the freshest list, other names of the issuer, further information: nothing is fetched
                [0x55, 0x1d, 18 | 46] | [0x2b, 6, 1, 5, 5, 7, 1, 1] => {}
                _ => all.unknown_critical |= extension.critical,
            }
        }
        Ok(all)
    }
}

impl fmt::Debug for Crl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crl")
            .field("issuer", &self.issuer)
            .field("this_update", &self.this_update)
            .field("next_update", &self.next_update)
            .field("len", &self.count)
            .finish_non_exhaustive()
    }
}

/// The available revocation lists, in any order. They may include delta lists and lists of unknown issuers.
///
/// ```no_run
/// use hubward_x509::{Crls, ExpectedSubject, Profile, Revocation};
/// # fn read_lists() -> Vec<Vec<u8>> { Vec::new() }
///
/// let ders: Vec<Vec<u8>> = read_lists();
/// let crls = Crls::parse(&ders)?;
/// let profile = Profile::device(ExpectedSubject::Any).with_revocation(Revocation::by(&crls));
/// # Ok::<(), hubward_x509::crl::CrlError>(())
/// ```
///
/// It owns copies of them, which are parsed once; a verification borrows them. A clone shares the copies.
#[derive(Debug, Clone, Default)]
pub struct Crls {
    all: Arc<Vec<StoredCrl>>,
}

impl Crls {
    /// Creates an empty collection.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Parses the lists of `ders`, and passes over those that cannot be parsed: they clear no certificate, and revoke none
    /// either. Returns the lists and, for a report, the position of each of the others in `ders`, counted from 0. To
    /// refuse such a set, use [`Self::parse`].
    ///
    /// A certificate that only an unreadable list revokes is accepted if an older list that is still current clears it, and
    /// with [`UnknownStatus::Allow`](super::UnknownStatus::Allow). So report each error, and pass over lists only if those
    /// of strangers are among them.
    #[must_use]
    pub fn parse_readable<'a, D>(ders: impl IntoIterator<Item = &'a D>) -> (Self, Vec<CrlError>)
    where
        D: AsRef<[u8]> + ?Sized + 'a,
    {
        let (mut crls, mut passed_over) = (Self::new(), Vec::new());
        for (crl, der) in ders.into_iter().enumerate() {
            match Crl::parse(der.as_ref()) {
                Ok(list) => crls.add(&list),
                Err(error) => passed_over.push(CrlError { crl, error }),
            }
        }
        (crls, passed_over)
    }

    /// Parses every list of `ders`.
    ///
    /// # Errors
    /// [`CrlError`] with the number of the first list that cannot be parsed.
    pub fn parse<'a, D>(ders: impl IntoIterator<Item = &'a D>) -> Result<Self, CrlError>
    where
        D: AsRef<[u8]> + ?Sized + 'a,
    {
        let mut crls = Self::new();
        for (crl, der) in ders.into_iter().enumerate() {
            crls.add(&Crl::parse(der.as_ref()).map_err(|error| CrlError { crl, error })?);
        }
        Ok(crls)
    }

    /// Adds a list. Its number is the count of lists before it.
    pub fn add(&mut self, crl: &Crl<'_>) {
        let number = self.all.len();
        Arc::make_mut(&mut self.all).push(StoredCrl::new(crl, number));
    }

    pub(super) fn stored(&self) -> &[StoredCrl] {
        &self.all
    }

    pub(super) fn of_stored(all: Vec<StoredCrl>) -> Self {
        Self { all: Arc::new(all) }
    }

    /// Collects lists that keep their numbers and are searched for many certificates.
    pub(crate) fn sorted<'a>(lists: impl Iterator<Item = Crl<'a>>) -> Self {
        Self::of_stored(lists.map(|crl| StoredCrl::sorted(&crl)).collect())
    }

    /// Returns the list with this number.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<Crl<'_>> {
        let stored = self.all.get(at).filter(|crl| crl.number == at);
        stored.or_else(|| self.all.iter().find(|crl| crl.number == at)).map(StoredCrl::crl)
    }

    /// Returns all lists, in the order of their numbers.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Crl<'_>> {
        self.all.iter().map(StoredCrl::crl)
    }
}
