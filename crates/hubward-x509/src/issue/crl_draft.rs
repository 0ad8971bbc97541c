//! Revocation lists of a CA, complete and delta (RFC 5280 5), written from `TbsCertList`.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use der::Encode;
use der::asn1::{ObjectIdentifier, Uint};
use rustls_pki_types::{SignatureVerificationAlgorithm, UnixTime};
use x509_cert::crl::{RevokedCert, TbsCertList};
use x509_cert::ext::pkix::{BaseCrlNumber, CrlNumber, CrlReason, IssuingDistributionPoint};
use x509_cert::ext::{Extension, Extensions, ToExtension};
use x509_cert::serial_number::SerialNumber;

use super::authority::CertificateAuthority;
use super::error::{CrlDraftError, IssueError};
use super::extensions::{authority_key_identifier, full_name};
use super::unsigned::Unsigned;
use super::validity::time;
use crate::certificate::time::Seconds;
use crate::certificate::{Certificate, Validity};
use crate::crl::{Crl, RevocationReason};
use crate::path::signature::check_signature;

/// The extension of an issuing distribution point (RFC 5280 5.2.5).
const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");

/// The next revocation list of a CA: a number above that of the list before it, and what is revoked.
///
/// ```
/// # use hubward_ring::{KeyType, SigningKey, signature};
/// # use hubward_x509::issue::{CertificateAuthority, CrlDraft, IssuerKey, SerialNumber};
/// # use hubward_x509::{UnixTime, Validity};
/// use hubward_x509::crl::{Crl, RevocationReason};
///
/// # let key = SigningKey::from_pkcs8(&SigningKey::generate_pkcs8(KeyType::P256)?)?;
/// # let day = |day: u64| UnixTime::since_unix_epoch(core::time::Duration::from_secs(1_767_225_600 + day * 86_400));
/// # let (serial, ten_years) = (SerialNumber::from_entropy([7; 16])?, Validity::between(day(0), day(3650))?);
/// # let root = CertificateAuthority::root("Plant root", &IssuerKey::of(&key)?, None, serial, ten_years)?.sign(&key)?;
/// # let ca = CertificateAuthority::new(&root, IssuerKey::of(&key)?)?;
/// let first = CrlDraft::first(&ca)?.complete(Validity::between(day(0), day(7))?)?.sign(&key)?;
///
/// let base = Crl::parse(&first)?;
/// let mut next = CrlDraft::after(&base, &ca, signature::ALL)?;
/// next.revoke_serial(&[0x2a], day(1), RevocationReason::KeyCompromise)?;
/// let complete = next.complete(Validity::between(day(1), day(8))?)?.sign(&key)?;
/// let delta = next.delta(&base, signature::ALL, Validity::between(day(1), day(8))?)?.sign(&key)?;
/// assert_eq!((Crl::parse(&complete)?.len(), Crl::parse(&delta)?.len()), (1, 1));
/// assert_eq!(Crl::parse(&complete)?.crl_number(), Some(&[2][..]));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct CrlDraft<'c> {
    ca: &'c CertificateAuthority,
    number: u64,
    not_before: Seconds,
    entries: Entries,
}

/// The revoked certificates by the contents of their serial number.
type Entries = BTreeMap<Vec<u8>, Entry>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    at: Seconds,
    reason: RevocationReason,
}

impl<'c> CrlDraft<'c> {
    /// Begins the first list of a CA, which has the number 1.
    ///
    /// # Errors
    /// [`CrlDraftError::KeyUsage`] if the CA may not sign lists.
    pub const fn first(ca: &'c CertificateAuthority) -> Result<Self, CrlDraftError> {
        if !ca.signs_crls {
            return Err(CrlDraftError::KeyUsage);
        }
        Ok(Self { ca, number: 1, not_before: 0, entries: Entries::new() })
    }

    /// Begins the list after `previous`, with the next number and the same entries. The signature of `previous` is
    /// verified, since what it does not contain is not revoked any more.
    ///
    /// # Errors
    /// [`CrlDraftError`] if `previous` is not a complete list of this CA with a number and with the scope of its lists.
    pub fn after(
        previous: &Crl<'_>,
        ca: &'c CertificateAuthority,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<Self, CrlDraftError> {
        let draft = Self::first(ca)?;
        check_complete(previous, ca, algorithms)?;
        let number = previous.crl_number().and_then(number).and_then(|number| number.checked_add(1));
        let number = number.filter(|number| *number < u64::MAX).ok_or(CrlDraftError::Number)?;
        Ok(Self { number, not_before: previous.this_update(), entries: entries(previous)?, ..draft })
    }

