//! Checks of a certificate at its position in a path, and of a path as a whole (RFC 5280 6.1).

use rustls_pki_types::UnixTime;

use super::budget::Meter;
use super::chain::Chain;
use super::policy::{self, Policies};
use super::{ca_requirements, critical, name_constraints, web_pki};
use crate::certificate::extensions::{BasicConstraints, KeyUsage, Purposes};
use crate::certificate::{Certificate, Version};
use crate::error::{CertificatePosition, ChainError, KnownExtension, Problem};
use crate::identity::check_subject;
use crate::profile::{
    AnchorVersions, CaRequirements, CommonNames, DefaultValues, ExtendedKeyUsage, Profile, Purpose,
};
use crate::tlv::Malformed;

/// Some intermediates of a chain, by their numbers.
#[derive(Clone, Copy)]
pub(crate) struct Intermediates<'s> {
    pub(crate) chain: &'s Chain<'s>,
    pub(crate) numbers: &'s [usize],
}

impl<'s> Intermediates<'s> {
    pub(crate) fn iter(
        self,
    ) -> impl DoubleEndedIterator<Item = (CertificatePosition, &'s Certificate<'s>)> + use<'s> {
        self.numbers.iter().filter_map(move |at| {
            Some((CertificatePosition::Intermediate(*at), self.chain.intermediate(*at)?))
        })
    }
}

/// A path whose signatures are valid.
pub(crate) struct Path<'s> {
    /// The leaf, or the signer of a revocation list.
    pub(crate) leaf: (CertificatePosition, &'s Certificate<'s>),
    /// The leaf's issuer first.
    pub(crate) intermediates: Intermediates<'s>,
    /// The anchor, if the profile checks its certificate.
    pub(super) checked_anchor: Option<(CertificatePosition, &'s Certificate<'s>)>,
}

impl<'s> Path<'s> {
    /// Returns the certificates below the anchor from the top, in the order of RFC 5280 6.1.
    pub(crate) fn descending(&self) -> impl Iterator<Item = (CertificatePosition, &'s Certificate<'s>)> {
        self.intermediates.iter().rev().chain([self.leaf])
    }
}

pub(crate) fn extension(extension: KnownExtension) -> impl Fn(Malformed) -> Problem {
    move |malformed| Problem::Extension { extension, malformed }
}

/// Checks the leaf on its own.
pub(super) fn check_leaf(
    certificate: &Certificate<'_>,
    profile: &Profile<'_>,
    now: UnixTime,
) -> Result<(), Problem> {
    check_certificate(certificate, profile, now)?;
    let basic = basic_constraints(certificate)?;
    let usage = key_usage(certificate)?;
    if basic.ca && !profile.ca_leaf {
        return Err(Problem::CaAsLeaf);
    }
    if profile.signing_leaf && usage.is_some_and(|usage| !usage.digital_signature()) {
        return Err(Problem::KeyUsage);
    }
    check_purpose(certificate, profile, true)?;
    // the names must be well formed even if the profile expects none
    for name in certificate.subject_alt_names().map_err(extension(KnownExtension::SubjectAltName))? {
        name.map_err(extension(KnownExtension::SubjectAltName))?;
    }
    if profile.ca_requirements == CaRequirements::Enforce {
        ca_requirements::check_leaf(certificate, basic, usage)?;
    }
    if profile.web_pki {
        web_pki::check_leaf(certificate)?;
    }
    if profile.common_names == CommonNames::RepeatAltName {
        web_pki::check_common_name(certificate)?;
    }
    check_subject(certificate, &profile.subject)
}

/// Checks an intermediate on its own.
pub(super) fn check_intermediate(
    certificate: &Certificate<'_>,
    profile: &Profile<'_>,
    now: UnixTime,
) -> Result<(), Problem> {
    check_certificate(certificate, profile, now)?;
    may_issue(certificate)?;
    if profile.ca_requirements == CaRequirements::Enforce {
        ca_requirements::check_issuer(certificate)?;
    }
    if profile.web_pki {
        web_pki::check_certificate(certificate)?;
    }
    check_purpose(certificate, profile, false)
}

/// Checks the anchor on its own, for a profile that checks its certificate.
pub(super) fn check_anchor(
    certificate: &Certificate<'_>,
    profile: &Profile<'_>,
    now: UnixTime,
) -> Result<(), Problem> {
    certificate.validity().check(now)?;
    if certificate.extensions().unknown_critical {
        return Err(Problem::UnknownCriticalExtension);
    }
    critical::check(certificate)?;
    // a version without extensions cannot say that it is a CA's
    if certificate.version() == Version::V3 || profile.anchor_versions == AnchorVersions::OnlyVersion3 {
        may_issue(certificate)?;
    }
    if profile.ca_requirements == CaRequirements::Enforce {
        ca_requirements::check_anchor(certificate, profile)?;
    }
    if profile.web_pki {
        web_pki::check_root(certificate)?;
    }
    check_purpose(certificate, profile, false)
}

