//! The entries of a revocation list: parsed one after another in place, and searched without copies.

use alloc::vec::Vec;

use crate::certificate::GeneralName;
use crate::certificate::extensions::read_extension;
use crate::certificate::name::Name;
use crate::certificate::time::{self, Seconds};
use crate::error::{CertificateError, ChainError};
use crate::path::budget::Meter;
use crate::tlv::{Cursor, Malformed, Tag, integer, only};

use super::reasons::RevocationReason;

/// `ENUMERATED`.
const ENUMERATED: Tag = Tag(0x0a);

/// One revoked certificate in a revocation list.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Revoked<'a> {
    /// The contents of the serial number's INTEGER, as received.
    pub serial: &'a [u8],
    /// The time of the revocation.
    pub at: Seconds,
    /// The reason for the revocation.
    pub reason: RevocationReason,
    /// In an indirect list, the names of the issuer of this certificate and those after it: the contents of the
    /// GeneralNames.
    pub(super) certificate_issuer: Option<Cursor<'a>>,
    /// `true` if the entry has an unknown critical extension.
    pub(super) unknown_critical: bool,
}

impl<'a> Revoked<'a> {
    /// Parses the next entry of `list`.
    pub(super) fn read(list: &mut Cursor<'a>, extended: bool) -> Result<Self, CertificateError> {
        let mut fields = list.expect(Tag::SEQUENCE)?.open();
        let serial = fields.expect(Tag::INTEGER)?;
        integer(&serial)?;
        let (at, _) = time::read(&fields.any()?).map_err(CertificateError::Time)?;
        let mut revoked = Self {
            serial: serial.value,
            at,
            reason: RevocationReason::Unspecified,
            certificate_issuer: None,
            unknown_critical: false,
        };
        if let Some(extensions) = fields.optional(Tag::SEQUENCE)? {
            if !extended {
                return Err(CertificateError::VersionTooLow);
            }
            revoked.extensions(extensions.open())?;
        }
        fields.finish()?;
        Ok(revoked)
    }

    /// Parses the extensions (RFC 5280 5.3).
    fn extensions(&mut self, mut list: Cursor<'a>) -> Result<(), CertificateError> {
        if list.is_empty() {
            return Err(list.malformed().into());
        }
        let mut reason = None;
        let mut invalidity = None;
        while !list.is_empty() {
            let (oid, extension) = read_extension(&mut list)?;
            let twice = match oid {
                [0x55, 0x1d, 21] => reason.replace(only(extension.value, ENUMERATED)?.value).is_some(),
                [0x55, 0x1d, 24] => {
                    let tlv = only(extension.value, Tag::GENERALIZED_TIME)?;
                    invalidity.replace(time::read(&tlv).map_err(CertificateError::Time)?).is_some()
                }
                [0x55, 0x1d, 29] => {
                    let names = only(extension.value, Tag::SEQUENCE)?.open();
                    check_general_names(names)?;
                    self.certificate_issuer.replace(names).is_some()
                }
                _ => {
                    self.unknown_critical |= extension.critical;
                    false
                }
            };
            if twice {
                return Err(CertificateError::DuplicateExtension);
            }
        }
        if let Some(code) = reason {
            self.reason = RevocationReason::from_code(code);
        }
        Ok(())
    }

    /// If the entry names a certificate issuer: returns whether that is `issuer`, for this entry and those after it.
    fn switches_to(&self, issuer: &Name<'_>) -> Option<bool> {
        let mut names = self.certificate_issuer?;
        while !names.is_empty() {
            match GeneralName::read(&mut names) {
                Ok(GeneralName::Directory(name)) if name.same(issuer) => return Some(true),
                Ok(_) => {}
                Err(_) => break,
            }
        }
        Some(false)
    }
}

/// Checks that there is at least one name, and that each can be parsed.
pub(super) fn check_general_names(mut names: Cursor<'_>) -> Result<(), Malformed> {
    if names.is_empty() {
        return Err(names.malformed());
    }
    while !names.is_empty() {
        GeneralName::read(&mut names)?;
    }
    Ok(())
}