    /// Returns the number of the list.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Returns the number of revoked certificates.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns `true` if nothing is revoked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Revokes a certificate of this CA, whose signature is verified: another CA can have the same name, and its
    /// certificates the same serial numbers. One that is already revoked keeps its date; only
    /// [`RevocationReason::CertificateHold`] can be replaced by another reason.
    ///
    /// # Errors
    /// [`CrlDraftError::NotIssued`] if another CA issued the certificate, or as [`revoke_serial`](Self::revoke_serial).
    pub fn revoke(
        &mut self,
        certificate: &Certificate<'_>,
        at: UnixTime,
        reason: RevocationReason,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<(), CrlDraftError> {
        self.ca.check_issued(certificate, algorithms).map_err(|_| CrlDraftError::NotIssued)?;
        self.revoke_serial(certificate.serial(), at, reason)
    }

    /// Revokes the certificate of this CA with this serial number, as [`Certificate::serial`] returns it. The caller knows
    /// that the number is one of this CA.
    ///
    /// # Errors
    /// [`CrlDraftError::Reason`] for `removeFromCRL`, [`CrlDraftError::ForeignScope`] if no certificate can have the
    /// serial number.
    pub fn revoke_serial(
        &mut self,
        serial: &[u8],
        at: UnixTime,
        reason: RevocationReason,
    ) -> Result<(), CrlDraftError> {
        if reason == RevocationReason::RemoveFromCrl {
            return Err(CrlDraftError::Reason);
        }
        encode_serial(serial).ok_or(CrlDraftError::ForeignScope)?;
        let at = Seconds::try_from(at.as_secs()).map_err(|_| CrlDraftError::Time)?;
        let entry = self.entries.entry(serial.to_vec()).or_insert(Entry { at, reason });
        if entry.reason == RevocationReason::CertificateHold {
            entry.reason = reason;
        }
        Ok(())
    }

    /// Ends the hold of a certificate of this CA, whose signature is verified; returns `false` if it is not on hold. A
    /// revocation for another reason is final.
    ///
    /// # Errors
    /// [`CrlDraftError::NotIssued`] if another CA issued the certificate.
    pub fn release(
        &mut self,
        certificate: &Certificate<'_>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<bool, CrlDraftError> {
        self.ca.check_issued(certificate, algorithms).map_err(|_| CrlDraftError::NotIssued)?;
        Ok(self.release_serial(certificate.serial()))
    }

    /// Ends the hold of the certificate of this CA with this serial number; returns `false` if it is not on hold. The
    /// caller knows that the number is one of this CA.
    pub fn release_serial(&mut self, serial: &[u8]) -> bool {
        let on_hold =
            self.entries.get(serial).is_some_and(|entry| entry.reason == RevocationReason::CertificateHold);
        on_hold && self.entries.remove(serial).is_some()
    }

    /// Prepares the complete list. `period` is from the time of issue to the time of the next list.
    ///
    /// # Errors
    /// [`CrlDraftError::Time`] if the list before it was issued later.
    pub fn complete(&self, period: Validity) -> Result<Unsigned, IssueError> {
        self.write(&self.entries, None, period)
    }

    /// Prepares the delta list with the changes since `base`, an earlier complete list of this CA. It has the number of
    /// the complete list of this draft, which should be published with it (RFC 5280 5.2.3). The signature of `base` is
    /// verified, since a revocation that it contains is not in the delta list.
    ///
    /// # Errors
    /// [`CrlDraftError`] if `base` is not an earlier complete list of this CA and of the scope of its lists.
    pub fn delta(
        &self,
        base: &Crl<'_>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
        period: Validity,
    ) -> Result<Unsigned, IssueError> {
        check_complete(base, self.ca, algorithms)?;
        let number = base.crl_number().and_then(number).filter(|number| *number < self.number);
        let number = number.ok_or(CrlDraftError::Number)?;
        let before = entries(base)?;
        let mut changes: Entries = self.entries.clone();
        changes.retain(|serial, entry| before.get(serial) != Some(entry));
        for (serial, entry) in before {
            if !self.entries.contains_key(&serial) {
                changes.insert(serial, Entry { reason: RevocationReason::RemoveFromCrl, ..entry });
            }
        }
        self.write(&changes, Some(number), period)
    }

    fn write(&self, entries: &Entries, base: Option<u64>, period: Validity) -> Result<Unsigned, IssueError> {
        if period.not_before < self.not_before {
            return Err(CrlDraftError::Time.into());
        }
        let encoding = |_: der::Error| IssueError::Encoding;
        let revoked =
            entries.iter().map(|(serial, entry)| revoked(serial, entry)).collect::<Result<Vec<_>, _>>()?;
        let mut extensions = Extensions::new();
        let aki = authority_key_identifier(&self.ca.key_identifier);
        self.add(&mut extensions, &aki)?;
        self.add(&mut extensions, &CrlNumber(Uint::try_from(self.number).map_err(encoding)?))?;
        if let Some(base) = base {
            self.add(&mut extensions, &BaseCrlNumber(Uint::try_from(base).map_err(encoding)?))?;
        }
        if let Some(point) = self.ca.issuing_distribution_point() {
            self.add(&mut extensions, (ISSUING_DISTRIBUTION_POINT, &point))?;
        }
        let list = TbsCertList {
            version: x509_cert::Version::V2,
            signature: self.ca.key.owned_signature_algorithm().map_err(encoding)?,
            issuer: self.ca.name.clone(),
            this_update: time(period.not_before)?,
            next_update: Some(time(period.not_after)?),
            revoked_certificates: Some(revoked).filter(|revoked| !revoked.is_empty()),
            crl_extensions: Some(extensions),
        };
        Ok(Unsigned::new(list.to_der().map_err(encoding)?, self.ca.key.clone()))
    }

    fn add(
        &self,
        extensions: &mut Extensions,
        extension: impl ToExtension<Error = der::Error>,
    ) -> Result<(), IssueError> {
        let extension =
            extension.to_extension(&self.ca.name, extensions).map_err(|_| IssueError::Encoding)?;
        extensions.push(extension);
        Ok(())
    }
}

impl CertificateAuthority {
    fn issuing_distribution_point(&self) -> Option<IssuingDistributionPoint> {
        self.crl_url.as_ref().map(|url| IssuingDistributionPoint {
            distribution_point: Some(full_name(url)),
            only_contains_user_certs: false,
            only_contains_ca_certs: false,
            only_some_reasons: None,
            indirect_crl: false,
            only_contains_attribute_certs: false,
        })
    }

