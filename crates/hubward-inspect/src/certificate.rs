//! The content of a certificate. Its names are untrusted: control characters are escaped.

use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};
use std::io::{self, Write};

use crate::escaped;
use hubward::types::{Digest, InWords, UnixTime, UtcTime};
use hubward::x509::{
    Certificate,
    certificate::{GeneralName, common_name},
    error::{Malformed, OutsideValidity},
};

/// Prints the names, the validity at `now` and the thumbprints of a certificate. Nothing is verified.
///
/// # Errors
/// Those of `out`.
pub fn print(
    out: &mut dyn Write,
    certificate: &Certificate<'_>,
    digest: &dyn Digest,
    now: UnixTime,
) -> io::Result<()> {
    writeln!(out, "subject      {}", certificate.subject())?;
    match common_name(&certificate.subject()) {
        Ok(name) => writeln!(out, "common name  {}", escaped(&name))?,
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
    let (subject, issuer) = (certificate.subject().to_string(), certificate.issuer().to_string());
    // as they are printed: names that differ in case or white space are not called equal
    let own = if subject == issuer { " (self-issued)" } else { "" };
    writeln!(out, "issuer       {issuer}{own}")?;
    writeln!(out, "serial       {}", Hex(certificate.serial()))?;
    let validity = certificate.validity();
    writeln!(out, "valid from   {}", UtcTime(validity.not_before))?;
    let state = match validity.check(now) {
        Ok(()) => {
            let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
            format!("{} left", InWords(validity.not_after.abs_diff(now)))
        }
        Err(OutsideValidity::Expired { seconds, .. }) => format!("expired {} ago", InWords(seconds)),
        Err(OutsideValidity::NotYetValid { seconds, .. }) => {
            format!("not valid for another {}", InWords(seconds))
        }
        Err(other) => other.to_string(),
    };
    writeln!(out, "valid until  {}, {state}", UtcTime(validity.not_after))?;
    match certificate.basic_constraints() {
        Ok(Some(constraints)) if constraints.ca => match constraints.path_len {
            Some(count) => writeln!(out, "CA           yes, with at most {count} CAs below it")?,
            None => writeln!(out, "CA           yes")?,
        },
        Ok(_) => writeln!(out, "CA           no")?,
        Err(error) => writeln!(out, "CA           {error}")?,
    }
    writeln!(out, "SHA-256      {}", Hex(&digest.sha256(certificate.as_der())))?;
    writeln!(out, "SHA-1        {}", Hex(&digest.sha1_for_legacy_thumbprints(certificate.as_der())))
}

/// A subject alternative name, with its form.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a name with its form")]
pub struct AltName<'a>(pub &'a Result<GeneralName<'a>, Malformed>);

impl fmt::Display for AltName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Ok(GeneralName::Dns(name)) => write!(f, "DNS {}", escaped(name)),
            Ok(GeneralName::Email(name)) => write!(f, "e-mail {}", escaped(name)),
            Ok(GeneralName::Uri(name)) => write!(f, "URI {}", escaped(name)),
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

/// Bytes as upper-case hexadecimal digits.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "bytes with their form")]
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}
