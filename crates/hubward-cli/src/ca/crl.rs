//! `hubward ca revoke` and `hubward ca crl`.

use core::error::Error;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hubward_ring::signature;
use hubward_x509::crl::{Crl, RevocationReason};
use hubward_x509::pem;

use super::arguments::PeriodArguments;
use super::folder::CaFolder;
use super::new_file::pem_text;
use crate::cert::{self, Hex};
use crate::exit::misuse;
use crate::file::OutputArguments;
use crate::{Outcome, shown};

/// The days until the next list, if `--ttl` is not given.
const LIST_DAYS: u64 = 7;

#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// The folder of the CA.
    folder: PathBuf,
    /// Files of the certificates to revoke, PEM or DER, the first of each file; `-` for standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    certificates: Vec<PathBuf>,
    /// The reason.
    #[arg(long, value_enum, value_name = "REASON", default_value = "unspecified")]
    reason: Reason,
    /// End the hold of the certificates instead. Only the reason `certificate-hold` can be ended.
    #[arg(long, conflicts_with = "reason")]
    release: bool,
    #[command(flatten)]
    period: PeriodArguments,
}

#[derive(Debug, Args)]
pub(crate) struct Next {
    /// The folder of the CA.
    folder: PathBuf,
    /// Write to `--output` the changes since this earlier list: a delta list.
    #[arg(long, value_name = "FILE", requires = "output")]
    base: Option<PathBuf>,
    #[command(flatten)]
    period: PeriodArguments,
    #[command(flatten)]
    output: OutputArguments,
}

/// The reasons of RFC 5280 5.3.1.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Reason {
    AffiliationChanged,
    CaCompromise,
    CertificateHold,
    CessationOfOperation,
    KeyCompromise,
    PrivilegeWithdrawn,
    Superseded,
    Unspecified,
}

impl From<Reason> for RevocationReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::AffiliationChanged => Self::AffiliationChanged,
            Reason::CaCompromise => Self::CaCompromise,
            Reason::CertificateHold => Self::CertificateHold,
            Reason::CessationOfOperation => Self::CessationOfOperation,
            Reason::KeyCompromise => Self::KeyCompromise,
            Reason::PrivilegeWithdrawn => Self::PrivilegeWithdrawn,
            Reason::Superseded => Self::Superseded,
            Reason::Unspecified => Self::Unspecified,
        }
    }
}

pub(super) fn revoke(arguments: &Revoke) -> Result<Outcome, Box<dyn Error>> {
    let ca = CaFolder::open(&arguments.folder)?;
    let period = arguments.period.within(Some(ca.authority.validity()), LIST_DAYS)?;
    ca.next_list(|draft, message| {
        for file in &arguments.certificates {
            let certificates = cert::read(file)?;
            let der = certificates.first().ok_or("no certificate")?;
            let certificate = cert::parse(der, file, 0)?;
            let (subject, serial) = (certificate.subject().to_string(), certificate.serial());
            let named = |error: &dyn core::fmt::Display| format!("{}: {error}", shown::file(file));
            if arguments.release {
                if !draft.release(&certificate, signature::ALL).map_err(|error| named(&error))? {
                    return Err(named(&"the certificate is not on hold").into());
                }
                writeln!(message, "released {}, serial number {}", shown::text(&subject), Hex(serial))?;
            } else {
                let reason = arguments.reason.into();
                draft
                    .revoke(&certificate, arguments.period.now.time(), reason, signature::ALL)
                    .map_err(|error| named(&error))?;
                writeln!(message, "revoked {}, serial number {}", shown::text(&subject), Hex(serial))?;
            }
        }
        Ok(draft.complete(period)?.sign(&ca.key)?)
    })?;
    Ok(Outcome::Good)
}

pub(super) fn next(arguments: &Next) -> Result<Outcome, Box<dyn Error>> {
    let ca = CaFolder::open(&arguments.folder)?;
    let period = arguments.period.within(Some(ca.authority.validity()), LIST_DAYS)?;
    let target = arguments.output.target()?;
    let mut copy = Vec::new();
    ca.next_list(|draft, _| {
        let complete = draft.complete(period)?.sign(&ca.key)?;
        copy = match &arguments.base {
            None => complete.clone(),
            Some(file) => {
                if *file == ca.list() {
                    return Err(misuse(
                        "--base is the CA's own list, which is replaced; give a copy of an earlier list",
                    ));
                }
                let named = |error: &dyn core::fmt::Display| format!("{}: {error}", shown::file(file));
                let bytes = std::fs::read(file).map_err(|error| named(&error))?;
                let lists = pem::revocation_lists(&bytes).map_err(|error| named(&error))?;
                let base = lists.first().ok_or_else(|| named(&"no revocation list"))?;
                let base = Crl::parse(base).map_err(|error| named(&error))?;
                draft.delta(&base, signature::ALL, period).map_err(|error| named(&error))?.sign(&ca.key)?
            }
        };
        Ok(complete)
    })?;
    if let Some(target) = target {
        let text = pem_text("X509 CRL", &copy)?;
        target.write(|out| Ok(out.write_all(text.as_bytes())?), &[])?;
    }
    Ok(Outcome::Good)
}
