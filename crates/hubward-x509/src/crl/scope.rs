//! The scope of a revocation list: its issuing distribution point, compared with the distribution points of a
//! certificate (RFC 5280 4.2.1.13, 5.2.5, 6.3.3 (b), (d)).

use super::entry::check_general_names;
use super::list::Crl;
use super::reasons::Reasons;
use crate::certificate::Certificate;
use crate::certificate::GeneralName;
use crate::certificate::name::Name;
use crate::error::{ChainError, KnownExtension, Problem};
use crate::identity::email;
use crate::path::budget::Meter;
use crate::path::validate::extension;
use crate::tlv::{Cursor, Malformed, Tag, context, only};

/// `DistributionPointName`.
#[derive(Debug, Clone, Copy)]
enum DistributionPointName<'a> {
    /// GeneralNames.
    Full(Cursor<'a>),
    /// One RDN, relative to the name of the CRL issuer.
    Relative(Cursor<'a>),
}

impl<'a> DistributionPointName<'a> {
    fn read(mut choice: Cursor<'a>) -> Result<Self, Malformed> {
        let at = choice.malformed();
        let name = if let Some(tlv) = choice.optional(context(0, true))? {
            check_general_names(tlv.open())?;
            Self::Full(tlv.open())
        } else {
            let rdn = choice.expect(context(1, true))?;
            if rdn.value.is_empty() {
                return Err(at);
            }
            Self::Relative(rdn.open())
        };
        choice.finish()?;
        Ok(name)
    }
}

/// The extension that restricts a list to a part of its issuer's revocations.
#[derive(Debug, Clone, Copy)]
pub(super) struct IssuingDistributionPoint<'a> {
    /// The whole extension, for comparison with that of another list.
    pub(super) raw: &'a [u8],
    name: Option<DistributionPointName<'a>>,
    only_users: bool,
    only_cas: bool,
    pub(super) only_attributes: bool,
    only_reasons: Option<Reasons>,
    indirect: bool,
}

impl<'a> IssuingDistributionPoint<'a> {
    pub(super) fn read(raw: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = only(raw, Tag::SEQUENCE)?.open();
        let name = fields
            .optional(context(0, true))?
            .map(|tlv| DistributionPointName::read(tlv.open()))
            .transpose()?;
        // BOOLEAN DEFAULT FALSE, implicitly tagged
        let flag = |fields: &mut Cursor<'a>, number| match fields.optional(context(number, false))? {
            None => Ok(false),
            Some(tlv) if tlv.value == [0xff] => Ok(true),
            Some(tlv) => Err(tlv.malformed()),
        };
        let only_users = flag(&mut fields, 1)?;
        let only_cas = flag(&mut fields, 2)?;
        let only_reasons = fields.optional(context(3, false))?.map(|tlv| Reasons::read(&tlv)).transpose()?;
        let indirect = flag(&mut fields, 4)?;
        let only_attributes = flag(&mut fields, 5)?;
        fields.finish()?;
        Ok(Self { raw, name, only_users, only_cas, only_attributes, only_reasons, indirect })
    }
}

/// A distribution point: where a certificate's revocation would be published.
#[derive(Debug, Clone, Copy)]
struct DistributionPoint<'a> {
    name: Option<DistributionPointName<'a>>,
    reasons: Option<Reasons>,
    /// GeneralNames of the CRL issuer, if it is not the certificate's issuer.
    crl_issuer: Option<Cursor<'a>>,
}

impl<'a> DistributionPoint<'a> {
    fn read(list: &mut Cursor<'a>) -> Result<Self, Malformed> {
        let mut fields = list.expect(Tag::SEQUENCE)?.open();
        let name = fields
            .optional(context(0, true))?
            .map(|tlv| DistributionPointName::read(tlv.open()))
            .transpose()?;
        let reasons = fields.optional(context(1, false))?.map(|tlv| Reasons::read(&tlv)).transpose()?;
        let crl_issuer = fields.optional(context(2, true))?.map(|tlv| tlv.open());
        crl_issuer.map_or(Ok(()), check_general_names)?;
        fields.finish()?;
        if name.is_none() && crl_issuer.is_none() {
            return Err(fields.malformed());
        }
        Ok(Self { name, reasons, crl_issuer })
    }
}