    /// Returns the DER of the issuing distribution point of this CA's lists, if they have one.
    fn scope(&self) -> Result<Option<Vec<u8>>, IssueError> {
        let point = self.issuing_distribution_point();
        point.map(|point| point.to_der()).transpose().map_err(|_| IssueError::Encoding)
    }
}

/// Checks that a list is a complete one of this CA, by its name and its key, with the scope of the CA's lists.
fn check_complete(
    list: &Crl<'_>,
    ca: &CertificateAuthority,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> Result<(), CrlDraftError> {
    if list.is_delta() {
        return Err(CrlDraftError::NotComplete);
    }
    let issuer = Certificate::parse(ca.as_der()).map_err(|_| CrlDraftError::Issuer)?;
    if !list.issuer().same(&issuer.subject()) {
        return Err(CrlDraftError::Issuer);
    }
    check_signature(&list.signed, &issuer.public_key(), algorithms).map_err(|_| CrlDraftError::Issuer)?;
    let scope = ca.scope().map_err(|_| CrlDraftError::ForeignScope)?;
    if !list.is_plain() || list.issuing_distribution_point() != scope.as_deref() {
        return Err(CrlDraftError::ForeignScope);
    }
    Ok(())
}

/// Returns a number with these digits, if it fits.
fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |sum, byte| sum.checked_mul(256)?.checked_add(u64::from(*byte)))
}

fn entries(list: &Crl<'_>) -> Result<Entries, CrlDraftError> {
    let mut all = Entries::new();
    for entry in list.entries() {
        encode_serial(entry.serial).ok_or(CrlDraftError::ForeignScope)?;
        all.insert(entry.serial.to_vec(), Entry { at: entry.at, reason: entry.reason });
    }
    Ok(all)
}

/// Returns the serial number whose contents are these, if `x509-cert` encodes it: positive, at most 20 bytes.
fn encode_serial(contents: &[u8]) -> Option<SerialNumber> {
    // `SerialNumber` encodes no digits as an INTEGER without contents
    let serial = SerialNumber::new(contents).ok().filter(|_| !contents.is_empty())?;
    (serial.to_der().ok()?.get(2..) == Some(contents)).then_some(serial)
}

fn revoked(serial: &[u8], entry: &Entry) -> Result<RevokedCert, IssueError> {
    let reason = match entry.reason {
        RevocationReason::Unspecified => None,
        RevocationReason::AaCompromise => Some(CrlReason::AaCompromise),
        RevocationReason::AffiliationChanged => Some(CrlReason::AffiliationChanged),
        RevocationReason::CaCompromise => Some(CrlReason::CaCompromise),
        RevocationReason::CertificateHold => Some(CrlReason::CertificateHold),
        RevocationReason::CessationOfOperation => Some(CrlReason::CessationOfOperation),
        RevocationReason::KeyCompromise => Some(CrlReason::KeyCompromise),
        RevocationReason::PrivilegeWithdrawn => Some(CrlReason::PrivilegeWithdrawn),
        RevocationReason::RemoveFromCrl => Some(CrlReason::RemoveFromCRL),
        RevocationReason::Superseded => Some(CrlReason::Superseded),
    };
    let extension = |reason: CrlReason| -> Result<Vec<Extension>, IssueError> {
        let extension = reason.to_extension(&x509_cert::name::Name::default(), &[]);
        Ok([extension.map_err(|_| IssueError::Encoding)?].to_vec())
    };
    Ok(RevokedCert {
        serial_number: encode_serial(serial).ok_or(IssueError::Encoding)?,
        revocation_date: time(entry.at)?,
        crl_entry_extensions: reason.map(extension).transpose()?,
    })
}