fn check_certificate(
    certificate: &Certificate<'_>,
    profile: &Profile<'_>,
    now: UnixTime,
) -> Result<(), Problem> {
    if let Some(error) = certificate.unreadable() {
        return Err(Problem::Unreadable(error));
    }
    certificate.validity().check(now)?;
    // otherwise equal bytes would match in the search even if they are not names; the anchor's subject is such an issuer
    if !certificate.issuer().is_name() || !certificate.subject().is_name() {
        return Err(Problem::MalformedName);
    }
    if certificate.extensions().unknown_critical {
        return Err(Problem::UnknownCriticalExtension);
    }
    critical::check(certificate)?;
    if profile.default_values == DefaultValues::MustBeAbsent && certificate.extensions().default_written {
        return Err(Problem::DefaultValueWritten);
    }
    if profile.ca_requirements == CaRequirements::Enforce {
        ca_requirements::check_certificate(certificate, profile)?;
    }
    Ok(())
}

/// Checks that a certificate allows its key to sign others (RFC 5280 6.1.4 (k), (n)).
pub(crate) fn may_issue(certificate: &Certificate<'_>) -> Result<(), Problem> {
    let basic = basic_constraints(certificate)?;
    if certificate.version() != Version::V3 || !basic.ca {
        return Err(Problem::NotCa);
    }
    let usage = key_usage(certificate)?;
    if usage.is_some_and(|usage| !usage.key_cert_sign()) { Err(Problem::KeyUsage) } else { Ok(()) }
}

fn basic_constraints(certificate: &Certificate<'_>) -> Result<BasicConstraints, Problem> {
    let basic = certificate.basic_constraints().map_err(extension(KnownExtension::BasicConstraints))?;
    Ok(basic.unwrap_or_default())
}

fn key_usage(certificate: &Certificate<'_>) -> Result<Option<KeyUsage>, Problem> {
    certificate.key_usage().map_err(extension(KnownExtension::KeyUsage))
}

fn check_purpose(certificate: &Certificate<'_>, profile: &Profile<'_>, leaf: bool) -> Result<(), Problem> {
    let Some(present) = certificate.extensions().extended_key_usage else {
        let required = leaf && matches!(profile.extended_key_usage, ExtendedKeyUsage::Require(_));
        return if required { Err(Problem::Purpose) } else { Ok(()) };
    };
    let named = Purposes::read(present.value).map_err(extension(KnownExtension::ExtendedKeyUsage))?;
    let fits = match profile.purpose() {
        None => true,
        Some(Purpose::ClientAuth) => named.any || named.client_auth,
        Some(Purpose::ServerAuth) => named.any || named.server_auth,
    };
    if fits { Ok(()) } else { Err(Problem::Purpose) }
}

/// Checks the path as a whole: lengths, names and policies, the cheapest first.
pub(super) fn check_path(
    path: &Path<'_>,
    profile: &Profile<'_>,
    meter: &mut Meter,
) -> Result<Policies, ChainError> {
    check_lengths(path, profile)?;
    name_constraints::check(path, meter)?;
    policy::process(path, &profile.policies, meter)
}

/// Checks path lengths (RFC 5280 6.1.4 (l), (m)), which count intermediates that are not self-issued.
fn check_lengths(path: &Path<'_>, profile: &Profile<'_>) -> Result<(), ChainError> {
    let refused = |place, problem| ChainError::Refused { place, problem };
    for (below, (place, certificate)) in path.intermediates.iter().chain(path.checked_anchor).enumerate() {
        let basic = basic_constraints(certificate).map_err(|problem| refused(place, problem))?;
        if let Some(most) = basic.path_len
            && exceeds(path, below, usize::try_from(most).unwrap_or(usize::MAX))
        {
            return Err(refused(place, Problem::PathTooLong { most }));
        }
    }
    if let Some(most) = profile.max_intermediates
        && exceeds(path, path.intermediates.numbers.len(), most)
    {
        return Err(refused(path.leaf.0, Problem::TooManyIntermediates { most }));
    }
    Ok(())
}

/// Returns `true` if more than `most` of the lowest `length` intermediates are not self-issued. The names of most paths
/// need not be compared.
fn exceeds(path: &Path<'_>, length: usize, most: usize) -> bool {
    length > most
        && path.intermediates.iter().take(length).filter(|(_, one)| !one.is_self_issued()).count() > most
}