/// Checks that distribution points can be read.
pub(crate) fn check_distribution_points(value: &[u8]) -> Result<(), Malformed> {
    let mut list = only(value, Tag::SEQUENCE)?.open();
    if list.is_empty() {
        return Err(list.malformed());
    }
    while !list.is_empty() {
        DistributionPoint::read(&mut list)?;
    }
    Ok(())
}

/// Returns the reasons for which the list would contain the certificate. Empty if the list does not cover it.
pub(super) fn covered_reasons(
    crl: &Crl<'_>,
    certificate: &Certificate<'_>,
    meter: &mut Meter,
) -> Result<Result<Reasons, Problem>, ChainError> {
    let malformed = extension(KnownExtension::CrlDistributionPoints);
    let idp = crl.extensions.issuing_distribution_point;
    let is_ca = certificate.basic_constraints().is_ok_and(|basic| basic.is_some_and(|basic| basic.ca));
    // (b) (2) (ii) to (iv)
    let excluded =
        idp.is_some_and(|idp| (idp.only_users && is_ca) || (idp.only_cas && !is_ca) || idp.only_attributes);
    let mut found = Reasons::NONE;
    let listed = idp.and_then(|idp| idp.only_reasons).unwrap_or(Reasons::ALL);
    if let Some(present) = certificate.extensions().crl_distribution_points {
        let mut list = match only(present.value, Tag::SEQUENCE) {
            Ok(tlv) if !tlv.value.is_empty() => tlv.open(),
            Ok(tlv) => return Ok(Err(malformed(tlv.malformed()))),
            Err(error) => return Ok(Err(malformed(error))),
        };
        while !list.is_empty() {
            meter.step()?;
            let point = match DistributionPoint::read(&mut list) {
                Ok(point) => point,
                Err(error) => return Ok(Err(malformed(error))),
            };
            if !excluded && covers(crl, &point, certificate, meter)? {
                found = found | (listed & point.reasons.unwrap_or(Reasons::ALL));
            }
        }
    }
    // 6.3.3, at its end: any list of the certificate's issuer, as if a point had the issuer's name
    if !excluded && crl.issuer().same(&certificate.issuer()) && names_issuer(crl, certificate, meter)? {
        found = found | listed;
    }
    Ok(Ok(found))
}

/// Returns `true` if a certificate delegates its own status to lists that it issues: its issuer put the certificate's
/// subject into a distribution point.
pub(super) fn issues_own_status(certificate: &Certificate<'_>) -> bool {
    let Some(present) = certificate.extensions().crl_distribution_points else { return false };
    let Ok(mut list) = only(present.value, Tag::SEQUENCE).map(|tlv| tlv.open()) else { return false };
    while !list.is_empty() {
        let Ok(point) = DistributionPoint::read(&mut list) else { return false };
        let mut names = point.crl_issuer.unwrap_or(Cursor::new(&[]));
        while let Some((name, _)) = next(&mut names) {
            if matches!(name, GeneralName::Directory(name) if name.same(&certificate.subject())) {
                return true;
            }
        }
    }
    false
}