/// The entries of a revocation list whose syntax was checked when it was parsed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entries<'a> {
    pub(super) list: Cursor<'a>,
    /// `true` if an entry names a certificate issuer.
    pub(super) indirect: bool,
    /// The start of each entry, sorted by serial number; empty if the list was not sorted.
    pub(super) sorted: &'a [u32],
}

impl<'a> Entries<'a> {
    /// Returns the entry for the certificate of `issuer` with this serial number. `by` is the issuer of the list, and
    /// of the certificates before the first entry that names another issuer (RFC 5280 5.3.3). An entry that revokes
    /// takes precedence over one with `removeFromCRL`.
    pub(super) fn find(
        &self,
        crl_issuer: &Name<'_>,
        issuer: &Name<'_>,
        serial: &[u8],
        meter: &mut Meter,
    ) -> Result<Option<Revoked<'a>>, ChainError> {
        if !self.sorted.is_empty() {
            return self.find_sorted(crl_issuer, issuer, serial, meter);
        }
        let mut rest = self.list;
        let mut issuer_matches = crl_issuer.same(issuer);
        let mut removed = None;
        while !rest.is_empty() {
            meter.crl_entry()?;
            let mut here = rest;
            let Ok(whole) = rest.expect(Tag::SEQUENCE) else { break };
            let fits = whole.open().expect(Tag::INTEGER).is_ok_and(|found| found.value == serial);
            if !fits && !self.indirect {
                continue;
            }
            let Ok(entry) = Revoked::read(&mut here, true) else { break };
            issuer_matches = entry.switches_to(issuer).unwrap_or(issuer_matches);
            if fits && issuer_matches {
                if entry.reason != RevocationReason::RemoveFromCrl {
                    return Ok(Some(entry));
                }
                removed = Some(entry);
            }
        }
        Ok(removed)
    }

    /// Does the same by binary search, for a list that is not indirect.
    fn find_sorted(
        &self,
        crl_issuer: &Name<'_>,
        issuer: &Name<'_>,
        serial: &[u8],
        meter: &mut Meter,
    ) -> Result<Option<Revoked<'a>>, ChainError> {
        if !crl_issuer.same(issuer) {
            return Ok(None);
        }
        let from = self.sorted.partition_point(|at| self.serial(*at) < Some(serial));
        let mut removed = None;
        for at in self.sorted.iter().skip(from) {
            meter.crl_entry()?;
            if self.serial(*at) != Some(serial) {
                break;
            }
            let Some(entry) = self.at(*at).and_then(|mut rest| Revoked::read(&mut rest, true).ok()) else {
                break;
            };
            if entry.reason != RevocationReason::RemoveFromCrl {
                return Ok(Some(entry));
            }
            removed = Some(entry);
        }
        Ok(removed)
    }

    fn at(&self, at: u32) -> Option<Cursor<'a>> {
        Some(Cursor::new(self.list.rest().get(usize::try_from(at).ok()?..)?))
    }

    fn serial(&self, at: u32) -> Option<&'a [u8]> {
        let entry = self.at(at)?.expect(Tag::SEQUENCE).ok()?;
        Some(entry.open().expect(Tag::INTEGER).ok()?.value)
    }

    /// Returns the start of each entry, sorted by serial number; empty if the list is indirect, where an entry depends
    /// on those before it.
    pub(super) fn sort(&self) -> Vec<u32> {
        let mut starts = Vec::new();
        let mut rest = self.list;
        while !self.indirect && !rest.is_empty() {
            let start = self.list.rest().len().saturating_sub(rest.rest().len());
            match (u32::try_from(start), rest.any()) {
                (Ok(start), Ok(_)) => starts.push(start),
                _ => return Vec::new(),
            }
        }
        starts.sort_by_key(|at| self.serial(*at));
        starts
    }
}
