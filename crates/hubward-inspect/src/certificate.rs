//! The content of a certificate, in lines. Its names are untrusted: control characters are escaped.

use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};
use std::io::Write;

use hubward::types::Digest;
use hubward_ring::Digests;
use hubward_x509::{
    Certificate,
    certificate::{GeneralName, common_name},
    error::{Malformed, OutsideValidity},
};

use super::Hex;
use crate::clock::at;
use crate::times::{rfc3339, words};

/// Prints one certificate, after a blank line unless it is the first.
pub(crate) fn print(
    out: &mut impl Write,
    certificate: &Certificate<'_>,
    count: usize,
    now: u64,
) -> std::io::Result<()> {
    if count > 0 {
        writeln!(out)?;
    }
    writeln!(out, "subject      {}", certificate.subject())?;
    match common_name(&certificate.subject()) {
        Ok(name) => writeln!(out, "common name  {}", name.escape_debug())?,
        Err(error) => writeln!(out, "common name  not usable: {error}")?,
    }
    match certificate.subject_alt_names() {
        Ok(names) => {
            for name in names {
                writeln!(out, "alt name     {}", AltName(&name))?;
            }
        }
        Err(error) => writeln!(out, "alt names    {error}")?,
    }
    let own = if certificate.is_self_issued() { " (self-issued)" } else { "" };
    writeln!(out, "issuer       {}{own}", certificate.issuer())?;
    writeln!(out, "serial       {}", Hex(certificate.serial()))?;
    let validity = certificate.validity();
    writeln!(out, "valid from   {}", rfc3339(validity.not_before))?;
    let state = match validity.check(at(now)) {
        Ok(()) => {
            let now = i64::try_from(now).unwrap_or(i64::MAX);
            format!("{} left", words(validity.not_after.abs_diff(now)))
        }
        Err(OutsideValidity::Expired { seconds, .. }) => format!("expired {} ago", words(seconds)),
        Err(OutsideValidity::NotYetValid { seconds, .. }) => {
            format!("not valid for another {}", words(seconds))
        }
        Err(other) => other.to_string(),
    };
    writeln!(out, "valid until  {}, {state}", rfc3339(validity.not_after))?;
    match certificate.basic_constraints() {
        Ok(Some(constraints)) if constraints.ca => match constraints.path_len {
            Some(count) => writeln!(out, "CA           yes, with at most {count} CAs below it")?,
            None => writeln!(out, "CA           yes")?,
        },
        Ok(_) => writeln!(out, "CA           no")?,
        Err(error) => writeln!(out, "CA           {error}")?,
    }
    writeln!(out, "SHA-256      {}", Hex(&Digests.sha256(certificate.as_der())))?;
    writeln!(out, "SHA-1        {}", Hex(&Digests.sha1_for_legacy_thumbprints(certificate.as_der())))
}

/// A subject alternative name, with its form.
pub(super) struct AltName<'a>(pub(super) &'a Result<GeneralName<'a>, Malformed>);

impl fmt::Display for AltName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Ok(GeneralName::Dns(name)) => write!(f, "DNS {}", name.escape_debug()),
            Ok(GeneralName::Email(name)) => write!(f, "e-mail {}", name.escape_debug()),
            Ok(GeneralName::Uri(name)) => write!(f, "URI {}", name.escape_debug()),
            Ok(GeneralName::Directory(name)) => write!(f, "name {name}"),
            Ok(GeneralName::Ip(bytes)) => {
                if let Ok(four) = <[u8; 4]>::try_from(*bytes) {
                    write!(f, "IP {}", Ipv4Addr::from(four))
                } else if let Ok(sixteen) = <[u8; 16]>::try_from(*bytes) {
                    write!(f, "IP {}", Ipv6Addr::from(sixteen))
                } else {
                    write!(f, "IP of {} bytes", bytes.len())
                }
            }
            Ok(GeneralName::Other(form)) => write!(f, "another form ({form})"),
            Ok(_) => f.write_str("another form"),
            Err(error) => write!(f, "{error}"),
        }
    }
}