/// Compares the list with one distribution point: (b) (1), (b) (2) (i).
fn covers(
    crl: &Crl<'_>,
    point: &DistributionPoint<'_>,
    certificate: &Certificate<'_>,
    meter: &mut Meter,
) -> Result<bool, ChainError> {
    let idp = crl.extensions.issuing_distribution_point;
    let issuer_matches = match point.crl_issuer {
        Some(names) => {
            idp.is_some_and(|idp| idp.indirect)
                && any_directory_name(names, |name| name.same(&crl.issuer()), meter)?
        }
        None => crl.issuer().same(&certificate.issuer()),
    };
    if !issuer_matches {
        return Ok(false);
    }
    let Some(listed) = idp.and_then(|idp| idp.name) else { return Ok(true) };
    let (named, base) = match (point.name, point.crl_issuer) {
        // relative to the CRL issuer, which is one of these names
        (Some(name), Some(_)) => (name, crl.issuer()),
        (Some(name), None) => (name, certificate.issuer()),
        (None, Some(names)) => (DistributionPointName::Full(names), crl.issuer()),
        (None, None) => return Ok(false),
    };
    match (listed, named) {
        (DistributionPointName::Full(mine), DistributionPointName::Full(theirs)) => {
            intersect(mine, theirs, meter)
        }
        (DistributionPointName::Relative(rdn), DistributionPointName::Full(names)) => {
            any_directory_name(names, |name| crl.issuer().same_with_rdn(rdn, name, None), meter)
        }
        (DistributionPointName::Full(names), DistributionPointName::Relative(rdn)) => {
            any_directory_name(names, |name| base.same_with_rdn(rdn, name, None), meter)
        }
        (DistributionPointName::Relative(mine), DistributionPointName::Relative(theirs)) => {
            meter.name_comparison()?;
            Ok(crl.issuer().same_with_rdn(mine, &base, Some(theirs)))
        }
    }
}

/// Returns `true` if the list's distribution point, if present, is the issuer's own name.
fn names_issuer(crl: &Crl<'_>, certificate: &Certificate<'_>, meter: &mut Meter) -> Result<bool, ChainError> {
    match crl.extensions.issuing_distribution_point.and_then(|idp| idp.name) {
        None => Ok(true),
        Some(DistributionPointName::Full(names)) => {
            any_directory_name(names, |name| name.same(&certificate.issuer()), meter)
        }
        Some(DistributionPointName::Relative(_)) => Ok(false),
    }
}

/// Returns `true` if one of the names is a directory name that fits.
fn any_directory_name(
    mut names: Cursor<'_>,
    fits: impl Fn(&Name<'_>) -> bool,
    meter: &mut Meter,
) -> Result<bool, ChainError> {
    while let Some((name, _)) = next(&mut names) {
        meter.name_comparison()?;
        if matches!(name, GeneralName::Directory(name) if fits(&name)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns `true` if one name is in both lists.
fn intersect(mut mine: Cursor<'_>, theirs: Cursor<'_>, meter: &mut Meter) -> Result<bool, ChainError> {
    while let Some((a, a_raw)) = next(&mut mine) {
        let mut rest = theirs;
        while let Some((b, b_raw)) = next(&mut rest) {
            meter.name_comparison()?;
            if a_raw == b_raw || same(&a, &b) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Returns the next name, whose syntax was checked, and its bytes.
fn next<'a>(names: &mut Cursor<'a>) -> Option<(GeneralName<'a>, &'a [u8])> {
    let mut here = *names;
    let raw = names.any().ok()?.raw;
    Some((GeneralName::read(&mut here).ok()?, raw))
}

/// Compares as RFC 5280 7: hosts in any case. Forms without a rule are compared byte by byte.
fn same(a: &GeneralName<'_>, b: &GeneralName<'_>) -> bool {
    match (a, b) {
        (GeneralName::Directory(a), GeneralName::Directory(b)) => a.same(b),
        (GeneralName::Dns(a), GeneralName::Dns(b)) => a.eq_ignore_ascii_case(b),
        (GeneralName::Email(a), GeneralName::Email(b)) => {
            email::split(a).zip(email::split(b)).is_some_and(|(a, b)| email::same(a, b))
        }
        (GeneralName::Uri(a), GeneralName::Uri(b)) => {
            let (a, b) = (split_uri(a), split_uri(b));
            a.0.eq_ignore_ascii_case(b.0) && a.1 == b.1
        }
        _ => false,
    }
}

/// Splits into scheme with host, and the rest; the first part is empty if there is a user name, which has case.
fn split_uri(uri: &str) -> (&str, &str) {
    let Some((scheme, rest)) = uri.split_once("://") else { return ("", uri) };
    let host = rest.find('/').unwrap_or(rest.len());
    let end = scheme.len().saturating_add(3).saturating_add(host);
    match uri.split_at_checked(end) {
        Some((head, tail)) if !head.contains('@') => (head, tail),
        _ => ("", uri),
    }
}
