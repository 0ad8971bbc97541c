//! Identity of a certificate: its common name, read from DER and never from a rendered string, its alternative
//! names, and the comparison with the [`ExpectedSubject`] that a profile expects.

pub(crate) mod dns;
pub(crate) mod email;
pub(crate) mod uri;

use alloc::borrow::Cow;

use hubward_core::{DeviceId, ModuleId};
use rustls_pki_types::{IpAddr, ServerName};

use crate::certificate::Certificate;
use crate::certificate::GeneralName;
use crate::certificate::directory_string::decode;
use crate::certificate::name::{COMMON_NAME, Name};
use crate::error::{KnownExtension, Problem};
use crate::profile::ExpectedSubject;

/// The reason why a subject has no usable common name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommonNameError {
    /// There is no common name.
    #[error("the subject has no common name")]
    Absent,
    /// There are several, and choosing one would be a guess.
    #[error("the subject has more than one common name")]
    Several,
    /// Not a text of one of the string types of RFC 5280 4.1.2.4, or the subject cannot be parsed.
    #[error("the subject's common name is not a text of a string type of RFC 5280 4.1.2.4")]
    Unreadable,
}

/// Returns the only common name of a subject: a UTF8String, PrintableString, BMPString, UniversalString, or TeletexString of
/// ASCII. The decoding is strict, so a name with half of a surrogate pair or an odd number of bytes is an error.
///
/// # Errors
/// [`CommonNameError`] if there is not exactly one, or it cannot be read.
pub fn common_name<'a>(subject: &Name<'a>) -> Result<Cow<'a, str>, CommonNameError> {
    let mut found = None;
    for attribute in subject.attributes() {
        let attribute = attribute.map_err(|_| CommonNameError::Unreadable)?;
        if attribute.oid == COMMON_NAME && found.replace(attribute.value).is_some() {
            return Err(CommonNameError::Several);
        }
    }
    let value = found.ok_or(CommonNameError::Absent)?;
    decode(&value).ok_or(CommonNameError::Unreadable)
}

/// Checks that the leaf is for the subject that the profile expects.
pub(crate) fn check_subject(leaf: &Certificate<'_>, subject: &ExpectedSubject<'_>) -> Result<(), Problem> {
    let fits = match subject {
        ExpectedSubject::Any => true,
        ExpectedSubject::Device(device) => return check_device(leaf, device),
        ExpectedSubject::Module(device, module) => return check_module(leaf, device, module),
        ExpectedSubject::Email(mailbox) => {
            let wanted = email::split(mailbox);
            wanted.is_some()
                && any_alt_name(leaf, |name| match name {
                    GeneralName::Email(name) => {
                        email::split(name).zip(wanted).is_some_and(|(a, b)| email::same(a, b))
                    }
                    _ => false,
                })?
        }
        ExpectedSubject::Server(ServerName::DnsName(wanted)) => {
            let wanted = wanted.as_ref();
            any_alt_name(leaf, |name| matches!(name, GeneralName::Dns(name) if dns::matches(name, wanted)))?
        }
        ExpectedSubject::Server(ServerName::IpAddress(address)) => {
            let wanted: &[u8] = match address {
                IpAddr::V4(v4) => v4.as_ref(),
                IpAddr::V6(v6) => v6.as_ref(),
            };
            any_alt_name(leaf, |name| matches!(name, GeneralName::Ip(bytes) if *bytes == wanted))?
        }
        ExpectedSubject::Server(_) => false,
    };
    if fits { Ok(()) } else { Err(Problem::NameMismatch) }
}

fn any_alt_name(leaf: &Certificate<'_>, fits: impl Fn(&GeneralName<'_>) -> bool) -> Result<bool, Problem> {
    let malformed = |malformed| Problem::Extension { extension: KnownExtension::SubjectAltName, malformed };
    for name in leaf.subject_alt_names().map_err(malformed)? {
        if fits(&name.map_err(malformed)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Compares the common name if there is one, otherwise the DNS names. Device ids are case-sensitive.
fn check_device(leaf: &Certificate<'_>, device: &DeviceId<'_>) -> Result<(), Problem> {
    let fits = match common_name(&leaf.subject()) {
        Ok(name) => name == device.as_str(),
        Err(CommonNameError::Absent) => {
            any_alt_name(leaf, |name| matches!(name, GeneralName::Dns(name) if *name == device.as_str()))?
        }
        Err(error) => return Err(error.into()),
    };
    if fits { Ok(()) } else { Err(Problem::NameMismatch) }
}

fn check_module(leaf: &Certificate<'_>, device: &DeviceId<'_>, module: &ModuleId<'_>) -> Result<(), Problem> {
    let name = common_name(&leaf.subject())?;
    // `/` cannot occur in an id
    match name.split_once('/') {
        Some((first, second)) if first == device.as_str() && second == module.as_str() => Ok(()),
        _ => Err(Problem::NameMismatch),
    }
}
